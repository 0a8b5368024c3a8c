/** The rows that a turn's journal gives the system of record. The same journal always gives the same rows. */
import { isCutByWindow } from "../model/call.ts"
import { textOf } from "../model/message.ts"
import { providerOf } from "../model/provider.ts"
import type { MessageRow, ModelCallRow, TurnRow } from "../projection.ts"
import type { ConversationId, GroupId, TurnId } from "../units.ts"
import type { TurnEvent } from "./event.ts"
import { foldTurn, pendingChoice } from "./fold.ts"
import { toolResult } from "./transcript.ts"

export interface TurnPlace {
  readonly conversationId: ConversationId
  readonly turnId: TurnId
  /** 1 for the first turn of the conversation. */
  readonly turn: number
  readonly groupId: GroupId | null
}

export interface TurnRows {
  readonly messages: MessageRow[]
  readonly modelCalls: ModelCallRow[]
  /** Null for a journal that only recalls history. */
  readonly turn: TurnRow | null
}

/** Entries of one turn are ordered by its number times this, plus their place in it. */
export const positionsPerTurn = 100_000

/**
 * Rows of the events from index `from` on, and the turn's row as it is now.
 * @param events - the whole journal of the turn: places and attempts are counted from its start
 */
export function projectTurn(place: TurnPlace, events: readonly TurnEvent[], from: number): TurnRows {
  const messages: MessageRow[] = []
  const modelCalls: ModelCallRow[] = []
  let entry = 0
  let open: OpenCall | undefined
  let broken = ""
  for (const [index, event] of events.entries()) {
    const isNew = index >= from
    if (event.type === "model_failed") broken += event.partialText ?? ""
    if (event.type === "model_ended") broken = isCutByWindow(event.answer) ? textOf(event.answer.blocks) : ""
    // Its text is part of the answer that goes on from it; its place stays free, as places of earlier releases were counted.
    if (event.type === "model_ended" && isCutByWindow(event.answer) && event.answer.blocks.length > 0) entry += 1
    for (const row of entriesOf(place, event, broken)) {
      const position = place.turn * positionsPerTurn + entry
      if (isNew) messages.push({ ...row, id: `${place.turnId}.${entry}`, position })
      entry += 1
    }
    if (event.type === "model_started" || event.type === "summary_started") open = event
    const call = open === undefined ? undefined : endedCall(place, event, index, open)
    if (call === undefined) continue
    if (isNew) modelCalls.push(call)
    open = undefined
  }
  return { messages, modelCalls, turn: turnRow(place, events) }
}

type Entry = Omit<MessageRow, "id" | "position">

/** @param broken - what was said of an answer that was never finished */
function entriesOf(place: TurnPlace, event: TurnEvent, broken: string): Entry[] {
  const base = {
    conversationId: place.conversationId,
    turnId: place.turnId,
    source: null,
    tainted: false,
  }
  switch (event.type) {
    case "turn_started":
    case "message_joined": {
      const inbound = event.type === "turn_started" ? event.messages : [event.message]
      return inbound.map((message) => ({
        ...base,
        role: "user" as const,
        blocks: [...(message.images ?? []), { type: "text" as const, text: message.text }],
        text: message.text,
        source: message.source,
        tainted: message.tainted,
        createdAt: message.receivedAt,
      }))
    }
    case "model_ended": {
      const { blocks } = event.answer
      return blocks.length === 0 || isCutByWindow(event.answer)
        ? []
        : [{ ...base, role: "assistant", blocks, text: textOf(blocks), createdAt: event.at }]
    }
    case "tool_ended": {
      return [
        {
          ...base,
          role: "user",
          blocks: [toolResult(event), ...(event.images ?? [])],
          text: "",
          tainted: event.tainted,
          createdAt: event.at,
        },
      ]
    }
    case "history_recalled": {
      const messages = event.isNew === true ? event.messages : []
      return messages.map(({ role, blocks }) => ({ ...base, role, blocks, text: textOf(blocks), createdAt: event.at }))
    }
    case "gateway_said": {
      const { text, at: createdAt } = event
      return [{ ...base, role: "assistant", blocks: [{ type: "text", text }], text, createdAt }]
    }
    case "turn_ended": {
      const blocks = [{ type: "text" as const, text: broken }]
      return broken === "" ? [] : [{ ...base, role: "assistant", blocks, text: broken, createdAt: event.at }]
    }
    case "segment_started":
    case "model_started":
    case "model_failed":
    case "call_denied":
    case "summary_started":
    case "summary_made":
    case "summary_failed":
    case "tool_started":
    case "choice_requested":
    case "choice_resolved":
      return []
  }
}

