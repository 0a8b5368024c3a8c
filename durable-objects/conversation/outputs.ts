/**
 * Outputs of tools by the ids of their calls. One that is too long for journal and record is kept whole as a blob; the newest of
 * these are kept, and of the others the part on record stays. No output of another conversation is ever found.
 */
import { sha256Hex } from "../../adapters/digest.ts"
import { findToolResult } from "../../adapters/store/conversations.ts"
import { describeFailure, type Log } from "../../core/log.ts"
import type { ToolResultBlock, ToolUseBlock, WholeOutput } from "../../core/model/message.ts"
import { cutNote, lostNote, maxKeptBytes, maxKeptBytesOfConversation } from "../../core/turn/output.ts"
import { marksOfResult } from "../../core/turn/taint.ts"
import { toolResult } from "../../core/turn/transcript.ts"
import type { BlobStore, ObjectHost } from "../host.ts"
import { boundText } from "../tools/run.ts"
import type { FoundOutput } from "../tools/tool.ts"
import { KeptOutput, keys } from "./records.ts"
import { recalledMark } from "./recall.ts"
import type { ConversationState, Turn } from "./state.ts"

const blobOf = (sha256: string) => `output-${sha256}`

export class Outputs {
  readonly #host: ObjectHost
  readonly #log: Log
  readonly #state: ConversationState

  constructor(host: ObjectHost, { log }: { log: Log }, state: ConversationState) {
    this.#host = host
    this.#log = log
    this.#state = state
  }

  /**
   * What journal and record get of an output: all of it, or its head and tail with a note between them that says how to read on.
   * @param maxBytes - in UTF-8; the note comes on top
   */
  async keep(callId: string, said: string, maxBytes: number): Promise<{ text: string; whole?: WholeOutput }> {
    const text = boundText(said, maxKeptBytes)
    const bytes = new TextEncoder().encode(text)
    if (bytes.length <= maxBytes) return { text }
    const whole = { sha256: sha256Hex(bytes), sizeBytes: bytes.length, characters: text.length }
    const head = decode(bytes.subarray(0, Math.floor(maxBytes * 0.75)))
    const tail = decode(bytes.subarray(bytes.length - Math.floor(maxBytes * 0.2)))
    const left = text.length - head.length - tail.length
    if (!(await this.#store(whole, bytes))) return { text: `${head}\n${lostNote(left)}\n${tail}` }
    return { text: `${head}\n${cutNote(callId, left, head.length)}\n${tail}`, whole }
  }

  /** A tool that has run is not to be lost for want of room: false where the blob could not be stored. */
  async #store(whole: WholeOutput, bytes: Uint8Array): Promise<boolean> {
    try {
      await this.#host.blobs.put(blobOf(whole.sha256), bytes)
      this.#host.keepAlive(this.#forget(this.#register(whole)))
      return true
    } catch (error) {
      const { id: conversationId } = this.#state.require()
      this.#log({ level: "error", event: "output_not_kept", conversationId, cause: describeFailure(error) })
      return false
    }
  }

  /**
   * The newest output of a call with this id.
   * @throws LoopError `database_unavailable` where only libSQL could know it
   */
  async find(callId: string): Promise<FoundOutput> {
    const found = this.#inJournals(callId) ?? (await this.#onRecord(callId))
    if (found === undefined) return { status: "unknown" }
    const { block, tool, marks } = found
    const { whole } = block
    const kept = whole === undefined ? null : await readKeptOutput(this.#host.blobs, whole.sha256)
    return { status: "found", tool, text: kept ?? block.text, isWhole: whole === undefined || kept !== null, marks }
  }

  #inJournals(callId: string): Located | undefined {
    for (const turn of this.#state.turns.toReversed()) {
      const located = inJournal(turn, callId)
      if (located !== undefined) return located
    }
    return undefined
  }

  async #onRecord(callId: string): Promise<Located | undefined> {
    const { id, turn } = this.#state.require()
    const row = await findToolResult(this.#host.libsql, id, { callId, newestTurn: turn })
    const block = row && resultIn(row.blocks, callId)
    return block && { block, tool: null, marks: row.tainted ? [recalledMark] : [] }
  }

  /** @returns those that give way to it */
  #register(whole: WholeOutput): KeptOutput[] {
    const { storage } = this.#host
    const kept = storage.list({ prefix: keys.keptAll }).map(([key, value]) => ({ key, ...KeptOutput.parse(value) }))
    const last = Number(kept.at(-1)?.key.slice(keys.keptAll.length) ?? 0)
    const { sha256, sizeBytes } = whole
    storage.put(keys.kept(last + 1), { sha256, sizeBytes } satisfies KeptOutput)
    let room = maxKeptBytesOfConversation - sizeBytes
    const dropped = kept.toReversed().filter((output) => (room -= output.sizeBytes) < 0)
    for (const { key } of dropped) storage.delete(key)
    const stays = new Set([
      sha256,
      ...kept.filter((output) => !dropped.includes(output)).map((output) => output.sha256),
    ])
    return dropped.filter((output) => !stays.has(output.sha256))
  }

  async #forget(outputs: readonly KeptOutput[]): Promise<void> {
    for (const { sha256 } of outputs) await this.#host.blobs.delete(blobOf(sha256))
  }
}

/** Null: it was never kept whole, or is no longer. */
export async function readKeptOutput(blobs: BlobStore, sha256: string): Promise<string | null> {
  const bytes = await blobs.get(blobOf(sha256))
  return bytes === undefined ? null : new TextDecoder().decode(bytes)
}

interface Located {
  readonly block: ToolResultBlock
  /** Null: not known any more. */
  readonly tool: string | null
  readonly marks: readonly string[]
}

function inJournal({ events }: Turn, callId: string): Located | undefined {
  const uses = new Map<string, ToolUseBlock>()
  let located: Located | undefined
  for (const event of events) {
    if (event.type === "model_ended") {
      for (const block of event.answer.blocks) if (block.type === "tool_use") uses.set(block.id, block)
    }
    if (event.type === "tool_ended" && event.toolUseId === callId) {
      const use = uses.get(callId)
      located = { block: toolResult(event), tool: use?.name ?? null, marks: marksOfResult(event, use) }
    }
    if (event.type === "history_recalled") {
      const block = event.messages.flatMap(({ blocks }) => resultIn(blocks, callId) ?? []).at(-1)
      if (block !== undefined) located = { block, tool: null, marks: event.marks ?? [] }
    }
  }
  return located
}

function resultIn(blocks: readonly { readonly type: string }[], callId: string): ToolResultBlock | undefined {
  return blocks.filter(isResult).find(({ toolUseId }) => toolUseId === callId)
}

function isResult(block: { readonly type: string }): block is ToolResultBlock {
  return block.type === "tool_result"
}

/** Without half a character at either end. */
function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/^\uFFFD+|\uFFFD+$/gu, "")
}
