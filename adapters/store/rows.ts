/** The rows that people and operators own, as the repositories give and take them. Projected rows are in core/projection.ts. */
import * as z from "zod"
import { ChannelKind } from "../../core/channel/message.ts"
import { ChannelId, EpochMs, GroupId, TokenId, UserId } from "../../core/units.ts"

export const Role = z.enum(["admin", "operator", "viewer"])
export type Role = z.infer<typeof Role>

export const UserRow = z.object({
  id: UserId,
  username: z.string(),
  passwordHash: z.string(),
  role: Role,
  createdAt: EpochMs,
  passwordChangedAt: EpochMs,
  /** Since when nobody gets in by this account; null: it is in use. */
  disabledAt: EpochMs.nullable(),
})
export type UserRow = z.infer<typeof UserRow>

export const SessionRow = z.object({
  /** SHA-256 of the session's token: the token itself is nowhere. */
  tokenHash: z.string(),
  userId: UserId,
  createdAt: EpochMs,
  /** At this instant the session is over. */
  expiresAt: EpochMs,
  lastUsedAt: EpochMs,
  userAgent: z.string().max(200),
})
export type SessionRow = z.infer<typeof SessionRow>

export const TokenRow = z.object({
  id: TokenId,
  userId: UserId,
  label: z.string(),
  tokenHash: z.string(),
  scopes: z.array(z.string()),
  createdAt: EpochMs,
  expiresAt: EpochMs.nullable(),
  lastUsedAt: EpochMs.nullable(),
  revokedAt: EpochMs.nullable(),
})
export type TokenRow = z.infer<typeof TokenRow>

const limit = z.number().int().positive().nullable()
const settings = z.record(z.string(), z.json())

export const GroupRow = z.object({
  id: GroupId,
  name: z.string(),
  description: z.string(),
  systemPrompt: z.string(),
  /** Null: the gateway's default model. */
  model: z.string().nullable(),
  apiKeySealed: z.string().nullable(),
  skills: z.array(z.string()),
  /** Names of the tools that its agent may call; null: all. */
  tools: z.array(z.string()).nullable(),
  budgetMaxTokensDay: limit,
  budgetMaxTokensMonth: limit,
  budgetMaxMicroUsdDay: limit,
  budgetMaxMicroUsdMonth: limit,
  /** Of each conversation of the group. */
  conversationMaxTokensDay: limit,
  conversationMaxTokensMonth: limit,
  conversationMaxMicroUsdDay: limit,
  conversationMaxMicroUsdMonth: limit,
  hotSwapConfig: settings.nullable(),
  /** Its providers' keys are sealed inside. */
  fallbackChainConfig: settings.nullable(),
  /** Null: the gateway's default, as for `maxOutputTokens`. */
  historyMessages: limit,
  maxOutputTokens: limit,
  createdAt: EpochMs,
  updatedAt: EpochMs,
  /** Grows by one with each change. */
  version: z.number().int().nonnegative(),
})
export type GroupRow = z.infer<typeof GroupRow>

export const ChannelRow = z.object({
  id: ChannelId,
  kind: ChannelKind,
  name: z.string(),
  /** The public part of the settings. */
  config: settings,
  secretSealed: z.string(),
  webhookSecretSealed: z.string(),
  groupId: GroupId.nullable(),
  enabled: z.boolean(),
  createdAt: EpochMs,
  updatedAt: EpochMs,
  version: z.number().int().nonnegative(),
})
export type ChannelRow = z.infer<typeof ChannelRow>

/** A stretch of a list. `hasMore`: there is more in the direction that was read. */
export interface Page<Row> {
  readonly rows: Row[]
  readonly hasMore: boolean
}
