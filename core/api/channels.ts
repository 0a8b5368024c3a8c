/** Contracts of channels: the accounts by which people reach an agent. Their secrets go in and never come out. */
import * as z from "zod"
import { ChannelId, GroupId } from "../units.ts"
import { endpoint, Instant, nothing, page, pageLimit } from "./endpoint.ts"

const name = z.string().trim().min(1).max(100)

/** As @BotFather prints it: the bot's number, a colon, a secret. It becomes part of an address, so nothing else passes. */
const BotToken = z
  .string()
  .trim()
  .max(200)
  .regex(/^\d{1,20}:[\w-]+$/, "must look like 123456:ABC-DEF, as @BotFather printed it")

/** Telegram user ids are positive whole numbers below 2^53; digits in quotes are taken too. */
const TelegramUserId = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,16}$/)
      .transform(Number),
  ])
  .pipe(z.number().int().positive())
/** Who is served; an empty list serves nobody. */
const AllowedUserIds = z.array(TelegramUserId).max(1_000)

/**
 * Of those who are served, who may allow what an agent asks for. Null: in a private chat the person it is with, in a group
 * nobody.
 */
const ApproverUserIds = AllowedUserIds.nullable()

export const NewChannel = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("telegram"),
    name,
    config: z.object({
      botToken: BotToken,
      allowedUserIds: AllowedUserIds.default([]),
      approverUserIds: ApproverUserIds.default(null),
    }),
  }),
])
export type NewChannel = z.infer<typeof NewChannel>

export const ChannelChanges = z.object({
  name: name.optional(),
  enabled: z.boolean().optional(),
  config: z
    .object({
      botToken: BotToken.optional(),
      allowedUserIds: AllowedUserIds.optional(),
      approverUserIds: ApproverUserIds.optional(),
    })
    .optional(),
})
export type ChannelChanges = z.infer<typeof ChannelChanges>

export const ChannelView = z.object({
  id: ChannelId,
  kind: z.literal("telegram"),
  name,
  enabled: z.boolean(),
  /** The agent group it is bound to. */
  groupId: GroupId.nullable(),
  config: z.object({
    allowedUserIds: z.array(z.number().int()),
    approverUserIds: z.array(z.number().int()).nullable(),
    /** The last four characters of the bot token. */
    botTokenHint: z.string(),
  }),
  status: z.enum(["connected", "connecting", "disabled", "failing"]),
  mode: z.enum(["webhook", "polling"]).nullable(),
  /** What is wrong and what to do; null when nothing is. */
  problem: z.string().nullable(),
  lastInboundAt: Instant.nullable(),
  /** The configuration file owns it: change it there. */
  managed: z.boolean(),
  createdAt: Instant,
  updatedAt: Instant,
})
export type ChannelView = z.infer<typeof ChannelView>

const path = "/api/channels/{channelId}"
const params = z.object({ channelId: ChannelId })

export const listChannels = endpoint({
  method: "get",
  path: "/api/channels",
  summary: "List channels with their live status, in the order of their creation",
  auth: "user",
  scope: "operations:read",
  params: nothing,
  query: z.object({ limit: pageLimit(100), after: z.string().max(200).optional() }),
  body: nothing,
  status: 200,
  response: page(ChannelView),
  errors: ["invalid_cursor"],
})

export const createChannel = endpoint({
  method: "post",
  path: "/api/channels",
  summary: "Create a channel and connect it",
  auth: "user",
  scope: "operations:write",
  audit: { action: "channel_created", kind: "channel" },
  params: nothing,
  query: nothing,
  body: NewChannel,
  status: 201,
  response: ChannelView,
  errors: [],
})

export const getChannel = endpoint({
  method: "get",
  path,
  summary: "Get a channel with its live status",
  auth: "user",
  scope: "operations:read",
  params,
  query: nothing,
  body: nothing,
  status: 200,
  response: ChannelView,
  errors: ["channel_not_found"],
  unknownId: "channel_not_found",
})

export const updateChannel = endpoint({
  method: "put",
  path,
  summary: "Change the named fields of a channel; others stay, its secrets too",
  auth: "user",
  scope: "operations:write",
  audit: { action: "channel_changed", kind: "channel", id: "channelId" },
  params,
  query: nothing,
  body: ChannelChanges,
  status: 200,
  response: ChannelView,
  errors: ["channel_not_found", "edit_conflict", "managed_by_file"],
  unknownId: "channel_not_found",
})

export const deleteChannel = endpoint({
  method: "delete",
  path,
  summary: "Disconnect and delete a channel; its conversations stay on record",
  auth: "user",
  scope: "operations:write",
  audit: { action: "channel_deleted", kind: "channel", id: "channelId" },
  params,
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["channel_not_found", "managed_by_file"],
  unknownId: "channel_not_found",
})
