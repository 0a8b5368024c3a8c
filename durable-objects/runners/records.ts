/** What the RunnerHub stores: keys and schemas. */
import * as z from "zod"
import { Capability, CommandId, RunnerId } from "../../core/runner/command.ts"
import { CapabilityState, CommandState, RunnerFacts } from "../../core/runner/fleet.ts"
import { ConversationId, EpochMs, TokenId } from "../../core/units.ts"

/** A command without what it is made of, which stands beside it and never changes. */
export const Entry = z.object({
  id: CommandId,
  /** Its place in line. */
  seq: z.number().int().positive(),
  kind: z.string(),
  capability: Capability,
  /** Whose files or browser it works on. */
  workspace: ConversationId,
  timeoutMs: z.number().int().positive(),
  conversationId: ConversationId.nullable(),
  correlationId: z.string().nullable(),
  createdAt: EpochMs,
  expiresAt: EpochMs,
  /** As JSON in UTF-8. */
  sizeBytes: z.number().int().nonnegative(),
  /** It is for this runner alone: there it erases what a conversation left. Nobody is told of it. */
  erasesAt: RunnerId.nullable(),
  /** It was called back, but its runner has not said that it ended. */
  canceledFor: z.string().nullable(),
  /** It should have ended long ago, and was called back then. */
  overdueSince: EpochMs.nullable(),
  /** How often runners gave it back without having begun it. */
  returns: z.number().int().nonnegative(),
  state: CommandState,
  /** Grows with each change. */
  version: z.number().int().nonnegative(),
})
export type Entry = z.infer<typeof Entry>

/** The end of what a running command wrote so far. */
export const Output = z.object({ offset: z.number().int().nonnegative(), stdout: z.string(), stderr: z.string() })
export type Output = z.infer<typeof Output>
export const noOutput: Output = { offset: 0, stdout: "", stderr: "" }
/** Characters of each stream. */
export const keptOutput = 16_000

/** Which runners have what a conversation left: the one that goes on with it, and all that ever had some. */
export const Workspace = z.object({
  homes: z.partialRecord(Capability, RunnerId),
  served: z.array(z.object({ runnerId: RunnerId, capability: Capability })),
})
export type Workspace = z.infer<typeof Workspace>

export const Runner = RunnerFacts.extend({
  id: RunnerId,
  /** Null: it is the gateway's own process. */
  tokenId: TokenId.nullable(),
  /** What it can do, of what its token allows. */
  capabilities: z.array(CapabilityState),
  isDraining: z.boolean(),
  firstSeenAt: EpochMs,
  lastSeenAt: EpochMs,
  /** Since when it is not connected; null while it is. */
  awaySince: EpochMs.nullable(),
  revokedAt: EpochMs.nullable(),
})
export type Runner = z.infer<typeof Runner>

const credential = z.object({ hash: z.string(), tokenId: TokenId, verifiedAt: EpochMs }).nullable()

/** What is attached to a socket. `credential` is null for the gateway's own process. */
export const Attached = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("greeting"),
    socketId: z.string(),
    credential,
    runnerId: RunnerId.nullable(),
    since: EpochMs,
  }),
  z.object({ status: z.literal("linked"), socketId: z.string(), credential, runnerId: RunnerId, lastSeenAt: EpochMs }),
])
export type Attached = z.infer<typeof Attached>

/** Someone is to be told, or something to be done, until it worked. */
export const Retry = z.object({ dueAt: EpochMs, attempts: z.number().int().nonnegative() })
export type Retry = z.infer<typeof Retry>

const padded = (value: number) => String(value).padStart(15, "0")

/** One letter each; ids hold no slash. */
export const keys = {
  entry: (id: CommandId) => `c/${id}`,
  work: (id: CommandId) => `k/${id}`,
  outcome: (id: CommandId) => `v/${id}/`,
  output: (id: CommandId) => `o/${id}`,
  parts: (id: CommandId) => `f/${id}/`,
  /** Those that have not ended, in line. */
  active: (seq: number) => `a/${padded(seq)}`,
  /** Those that have, by when. */
  ended: (at: EpochMs, id: CommandId) => `d/${padded(at)}/${id}`,
  ofConversation: (conversationId: ConversationId, id: CommandId) => `x/${conversationId}/${id}`,
  /** Conversations that do not know yet that their command ended. */
  untold: (id: CommandId) => `n/${id}`,
  /** Commands whose newest state the database does not have. */
  unrecorded: (id: CommandId) => `p/${id}`,
  runner: (id: RunnerId) => `r/${id}`,
  workspace: (id: ConversationId) => `w/${id}`,
} as const

export const conversationPrefix = (conversationId: ConversationId) => `x/${conversationId}/`

/** The first key behind all ended commands of that instant and before. */
export const endedUntil = (at: EpochMs) => `d/${padded(at + 1)}`
