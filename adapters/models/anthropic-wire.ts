/** Anthropic's Messages API: our transcript in its form, and its stream of events back into an answer. */
import type Anthropic from "@anthropic-ai/sdk"
import * as z from "zod"
import type { ModelRequest, StopReason, Usage } from "../../core/model/call.ts"
import type { AssistantBlock, ImageBlock, Message } from "../../core/model/message.ts"
import { parseToolInput } from "../../core/model/tool-input.ts"
import type { RunOptions } from "./client.ts"
import type { AnswerReader } from "./stream-client.ts"
import { TokenCount } from "./token-count.ts"
import { settleStop, settleToolCalls } from "./tool-calls.ts"

type Params = Anthropic.MessageCreateParamsStreaming
type UserParam = Anthropic.TextBlockParam | Anthropic.ToolResultBlockParam | Anthropic.ImageBlockParam
type Images = NonNullable<ModelRequest["images"]>
type AssistantParam =
  | Anthropic.TextBlockParam
  | Anthropic.ToolUseBlockParam
  | Anthropic.ThinkingBlockParam
  | Anthropic.RedactedThinkingBlockParam

/**
 * No model caches a prompt below 1,024 tokens, about this many characters (platform.claude.com/docs, "Prompt caching"). Above,
 * two breakpoints pay: one behind tools and system, the same in all calls of an agent, and one behind the newest message, which
 * the next step of a turn reads back at a tenth of the price.
 */
const leastCacheable = 4_000
const cached = { cache_control: { type: "ephemeral" } } as const

const ThinkingParam = z.discriminatedUnion("type", [
  z.object({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() }),
  z.object({ type: z.literal("redacted_thinking"), data: z.string() }),
])

/** The request's body. Thinking goes back word for word; what another provider thought stays out. */
export function toAnthropic(request: ModelRequest): Params {
  const { images = {} } = request
  const messages = request.messages.flatMap((message) => toMessage(message, images))
  const tools = request.tools.map(({ name, description, inputSchema }): Anthropic.Tool => ({
    name,
    description,
    input_schema: { ...inputSchema, type: "object" },
  }))
  const params: Params = { model: request.model, max_tokens: request.maxOutputTokens, stream: true, messages }
  if (request.system !== "") params.system = request.system
  if (tools.length > 0) params.tools = tools
  const isLong =
    Object.keys(images).length > 0 || JSON.stringify([params.system, tools, messages]).length >= leastCacheable
  if (isLong) markForCache(params, tools, messages)
  return params
}

function markForCache(params: Params, tools: Anthropic.Tool[], messages: Anthropic.MessageParam[]): void {
  const lastTool = tools.at(-1)
  if (typeof params.system === "string") params.system = [{ type: "text", text: params.system, ...cached }]
  else if (lastTool !== undefined) Object.assign(lastTool, cached)
  const last = messages.at(-1)
  if (last?.role !== "user") return
  if (typeof last.content === "string") last.content = [{ type: "text", text: last.content, ...cached }]
  else Object.assign(last.content.at(-1) ?? {}, cached)
}

function toMessage(message: Message, images: Images): Anthropic.MessageParam[] {
  const content = message.role === "user" ? toUserContent(message, images) : toAssistantContent(message)
  const [only] = content
  if (only === undefined) return []
  return [{ role: message.role, content: content.length === 1 && only.type === "text" ? only.text : content }]
}

/** Results stand before text: the API demands it. White space alone is no text to it. */
function toUserContent({ blocks }: Extract<Message, { role: "user" }>, images: Images): UserParam[] {
  const results = blocks.flatMap((block): UserParam[] => {
    if (block.type !== "tool_result") return []
    const content = block.text.trim() === "" ? {} : { content: block.text }
    return [{ type: "tool_result", tool_use_id: block.toolUseId, ...content, ...(block.isError && { is_error: true }) }]
  })
  return [...results, ...blocks.flatMap((block) => (block.type === "image" ? toImage(block, images) : toText(block)))]
}

function toImage({ mediaType, sha256 }: ImageBlock, images: Images): UserParam[] {
  const data = images[sha256]
  return data === undefined ? [] : [{ type: "image", source: { type: "base64", media_type: mediaType, data } }]
}

function toAssistantContent({ blocks }: Extract<Message, { role: "assistant" }>): AssistantParam[] {
  return blocks.flatMap((block): AssistantParam[] => {
    switch (block.type) {
      case "text":
        return toText(block)
      case "thinking": {
        const raw = block.provider === "anthropic" ? ThinkingParam.safeParse(block.raw) : undefined
        return raw?.success === true ? [raw.data] : []
      }
      case "tool_use":
        return [{ type: "tool_use", id: block.id, name: block.name, input: block.input }]
    }
  })
}

function toText(block: { type: string; text?: string }): Anthropic.TextBlockParam[] {
  const { text = "" } = block
  return block.type === "text" && text.trim() !== "" ? [{ type: "text", text }] : []
}

const WireUsage = z.object({
  input_tokens: TokenCount,
  output_tokens: TokenCount,
  cache_read_input_tokens: TokenCount,
  cache_creation_input_tokens: TokenCount,
})
const index = z.number().int().nonnegative()
const Tag = z.looseObject({ type: z.string() })
const MessageStart = z.object({ message: z.object({ model: z.string(), usage: WireUsage }) })
const BlockStart = z.object({ index, content_block: Tag })
const BlockDelta = z.object({ index, delta: Tag })
const MessageDelta = z.object({ delta: z.object({ stop_reason: z.string().nullish() }), usage: WireUsage.nullish() })

