/** Makes the tool calls of an answer fit for the journal and for every provider, whatever wrote them. */
import { randomBytes } from "node:crypto"
import type { StopReason } from "../../core/model/call.ts"
import type { AssistantBlock, Message } from "../../core/model/message.ts"
import { toHex } from "../../core/units.ts"

/**
 * Gives a fresh id to each call whose id is missing, used before in the transcript or in this answer, or not one that all
 * providers take back (letters, digits, `_`, `-`, at most 40); and a name of that alphabet, at most 64 characters. Servers
 * that are compatible by and large count their calls from `call_0` in each answer, or send none.
 */
export function settleToolCalls(blocks: readonly AssistantBlock[], transcript: readonly Message[]): AssistantBlock[] {
  const used = new Set(
    transcript.flatMap((entry) => entry.blocks.flatMap((block) => (block.type === "tool_use" ? [block.id] : []))),
  )
  return blocks.map((block) => {
    if (block.type !== "tool_use") return block
    const isFit = /^[a-zA-Z0-9_-]{1,40}$/.test(block.id) && !used.has(block.id)
    const id = isFit ? block.id : `call_${toHex(randomBytes(12))}`
    used.add(id)
    return { ...block, id, name: block.name.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 64) || "unnamed" }
  })
}

/** Holds `end` and `tool_use` to what the answer holds; servers mix them up. */
export function settleStop(stop: StopReason, blocks: readonly AssistantBlock[]): StopReason {
  const hasCalls = blocks.some((block) => block.type === "tool_use")
  if (stop === "end" && hasCalls) return "tool_use"
  return stop === "tool_use" && !hasCalls ? "end" : stop
}
