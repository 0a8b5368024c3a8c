/** A question as the parts that a chat shows: the whole arguments, and buttons only where they were seen. Plain text: nothing in it is markup. */
import type { OutgoingPart } from "../channel/outgoing.ts"
import { utf8Length } from "../sha256.ts"
import type { TurnEvent } from "../turn/event.ts"
import { toRfc3339 } from "../units.ts"
import { renderArguments, visible } from "./arguments.ts"
import { pressData } from "./button.ts"
import { describeCondition } from "./condition.ts"

type Requested = Extract<TurnEvent, { type: "choice_requested" }>
type Said = Pick<OutgoingPart, "text" | "buttons" | "document">

export interface QuestionPart extends Said {
  /** Place of the question that it asks; null: whether a call may run. */
  readonly question: number | null
  /** It is sent only behind the file before it; where that is refused, this stands in its place. */
  readonly withoutFile?: Said
}

/** Below Telegram's 4,096 by what is added when it is answered (Bot API "sendMessage"). */
const maxTextUnits = 3_600
/** A stored row holds it twice as large at worst. */
const maxFileBytes = 300_000

/** @param link - where the approval is shown whole; null: the operator knows where */
export function questionParts(
  asked: Requested,
  use: { readonly name: string; readonly input: unknown },
  link: string | null,
): QuestionPart[] {
  return asked.questions === undefined ? permissionParts(asked, use, link) : asked.questions.map(questionPart(asked))
}

function questionPart({ choiceId }: Requested) {
  return (
    { question, options, multi_select: takesSeveral }: NonNullable<Requested["questions"]>[number],
    place: number,
  ): QuestionPart => {
    const listed = takesSeveral ? options.map((option, index) => `${index + 1}. ${visible(option)}`) : []
    const hint = takesSeveral
      ? "Reply with the numbers, or in your own words."
      : "Reply to this message to answer in your own words."
    const text = [visible(question), ...listed, "", hint].join("\n")
    const buttons = options.map((option, index) => [
      { text: short(visible(option)), data: pressData(choiceId, { kind: "option", question: place, option: index }) },
    ])
    return { question: place, text, ...(takesSeveral || buttons.length === 0 ? {} : { buttons }) }
  }
}

function permissionParts(asked: Requested, use: { name: string; input: unknown }, link: string | null): QuestionPart[] {
  const { text: whole, sizeBytes, sha256, isMasked } = renderArguments(use.input)
  const head = [
    `May the agent run ${visible(use.name)}? Risk: ${asked.risk ?? "high"}.`,
    ...(asked.reason === undefined ? [] : [visible(asked.reason)]),
  ]
  const size = `${sizeBytes} bytes, SHA-256 ${sha256.slice(0, 16)}…${isMasked ? ", secrets masked" : ""}`
  const rest = [
    ...(asked.always == null
      ? []
      : [`"Always" allows for good: ${short(visible(describeCondition(asked.always)), 300)}`]),
    `Open until ${minute(asked.expiresAt)}; without an answer it is ${asked.onTimeout === "approve" ? "approved" : "denied"}.`,
  ]
  const all = [...head, "", `Arguments (${size}):`, whole, "", ...rest].join("\n")
  const buttons = buttonsOf(asked)
  if (all.length <= maxTextUnits) return [{ question: null, text: all, buttons }]
  const where = link === null ? "on the Approvals page of the dashboard" : `at ${link}`
  const bare = [...head, "", `The arguments (${size}) do not fit here. See them and approve ${where}.`, "", ...rest]
  const withoutFile = { text: bare.join("\n"), buttons: [[denyButton(asked)]] }
  if (utf8Length(whole) > maxFileBytes) return [{ question: null, ...withoutFile }]
  const document = { fileName: "arguments.txt", text: [...head, "", `Arguments (${size}):`, whole, ""].join("\n") }
  const behind = [...head, "", `The whole arguments (${size}) are in the file above.`, "", ...rest].join("\n")
  return [
    { question: null, text: `Arguments of ${visible(use.name)}`, document },
    { question: null, text: behind, buttons, withoutFile },
  ]
}

function buttonsOf(asked: Requested): NonNullable<Said["buttons"]> {
  const { choiceId } = asked
  const approve = { text: "Approve", data: pressData(choiceId, { kind: "allow" }) }
  const always = { text: "Always for this", data: pressData(choiceId, { kind: "always" }) }
  return [[approve, denyButton(asked)], ...(asked.always == null ? [] : [[always]])]
}

function denyButton({ choiceId }: Requested) {
  return { text: "Deny", data: pressData(choiceId, { kind: "deny" }) }
}

/** `2026-11-21 12:03 UTC` */
export function minute(at: Parameters<typeof toRfc3339>[0]): string {
  return `${toRfc3339(at).slice(0, 16).replace("T", " ")} UTC`
}

/** How a question ended, in a sentence for those who were asked. */
export function outcomeText(resolved: Extract<TurnEvent, { type: "choice_resolved" }>): string {
  const { allow, source, by, at, answers } = resolved
  const when = minute(at)
  if (source === "timeout") return `Nobody answered in time: ${allow ? "approved by its rule" : "denied"} at ${when}.`
  const who = by === undefined ? `by ${source}` : `by ${visible(by.name)}`
  if (answers !== undefined) return `Answered ${who} at ${when}.`
  return `${allow ? "Approved" : "Denied"} ${who} at ${when}.`
}

function short(text: string, most = 60): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/\p{Surrogate}$/u, "")}…`
}
