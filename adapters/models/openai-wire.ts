/** Chat completions of OpenAI and compatible servers: our transcript in their form, and their chunks back into an answer. */
import type OpenAI from "openai"
import * as z from "zod"
import type { ModelRequest, StopReason, Usage } from "../../core/model/call.ts"
import type { AssistantBlock, Message, UserBlock } from "../../core/model/message.ts"
import type { Provider } from "../../core/model/provider.ts"
import { parseToolInput } from "../../core/model/tool-input.ts"
import type { RunOptions } from "./client.ts"
import type { OpenAiKind } from "./openai-kind.ts"
import type { AnswerReader } from "./stream-client.ts"
import { TokenCount } from "./token-count.ts"
import { createWireIds, settleStop, settleToolCalls, type WireIds } from "./tool-calls.ts"

type Params = OpenAI.ChatCompletionCreateParamsStreaming
type MessageParam = OpenAI.ChatCompletionMessageParam
type Images = NonNullable<ModelRequest["images"]>

/** Compatible servers stream reasoning in a field of their own, under one of two names, and want it back under the same. */
const reasoningFields = ["reasoning_content", "reasoning"] as const
const Reasoning = z.object({ field: z.enum(reasoningFields), text: z.string() })

/**
 * What Gemini hands out with a call. It stands among the answer's thoughts, so that it goes back to whoever gave it alone, and only
 * behind the very prompt that it was given for.
 */
const Signature = z.object({ field: z.literal("extra_content"), call: z.number().int(), content: z.json() })
type Signature = z.infer<typeof Signature>

/** The request's body. */
export function toOpenAi(request: ModelRequest, kind: OpenAiKind): Params {
  const system: MessageParam[] = request.system === "" ? [] : [{ role: "system", content: request.system }]
  const tools = request.tools.map(({ name, description, inputSchema }): OpenAI.ChatCompletionTool => ({
    type: "function",
    function: { name, description, parameters: { ...inputSchema, type: "object" } },
  }))
  const wire = { kind, images: request.images ?? {}, ids: createWireIds() }
  return {
    model: request.model,
    messages: [...system, ...request.messages.flatMap((message) => toMessages(message, wire))],
    stream: true,
    ...(kind.takesStreamOptions && { stream_options: { include_usage: true } }),
    ...(tools.length > 0 && { tools }),
    ...(kind.isOpenAi ? { max_completion_tokens: request.maxOutputTokens } : { max_tokens: request.maxOutputTokens }),
  }
}

/** What a whole request's messages are written with. */
interface Wire {
  readonly kind: OpenAiKind
  readonly images: Images
  readonly ids: WireIds
}

/** Between results and the person's words or a picture, where the model's own must stand. */
const bridge: MessageParam = { role: "assistant", content: "I have the results." }

function toMessages(message: Message, { kind, images, ids }: Wire): MessageParam[] {
  if (message.role === "assistant") return toAssistant(message.blocks, kind, ids)
  const results = message.blocks.flatMap((block): MessageParam[] => {
    if (block.type !== "tool_result") return []
    // There is no field for a failed call.
    const content = block.isError ? `Error: ${block.text}` : block.text
    return [{ role: "tool", tool_call_id: ids.ofResult(block.toolUseId), content }]
  })
  const parts = message.blocks.flatMap((block) => toPart(block, images))
  const content = parts.some(({ type }) => type === "image_url") ? parts : joinText(message.blocks)
  if (content === "") return results
  return [...results, ...(kind.isMistral && results.length > 0 ? [bridge] : []), { role: "user", content }]
}

function toPart(block: UserBlock, images: Images): OpenAI.ChatCompletionContentPart[] {
  switch (block.type) {
    case "text":
      return block.text.trim() === "" ? [] : [{ type: "text", text: block.text }]
    case "image": {
      const base64 = images[block.sha256]
      if (base64 === undefined) return []
      return [{ type: "image_url", image_url: { url: `data:${block.mediaType};base64,${base64}` } }]
    }
    case "tool_result":
      return []
  }
}

