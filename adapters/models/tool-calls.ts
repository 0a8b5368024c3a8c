/** Makes the tool calls of an answer fit for the journal and for every provider, whatever wrote them. */
import { randomBytes } from "node:crypto"
import type { StopReason } from "../../core/model/call.ts"
import type { AssistantBlock, Message } from "../../core/model/message.ts"
import { toHex } from "../../core/units.ts"
import { sha256Hex } from "../digest.ts"

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

export interface WireIds {
  /** The name of a call that is made now. */
  ofCall(id: string): string
  /** The name of the newest call with this id. */
  ofResult(id: string): string
}

/**
 * Names calls as every server of chat completions takes them, each once: nine letters and digits. Mistral takes nothing else, on its
 * own API (docs.mistral.ai; jackmpcollins/magentic#276, mistralai/mistral-vibe#1075) and by its models' templates elsewhere
 * (ml-explore/mlx-lm#1375); the others take any text, OpenAI up to 40 characters. A transcript that grows at its end keeps its
 * names, so that caches of prompts hold.
 */
export function createWireIds(): WireIds {
  const used = new Set<string>()
  const names = new Map<string, string>()
  return {
    ofCall(id) {
      let name = /^[a-zA-Z0-9]{9}$/.test(id) ? id : shortName(id)
      for (let again = 1; used.has(name); again += 1) name = shortName(`${id}#${again}`)
      used.add(name)
      names.set(id, name)
      return name
    },
    ofResult: (id) => names.get(id) ?? shortName(id),
  }
}

function shortName(id: string): string {
  return BigInt(`0x${sha256Hex(id).slice(0, 16)}`)
    .toString(36)
    .padStart(9, "0")
    .slice(-9)
}

/** Holds `end` and `tool_use` to what the answer holds; servers mix them up. */
export function settleStop(stop: StopReason, blocks: readonly AssistantBlock[]): StopReason {
  const hasCalls = blocks.some((block) => block.type === "tool_use")
  if (stop === "end" && hasCalls) return "tool_use"
  return stop === "tool_use" && !hasCalls ? "end" : stop
}
