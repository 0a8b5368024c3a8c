/** What the fake Bot API knows of chats: who is in them, what was said, what has to be refused there. */
import { badRequest, refuseWithRetry, TelegramRefusal } from "./telegram-params.ts"

export type ChatType = "private" | "group" | "supergroup" | "channel"

export interface KnownMessage {
  readonly messageId: number
  readonly fromBot: boolean
  readonly threadId: number | undefined
  text: string
  replyMarkup: unknown
}

export interface Chat {
  readonly id: number
  readonly type: ChatType
  readonly title: string
  readonly threads: Set<number>
  readonly messages: Map<number, KnownMessage>
  blocked: boolean
  migratedTo: number | undefined
  nextMessageId: number
}

export interface Flood {
  /** So many messages in each window; more are refused with 429 and the seconds that are left. */
  readonly messages: number
  readonly windowMs: number
}

export interface ChatBook {
  readonly all: ReadonlyMap<number, Chat>
  /** Makes the chat known, as a person does by writing to the bot. */
  ensure(id: number, type: ChatType, title: string): Chat
  /** The chat that a call may write to; throws what Telegram answers for unknown, blocked, moved or flooded ones. */
  forSending(id: number | undefined, threadId: number | undefined): Chat
  readonly setFlood: (chatId: number, flood: Flood | undefined) => void
}

/** @param now - milliseconds of a clock that only moves forward */
export function createChatBook(now: () => number): ChatBook {
  const all = new Map<number, Chat>()
  const floods = new Map<number, Flood>()
  const sentAt = new Map<number, number[]>()

  const refuseFlood = (chatId: number) => {
    const flood = floods.get(chatId)
    if (flood === undefined) return
    const recent = (sentAt.get(chatId) ?? []).filter((at) => at > now() - flood.windowMs)
    sentAt.set(chatId, recent)
    const [oldest] = recent
    if (oldest !== undefined && recent.length >= flood.messages) {
      refuseWithRetry(Math.max(1, Math.ceil((oldest + flood.windowMs - now()) / 1000)))
    }
    recent.push(now())
  }

  return {
    all,
    ensure(id, type, title) {
      const known = all.get(id)
      if (known !== undefined) return known
      const chat: Chat = {
        id,
        type,
        title,
        threads: new Set(),
        messages: new Map(),
        blocked: false,
        migratedTo: undefined,
        nextMessageId: 1,
      }
      all.set(id, chat)
      return chat
    },
    forSending(id, threadId) {
      if (id === undefined) return badRequest("chat_id is empty")
      const chat = all.get(id)
      if (chat === undefined) return badRequest("chat not found")
      if (chat.migratedTo !== undefined) {
        throw new TelegramRefusal({
          status: 400,
          description: "Bad Request: group chat was upgraded to a supergroup chat",
          parameters: { migrate_to_chat_id: chat.migratedTo },
        })
      }
      if (chat.blocked) {
        const why =
          chat.type === "private" ? "bot was blocked by the user" : `bot was kicked from the ${chat.type} chat`
        throw new TelegramRefusal({ status: 403, description: `Forbidden: ${why}` })
      }
      if (threadId !== undefined && !chat.threads.has(threadId)) badRequest("message thread not found")
      refuseFlood(id)
      return chat
    },
    setFlood(chatId, flood) {
      sentAt.delete(chatId)
      if (flood === undefined) floods.delete(chatId)
      else floods.set(chatId, flood)
    },
  }
}

/** The Chat object of Bot API answers. */
export function chatView(chat: Chat): object {
  return chat.type === "private"
    ? { id: chat.id, type: chat.type, first_name: chat.title }
    : { id: chat.id, type: chat.type, title: chat.title, ...(chat.threads.size > 0 ? { is_forum: true } : {}) }
}
