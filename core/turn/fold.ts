/** What a turn's journal amounts to. Pure; every reader of a journal starts here. */
import type { Denial } from "../budget/reserve.ts"
import { isCutByWindow, type ModelAnswer, type ModelFailure } from "../model/call.ts"
import { textOf, type ToolUseBlock } from "../model/message.ts"
import type { CommandId } from "../runner/command.ts"
import type { ChoiceId, EpochMs } from "../units.ts"
import type { TurnEvent, TurnOutcome } from "./event.ts"

type EventOf<T extends TurnEvent["type"]> = Extract<TurnEvent, { type: T }>

interface Attempt {
  readonly call: number
  /** Counts the starts of the call. */
  readonly attempt: number
  /** Whom it asks, by its place in the chain. */
  readonly candidate: number
  readonly startedAt: EpochMs
}

/** `open`: an attempt runs in the present segment. `lost`: a crash cut it off. `denied`: the Ledger did not let it start. */
export type ModelCallState =
  | { status: "none" }
  | ({ status: "open" | "lost" } & Attempt)
  | { status: "answered"; call: number; answer: ModelAnswer }
  /** The model's window was full before its answer was whole: what it had said is `broken`, what it had called is void. */
  | { status: "cut"; call: number }
  | ({ status: "failed"; failure: ModelFailure; failedAt: EpochMs } & Attempt)
  | { status: "denied"; call: number; denial: Denial; deniedAt: EpochMs }

/** An attempt of the present call that failed. */
export interface FailedAttempt {
  readonly candidate: number
  readonly failure: ModelFailure
  readonly startedAt: EpochMs
}

/** `away`: a runner has it, and tells of its end whatever happens to the gateway. */
export type ToolState =
  | { status: "open" | "lost"; attempt: number }
  | { status: "away"; attempt: number; commandId: CommandId }
  | { status: "ended"; event: EventOf<"tool_ended"> }

export interface ChoiceState {
  readonly choiceId: ChoiceId
  readonly toolUseId: string
  readonly expiresAt: EpochMs
  readonly asked: EventOf<"choice_requested">
  /** Undefined while nobody has answered. */
  readonly resolved: EventOf<"choice_resolved"> | undefined
}

export interface TurnState {
  readonly startedAt: EpochMs | undefined
  /** Number of `model_started` events, repeated attempts included. */
  readonly modelStarts: number
  readonly model: ModelCallState
  /** What the model had read from outside when it was last called: where each piece was from. */
  readonly marks: readonly string[]
  /** Of the present call, in order; empty once it is answered. */
  readonly failures: readonly FailedAttempt[]
  /** For whom in this turn the input did not fit, each time. */
  readonly overflows: readonly number[]
  /** Whose window in this turn was full in the middle of an answer, each time. */
  readonly fullWindows: readonly number[]
  /** How often a crash cut the present call off. */
  readonly losses: number
  /** When the present call was first denied, if it was. */
  readonly deniedSince: EpochMs | undefined
  /** The one of the chain that was asked last; later calls of the turn begin with it. */
  readonly candidate: number
  /** The model at the head of the chain, as the turn was routed; undefined before it was asked. */
  readonly routed: string | undefined
  /** What attempts of the present call said before they broke off. */
  readonly broken: string
  /** By tool use id, of all calls of the turn. */
  readonly tools: ReadonlyMap<string, ToolState>
  readonly choices: ReadonlyMap<string, ChoiceState>
  /** The text of each answered call that has one, in order. */
  readonly texts: readonly string[]
  readonly outcome: TurnOutcome | undefined
}