const StartedBlock = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("thinking"), thinking: z.string(), signature: z.string().default("") }),
  z.object({ type: z.literal("redacted_thinking"), data: z.string() }),
  z.object({ type: z.literal("tool_use"), id: z.string(), name: z.string(), input: z.json().default({}) }),
])
/** `written` is a call's input as far as it came, in JSON. */
type OpenBlock = z.infer<typeof StartedBlock> & { written: string }

const Delta = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text_delta"), text: z.string() }),
  z.object({ type: z.literal("thinking_delta"), thinking: z.string() }),
  z.object({ type: z.literal("signature_delta"), signature: z.string() }),
  z.object({ type: z.literal("input_json_delta"), partial_json: z.string() }),
])

const stops: Readonly<Record<string, StopReason>> = {
  end_turn: "end",
  stop_sequence: "end",
  tool_use: "tool_use",
  max_tokens: "max_tokens",
  refusal: "refusal",
  pause_turn: "pause",
  model_context_window_exceeded: "context_overflow",
}

/** Kinds of events, blocks and deltas that this client does not know are passed over: the API may add some at any time. */
export function readAnthropic(request: ModelRequest, onDelta: RunOptions["onDelta"]): AnswerReader {
  const blocks = new Map<number, OpenBlock>()
  const ignored = new Set<number>()
  let usage: Usage = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 }
  let model = request.model
  let stop: StopReason = "end"
  let text = ""
  let isComplete = false

  const tell = (type: "text" | "thinking", piece: string): void => {
    if (piece === "") return
    if (type === "text") text += piece
    onDelta({ type, text: piece })
  }

  const startBlock = (started: z.infer<typeof BlockStart>): boolean => {
    const block = StartedBlock.safeParse(started.content_block)
    if (!block.success) {
      ignored.add(started.index)
      return !knownBlocks.has(started.content_block.type)
    }
    blocks.set(started.index, { ...block.data, written: "" })
    if (block.data.type === "text") tell("text", block.data.text)
    if (block.data.type === "thinking") tell("thinking", block.data.thinking)
    return true
  }

  const extendBlock = (extension: z.infer<typeof BlockDelta>): boolean => {
    const block = blocks.get(extension.index)
    if (block === undefined) return ignored.has(extension.index)
    const parsed = Delta.safeParse(extension.delta)
    if (!parsed.success) return !knownDeltas.has(extension.delta.type)
    const delta = parsed.data
    if (delta.type === "text_delta" && block.type === "text") {
      block.text += delta.text
      tell("text", delta.text)
    } else if (delta.type === "thinking_delta" && block.type === "thinking") {
      block.thinking += delta.thinking
      tell("thinking", delta.thinking)
    } else if (delta.type === "signature_delta" && block.type === "thinking") block.signature += delta.signature
    else if (delta.type === "input_json_delta" && block.type === "tool_use") block.written += delta.partial_json
    else return false
    return true
  }

  return {
    take(event) {
      const tag = Tag.safeParse(event)
      if (!tag.success) return "invalid"
      switch (tag.data.type) {
        case "message_start": {
          const start = MessageStart.safeParse(event)
          if (!start.success) return "invalid"
          model = start.data.message.model
          // Of the output it counts the beginning alone.
          usage = withUsage(usage, { ...start.data.message.usage, output_tokens: null })
          return "more"
        }
        case "content_block_start": {
          const start = BlockStart.safeParse(event)
          return start.success && startBlock(start.data) ? "more" : "invalid"
        }
        case "content_block_delta": {
          const delta = BlockDelta.safeParse(event)
          return delta.success && extendBlock(delta.data) ? "more" : "invalid"
        }
        case "message_delta": {
          const delta = MessageDelta.safeParse(event)
          if (!delta.success) return "invalid"
          stop = stops[delta.data.delta.stop_reason ?? ""] ?? stop
          usage = withUsage(usage, delta.data.usage ?? {})
          return "more"
        }
        case "message_stop":
          isComplete = true
          return "complete"
        case "ping":
          return "idle"
      }
      return "more"
    },
    get text() {
      return text
    },
    answer() {
      if (!isComplete) return undefined
      const inOrder = [...blocks].toSorted(([a], [b]) => a - b).flatMap(([, block]) => toBlock(block))
      const settled = settleToolCalls(inOrder, request.messages)
      return { blocks: settled, stop: settleStop(stop, settled), usage, model }
    },
  }
}

const knownBlocks = new Set(["text", "thinking", "redacted_thinking", "tool_use"])
const knownDeltas = new Set(["text_delta", "thinking_delta", "signature_delta", "input_json_delta"])

function toBlock(block: OpenBlock): AssistantBlock[] {
  switch (block.type) {
    case "text":
      return block.text === "" ? [] : [{ type: "text", text: block.text }]
    case "thinking": {
      const { type, thinking, signature } = block
      return [{ type: "thinking", provider: "anthropic", raw: { type, thinking, signature } }]
    }
    case "redacted_thinking":
      return [{ type: "thinking", provider: "anthropic", raw: { type: block.type, data: block.data } }]
    case "tool_use": {
      const input = parseToolInput(block.written === "" ? JSON.stringify(block.input) : block.written)
      return [{ type: "tool_use", id: block.id, name: block.name, input }]
    }
  }
}

/** Later counts replace earlier ones: they are cumulative. `input_tokens` holds none of the cached ones. */
function withUsage(usage: Usage, wire: z.infer<typeof WireUsage>): Usage {
  return {
    inputTokens: wire.input_tokens ?? usage.inputTokens,
    cacheReadTokens: wire.cache_read_input_tokens ?? usage.cacheReadTokens,
    cacheWriteTokens: wire.cache_creation_input_tokens ?? usage.cacheWriteTokens,
    outputTokens: wire.output_tokens ?? usage.outputTokens,
  }
}
