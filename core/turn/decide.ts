/**
 * The agent loop: from a turn's journal to what happens next. The same journal, policy and instant always give the same
 * commands, so a crash needs no other recovery than to ask again.
 */
import { refusalText } from "../budget/words.ts"
import type { FailureReason } from "../model/call.ts"
import { nextTry } from "../model/chain.ts"
import type { ToolUseBlock } from "../model/message.ts"
import { after, type EpochMs } from "../units.ts"
import type { TurnEvent, TurnOutcome } from "./event.ts"
import { foldTurn, lastToolUses, turnText, type ModelCallState, type TurnState } from "./fold.ts"
import { chatCommandOf, type ChatCommand } from "./chat-command.ts"
import { chainOfPolicy, type TurnPolicy } from "./policy.ts"
import { nextForTool, refuseCutOff, type Stage, type ToolCommand } from "./decide-tool.ts"
import { mostSameFailures, repeatedFailure, type RepeatedFailure } from "./failing.ts"
import { outgrown } from "./overflow.ts"

export type Command =
  | ToolCommand
  /** `candidate`: the first of the turn's chain that may be asked. */
  | { type: "call_model"; call: number; attempt: number; candidate: number }
  | ChatCommand
  | { type: "reply"; text: string }

/**
 * Names the next commands of a turn. An ended turn has none. Several come together only when they can run side by side,
 * or as `reply` with its `finish`.
 * @param policy - the policy of the present segment
 */
export function decide(events: readonly TurnEvent[], policy: TurnPolicy, now: EpochMs): Command[] {
  const state = foldTurn(events)
  if (state.outcome !== undefined) return []
  const command = chatCommandOf(events)
  if (command !== undefined) return state.texts.length === 0 ? [command] : end(state, { status: "done" })
  switch (state.model.status) {
    case "none":
      return callModel(state, policy, 1, 1)
    case "denied":
      return afterDenial(state, state.model, policy, now)
    case "open":
      return [{ type: "wait", until: null }]
    case "lost":
      return retryModel(state, policy, state.model.call, state.model.attempt)
    case "failed":
      return afterFailure(state, state.model, policy, now)
    case "answered":
      return afterAnswer({ events, state, policy, now }, state.model)
    case "cut":
      return callModel(state, policy, state.model.call + 1, 1)
  }
}

type In<S extends ModelCallState["status"]> = Extract<ModelCallState, { status: S }>

function callModel(
  state: TurnState,
  policy: TurnPolicy,
  call: number,
  attempt: number,
  candidate = state.candidate,
): Command[] {
  if (state.modelStarts < policy.maxModelCalls) return [{ type: "call_model", call, attempt, candidate }]
  return end(state, {
    status: "failed",
    code: "step_limit",
    message: `The agent stopped after ${policy.maxModelCalls} steps without finishing. Ask it to go on, or ask for less at once.`,
  })
}

function retryModel(state: TurnState, policy: TurnPolicy, call: number, attempt: number): Command[] {
  if (state.losses < policy.maxAttempts) return callModel(state, policy, call, attempt + 1)
  return end(state, {
    status: "failed",
    code: "attempts_exhausted",
    message: `The gateway was interrupted ${state.losses} times while the model answered and gave up. Nothing more is tried for this message.`,
  })
}

function afterFailure(state: TurnState, model: In<"failed">, policy: TurnPolicy, now: EpochMs): Command[] {
  const { failure, candidate } = model
  if (failure.reason === "context_overflow") return afterOverflow(state, policy, model)
  const others = state.failures.findLastIndex((failed) => failed.candidate !== candidate)
  const tries = state.failures.slice(others + 1)
  const since = tries[0]?.startedAt ?? model.startedAt
  const next = nextTry(chainOfPolicy(policy, state.routed), {
    failure,
    candidate,
    tries: tries.length,
    elapsedMs: Math.max(0, model.failedAt - since),
  })
  if (next.status === "give_up") return end(state, giveUp(state, policy))
  const until = after(model.failedAt, next.delayMs)
  if (now < until) return [{ type: "wait", until }]
  return callModel(state, policy, model.call, model.attempt + 1, next.candidate)
}

/** With less of the conversation, then by whoever has more room: the call fails once more where nobody has. */
function afterOverflow(state: TurnState, policy: TurnPolicy, { call, attempt, candidate }: In<"failed">): Command[] {
  const before = { ...state, failures: state.failures.slice(0, -1) }
  if (outgrown(before).has(candidate)) return end(state, giveUp(state, policy))
  return callModel(state, policy, call, attempt + 1, candidate)
}

/** What of the chain failed last, or all of it where several were asked. */
function giveUp(state: TurnState, policy: TurnPolicy): TurnOutcome {
  const last = new Map(state.failures.map(({ candidate, failure }) => [candidate, failure]))
  // That the rest cannot see is no news beside an outage.
  const asked = state.failures.filter(({ failure }) => failure.reason !== "unable")
  const failure = (asked.length > 0 ? asked : state.failures).at(-1)?.failure
  const code = failure === undefined ? "model_unavailable" : failureCode(failure.reason)
  const [only] = last.size === 1 ? last.values() : []
  if (only !== undefined) return { status: "failed", code, message: only.message + keptHint(code) }
  const chain = chainOfPolicy(policy, state.routed)
  const each = [...last].map(([candidate, { message }]) => `${chain[candidate]?.label ?? "A model"}: ${message}`)
  return { status: "failed", code, message: `No model could answer. ${each.join(" ")}${keptHint(code)}` }
}

