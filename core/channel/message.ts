/** What arrives from people, whatever carried it. Adding a channel starts with its kind here. */
import * as z from "zod"
import { ChannelId, EpochMs, UserId } from "../units.ts"

export const ChannelKind = z.enum(["telegram"])
export type ChannelKind = z.infer<typeof ChannelKind>

/** Where a message came from, and so where its answer goes. */
export const MessageSource = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("api"), userId: UserId }),
  z.object({
    kind: z.literal("telegram"),
    channelId: ChannelId,
    chatId: z.number().int(),
    /** Forum topic; absent in plain chats. */
    threadId: z.number().int().optional(),
    messageId: z.number().int(),
    senderId: z.number().int(),
    senderName: z.string().max(200),
  }),
])
export type MessageSource = z.infer<typeof MessageSource>

export const InboundMessage = z.object({
  /** The platform's own id of this message; unique in its conversation. A repeated one is the same message. */
  externalId: z.string().min(1).max(300),
  /** Of the whole request where a repeated id must repeat the same body (`Idempotency-Key`). */
  bodyHash: z.string().optional(),
  text: z.string().min(1),
  source: MessageSource,
  permissionMode: z.enum(["default", "plan"]),
  /** `join`: may enter a running turn before its next model call. `queue`: gets a turn of its own. */
  whileBusy: z.enum(["join", "queue"]),
  /** From someone or something that the operator does not vouch for. */
  tainted: z.boolean(),
  receivedAt: EpochMs,
})
export type InboundMessage = z.infer<typeof InboundMessage>

/** The largest text one message may have, in UTF-8 bytes (loop API: content up to 1 MB). */
export const maxContentBytes = 1_048_576
