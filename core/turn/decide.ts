/**
 * The agent loop: from a turn's journal to what happens next. The same journal, policy and instant always give the same
 * commands, so a crash needs no other recovery than to ask again.
 */
import { isRetryable, type FailureReason, type ModelFailure } from "../model/call.ts"
import type { ToolUseBlock } from "../model/message.ts"
import { after, type EpochMs } from "../units.ts"
import type { TurnEvent, TurnOutcome } from "./event.ts"
import { foldTurn, lastToolUses, turnText, type ModelCallState, type TurnState } from "./fold.ts"
import type { TurnPolicy } from "./policy.ts"
import { nextForTool, refuseCutOff, type Stage, type ToolCommand } from "./decide-tool.ts"
import { mostSameFailures, repeatedFailure, type RepeatedFailure } from "./failing.ts"

export type Command =
  | ToolCommand
  | { type: "call_model"; call: number; attempt: number }
  | { type: "reply"; text: string }

/**
 * Names the next commands of a turn. An ended turn has none. Several come together only when they can run side by side,
 * or as `reply` with its `finish`.
 * @param policy - the policy of the present segment
 */
export function decide(events: readonly TurnEvent[], policy: TurnPolicy, now: EpochMs): Command[] {
  const state = foldTurn(events)
  if (state.outcome !== undefined) return []
  switch (state.model.status) {
    case "none":
      return callModel(state, policy, 1, 1)
    case "open":
      return [{ type: "wait", until: null }]
    case "lost":
      return retryModel(state, policy, state.model.call, state.model.attempt)
    case "failed":
      return afterFailure(state, state.model, policy, now)
    case "answered":
      return afterAnswer({ events, state, policy, now }, state.model)
  }
}

type In<S extends ModelCallState["status"]> = Extract<ModelCallState, { status: S }>

function callModel(state: TurnState, policy: TurnPolicy, call: number, attempt: number): Command[] {
  if (state.modelStarts < policy.maxModelCalls) return [{ type: "call_model", call, attempt }]
  return end(state, {
    status: "failed",
    code: "step_limit",
    message: `The agent stopped after ${policy.maxModelCalls} steps without finishing. Ask it to go on, or ask for less at once.`,
  })
}

function retryModel(state: TurnState, policy: TurnPolicy, call: number, attempt: number): Command[] {
  if (attempt < policy.maxAttempts) return callModel(state, policy, call, attempt + 1)
  return end(state, {
    status: "failed",
    code: "attempts_exhausted",
    message: `The gateway was interrupted ${attempt} times while the model answered and gave up. Nothing more is tried for this message.`,
  })
}

function afterFailure(state: TurnState, model: In<"failed">, policy: TurnPolicy, now: EpochMs): Command[] {
  if (!isRetryable(model.failure.reason) || model.attempt >= policy.maxAttempts) {
    return end(state, { status: "failed", code: failureCode(model.failure.reason), message: model.failure.message })
  }
  const until = after(model.failedAt, retryDelayMs(model.failure, model.attempt))
  return now < until ? [{ type: "wait", until }] : callModel(state, policy, model.call, model.attempt + 1)
}

/** The provider's wish, else 1 s, 4 s, 16 s … after the n-th failure. */
function retryDelayMs(failure: ModelFailure, attempt: number): number {
  return failure.retryAfterMs ?? 1_000 * 4 ** (attempt - 1)
}

function afterAnswer(stage: Stage, model: In<"answered">): Command[] {
  const { state, policy } = stage
  const uses = lastToolUses(state)
  if (uses.length > 0) return afterToolUses(stage, model, uses)
  switch (model.answer.stop) {
    case "pause":
    case "tool_use":
      return callModel(state, policy, model.call + 1, 1)
    case "end":
    case "max_tokens":
      return end(state, { status: "done" })
    case "refusal":
      return end(state, { status: "failed", code: "model_refusal", message: "The model declined to answer this." })
    case "context_overflow":
      return end(state, {
        status: "failed",
        code: "context_overflow",
        message: "The conversation is too long for the model. Start a new one, or send less at once.",
      })
  }
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
function end(state: TurnState, outcome: TurnOutcome): Command[] {
  const said = turnText(state)
  const finish: Command = { type: "finish", outcome }
  switch (outcome.status) {
    case "interrupted":
      return [finish]
    case "done":
      return [{ type: "reply", text: said === "" ? "The agent finished without an answer." : said }, finish]
    case "failed":
      return [{ type: "reply", text: said === "" ? outcome.message : `${said}\n\n${outcome.message}` }, finish]
  }
}

/** The loop API's error code for a failed call of a model. */
function failureCode(reason: FailureReason): string {
  switch (reason) {
    case "not_configured":
      return "model_not_configured"
    case "auth":
      return "model_key_refused"
    case "invalid_request":
      return "model_refused_request"
    case "context_overflow":
      return "context_overflow"
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
