/**
 * Questions to people: asked once, shown whole to those who may answer, answered once or expired. An answer that comes twice, late
 * or for other arguments changes nothing and says so.
 */
import { maskArguments, renderArguments } from "../../core/approval/arguments.ts"
import type { Condition } from "../../core/approval/condition.ts"
import { type Question, wrongAnswers } from "../../core/approval/question.ts"
import { LoopError } from "../../core/errors.ts"
import type { Command } from "../../core/turn/decide.ts"
import type { ChoiceAnswer, TurnEvent } from "../../core/turn/event.ts"
import { foldTurn, lastToolUses, pendingChoices, type ChoiceState } from "../../core/turn/fold.ts"
import { ChoiceId, type GroupId, toRfc3339 } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { LiveEvents } from "./events.ts"
import type { ConversationState, Turn } from "./state.ts"

type Asking = Extract<Command, { type: "request_approval" | "request_answers" }>
type Requested = Extract<TurnEvent, { type: "choice_requested" }>
type Resolved = Extract<TurnEvent, { type: "choice_resolved" }>

export interface GivenAnswer {
  readonly choiceId: ChoiceId
  readonly answer: ChoiceAnswer
  readonly source: string
  readonly by?: { readonly id: string; readonly name: string } | undefined
  readonly comment?: string | undefined
  /** Of the arguments that the person was shown. */
  readonly argumentsSha256?: string | undefined
}

export class Choices {
  readonly #host: ObjectHost
  readonly #state: ConversationState
  readonly #events: LiveEvents

  constructor(host: ObjectHost, state: ConversationState, events: LiveEvents) {
    this.#host = host
    this.#state = state
    this.#events = events
  }

  /** Puts a question into the journal, and before all who watch. */
  ask(turn: Turn, command: Asking): void {
    const asked = turn.events.filter((event) => event.type === "choice_requested").length
    const { id } = this.#state.require()
    const choiceId = ChoiceId.parse(`choice_${id}_${turn.number}_${asked + 1}`)
    const { use, expiresAt } = command
    const event: Requested = {
      type: "choice_requested",
      choiceId,
      toolUseId: use.id,
      expiresAt,
      ...detailsOf(command),
      at: this.#host.now(),
    }
    this.#state.append(turn, event)
    const payload = command.type === "request_approval" ? permission(command) : question(command)
    const kind = command.type === "request_approval" ? "permission" : "question"
    this.#events.step(turn, { event: "requires_choice", data: { choice_id: choiceId, kind, payload } })
  }

  /** @throws LoopError `choice_not_found` when it is unknown, answered or late; `choice_answer_invalid`, `choice_changed` */
  answer(given: GivenAnswer): void {
    const { turn, choice } = this.#openFor(given)
    const { answer, source, by, comment } = given
    const words = {
      ...(by === undefined ? {} : { by: { ...by } }),
      ...(comment === undefined || comment.trim() === "" ? {} : { comment: comment.trim() }),
    }
    this.#resolve(turn, { choiceId: choice.choiceId, source, ...words, ...readAnswer(choice.asked.questions, answer) })
  }

  /** What "always for this" makes of an open question. @throws LoopError as `answer` does; also where it makes nothing */
  alwaysFor(given: GivenAnswer): { toolName: string; groupId: GroupId | null; condition: Condition } {
    const { turn, choice } = this.#openFor(given)
    const { asked } = choice
    const use = lastToolUses(foldTurn(turn.events)).find(({ id }) => id === asked.toolUseId)
    const isYes = "allow" in given.answer && given.answer.allow
    if (use === undefined || asked.always == null || !isYes) {
      const message = "There is no rule that would allow this for good: allow it once."
      throw new LoopError("choice_answer_invalid", { message, field: "always" })
    }
    return { toolName: use.name, groupId: this.#state.lastPolicy()?.groupId ?? null, condition: asked.always }
  }

  /** Nobody answered in time. */
  expire(turn: Turn, choiceId: ChoiceId, allow: boolean): void {
    this.#resolve(turn, { choiceId, allow, source: "timeout" })
  }

  /** The open question that the answer is for, about the arguments that it was given for. */
  #openFor({ choiceId, argumentsSha256 }: GivenAnswer): { turn: Turn; choice: ChoiceState } {
    const open = this.#open(choiceId)
    if (open === undefined) throw new LoopError("choice_not_found")
    const bound = open.choice.asked.argumentsSha256
    const isOther = argumentsSha256 !== undefined && bound !== undefined && argumentsSha256 !== bound
    if (isOther) throw new LoopError("choice_changed")
    return open
  }

  #open(choiceId: ChoiceId): { turn: Turn; choice: ChoiceState } | undefined {
    const turn = this.#state.openTurn
    const asked = turn === undefined ? [] : pendingChoices(foldTurn(turn.events))
    const choice = asked.find((candidate) => candidate.choiceId === choiceId)
    const isOpen = choice !== undefined && choice.expiresAt > this.#host.now()
    return turn !== undefined && isOpen ? { turn, choice } : undefined
  }

  #resolve(turn: Turn, resolved: Omit<Resolved, "type" | "at">): void {
    this.#state.append(turn, { type: "choice_resolved", ...resolved, at: this.#host.now() })
    const { choiceId, source } = resolved
    this.#events.step(turn, { event: "choice_resolved", data: { choice_id: choiceId, source } })
  }
}

/** @throws LoopError `choice_answer_invalid` */
function readAnswer(
  questions: readonly Question[] | undefined,
  answer: ChoiceAnswer,
): Pick<Resolved, "allow" | "answers"> {
  if (questions === undefined) {
    if ("allow" in answer) return answer
    throw new LoopError("choice_answer_invalid", { field: "allow" })
  }
  if ("allow" in answer) {
    // Nobody must answer: a no ends the wait.
    if (!answer.allow) return answer
    throw new LoopError("choice_answer_invalid", { field: "answers" })
  }
  const wrong = wrongAnswers(questions, answer.answers)
  if (wrong !== undefined) throw new LoopError("choice_answer_invalid", { message: wrong, field: "answers" })
  return { allow: true, answers: answer.answers }
}

function detailsOf(command: Asking): Partial<Requested> {
  if (command.type === "request_answers") return { kind: "question", questions: command.questions, onTimeout: "reject" }
  const { risk, reason, marks, argumentsSha256, onTimeout, always } = command
  return { kind: "permission", risk, reason, marks: [...marks], argumentsSha256, onTimeout, always }
}

function permission({
  use,
  risk,
  reason,
  marks,
  argumentsSha256,
  expiresAt,
}: Extract<Asking, { type: "request_approval" }>) {
  const { sizeBytes, isMasked } = renderArguments(use.input)
  return {
    tool: use.name,
    input: maskArguments(use.input),
    reason,
    risk,
    taint: [...marks],
    expires_at: toRfc3339(expiresAt),
    arguments_sha256: argumentsSha256,
    arguments_size_bytes: sizeBytes,
    arguments_masked: isMasked,
  }
}

function question({ questions, expiresAt }: Extract<Asking, { type: "request_answers" }>) {
  return { questions, expires_at: toRfc3339(expiresAt) }
}
