/**
 * Questions to people: asked once, shown whole to those who may answer, answered once or expired. An answer that comes twice, late
 * or for other arguments changes nothing and says so.
 */
import { outcomeText } from "../../core/approval/chat-message.ts"
import { maskArguments, renderArguments } from "../../core/approval/arguments.ts"
import type { Condition } from "../../core/approval/condition.ts"
import { type Question, readAnswer, wrongAnswers } from "../../core/approval/question.ts"
import { LoopError } from "../../core/errors.ts"
import type { Command } from "../../core/turn/decide.ts"
import type { ChoiceAnswer, TurnEvent } from "../../core/turn/event.ts"
import { foldTurn, lastToolUses, pendingChoices, type ChoiceState } from "../../core/turn/fold.ts"
import { ChoiceId, type GroupId, toRfc3339 } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { MethodInput, MethodOutput } from "../peers.ts"
import { type AskedMessages, canceledText } from "./asked.ts"
import type { AskedRecord } from "./records.ts"
import type { LiveEvents } from "./events.ts"
import type { ConversationState, Turn } from "./state.ts"

type Asking = Extract<Command, { type: "request_approval" | "request_answers" }>
type Requested = Extract<TurnEvent, { type: "choice_requested" }>
type Resolved = Extract<TurnEvent, { type: "choice_resolved" }>

export type InChat = MethodInput<"conversation", "answerInChat">

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
  readonly #messages: AskedMessages

  constructor(host: ObjectHost, state: ConversationState, events: LiveEvents, messages: AskedMessages) {
    this.#host = host
    this.#state = state
    this.#events = events
    this.#messages = messages
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
    this.#messages.ask(turn, event, use)
  }

  /**
   * Someone in a chat answers. Who may is decided here: whoever is served may say what the agent asked, only approvers what it may
   * do. @returns what they are told
   */
  answerInChat({ choiceId, place, by, given, messageId }: InChat): MethodOutput<"conversation", "answerInChat"> {
    const open = this.#open(choiceId)
    if (open === undefined) return { text: this.#closedText(choiceId), status: "closed" }
    const found = this.#messages.find(choiceId, place)
    if (found !== undefined && messageId !== undefined) {
      this.#messages.noteSeen(found, "question" in given ? given.question : null, messageId)
    }
    const record = this.#messages.find(choiceId, place)
    if (record === undefined) return refusedIn("This question was not asked in this chat. Nothing was changed.")
    const { questions } = open.choice.asked
    const who = { choiceId, source: "telegram", by: { id: by.id, name: by.name } }
    if (questions !== undefined) return this.#answerQuestion(record, questions, who, given)
    if (!by.isApprover) return refusedIn("You may not allow this here: ask a named approver. Nothing was changed.")
    if (given.kind === "option" || given.kind === "text") return refusedIn("This takes a yes or no.")
    this.answer({ ...who, answer: { allow: given.kind !== "deny" } })
    return { text: given.kind === "deny" ? "Denied." : "Approved.", status: "over" }
  }

  /** True where there is a rule that would allow this for good. */
  hasAlways(choiceId: ChoiceId): boolean {
    return this.#open(choiceId)?.choice.asked.always != null
  }

  /** True for a question that is open and was asked in this chat. */
  isAskedIn(choiceId: ChoiceId, place: InChat["place"]): boolean {
    return this.#open(choiceId) !== undefined && this.#messages.find(choiceId, place) !== undefined
  }

  #answerQuestion(
    record: AskedRecord,
    questions: readonly Question[],
    who: Pick<GivenAnswer, "choiceId" | "source" | "by">,
    given: InChat["given"],
  ): MethodOutput<"conversation", "answerInChat"> {
    if (given.kind === "deny") {
      this.answer({ ...who, answer: { allow: false } })
      return { text: "Noted: no answer.", status: "over" }
    }
    if (!("question" in given)) return refusedIn("This takes an answer, not a yes.")
    const question = questions[given.question]
    const said = given.kind === "text" ? given.text : question?.options[given.option]
    const answer = question === undefined || said === undefined ? undefined : readAnswer(question, said)
    if (question === undefined || answer === undefined) return refusedIn("There is no such answer.")
    const answers = this.#messages.noteAnswer(record, { [question.id]: answer })
    const open = questions.filter(({ id }) => answers[id] === undefined)
    if (open.length > 0) return { text: `Noted. ${open.length} more to answer.`, status: "noted" }
    this.answer({ ...who, answer: { answers } })
    return { text: "Noted.", status: "over" }
  }

  /** The turn ends: what it still asks is no longer of use. */
  cancel(turn: Turn): void {
    for (const { choiceId } of pendingChoices(foldTurn(turn.events))) {
      this.#messages.close(choiceId, canceledText(this.#host.now()))
    }
  }

  /** True while a person is asked. */
  get isWaiting(): boolean {
    const turn = this.#state.openTurn
    return turn !== undefined && pendingChoices(foldTurn(turn.events)).length > 0
  }

  /** How a question ended that is open no more. */
  #closedText(choiceId: ChoiceId): string {
    const events = this.#state.turns.flatMap((turn) => turn.events)
    const asked = events.find((event) => event.type === "choice_requested" && event.choiceId === choiceId)
    const resolved = events.find((event) => event.type === "choice_resolved" && event.choiceId === choiceId)
    if (resolved?.type === "choice_resolved") return `${outcomeText(resolved)} Nothing was changed now.`
    const isLate = asked?.type === "choice_requested" && asked.expiresAt <= this.#host.now()
    return isLate
      ? "Its time is over, and nobody had answered. Nothing was changed."
      : "This question is closed. Nothing was changed."
  }

  /** @throws LoopError `choice_not_found` when it is unknown, answered or late; `choice_answer_invalid`, `choice_changed` */
  answer(given: GivenAnswer): void {
    const { turn, choice } = this.#openFor(given)
    const { answer, source, by, comment } = given
    const words = {
      ...(by === undefined ? {} : { by: { ...by } }),
      ...(comment === undefined || comment.trim() === "" ? {} : { comment: comment.trim() }),
    }
    this.#resolve(turn, { choiceId: choice.choiceId, source, ...words, ...checkAnswer(choice.asked.questions, answer) })
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
    const event: Resolved = { type: "choice_resolved", ...resolved, at: this.#host.now() }
    this.#state.append(turn, event)
    this.#messages.close(resolved.choiceId, outcomeText(event))
    const { choiceId, source } = resolved
    this.#events.step(turn, { event: "choice_resolved", data: { choice_id: choiceId, source } })
  }
}

/** @throws LoopError `choice_answer_invalid` */
function checkAnswer(
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

function refusedIn(text: string) {
  return { text, status: "refused" } as const
}
