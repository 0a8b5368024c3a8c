/** Words that are an order to the gateway itself: such a turn stands alone, and no model is asked or shown it. Pure. */
import type { InboundMessage } from "../channel/message.ts"
import type { TurnEvent } from "./event.ts"
import { readModelCommand, type ModelCommand } from "./model-command.ts"

export type ChatCommand =
  | { type: "choose_model"; command: ModelCommand }
  /** `/budget`: what is spent and left. Nobody changes it from a chat, whatever stands behind the word. */
  | { type: "show_budget" }

/** The command that a message is; undefined for all else, and for the words of someone whom nobody vouches for. */
export function readChatCommand(message: Pick<InboundMessage, "text" | "tainted" | "images">): ChatCommand | undefined {
  if (message.tainted || (message.images ?? []).length > 0) return undefined
  if (/^\/budget(?:@\w+)?(?:[ \t]+\S+)?\s*$/.test(message.text)) return { type: "show_budget" }
  const command = readModelCommand(message.text)
  return command && { type: "choose_model", command }
}

/** The command that a turn consists of. */
export function chatCommandOf(events: readonly TurnEvent[]): ChatCommand | undefined {
  const first = events[0]
  const [message, ...more] = first?.type === "turn_started" ? first.messages : []
  return message === undefined || more.length > 0 ? undefined : readChatCommand(message)
}
