/** What arrives from people, whatever carried it. Adding a channel starts with its kind here. */
import * as z from "zod"
import { ImageBlock } from "../model/message.ts"
import { ChannelId, EpochMs, UserId } from "../units.ts"

export const ChannelKind = z.enum(["telegram"])
export type ChannelKind = z.infer<typeof ChannelKind>

const chat = {
  channelId: ChannelId,
  chatId: z.number().int(),
  /** Forum topic; absent in plain chats. */
  threadId: z.number().int().optional(),
}

/** Where a message came from, and so where its answer goes. */
export const MessageSource = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("api"), userId: UserId }),
  z.object({
    /** Someone who runs this gateway steps in; the answer goes to the chat that the conversation is of, if it is of one. */
    kind: z.literal("operator"),
    userId: UserId,
    senderName: z.string().max(200),
    chat: z.object(chat).nullable(),
  }),
  z.object({
    kind: z.literal("telegram"),
    ...chat,
    messageId: z.number().int(),
    senderId: z.number().int(),
    senderName: z.string().max(200),
  }),
])
export type MessageSource = z.infer<typeof MessageSource>

/** The chat that an answer to a message from there goes to; undefined where nothing is sent. */
export function chatOf(source: MessageSource): z.infer<z.ZodObject<typeof chat>> | undefined {
  switch (source.kind) {
    case "api":
      return undefined
    case "operator":
      return source.chat ?? undefined
    case "telegram": {
      const { channelId, chatId, threadId } = source
      return threadId === undefined ? { channelId, chatId } : { channelId, chatId, threadId }
    }
  }
}

/** What a program asks of the one turn that its message begins. It never loosens what the operator set. */
export const TurnWishes = z.object({
  /** The agent group that answers; null: the conversation's own. */
  groupName: z.string().nullable(),
  /** Stands below the operator's prompt, marked as the caller's; empty: nothing. */
  instructions: z.string(),
  /** Only a lower limit than the operator's counts. */
  maxOutputTokens: z.number().int().positive().nullable(),
  /** Answers this turn, by its name; absent: as it is chosen otherwise. */
  model: z.string().nullish(),
})
export type TurnWishes = z.infer<typeof TurnWishes>

export const InboundMessage = z.object({
  /** The platform's own id of this message; unique in its conversation. A repeated one is the same message. */
  externalId: z.string().min(1).max(300),
  /** Of the whole request where a repeated id must repeat the same body (`Idempotency-Key`). */
  bodyHash: z.string().optional(),
  text: z.string().min(1),
  /** Stand before the text. */
  images: z.array(ImageBlock).optional(),
  source: MessageSource,
  wishes: TurnWishes.optional(),
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
