/**
 * What `GET /api/live` tells: numbered changes of state, by ids and states alone. No text of a conversation is ever in them, not
 * even its title: who wants to know more asks the API, and what is erased needs no search here.
 */
import * as z from "zod"
import { permits, type Credential, type Role, type Scope } from "../access/scope.ts"
import { Instant } from "../api/endpoint.ts"
import { CommandId, RunnerId } from "../runner/command.ts"
import { RunnerState } from "../runner/fleet.ts"
import { ChannelId, ChoiceId, ConversationId, GroupId, TurnId } from "../units.ts"

const conversation = z.object({ conversationId: ConversationId })
const turn = z.object({ conversationId: ConversationId, turnId: TurnId })
const call = turn.extend({ groupId: GroupId.nullable() })
const group = z.object({ groupId: GroupId })
const count = z.number().int().nonnegative()
const approval = turn.extend({ approvalId: ChoiceId })
const budget = z.object({
  scope: z.enum(["global", "group", "conversation"]),
  /** Of the group or conversation; null for the whole gateway. */
  id: z.string().nullable(),
  period: z.enum(["day", "month"]),
  unit: z.enum(["tokens", "micro_usd"]),
  used: count,
  limit: count,
})

export const LiveEvent = z.discriminatedUnion("event", [
  /** The database has it: a list that is read now shows it. So with all that has a `conversation:` or `usage:` before it. */
  z.object({ event: z.literal("conversation:created"), data: conversation }),
  z.object({ event: z.literal("conversation:updated"), data: conversation }),
  z.object({ event: z.literal("conversation:archived"), data: conversation }),
  z.object({ event: z.literal("conversation:erased"), data: conversation }),
  z.object({ event: z.literal("turn:started"), data: turn }),
  /** A person is asked; `approval:requested` says what. */
  z.object({ event: z.literal("turn:waiting"), data: turn }),
  z.object({
    event: z.literal("turn:ended"),
    data: turn.extend({ outcome: z.enum(["done", "failed", "interrupted"]), errorCode: z.string().nullable() }),
  }),
  z.object({ event: z.literal("approval:requested"), data: approval.extend({ tool: z.string(), expiresAt: Instant }) }),
  z.object({
    event: z.literal("approval:resolved"),
    data: approval.extend({ allow: z.boolean(), source: z.string() }),
  }),
  z.object({
    event: z.literal("channel:status"),
    data: z.object({
      channelId: ChannelId,
      status: z.enum(["connected", "connecting", "disabled", "failing"]),
      mode: z.enum(["webhook", "polling"]).nullable(),
    }),
  }),
  /** Model calls of one turn, together. */
  z.object({
    event: z.literal("usage:recorded"),
    data: call.extend({
      models: z.array(z.string()),
      calls: count,
      inputTokens: count,
      cacheReadTokens: count,
      cacheWriteTokens: count,
      outputTokens: count,
    }),
  }),
  z.object({
    event: z.literal("model:hot-swap"),
    data: call.extend({ from: z.string(), to: z.string(), complexity: z.number().int().min(0).max(100) }),
  }),
  /** The first model failed; others are asked. */
  z.object({
    event: z.literal("fallback:start"),
    data: call.extend({ provider: z.string(), model: z.string(), reason: z.string() }),
  }),
  z.object({
    event: z.literal("fallback:success"),
    data: call.extend({ provider: z.string(), model: z.string(), attempts: z.number().int().positive() }),
  }),
  z.object({ event: z.literal("group:created"), data: group }),
  z.object({ event: z.literal("group:updated"), data: group }),
  z.object({ event: z.literal("group:deleted"), data: group }),
  /** `what` names the kind of setting, such as `channel`; `id` the one that changed, where there are several. */
  z.object({
    event: z.literal("settings:changed"),
    data: z.object({ what: z.string().max(40), id: z.string().max(100).nullable() }),
  }),
  /** `command.<status>`: what a runner was told to do, and how that is. */
  z.object({
    event: z.enum([
      "command.pending",
      "command.accepted",
      "command.running",
      "command.succeeded",
      "command.failed",
      "command.timed_out",
      "command.rejected",
      "command.canceled",
    ]),
    data: z.object({
      commandId: CommandId,
      conversationId: ConversationId.nullable(),
      runnerId: RunnerId.nullable(),
    }),
  }),
  z.object({ event: z.literal("runner:status"), data: z.object({ runnerId: RunnerId, state: RunnerState }) }),
  /** The provider failed too often in a row: until then only a try goes there, and others stand in where a group names some. */
  z.object({
    event: z.literal("provider:down"),
    data: z.object({ provider: z.string(), reason: z.string(), openUntil: Instant }),
  }),
  z.object({ event: z.literal("provider:up"), data: z.object({ provider: z.string() }) }),
  z.object({ event: z.literal("spend:warning"), data: budget }),
  z.object({ event: z.literal("spend:stopped"), data: budget.extend({ resumesAt: Instant.nullable() }) }),
])
export type LiveEvent = z.infer<typeof LiveEvent>
export type LiveEventName = LiveEvent["event"]

