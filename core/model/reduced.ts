/** A transcript for a model that lacks an ability: words stand in place of what it cannot take, and all stays in its order. Pure. */
import { describeImage } from "./image.ts"
import type { AssistantBlock, Message, TextBlock, UserBlock } from "./message.ts"

const longestInput = 2_000

/** For models that cannot read pictures. */
export function withoutPictures(messages: readonly Message[]): Message[] {
  return messages.map((message) => {
    if (message.role === "assistant") return message
    const blocks = message.blocks.map((block): UserBlock => {
      return block.type === "image" ? words(`[${describeImage(block)}, which this model cannot see]`) : block
    })
    return { ...message, blocks }
  })
}

/** For models that cannot call tools: what was called, and what came of it. */
export function withoutCalls(messages: readonly Message[]): Message[] {
  return messages.map((message): Message => {
    if (message.role === "assistant") return { ...message, blocks: message.blocks.map(withoutCall) }
    return { ...message, blocks: message.blocks.map(withoutResult) }
  })
}

function withoutCall(block: AssistantBlock): AssistantBlock {
  if (block.type !== "tool_use") return block
  return words(`[Called ${block.name}: ${JSON.stringify(block.input).slice(0, longestInput)}]`)
}

function withoutResult(block: UserBlock): UserBlock {
  if (block.type !== "tool_result") return block
  return words(`[${block.isError ? "The call failed" : "Result of the call"}: ${block.text}]`)
}

function words(text: string): TextBlock {
  return { type: "text", text }
}
