/** Counts what turns do, and logs each turn's end, from what is appended to their journals. Content never passes. */
import type { Log } from "../../core/log.ts"
import type { Metrics } from "../../core/metrics/metrics.ts"
import type { Usage } from "../../core/model/call.ts"
import { providerOf } from "../../core/model/provider.ts"
import type { TurnEvent } from "../../core/turn/event.ts"
import type { Meta } from "./records.ts"
import type { Turn } from "./state.ts"

export interface Meter {
  readonly metrics: Metrics
  readonly log: Log
}

type Of<T extends TurnEvent["type"]> = Extract<TurnEvent, { type: T }>

/** To be told of each event as it is appended; `turn` has it already. */
export function meterEvent({ metrics, log }: Meter, meta: Meta, turn: Turn, event: TurnEvent): void {
  switch (event.type) {
    case "model_ended":
      return countAnswer(metrics, placeOf(turn, event.call), event.answer.usage)
    case "summary_made":
      return countAnswer(metrics, placeOfModel(modelOfSummary(turn)), event.usage)
    case "summary_failed":
      metrics.modelCalls.add([...placeOfModel(modelOfSummary(turn)), event.failure.reason])
      return
    case "model_failed":
      if (isCall(event)) metrics.modelCalls.add([...placeOf(turn, event.call), event.failure.reason])
      return
    case "tool_ended":
      metrics.toolCalls.add([event.outcome])
      return
    case "turn_ended":
      endTurn({ metrics, log }, meta, turn, event)
      return
    case "turn_started":
    case "history_recalled":
    case "segment_started":
    case "message_joined":
    case "model_started":
    case "call_denied":
    case "gateway_said":
    case "summary_started":
    case "tool_started":
    case "choice_requested":
    case "choice_resolved":
  }
}

function endTurn({ metrics, log }: Meter, meta: Meta, turn: Turn, { outcome, at }: Of<"turn_ended">): void {
  const durationMs = Math.max(0, at - (turn.events[0]?.at ?? at))
  metrics.turns.add([outcome.status])
  metrics.turnSeconds.observe([outcome.status], durationMs / 1_000)
  const answers = turn.events.flatMap((event) => (event.type === "model_ended" ? [event.answer.usage] : []))
  log({
    level: outcome.status === "failed" ? "warn" : "info",
    event: "turn_ended",
    conversationId: meta.id,
    turnId: turn.id,
    kind: meta.kind,
    ...(meta.channelId === null ? {} : { channelId: meta.channelId }),
    status: outcome.status,
    ...(outcome.status === "failed" ? { code: outcome.code } : {}),
    durationMs,
    modelCalls: turn.events.filter(isCall).length,
    toolCalls: turn.events.filter(({ type }) => type === "tool_ended").length,
    inputTokens: sum(answers.map(({ inputTokens }) => inputTokens)),
    cacheReadTokens: sum(answers.map(({ cacheReadTokens }) => cacheReadTokens)),
    cacheWriteTokens: sum(answers.map(({ cacheWriteTokens }) => cacheWriteTokens)),
    outputTokens: sum(answers.map(({ outputTokens }) => outputTokens)),
  })
}

/** Of a failure that names who was next, nobody was asked. */
function isCall(event: TurnEvent): boolean {
  return event.type === "model_ended" || (event.type === "model_failed" && event.candidate === undefined)
}

function countAnswer(metrics: Metrics, place: [provider: string, model: string], usage: Usage): void {
  metrics.modelCalls.add([...place, "ok"])
  metrics.tokens.add([...place, "input"], usage.inputTokens)
  metrics.tokens.add([...place, "cache_read"], usage.cacheReadTokens)
  metrics.tokens.add([...place, "cache_write"], usage.cacheWriteTokens)
  metrics.tokens.add([...place, "output"], usage.outputTokens)
}

function modelOfSummary(turn: Turn): string {
  const started = turn.events.findLast((event) => event.type === "summary_started")
  return started?.model ?? "unknown"
}

/** Provider and model of a call, as its start in the journal has them. */
function placeOf(turn: Turn, call: number): [provider: string, model: string] {
  const started = turn.events.findLast(
    (event): event is Of<"model_started"> => event.type === "model_started" && event.call === call,
  )
  return placeOfModel(started?.model ?? "unknown")
}

function placeOfModel(name: string): [provider: string, model: string] {
  const { provider, model } = providerOf(name)
  return [provider, model]
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
