/**
 * Reads what Telegram delivers: who may speak, whether the bot is meant, and what is said. Pure; an update is untrusted, and
 * one that is not understood is ignored, never thrown at.
 */
import * as z from "zod"
import type { ChannelId, EpochMs } from "../units.ts"
import type { InboundMessage } from "./message.ts"

/** Update kinds that the gateway asks Telegram for. */
export const telegramUpdateKinds = ["message", "callback_query"] as const

export interface TelegramReader {
  readonly channelId: ChannelId
  readonly bot: { readonly id: number; readonly username: string }
  /** Nobody else is served; an empty list serves nobody. */
  readonly allowedUserIds: readonly number[]
  /** Who may allow what the agent asks for; null: in a private chat the person it is with, in a group nobody. */
  readonly approverUserIds: readonly number[] | null
  readonly now: EpochMs
}

export interface TelegramPlace {
  readonly chatId: number
  readonly threadId?: number
}

/** Who answers a question. */
export interface TelegramAnswerer {
  readonly id: number
  readonly name: string
  readonly isApprover: boolean
}

export type TelegramInbound =
  | {
      readonly status: "message"
      readonly place: TelegramPlace
      readonly message: InboundMessage
      readonly by: TelegramAnswerer
      /** The bot's message that it is a reply to, by Telegram's number. */
      readonly repliesTo: number | null
      /** What was written, without what it replies to. */
      readonly said: string
    }
  /** A button was pressed. By a stranger, when `by` is null. */
  | {
      readonly status: "press"
      readonly pressId: string
      /** Of the message under which the button is. */
      readonly messageId: number
      readonly place: TelegramPlace
      readonly data: string
      readonly by: TelegramAnswerer | null
    }
  /** `/approve` or `/deny`, with the number of a question or for the only one. */
  | {
      readonly status: "verdict"
      readonly place: TelegramPlace
      readonly allow: boolean
      readonly number: number | null
      readonly repliesTo: number | null
      readonly by: TelegramAnswerer
    }
  /** The person wants what runs to stop. */
  | { readonly status: "stop"; readonly place: TelegramPlace }
  | { readonly status: "ignored"; readonly reason: IgnoredReason; readonly senderId: number | null }

/** `unreadable`: of a kind or shape that is not used here. `unaddressed`: in a group, and not meant for the bot. */
export type IgnoredReason = "unreadable" | "stranger" | "unaddressed" | "empty"

const Id = z.number().int()
const User = z.object({
  id: Id,
  is_bot: z.boolean(),
  first_name: z.string(),
  last_name: z.string().optional(),
  username: z.string().optional(),
})
const Entity = z.object({ type: z.string(), offset: Id, length: Id, user: z.object({ id: Id }).optional() })
const RepliedMessage = z.object({
  message_id: Id.optional(),
  from: User.optional(),
  text: z.string().optional(),
  caption: z.string().optional(),
})
const Message = z.looseObject({
  message_id: Id,
  message_thread_id: Id.optional(),
  is_topic_message: z.boolean().optional(),
  from: User.optional(),
  sender_chat: z.object({ id: Id }).optional(),
  chat: z.object({ id: Id, type: z.enum(["private", "group", "supergroup"]) }),
  text: z.string().optional(),
  entities: z.array(Entity).optional(),
  caption: z.string().optional(),
  caption_entities: z.array(Entity).optional(),
  reply_to_message: RepliedMessage.optional(),
  quote: z.object({ text: z.string() }).optional(),
})
type Message = z.infer<typeof Message>
const Update = z.object({ update_id: Id.nonnegative(), message: Message })
const PressUpdate = z.object({
  update_id: Id.nonnegative(),
  callback_query: z.object({
    id: z.string().max(100),
    from: User,
    data: z.string().max(64),
    message: Message.pick({ message_id: true, chat: true, message_thread_id: true, is_topic_message: true }),
  }),
})

const Numbered = z.object({ update_id: Id.nonnegative() })

/** An update's number; undefined for what is no update at all. */
export function updateIdOf(update: unknown): number | undefined {
  return Numbered.safeParse(update).data?.update_id
}

/** @param update - as Telegram sent it, parsed from JSON only */
export function readTelegramUpdate(update: unknown, reader: TelegramReader): TelegramInbound {
  const press = PressUpdate.safeParse(update)
  if (press.success) return readPressed(press.data.callback_query, reader)
  const parsed = Update.safeParse(update)
  if (!parsed.success) return { status: "ignored", reason: "unreadable", senderId: null }
  const { update_id: updateId, message } = parsed.data
  const sender = message.from
  // A sender_chat is an anonymous administrator or a channel: no person who could be on the list.
  if (sender === undefined || sender.is_bot || message.sender_chat !== undefined) {
    return { status: "ignored", reason: "stranger", senderId: null }
  }
  const ignored = (reason: IgnoredReason) => ({ status: "ignored", reason, senderId: sender.id }) as const
  if (!reader.allowedUserIds.includes(sender.id)) return ignored("stranger")
  if (message.chat.type !== "private" && !isAddressed(message, reader.bot)) return ignored("unaddressed")
  const said = withoutBotName(clean(message.text ?? message.caption ?? ""), reader.bot.username)
  const place = placeOf(message)
  if (/^\/stop$/i.test(said)) return { status: "stop", place }
  const by = answererOf(sender, message.chat.type, reader)
  const replied = message.reply_to_message
  const repliesTo = replied?.from?.id === reader.bot.id ? (replied.message_id ?? null) : null
  const [, verdict, number] = /^\/(approve|deny)(?:\s+(\d{1,6}))?$/i.exec(said) ?? []
  if (verdict !== undefined) {
    const allow = verdict.toLowerCase() === "approve"
    return { status: "verdict", place, allow, number: number === undefined ? null : Number(number), repliesTo, by }
  }
  const text = compose(message, said, reader.bot.id)
  if (text === "") return ignored("empty")
  return {
    status: "message",
    place,
    by,
    repliesTo,
    said,
    message: {
      externalId: `tg:${updateId}`,
      text: text.slice(0, maxTextUnits),
      source: {
        kind: "telegram",
        channelId: reader.channelId,
        ...place,
        messageId: message.message_id,
        senderId: sender.id,
        senderName: nameOf(sender),
      },
      permissionMode: "default",
      whileBusy: "join",
      tainted: isTainted(message, reader.bot.id),
      receivedAt: reader.now,
    },
  }
}

