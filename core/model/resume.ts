/**
 * An answer that broke off is continued, by whichever model comes next: what people have seen stays, and is not sent again. Pure.
 */
import type { AssistantBlock } from "./message.ts"

/**
 * Stands below the system prompt of the next call; empty when nothing was said. The transcript itself stays as it was, so that the
 * next model has the same question and results before it: no provider lets a request end with the assistant's own words any more.
 */
export function resumptionNote(said: string): string {
  if (said.trim() === "") return ""
  return [
    "Your answer to the newest message broke off in the middle. The person has read the following of it, up to its last character.",
    "Go on from exactly there: repeat nothing of it, apologize for nothing, do not mention the interruption.",
    `<said_so_far>\n${said}\n</said_so_far>`,
  ].join("\n")
}

/** A model's deltas without the piece that was said before, should it begin from the start all the same. */
export interface Continuation {
  /** @returns what is new of it; it may be held back until it is certain */
  take(text: string): string
  /** The answer is over: what was held back. */
  end(): string
}

export function continuationOf(said: string): Continuation {
  let held = ""
  let isDecided = said === ""
  const release = (text: string): string => {
    isDecided = true
    held = ""
    return text
  }
  return {
    take(text) {
      if (isDecided) return text
      held += text
      if (held.length >= said.length) return release(withoutRepeat(said, held))
      return said.startsWith(held) ? "" : release(held)
    },
    end: () => release(held),
  }
}

/** The answer's blocks with what was said before in front of its text: one answer, as if it had never broken off. */
export function joinAnswer(said: string, blocks: readonly AssistantBlock[]): AssistantBlock[] {
  if (said === "") return [...blocks]
  const first = blocks.findIndex((block) => block.type === "text")
  const at = first >= 0 ? first : blocks.findIndex((block) => block.type === "tool_use")
  const index = at >= 0 ? at : blocks.length
  const text = blocks[index]
  const joined: AssistantBlock = {
    type: "text",
    text: said + (text?.type === "text" ? withoutRepeat(said, text.text) : ""),
  }
  return [...blocks.slice(0, index), joined, ...blocks.slice(text?.type === "text" ? index + 1 : index)]
}

function withoutRepeat(said: string, text: string): string {
  return text.startsWith(said) ? text.slice(said.length) : text
}