/** Reads a journal from its start to its end. */
export function foldTurn(events: readonly TurnEvent[]): TurnState {
  let startedAt: EpochMs | undefined
  let modelStarts = 0
  let model = notCalled()
  let marks: readonly string[] = []
  let failures: FailedAttempt[] = []
  let overflows: readonly number[] = []
  let fullWindows: readonly number[] = []
  let losses = 0
  let deniedSince: EpochMs | undefined
  let candidate = 0
  let routed: string | undefined
  let broken = ""
  let outcome: TurnOutcome | undefined
  const tools = new Map<string, ToolState>()
  const choices = new Map<string, ChoiceState>()
  const texts: string[] = []
  for (const event of events) {
    switch (event.type) {
      case "turn_started":
        startedAt = event.at
        break
      case "segment_started":
        if (model.status === "open") {
          model = { ...model, status: "lost" }
          losses += 1
        }
        for (const [id, tool] of tools) if (tool.status === "open") tools.set(id, { ...tool, status: "lost" })
        break
      case "model_started":
        modelStarts += 1
        marks = event.marks ?? []
        candidate = event.candidate ?? 0
        if (candidate === 0) routed = event.model
        model = { status: "open", call: event.call, attempt: event.attempt, candidate, startedAt: event.at }
        break
      case "model_ended": {
        failures = []
        losses = 0
        deniedSince = undefined
        const text = textOf(event.answer.blocks)
        if (isCutByWindow(event.answer)) {
          model = { status: "cut", call: event.call }
          overflows = [...overflows, candidate]
          fullWindows = [...fullWindows, candidate]
          broken = text
          break
        }
        model = { status: "answered", call: event.call, answer: event.answer }
        broken = ""
        // Some providers use an id again in a later answer: it names a new call.
        for (const use of toolUsesOf(event.answer)) {
          tools.delete(use.id)
          choices.delete(use.id)
        }
        if (text !== "") texts.push(text)
        break
      }
      case "model_failed": {
        const { failure, at: failedAt, partialText = "" } = event
        candidate = event.candidate ?? candidate
        const attempt = model.status === "open" || model.status === "lost" ? model.attempt : 1
        const startedAt = model.status === "open" || model.status === "lost" ? model.startedAt : failedAt
        model = { status: "failed", call: event.call, attempt, candidate, startedAt, failure, failedAt }
        failures = [...failures, { candidate, failure, startedAt }]
        broken += partialText
        if (failure.reason === "context_overflow") overflows = [...overflows, candidate]
        break
      }
      case "call_denied":
        model = { status: "denied", call: event.call, denial: event.denial, deniedAt: event.at }
        deniedSince ??= event.at
        break
      case "gateway_said":
        texts.push(event.text)
        break
      case "tool_started":
        tools.set(event.toolUseId, startedTool(event))
        break
      case "tool_ended":
        tools.set(event.toolUseId, { status: "ended", event })
        break
      case "choice_requested":
        choices.set(event.toolUseId, newChoice(event))
        break
      case "choice_resolved":
        for (const [id, choice] of choices) {
          if (choice.choiceId === event.choiceId) choices.set(id, { ...choice, resolved: event })
        }
        break
      case "turn_ended":
        outcome = event.outcome
        break
      case "history_recalled":
      case "message_joined":
      case "summary_started":
      case "summary_made":
      case "summary_failed":
        break
    }
  }
  return {
    startedAt,
    modelStarts,
    model,
    marks,
    failures,
    overflows,
    fullWindows,
    losses,
    deniedSince,
    candidate,
    routed,
    broken,
    tools,
    choices,
    texts,
    outcome,
  }
}

/** The tool calls of the last answer, in the model's order; empty when it made none. */
export function lastToolUses(state: TurnState): ToolUseBlock[] {
  return state.model.status === "answered" ? toolUsesOf(state.model.answer) : []
}

/** The questions that wait for a person, the oldest first. */
export function pendingChoices(state: TurnState): ChoiceState[] {
  return [...state.choices.values()].filter(
    (choice) => choice.resolved === undefined && state.tools.get(choice.toolUseId)?.status !== "ended",
  )
}

/** The oldest question that waits for a person. */
export function pendingChoice(state: TurnState): ChoiceState | undefined {
  return pendingChoices(state)[0]
}

/** All that the agent has said in this turn: the same text that its deltas added up to. */
export function turnText(state: TurnState): string {
  return [...state.texts, ...(state.broken === "" ? [] : [state.broken])].join("\n\n")
}

/** What stands between the turn's text so far and what comes next. */
export function textSeparator(state: TurnState): string {
  return state.broken !== "" || state.texts.length === 0 ? "" : "\n\n"
}

function startedTool({ attempt, commandId }: EventOf<"tool_started">): ToolState {
  return commandId === undefined ? { status: "open", attempt } : { status: "away", attempt, commandId }
}

function newChoice(asked: EventOf<"choice_requested">): ChoiceState {
  const { choiceId, toolUseId, expiresAt } = asked
  return { choiceId, toolUseId, expiresAt, asked, resolved: undefined }
}

/** The commands that runners have for this turn, with the calls that they are of. */
export function awayCommands(state: TurnState): { toolUseId: string; commandId: CommandId }[] {
  return [...state.tools].flatMap(([toolUseId, tool]) =>
    tool.status === "away" ? [{ toolUseId, commandId: tool.commandId }] : [],
  )
}

function toolUsesOf(answer: ModelAnswer): ToolUseBlock[] {
  return answer.blocks.filter((block) => block.type === "tool_use")
}

function notCalled(): ModelCallState {
  return { status: "none" }
}
