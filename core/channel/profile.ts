/** How each channel reads: what the agent is told of it, and how the gateway behaves there. */
import type { ChannelKind } from "./message.ts"

export interface ChannelProfile {
  /** One line for the system prompt. */
  readonly systemHint: string
  /** A sign of typing fades after this: repeat it as often while the agent works. */
  readonly typingIntervalMs: number
}

export function channelProfile(kind: ChannelKind): ChannelProfile {
  switch (kind) {
    case "telegram":
      return {
        systemHint:
          "You are answering in Telegram, on a phone: short paragraphs, plain Markdown, narrow tables, no HTML, no images.",
        // Telegram shows a chat action for 5 seconds at most (Bot API "sendChatAction").
        typingIntervalMs: 4_500,
      }
  }
}