function readPressed(
  { id: pressId, from, data, message }: z.infer<typeof PressUpdate>["callback_query"],
  reader: TelegramReader,
): TelegramInbound {
  const isServed = !from.is_bot && reader.allowedUserIds.includes(from.id)
  const by = isServed ? answererOf(from, message.chat.type, reader) : null
  return { status: "press", pressId, messageId: message.message_id, place: placeOf(message), data, by }
}

function answererOf(
  user: z.infer<typeof User>,
  chatType: Message["chat"]["type"],
  reader: TelegramReader,
): TelegramAnswerer {
  const isApprover = reader.approverUserIds?.includes(user.id) ?? chatType === "private"
  return { id: user.id, name: nameOf(user), isApprover }
}

/** In UTF-8 at most three bytes each: stays below the megabyte that a message may have. Telegram's own limit is far lower. */
const maxTextUnits = 300_000
/** Of a message that is answered, as much is quoted as tells which one it was. */
const maxQuoteUnits = 1_000

/** What a message may carry besides text. The agent is told of it, since it cannot see it. */
const attachments = {
  photo: "a photo",
  live_photo: "a photo",
  voice: "a voice message",
  audio: "an audio file",
  video: "a video",
  video_note: "a video message",
  animation: "an animation",
  document: "a file",
  sticker: "a sticker",
  location: "a location",
  contact: "a contact",
  poll: "a poll",
  story: "a story",
  rich_message: "a formatted message",
} as const

function placeOf(message: Pick<Message, "chat" | "message_thread_id" | "is_topic_message">): TelegramPlace {
  const { message_thread_id: threadId, is_topic_message: isTopic } = message
  // Without is_topic_message it is a thread of replies, which is no place of its own.
  return isTopic === true && threadId !== undefined
    ? { chatId: message.chat.id, threadId }
    : { chatId: message.chat.id }
}

/** A mention, a command with the bot's name, or a reply to one of its messages. */
function isAddressed(message: Message, bot: TelegramReader["bot"]): boolean {
  if (message.reply_to_message?.from?.id === bot.id) return true
  const text = message.text ?? message.caption ?? ""
  const name = `@${bot.username}`.toLowerCase()
  return [...(message.entities ?? []), ...(message.caption_entities ?? [])].some((entity) => {
    if (entity.type === "text_mention") return entity.user?.id === bot.id
    const marked = text.slice(entity.offset, entity.offset + entity.length).toLowerCase()
    if (entity.type === "mention") return marked === name
    return entity.type === "bot_command" && marked.endsWith(name)
  })
}

/** `/command@bot` means `/command`. */
function withoutBotName(text: string, username: string): string {
  const [, command = "", name = ""] = /^(\/[a-z0-9_]+)@([a-z0-9_]+)(?=\s|$)/i.exec(text) ?? []
  return name !== "" && name.toLowerCase() === username.toLowerCase()
    ? command + text.slice(command.length + 1 + name.length)
    : text
}

/** What was said, after what it answers or forwards; empty when nothing was. */
function compose(message: Message, said: string, botId: number): string {
  const kind = Object.entries(attachments).find(([key]) => message[key] !== undefined)?.[1]
  const note = kind === undefined ? [] : [`[The message carries ${kind}, which cannot be read here.]`]
  if (said === "" && kind === undefined) return ""
  const forwarded = message["forward_origin"] !== undefined
  const own = forwarded && said !== "" ? `[Forwarded message]\n${quoteLines(said)}` : said
  return [...context(message, botId), ...note, own].filter((part) => part !== "").join("\n\n")
}

function context(message: Message, botId: number): string[] {
  const replied = message.reply_to_message
  const quoted = clean(message.quote?.text ?? replied?.text ?? replied?.caption ?? "")
  if (quoted === "") return []
  const author = replied?.from
  const whose =
    author === undefined ? "a message" : author.id === botId ? "your message" : `a message of ${nameOf(author)}`
  const short = quoted.length > maxQuoteUnits ? `${clean(quoted.slice(0, maxQuoteUnits))} …` : quoted
  return [`[In reply to ${whose}]\n${quoteLines(short)}`]
}

/** True when some of the text is of someone other than the sender and the bot. */
function isTainted(message: Message, botId: number): boolean {
  if (["forward_origin", "external_reply", "via_bot"].some((key) => message[key] !== undefined)) return true
  const author = message.reply_to_message?.from
  return message.reply_to_message !== undefined && author?.id !== botId && author?.id !== message.from?.id
}

const quoteLines = (text: string) => text.replaceAll(/^/gm, "> ")

/** Without halves of surrogate pairs and NUL, which neither JSON's readers nor databases agree on. */
const clean = (text: string) => text.replaceAll(/\p{Surrogate}|\0/gu, "\uFFFD").trim()

function nameOf(user: z.infer<typeof User>): string {
  const name = [user.first_name, user.last_name ?? ""].join(" ").replaceAll(/\s+/g, " ")
  return clean(clean(name).slice(0, 199)) || user.username || String(user.id)
}
