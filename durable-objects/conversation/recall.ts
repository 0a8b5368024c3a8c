/** Where a conversation comes from that its object does not know: from libSQL, or from its first message. */
import { recall, type Recalled } from "../../adapters/store/conversations.ts"
import type { ChannelKind, InboundMessage } from "../../core/channel/message.ts"
import { isLoopError, LoopError } from "../../core/errors.ts"
import type { ConversationRow } from "../../core/projection.ts"
import { settle } from "../../core/turn/transcript.ts"
import { type ChannelId, ConversationId, type EpochMs, type UserId } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { Meta } from "./records.ts"
import type { ConversationState } from "./state.ts"

/** Transcript rows that a rehydrated object starts with: more than the messages that a model sees, for tool traffic. */
const recalledRows = 100

export interface Origin {
  readonly kind: "loop" | ChannelKind
  readonly ownerId: UserId | null
  readonly channelId: ChannelId | null
  readonly title: string
  readonly metadata: Record<string, string>
  readonly profiles: string[]
}

/** A conversation without turns. */
export function newConversation(id: ConversationId, now: EpochMs, origin: Origin): Meta {
  return {
    schema: 1,
    id,
    ...origin,
    createdAt: now,
    lastActivityAt: now,
    archivedAt: null,
    turn: 0,
    segment: 0,
    turnSegment: 0,
    nextQueued: 1,
    nextOutgoing: 1,
    projected: { turn: 0, index: 0 },
    version: 1,
    projectedVersion: 0,
    expireAt: null,
    erasingAt: null,
    model: null,
    recallDue: false,
  }
}

/**
 * Makes the state of a conversation that this object has never held or has lost.
 * @param begins - what it is where nobody knows it yet; without it only a known one is found
 * @returns `begun` to the one caller that made it new
 * @throws LoopError `loop_not_found`; `database_unavailable` when only libSQL could tell
 */
export async function findConversation(
  host: ObjectHost,
  state: ConversationState,
  id: ConversationId,
  begins: Origin | undefined,
): Promise<"found" | "begun"> {
  let earlier = { nextTurn: 1, nextVersion: 1 }
  try {
    const { conversation, ...recalled } = await recall(host.libsql, id, recalledRows)
    if (state.meta !== undefined) return "found"
    if (conversation !== null) {
      restore(host, state, conversation, recalled)
      return "found"
    }
    earlier = recalled
  } catch (error) {
    if (
      begins === undefined ||
      !isLoopError(error) ||
      error.code !== "database_unavailable" ||
      state.meta !== undefined
    )
      throw error
    // Turn ids must not meet those that libSQL may know: seconds since 1970 are above any count of turns.
    const turn = Math.floor(host.now() / 1_000)
    state.create({ ...newConversation(id, host.now(), begins), turn, recallDue: true })
    return "begun"
  }
  if (begins === undefined) throw new LoopError("loop_not_found")
  const { nextTurn, nextVersion } = earlier
  state.create({ ...newConversation(id, host.now(), begins), turn: nextTurn - 1, version: nextVersion })
  return "begun"
}

/** What a message begins where its chat is not known yet; undefined for messages that only go into a known conversation. */
export function chatBegunBy(message: InboundMessage | undefined): Origin | undefined {
  const source = message?.source
  if (source === undefined || source.kind === "api" || source.kind === "operator") return undefined
  const { kind, channelId, senderName: title } = source
  return { kind, ownerId: null, channelId, title, metadata: {}, profiles: [] }
}

function restore(
  host: ObjectHost,
  state: ConversationState,
  conversation: ConversationRow,
  { messages, nextTurn, nextVersion }: Omit<Recalled, "conversation">,
): void {
  const { id, kind, ownerId, channelId, title, metadata, profiles, createdAt, lastActivityAt, archivedAt } =
    conversation
  const origin = { kind, ownerId, channelId, title, metadata, profiles }
  const turn = nextTurn - 1
  const version = nextVersion
  state.create({ ...newConversation(id, createdAt, origin), lastActivityAt, archivedAt, turn, version })
  if (turn > 0) state.remember(turn, { messages: entriesOf(messages), marks: marksOf(messages) }, host.now())
}

/** Takes the history that could not be had when the conversation began; nothing when libSQL knows none. */
export async function recallHistory(host: ObjectHost, state: ConversationState): Promise<void> {
  const { id, recallDue, turn } = state.require()
  if (!recallDue) return
  const { conversation, messages, nextTurn, nextVersion } = await recall(host.libsql, id, recalledRows)
  if (state.meta?.recallDue !== true) return
  const version = Math.max(nextVersion, state.meta.version)
  state.change({ recallDue: false, version }, "row")
  if (conversation === null || nextTurn > turn) return
  state.change({ createdAt: conversation.createdAt }, "row")
  state.remember(nextTurn - 1, { messages: entriesOf(messages), marks: marksOf(messages) }, host.now())
}

export const recalledMark = "what was read earlier in this conversation"

/** The record knows that a row came from outside, not where from. */
function marksOf(rows: Recalled["messages"]): string[] {
  return rows.some(({ tainted }) => tainted) ? [recalledMark] : []
}

function entriesOf(rows: Recalled["messages"]) {
  return settle(
    rows.map((row) =>
      row.role === "assistant"
        ? {
            role: "assistant" as const,
            blocks: row.blocks.filter((block) => block.type !== "tool_result" && block.type !== "image"),
          }
        : {
            role: "user" as const,
            blocks: row.blocks.filter((block) => block.type !== "tool_use" && block.type !== "thinking"),
          },
    ),
  )
}