type OpenCall = Extract<TurnEvent, { type: "model_started" | "summary_started" }>

const noTokens = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 }

/** The row of the open call, if `event` ended it: by an answer, a failure, a crash (the next segment) or the turn's end. */
function endedCall(place: TurnPlace, event: TurnEvent, index: number, open: OpenCall): ModelCallRow | undefined {
  const base = {
    id: `${place.turnId}.call.${index}`,
    conversationId: place.conversationId,
    turnId: place.turnId,
    groupId: open.groupId === undefined ? place.groupId : open.groupId,
    model: open.model,
    startedAt: open.countedAt ?? open.at,
    durationMs: Math.max(0, event.at - open.at),
    firstDeltaMs: null,
    provider: open.provider ?? providerOf(open.model).provider,
    tier: open.tier ?? null,
    reason: open.reason ?? null,
  }
  const unpaid = { ...noTokens, costMicroUsd: open.worstCase === undefined ? null : 0 }
  switch (event.type) {
    case "model_ended": {
      const { answer, firstDeltaMs, costMicroUsd = null } = event
      return { ...base, ...answer.usage, model: answer.model, outcome: answer.stop, firstDeltaMs, costMicroUsd }
    }
    case "summary_made":
      return { ...base, ...event.usage, model: event.model, outcome: "summary", costMicroUsd: event.costMicroUsd }
    case "model_failed":
    case "summary_failed":
      return { ...base, ...(event.billed === "unknown" ? worstOf(open) : unpaid), outcome: event.failure.reason }
    case "segment_started":
      return { ...base, ...worstOf(open), outcome: "unknown" }
    case "turn_ended":
      return { ...base, ...worstOf(open), outcome: "aborted" }
    case "turn_started":
    case "history_recalled":
    case "message_joined":
    case "model_started":
    case "call_denied":
    case "gateway_said":
    case "summary_started":
    case "tool_started":
    case "tool_ended":
    case "choice_requested":
    case "choice_resolved":
      return undefined
  }
}

/** What counts where nobody knows what a call used: the same that the Ledger charges. */
function worstOf({ worstCase }: OpenCall) {
  if (worstCase === undefined) return { ...noTokens, costMicroUsd: null }
  const { inputTokens, outputTokens, costMicroUsd } = worstCase
  return { ...noTokens, inputTokens, outputTokens, costMicroUsd }
}

function turnRow(place: TurnPlace, events: readonly TurnEvent[]): TurnRow | null {
  const state = foldTurn(events)
  if (state.startedAt === undefined) return null
  const { outcome } = state
  const ended = events.at(-1)
  return {
    id: place.turnId,
    conversationId: place.conversationId,
    groupId: place.groupId,
    status: outcome?.status ?? (pendingChoice(state) === undefined ? "running" : "waiting"),
    errorCode: outcome?.status === "failed" ? outcome.code : null,
    errorMessage: outcome?.status === "failed" ? outcome.message : null,
    modelCalls: state.modelStarts,
    startedAt: state.startedAt,
    endedAt: ended?.type === "turn_ended" ? ended.at : null,
    version: events.length,
  }
}