function toAssistant(blocks: readonly AssistantBlock[], kind: OpenAiKind, ids: WireIds): MessageParam[] {
  const text = joinText(blocks)
  const uses = blocks.filter((block) => block.type === "tool_use")
  const calls = uses.map(({ id, name, input }, call): OpenAI.ChatCompletionMessageToolCall => ({
    type: "function",
    id: ids.ofCall(id),
    function: { name, arguments: JSON.stringify(input) },
    ...(kind.isGemini && extraContent(blocks, call, kind.provider)),
  }))
  if (text === "" && calls.length === 0) return []
  return [
    {
      role: "assistant",
      content: text === "" ? null : text,
      ...(calls.length > 0 && { tool_calls: calls }),
      ...(kind.isOpenAi ? {} : reasoningOf(blocks, kind.provider)),
    },
  ]
}

/** Of the first call of an answer that came from elsewhere, Google's own word for that is taken in place of a signature. */
function extraContent(blocks: readonly AssistantBlock[], call: number, provider: Provider): object {
  const given = blocks.flatMap((block) => {
    const raw = block.type === "thinking" && block.provider === provider ? Signature.safeParse(block.raw) : undefined
    return raw?.success === true ? [raw.data] : []
  })
  const own = given.find((signature) => signature.call === call)
  if (own !== undefined) return { extra_content: own.content }
  if (call > 0 || given.length > 0) return {}
  return { extra_content: { google: { thought_signature: "skip_thought_signature_validator" } } }
}

function reasoningOf(blocks: readonly AssistantBlock[], provider: Provider): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const block of blocks) {
    const raw = block.type === "thinking" && block.provider === provider ? Reasoning.safeParse(block.raw) : undefined
    if (raw?.success === true) fields[raw.data.field] = (fields[raw.data.field] ?? "") + raw.data.text
  }
  return fields
}

function joinText(blocks: readonly { type: string; text?: string }[]): string {
  const texts = blocks.flatMap(({ type, text = "" }) => (type === "text" && text.trim() !== "" ? [text] : []))
  return texts.join("\n\n")
}

const text = z.string().nullish()
/** Mistral's reasoning models say text and thoughts in parts (docs.mistral.ai, "Reasoning"); parts of other kinds are passed over. */
const ContentPart = z.object({
  type: z.string(),
  text,
  thinking: z.array(z.object({ text })).nullish().catch(null),
})
const ToolCallPiece = z.object({
  index: z.number().int().nonnegative().optional(),
  id: text,
  function: z.object({ name: text, arguments: text }).nullish(),
  extra_content: z.json().optional(),
})
const Chunk = z.object({
  model: text,
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: z.union([text, z.array(ContentPart)]),
            refusal: text,
            reasoning: text,
            reasoning_content: text,
            tool_calls: z.array(ToolCallPiece).nullish(),
          })
          .nullish(),
        finish_reason: text,
      }),
    )
    .nullish(),
  usage: z
    .object({
      prompt_tokens: TokenCount,
      completion_tokens: TokenCount,
      total_tokens: TokenCount,
      prompt_tokens_details: z.object({ cached_tokens: TokenCount, cache_write_tokens: TokenCount }).nullish(),
    })
    .nullish(),
})
type Chunk = z.infer<typeof Chunk>
type ChunkDelta = NonNullable<NonNullable<NonNullable<Chunk["choices"]>[number]["delta"]>>

const stops: Readonly<Record<string, StopReason>> = {
  stop: "end",
  tool_calls: "tool_use",
  function_call: "tool_use",
  length: "max_tokens",
  content_filter: "refusal",
}

