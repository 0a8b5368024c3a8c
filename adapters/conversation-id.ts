/** The conversation of a chat. Nothing is looked up: a message is accepted without asking who knows its chat. */
import { ConversationId, type ChannelId } from "../core/units.ts"
import { sha256Hex } from "./digest.ts"

/** The same for the same chat and topic of a channel, and for no other. JSON keeps the parts apart. */
export function conversationIdOf(channelId: ChannelId, chatId: number, threadId?: number): ConversationId {
  const digest = sha256Hex(JSON.stringify([channelId, chatId, threadId ?? null]))
  return ConversationId.parse(`conv_${digest.slice(0, 32)}`)
}