/** People who read of an outage ask themselves whether to write it all again. */
function keptHint(code: string): string {
  switch (code) {
    case "model_unavailable":
      return " Your message is kept: write again in a while, and the agent goes on from here."
    case "images_unsupported":
      return " Your message is kept: choose a model that can (/model), or go on in words."
    case "context_overflow":
      return " Start a new one, or send less at once."
  }
  return ""
}

/** How long a call waits for a provider that is taken to be down. */
const longestOutageMs = 30_000

function afterDenial(state: TurnState, model: In<"denied">, policy: TurnPolicy, now: EpochMs): Command[] {
  const { denial } = model
  if (denial.status !== "providers_down") {
    return end(state, { status: "failed", code: "budget_exceeded", message: refusalText(denial) })
  }
  const giveUpAt = after(state.deniedSince ?? model.deniedAt, longestOutageMs)
  const isTooLong = denial.retryAt > giveUpAt || now >= giveUpAt
  if (!isTooLong && now < denial.retryAt) return [{ type: "wait", until: denial.retryAt }]
  if (!isTooLong) return callModel(state, policy, model.call, state.failures.length + state.losses + 1)
  if (state.failures.length > 0) return end(state, giveUp(state, policy))
  const code = "model_unavailable"
  return end(state, { status: "failed", code, message: "No model answers right now." + keptHint(code) })
}

function afterAnswer(stage: Stage, model: In<"answered">): Command[] {
  const { state, policy } = stage
  // What it had begun to call is taken back with it.
  if (model.answer.stop === "refusal") return end(state, declined)
  const uses = lastToolUses(state)
  if (uses.length > 0) return afterToolUses(stage, model, uses)
  switch (model.answer.stop) {
    case "pause":
    case "tool_use":
      return callModel(state, policy, model.call + 1, 1)
    case "end":
      return end(state, { status: "done" })
    case "max_tokens":
      return end(state, { status: "done" }, cutNote)
    case "context_overflow":
      return end(state, tooLong)
  }
}

const declined: TurnOutcome = {
  status: "failed",
  code: "model_refusal",
  message: "The model declined to answer this.",
}
const tooLong: TurnOutcome = {
  status: "failed",
  code: "context_overflow",
  message: "The conversation is too long for the model. Start a new one, or send less at once.",
}

/** All calls of an answer go on side by side; when each has its result, the model is called again. */
function afterToolUses(stage: Stage, model: In<"answered">, uses: readonly ToolUseBlock[]): Command[] {
  const { events, state, policy } = stage
  const open = uses.filter((use) => state.tools.get(use.id)?.status !== "ended")
  const failing = open.length === 0 ? repeatedFailure(events) : undefined
  if (failing !== undefined) return end(state, keepsFailing(failing))
  if (open.length === 0) return callModel(state, policy, model.call + 1, 1)
  const isCutOff = model.answer.stop === "max_tokens"
  const commands = open.map((use) => (isCutOff ? refuseCutOff(use) : nextForTool(stage, use)))
  const last = commands.find((command) => command.type === "finish")
  if (last !== undefined) return end(state, last.outcome)
  const due = commands.filter((command) => command.type !== "wait")
  return due.length > 0 ? due : [earliestWait(commands)]
}

function keepsFailing({ tool, text }: RepeatedFailure): TurnOutcome {
  const line = text.replaceAll(/\s+/g, " ").slice(0, 300)
  return {
    status: "failed",
    code: "tool_keeps_failing",
    message: `The agent stopped: its tool ${tool} failed ${mostSameFailures} times running in the same way. ${line}`,
  }
}

function earliestWait(commands: readonly Command[]): Command {
  const instants = commands.flatMap((command) =>
    command.type === "wait" && command.until !== null ? [command.until] : [],
  )
  const earliest = instants.toSorted((a, b) => a - b)[0]
  return { type: "wait", until: earliest ?? null }
}

/** What the person reads comes before the end; an interrupted turn says nothing more. */
function end(state: TurnState, outcome: TurnOutcome, note = ""): Command[] {
  const said = turnText(state)
  const finish: Command = { type: "finish", outcome }
  switch (outcome.status) {
    case "interrupted":
      return [finish]
    case "done":
      return [{ type: "reply", text: (said === "" ? "The agent finished without an answer." : said) + note }, finish]
    case "failed":
      return [{ type: "reply", text: said === "" ? outcome.message : `${said}\n\n${outcome.message}` }, finish]
  }
}

/** Programs learn it from the answer's end; people would take half a sentence for a whole one. */
const cutNote = "\n\n[The answer was cut off at its length limit. Write “go on” for the rest.]"

/** The loop API's error code for a failed call of a model. */
function failureCode(reason: FailureReason): string {
  switch (reason) {
    case "not_configured":
      return "model_not_configured"
    case "unable":
      return "images_unsupported"
    case "auth":
      return "model_key_refused"
    case "invalid_request":
      return "model_refused_request"
    case "context_overflow":
      return "context_overflow"
    case "internal":
      return "internal"
    case "network":
    case "server":
    case "rate_limited":
    case "overloaded":
    case "first_byte_timeout":
    case "stalled":
    case "aborted":
      return "model_unavailable"
  }
}