/** The answer is complete with its `finish_reason`; the chunk with the counts comes behind it. */
export function readOpenAi(request: ModelRequest, kind: OpenAiKind, onDelta: RunOptions["onDelta"]): AnswerReader {
  const calls = new Map<
    number,
    { id: string; name: string; written: string; extra: Signature["content"] | undefined }
  >()
  /** Of an index, the call that its next piece belongs to. */
  const places = new Map<number, number>()
  const reasoning = new Map<(typeof reasoningFields)[number], string>()
  let usage = notCounted
  let model = request.model
  let stop: StopReason | undefined
  let hasRefused = false
  let said = ""

  const tell = (type: "text" | "thinking", piece: string | null | undefined): void => {
    if (!piece) return
    if (type === "text") said += piece
    onDelta({ type, text: piece })
  }

  /** Some servers count every call as 0: one that has another id and a name begins the next. Others give each piece a new id. */
  const placeOf = (index: number, { id, function: named }: z.infer<typeof ToolCallPiece>, last: number): number => {
    const known = calls.get(places.get(index) ?? index)
    const isNext = known !== undefined && !!id && id !== known.id && !!named?.name && known.name !== ""
    const place = isNext ? last + 1 : (places.get(index) ?? index)
    places.set(index, place)
    return place
  }

  const takeCall = (piece: z.infer<typeof ToolCallPiece>): void => {
    const { id, function: named } = piece
    // Some servers send whole calls without an index: an id is then the beginning of the next one.
    const last = Math.max(-1, ...calls.keys())
    const at = piece.index === undefined ? (id || last < 0 ? last + 1 : last) : placeOf(piece.index, piece, last)
    const call = calls.get(at) ?? { id: "", name: "", written: "", extra: undefined }
    calls.set(at, {
      id: call.id || (id ?? ""),
      name: call.name || (named?.name ?? ""),
      written: call.written + (named?.arguments ?? ""),
      extra: piece.extra_content ?? call.extra,
    })
  }

  const takeDelta = (delta: ChunkDelta): void => {
    const field = reasoningFields.find((name) => delta[name])
    if (field !== undefined) {
      reasoning.set(field, (reasoning.get(field) ?? "") + (delta[field] ?? ""))
      tell("thinking", delta[field])
    }
    for (const part of typeof delta.content === "object" ? (delta.content ?? []) : []) {
      for (const thought of part.thinking ?? []) tell("thinking", thought.text)
      tell("text", part.text)
    }
    if (typeof delta.content === "string") tell("text", delta.content)
    if (delta.refusal) hasRefused = true
    tell("text", delta.refusal)
    for (const piece of delta.tool_calls ?? []) takeCall(piece)
  }

  return {
    take(event) {
      const parsed = Chunk.safeParse(event)
      if (!parsed.success) return "invalid"
      const chunk = parsed.data
      model = chunk.model || model
      const choice = chunk.choices?.[0]
      // Some servers count as they go: what was counted before the end is not all.
      if (chunk.usage) usage = toUsage(chunk.usage)
      else if (choice?.finish_reason) usage = notCounted
      if (choice?.delta) takeDelta(choice.delta)
      // OpenRouter's word for a provider behind it that failed.
      if (choice?.finish_reason === "error") return "invalid"
      if (choice?.finish_reason) stop = stops[choice.finish_reason] ?? "end"
      return choice?.finish_reason || hasWords(choice?.delta) ? "more" : "idle"
    },
    get text() {
      return said
    },
    answer() {
      if (stop === undefined) return undefined
      const thoughts = [...reasoning].map(([field, thought]): AssistantBlock => ({
        type: "thinking",
        provider: kind.provider,
        raw: { field, text: thought },
      }))
      const written = [...calls].toSorted(([a], [b]) => a - b).map(([, call]) => call)
      const signatures = written.flatMap(({ extra }, call): AssistantBlock[] => {
        const raw: Signature = { field: "extra_content", call, content: extra ?? null }
        return extra === undefined ? [] : [{ type: "thinking", provider: kind.provider, raw }]
      })
      const uses = written.map((call): AssistantBlock => ({
        type: "tool_use",
        id: call.id,
        name: call.name,
        input: parseToolInput(call.written),
      }))
      const spoken: AssistantBlock[] = said === "" ? [] : [{ type: "text", text: said }]
      const blocks = settleToolCalls([...thoughts, ...signatures, ...spoken, ...uses], request.messages)
      return { blocks, stop: settleStop(hasRefused ? "refusal" : stop, blocks), usage, model }
    },
  }
}

/** Chunks without any hold a connection open while nothing is written. */
function hasWords(delta: ChunkDelta | null | undefined): boolean {
  return Object.values(delta ?? {}).some((value) => (value ?? "").length > 0)
}

const notCounted: Usage = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 }

/**
 * `prompt_tokens` holds those read from and written to the cache; ours do not overlap. Some servers (Gemini's, xAI's) leave the
 * reasoning out of `completion_tokens`, and have it in the total.
 */
function toUsage(wire: NonNullable<Chunk["usage"]>): Usage {
  const cacheReadTokens = wire.prompt_tokens_details?.cached_tokens ?? 0
  const cacheWriteTokens = wire.prompt_tokens_details?.cache_write_tokens ?? 0
  return {
    inputTokens: Math.max(0, (wire.prompt_tokens ?? 0) - cacheReadTokens - cacheWriteTokens),
    cacheReadTokens,
    cacheWriteTokens,
    outputTokens: Math.max(wire.completion_tokens ?? 0, (wire.total_tokens ?? 0) - (wire.prompt_tokens ?? 0)),
  }
}