/** Numbers events for good, over restarts; a number may be left out. */
export const LiveSeq = z.number().int().nonnegative()

/** One frame of the socket, as JSON text. */
export const LiveFrame = z.union([
  z.object({
    event: z.literal("hello"),
    data: z.object({
      /** The newest number: what happens from now on has higher ones. */
      seq: LiveSeq,
      /** Events behind `after` are lost: what was read before may be out of date and is to be read again. */
      gap: z.boolean(),
    }),
  }),
  z.intersection(z.object({ seq: LiveSeq, at: Instant }), LiveEvent),
])
export type LiveFrame = z.infer<typeof LiveFrame>

/** Why a feed ends, beside what ends any socket. */
export const liveClose = {
  /** The token or session is over: to connect again, sign in first. */
  signedOut: { code: 4401, reason: "The token or session is over." },
  /** What is left of the caller's scopes reads none of these events. */
  forbidden: { code: 4403, reason: "You may no longer read any of these events." },
  unverified: { code: 1013, reason: "Your access could not be verified. Connect again later." },
  notForTalking: { code: 1008, reason: "This feed takes no frame but ping." },
} as const

const scopes: Readonly<Record<LiveEventName, Scope>> = {
  "conversation:created": "conversations:read",
  "conversation:updated": "conversations:read",
  "conversation:archived": "conversations:read",
  "conversation:erased": "conversations:read",
  "turn:started": "conversations:read",
  "turn:waiting": "conversations:read",
  "turn:ended": "conversations:read",
  "approval:requested": "conversations:read",
  "approval:resolved": "conversations:read",
  "channel:status": "operations:read",
  "usage:recorded": "operations:read",
  "model:hot-swap": "operations:read",
  "fallback:start": "operations:read",
  "fallback:success": "operations:read",
  "group:created": "agents:read",
  "group:updated": "agents:read",
  "group:deleted": "agents:read",
  "settings:changed": "operations:read",
  "command.pending": "operations:read",
  "command.accepted": "operations:read",
  "command.running": "operations:read",
  "command.succeeded": "operations:read",
  "command.failed": "operations:read",
  "command.timed_out": "operations:read",
  "command.rejected": "operations:read",
  "command.canceled": "operations:read",
  "runner:status": "operations:read",
  "provider:down": "operations:read",
  "provider:up": "operations:read",
  "spend:warning": "operations:read",
  "spend:stopped": "operations:read",
}

/** What one must be allowed to read an event of this name. */
export function scopeOfLive(event: LiveEventName): Scope {
  return scopes[event]
}

/** All scopes by which something of the feed can be read. */
export const liveScopes: readonly Scope[] = [...new Set(Object.values(scopes))]

/** The scopes of the feed that a caller has; empty: nothing of it is for them. */
export function readableLive(caller: { role: Role; credential: Credential }): Scope[] {
  return liveScopes.filter((scope) => permits(caller, scope).status === "allowed")
}
