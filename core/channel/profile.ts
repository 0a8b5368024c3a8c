/** How each way to reach a person reads: what the agent is told of it, and what its messages may be. */
import type { MessageSource } from "./message.ts"

export interface ChannelProfile {
  /** One line for the system prompt; null where answers may look like any. */
  readonly tone: string | null
  /** How often a sign of typing must be repeated to stay visible; null where there is none. */
  readonly typingIntervalMs: number | null
}

/** What is sent to a platform, and how its agent should write for it. */
export function channelProfile(kind: MessageSource["kind"]): ChannelProfile {
  switch (kind) {
    case "api":
      return { tone: null, typingIntervalMs: null }
    case "telegram":
      return {
        tone: "You are answering in Telegram, on a phone: short paragraphs, plain Markdown, no HTML, no images, narrow tables.",
        // Telegram shows a chat action for 5 seconds at most (Bot API "sendChatAction").
        typingIntervalMs: 4_500,
      }
  }
}
