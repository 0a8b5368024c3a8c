/** The rows by which libSQL, the system of record, learns what an object did. Every row may arrive twice. */
import * as z from "zod"
import { Condition } from "./approval/condition.ts"
import { Answers } from "./approval/question.ts"
import { TimeoutAction } from "./approval/rule.ts"
import { MessageSource } from "./channel/message.ts"
import { AssistantBlock, UserBlock } from "./model/message.ts"
import { Risk } from "./turn/tool-policy.ts"
import { ChannelId, ChoiceId, ConversationId, EpochMs, GroupId, TurnId, UserId } from "./units.ts"

export const ConversationRow = z.object({
  id: ConversationId,
  kind: z.enum(["loop", "telegram"]),
  ownerId: UserId.nullable(),
  channelId: ChannelId.nullable(),
  /** Names the agent group; null means the channel's binding or the default. */
  groupName: z.string().nullable(),
  title: z.string(),
  metadata: z.record(z.string(), z.string()),
  profiles: z.array(z.string()),
  status: z.enum(["idle", "running", "waiting"]),
  turnCount: z.number().int().nonnegative(),
  createdAt: EpochMs,
  lastActivityAt: EpochMs,
  archivedAt: EpochMs.nullable(),
  /** Grows with each change: an older row never replaces a newer one. */
  version: z.number().int().nonnegative(),
})
export type ConversationRow = z.infer<typeof ConversationRow>

/** One transcript entry; immutable. */
export const MessageRow = z.object({
  id: z.string(),
  conversationId: ConversationId,
  turnId: TurnId,
  /** Orders the entries of a conversation: turn number × 100,000 + position in the turn. */
  position: z.number().int().nonnegative(),
  role: z.enum(["user", "assistant"]),
  blocks: z.array(z.union([AssistantBlock, UserBlock])),
  /** The text blocks alone; empty for an entry of tool results. */
  text: z.string(),
  source: MessageSource.nullable(),
  tainted: z.boolean(),
  createdAt: EpochMs,
})
export type MessageRow = z.infer<typeof MessageRow>

export const TurnRow = z.object({
  id: TurnId,
  conversationId: ConversationId,
  groupId: GroupId.nullable(),
  status: z.enum(["running", "waiting", "done", "failed", "interrupted"]),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  modelCalls: z.number().int().nonnegative(),
  startedAt: EpochMs,
  endedAt: EpochMs.nullable(),
  version: z.number().int().nonnegative(),
})
export type TurnRow = z.infer<typeof TurnRow>

/** One call of a model that ended, well or not; immutable. */
export const ModelCallRow = z.object({
  id: z.string(),
  conversationId: ConversationId,
  turnId: TurnId,
  groupId: GroupId.nullable(),
  model: z.string(),
  outcome: z.string(),
  inputTokens: z.number().int().nonnegative(),
  cacheReadTokens: z.number().int().nonnegative(),
  cacheWriteTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
  firstDeltaMs: z.number().int().nonnegative().nullable(),
  durationMs: z.number().int().nonnegative(),
  startedAt: EpochMs,
  /** Null, as the next three, where an earlier version recorded it. */
  provider: z.string().nullable(),
  /** Of the group's tiers, by its label; null where none chose the model. */
  tier: z.string().nullable(),
  /** Why this model, for the operator. */
  reason: z.string().nullable(),
  /** Computed once and rounded up; the same in every sum. Null also where the price is not known. */
  costMicroUsd: z.number().int().nonnegative().nullable(),
})
export type ModelCallRow = z.infer<typeof ModelCallRow>

/** One outgoing part of an answer on a channel. */
export const DeliveryRow = z.object({
  id: z.string(),
  conversationId: ConversationId,
  turnId: TurnId,
  channelId: ChannelId,
  status: z.enum(["pending", "sent", "failed"]),
  attempts: z.number().int().nonnegative(),
  /** An attempt's outcome was lost, so the person may have got this part more than once. */
  maybeRepeated: z.boolean(),
  externalId: z.string().nullable(),
  reason: z.string().nullable(),
  createdAt: EpochMs,
  updatedAt: EpochMs,
  version: z.number().int().nonnegative(),
})
export type DeliveryRow = z.infer<typeof DeliveryRow>

/** A question to a person, and what became of it. `canceled`: its turn ended before anyone answered. */
export const ApprovalRow = z.object({
  id: ChoiceId,
  conversationId: ConversationId,
  turnId: TurnId,
  groupId: GroupId.nullable(),
  kind: z.enum(["permission", "question"]),
  status: z.enum(["pending", "approved", "rejected", "answered", "expired", "canceled"]),
  tool: z.string(),
  /** The arguments; of a question, what is asked. Secrets are masked. */
  input: z.json(),
  argumentsSha256: z.string(),
  argumentsSizeBytes: z.number().int().nonnegative(),
  argumentsMasked: z.boolean(),
  risk: Risk,
  reason: z.string(),
  marks: z.array(z.string()),
  onTimeout: TimeoutAction,
  condition: Condition.nullable(),
  /** `api`, `web`, a channel's kind, or `timeout`; null while nobody has answered. */
  source: z.string().nullable(),
  resolvedById: z.string().nullable(),
  resolvedByName: z.string().nullable(),
  comment: z.string().nullable(),
  answers: Answers.nullable(),
  requestedAt: EpochMs,
  expiresAt: EpochMs,
  resolvedAt: EpochMs.nullable(),
  /** 1 when asked, 2 when over. */
  version: z.number().int().positive(),
})
export type ApprovalRow = z.infer<typeof ApprovalRow>

export const Projection = z.object({
  conversations: z.array(ConversationRow),
  messages: z.array(MessageRow),
  turns: z.array(TurnRow),
  modelCalls: z.array(ModelCallRow),
  deliveries: z.array(DeliveryRow),
  approvals: z.array(ApprovalRow),
})
export type Projection = z.infer<typeof Projection>
