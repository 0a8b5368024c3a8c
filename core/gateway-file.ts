/**
 * `loop-gateway.yaml`: agent groups, channels and settings as an operator writes them down. The file owns what it names. Secrets
 * stand in it by the names of environment variables only: `${TELEGRAM_BOT_TOKEN}`.
 */
import * as z from "zod"
import { AgentGroupChanges, fallbackChainWith } from "./api/agents.ts"
import { SettingName, SettingsChanges } from "./settings.ts"
import { ChannelId, GroupId } from "./units.ts"

/** A file is read whole into memory and sent in one request. */
export const maxGatewayFileBytes = 1_048_576

const reference = /^\$\{([A-Z_][A-Z0-9_]{0,99})\}$/i
/** A secret by the name of its variable. */
const SecretReference = z.string().regex(reference, "must be the name of an environment variable, such as ${BOT_TOKEN}")

/** The variable that a reference names. */
export function variableOf(secret: string): string | undefined {
  return reference.exec(secret)?.[1]
}

const { name, description, systemPrompt, model, skills, tools, budgetMaxTokensDay, budgetMaxTokensMonth } =
  AgentGroupChanges.shape
const { historyMessages, maxOutputTokens, hotSwapConfig } = AgentGroupChanges.shape
const { budgetMaxUsdDay, budgetMaxUsdMonth, conversationMaxTokensDay, conversationMaxTokensMonth } =
  AgentGroupChanges.shape
const { conversationMaxUsdDay, conversationMaxUsdMonth } = AgentGroupChanges.shape

/** What is left out has its default: the file describes the whole group. */
export const FileGroup = z.strictObject({
  name: name.unwrap(),
  description,
  systemPrompt,
  model,
  skills,
  tools,
  budgetMaxTokensDay,
  budgetMaxTokensMonth,
  budgetMaxUsdDay,
  budgetMaxUsdMonth,
  conversationMaxTokensDay,
  conversationMaxTokensMonth,
  conversationMaxUsdDay,
  conversationMaxUsdMonth,
  historyMessages,
  maxOutputTokens,
  hotSwapConfig,
  /** Left out, the group keeps what the API says. */
  fallbackChainConfig: fallbackChainWith(SecretReference.optional()).nullish(),
  apiKey: SecretReference.optional(),
})
export type FileGroup = z.infer<typeof FileGroup>

export const FileChannel = z.strictObject({
  name: z.string().trim().min(1).max(100),
  kind: z.literal("telegram"),
  botToken: SecretReference,
  allowedUserIds: z.array(z.number().int().positive()).max(1_000).default([]),
  /** As of a channel by the API. */
  approverUserIds: z.array(z.number().int().positive()).max(1_000).nullable().default(null),
  enabled: z.boolean().default(true),
  /** The name of an agent group, of this file or not. */
  group: z.string().optional(),
})
export type FileChannel = z.infer<typeof FileChannel>

const { home: _home, ...plainSettings } = SettingsChanges.shape
export const FileSettings = z.strictObject({
  ...plainSettings,
  home: z.strictObject({ channel: z.string(), chatId: z.number().int() }).nullable().optional(),
})
export type FileSettings = z.infer<typeof FileSettings>

export const GatewayFile = z.strictObject({
  groups: z.array(FileGroup).max(500).default([]),
  channels: z.array(FileChannel).max(500).default([]),
  settings: FileSettings.default({}),
  /** Delete groups and channels that the file named before and names no more. */
  prune: z.boolean().default(false),
})
export type GatewayFile = z.infer<typeof GatewayFile>

/** The variables that the file takes secrets from. */
export function secretsOf({ groups, channels }: GatewayFile): string[] {
  const references = [
    ...groups.flatMap(({ apiKey, fallbackChainConfig }) => [
      apiKey,
      ...(fallbackChainConfig?.providers ?? []).map((provider) => provider.apiKey),
    ]),
    ...channels.map(({ botToken }) => botToken),
  ]
  return references.flatMap((reference) => (reference === undefined ? [] : (variableOf(reference) ?? [])))
}

/** One thing that is wrong with a file. Never with a value of it: that may be a secret in the wrong place. */
export const FileMistake = z.object({
  /** From 1. */
  line: z.number().int(),
  /** From 1. */
  column: z.number().int(),
  /** Such as `channels[0].botToken`; empty for the file as a whole. */
  path: z.string(),
  message: z.string(),
})
export type FileMistake = z.infer<typeof FileMistake>

/** What became of a file. Things are named as `group support` or `channel Home` or `setting timeZone`. */
export const FileReport = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("applied"),
    created: z.array(z.string()),
    updated: z.array(z.string()),
    unchanged: z.array(z.string()),
    /** Named before, and no more: they stay, and belong to the API again. */
    released: z.array(z.string()),
    deleted: z.array(z.string()),
  }),
  /** Nothing was changed. */
  z.object({ status: z.literal("invalid"), mistakes: z.array(FileMistake).min(1) }),
])
export type FileReport = z.infer<typeof FileReport>

/** Stored: what the file owns, and as what it was last applied. */
const Owned = <T extends z.ZodType>(id: T) =>
  z.array(z.object({ id, name: z.string(), digest: z.string(), version: z.number().int() }))
export const FileOwnership = z.object({
  /** `machine`: a file beside the gateway; `api`: sent by a command. */
  source: z.enum(["machine", "api"]),
  groups: Owned(GroupId),
  channels: Owned(ChannelId),
  /** A name that an older release stored, and that is no setting any more, owns nothing. */
  settings: z.array(z.string()).transform((names) => names.flatMap((one) => SettingName.safeParse(one).data ?? [])),
})
export type FileOwnership = z.infer<typeof FileOwnership>
export const ownsNothing: FileOwnership = { source: "api", groups: [], channels: [], settings: [] }
