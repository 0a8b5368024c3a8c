/** Tells the live feed what becomes of a conversation: a turn's start at once, its end when a list that is read now shows it. */
import type { LiveEvent } from "../../core/live/event.ts"
import type { Projection } from "../../core/projection.ts"
import type { TurnEvent } from "../../core/turn/event.ts"
import { toRfc3339, type ConversationId, type GroupId } from "../../core/units.ts"
import type { LivePublisher } from "../live/publisher.ts"
import type { Meta } from "./records.ts"
import type { Turn } from "./state.ts"

export class Announcer {
  readonly #live: LivePublisher
  readonly #groupOf: () => GroupId | null

  /** @param groupOf - whose agent the running turn is */
  constructor(live: LivePublisher, groupOf: () => GroupId | null) {
    this.#live = live
    this.#groupOf = groupOf
  }

  /** To be told of each event as it is appended to its turn. */
  onEvent(meta: Meta, turn: Turn, event: TurnEvent): void {
    if (!this.#live.isHeard) return
    const place = { conversationId: meta.id, turnId: turn.id }
    switch (event.type) {
      case "turn_started":
        return this.#live.publish([{ event: "turn:started", data: place }])
      case "choice_requested":
        return this.#live.publish([{ event: "turn:waiting", data: place }])
      case "model_started":
        return this.#live.publish(swapsOf({ ...place, groupId: this.#groupOf() }, turn, event))
      case "model_ended":
        return this.#live.publish(rescueOf({ ...place, groupId: this.#groupOf() }, turn, event.call))
      // Told by what the database has of it.
      case "choice_resolved":
      case "turn_ended":
      case "history_recalled":
      case "segment_started":
      case "message_joined":
      case "model_failed":
      case "call_denied":
      case "gateway_said":
      case "summary_started":
      case "summary_made":
      case "summary_failed":
      case "tool_started":
      case "tool_ended":
    }
  }

  /** To be told of rows that the database has now. @param known - version of the conversation's row that it had before */
  onProjected(rows: Projection, known: number): void {
    if (!this.#live.isHeard) return
    const ends = rows.turns.flatMap(turnEnd)
    const usage = rows.turns.flatMap((turn) => usageOf(turn, rows))
    const changes = rows.conversations.flatMap(({ id, version, archivedAt }): LiveEvent[] => {
      if (version <= known) return []
      const change = known === 0 ? "created" : archivedAt === null ? "updated" : "archived"
      return [{ event: `conversation:${change}`, data: { conversationId: id } }]
    })
    this.#live.publish([...rows.approvals.map(approvalNews), ...ends, ...usage, ...changes])
  }

  onErased(conversationId: ConversationId): void {
    this.#live.publish([{ event: "conversation:erased", data: { conversationId } }])
  }
}

function turnEnd({ id, conversationId, status, errorCode }: Projection["turns"][number]): LiveEvent[] {
  if (status === "running" || status === "waiting") return []
  return [{ event: "turn:ended", data: { conversationId, turnId: id, outcome: status, errorCode } }]
}

function usageOf(
  { id: turnId, conversationId, groupId }: Projection["turns"][number],
  { modelCalls }: Projection,
): LiveEvent[] {
  const calls = modelCalls.filter((call) => call.turnId === turnId)
  if (calls.length === 0) return []
  const sum = (count: (call: Projection["modelCalls"][number]) => number) =>
    calls.reduce((total, call) => total + count(call), 0)
  return [
    {
      event: "usage:recorded",
      data: {
        conversationId,
        turnId,
        groupId,
        models: [...new Set(calls.map(({ model }) => model))],
        calls: calls.length,
        inputTokens: sum((call) => call.inputTokens),
        cacheReadTokens: sum((call) => call.cacheReadTokens),
        cacheWriteTokens: sum((call) => call.cacheWriteTokens),
        outputTokens: sum((call) => call.outputTokens),
      },
    },
  ]
}

type Place = Extract<LiveEvent, { event: "fallback:start" }>["data"]
type CallPlace = Pick<Place, "conversationId" | "turnId" | "groupId">
type Started = Extract<TurnEvent, { type: "model_started" }>

/** That another model was chosen by complexity, or stands in for one that does not answer; of its further tries nothing is told. */
function swapsOf(
  place: CallPlace,
  turn: Turn,
  { from, model: to, complexity, instead, candidate }: Started,
): LiveEvent[] {
  const swap: LiveEvent[] =
    from === undefined || complexity === undefined
      ? []
      : [{ event: "model:hot-swap", data: { ...place, from, to, complexity } }]
  const before = startsOf(turn).at(-2)
  const isAgain = before?.instead !== undefined && before.candidate === candidate
  return instead === undefined || isAgain
    ? swap
    : [...swap, { event: "fallback:start", data: { ...place, ...instead } }]
}

/** That a model which stood in has answered; told once in a turn. */
function rescueOf(place: CallPlace, turn: Turn, call: number): LiveEvent[] {
  const starts = startsOf(turn)
  const last = starts.at(-1)
  if (last?.instead === undefined || last.provider === undefined) return []
  const attempts = starts.filter((start) => start.call === call).length
  const { provider, model } = last
  return [{ event: "fallback:success", data: { ...place, provider, model, attempts } }]
}

function startsOf({ events }: Turn): Started[] {
  return events.flatMap((event) => (event.type === "model_started" ? [event] : []))
}

function approvalNews(row: Projection["approvals"][number]): LiveEvent {
  const { id: approvalId, conversationId, turnId, status, tool, source } = row
  const place = { conversationId, turnId, approvalId }
  if (status === "pending") {
    return { event: "approval:requested", data: { ...place, tool, expiresAt: toRfc3339(row.expiresAt) } }
  }
  const allow = status === "approved" || status === "answered"
  return { event: "approval:resolved", data: { ...place, allow, source: source ?? "turn" } }
}
