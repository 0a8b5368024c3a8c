/** Anthropic's Messages API as the scripted model speaks it: what it refuses, and the rest as the shared view. anthropic-reply.ts answers. */
import * as z from "zod"
import type { AssistantBlock, Message, UserBlock } from "../../core/model/message.ts"
import type { ScriptedRequest } from "./model-script.ts"
import { firstProblem, type Parsed, type SchemaProblem } from "./wire-problem.ts"

const cacheControl = z.strictObject({ type: z.literal("ephemeral"), ttl: z.enum(["5m", "1h"]).optional() }).nullish()
const object = z.record(z.string(), z.json())
const text = z.strictObject({
  type: z.literal("text"),
  text: z.string(),
  cache_control: cacheControl,
  citations: z.array(z.json()).nullish(),
})
const image = z.strictObject({
  type: z.literal("image"),
  source: z.looseObject({ type: z.enum(["base64", "url", "file"]) }),
  cache_control: cacheControl,
  transformations: object.nullish(),
})
const document = z.strictObject({
  type: z.literal("document"),
  source: z.looseObject({ type: z.enum(["base64", "text", "content", "url", "file"]) }),
  cache_control: cacheControl,
  citations: object.nullish(),
  context: z.string().nullish(),
  title: z.string().nullish(),
})
const thinking = z.strictObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() })
const redacted = z.strictObject({ type: z.literal("redacted_thinking"), data: z.string() })
const toolId = z.string().regex(/^[a-zA-Z0-9_-]+$/)
const toolName = z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/)
const toolUse = z.strictObject({
  type: z.literal("tool_use"),
  id: toolId,
  name: z.string().min(1).max(200),
  input: object,
  cache_control: cacheControl,
  caller: object.optional(),
  toolset_name: z.string().nullish(),
})
const toolResult = z.strictObject({
  type: z.literal("tool_result"),
  tool_use_id: toolId,
  content: z.union([z.string(), z.array(z.discriminatedUnion("type", [text, image, document]))]).optional(),
  is_error: z.boolean().optional(),
  cache_control: cacheControl,
  toolset_name: z.string().nullish(),
})
const content = <T extends z.ZodType>(block: T) => z.union([z.string(), z.array(block)])
const Entry = z.discriminatedUnion("role", [
  z.strictObject({
    role: z.literal("user"),
    content: content(z.discriminatedUnion("type", [text, image, document, toolResult])),
  }),
  z.strictObject({
    role: z.literal("assistant"),
    content: content(z.discriminatedUnion("type", [text, thinking, redacted, toolUse])),
  }),
  z.strictObject({ role: z.literal("system"), content: content(text) }),
])
type Entry = z.infer<typeof Entry>
type Block = Exclude<Entry["content"], string>[number]

const tool = z.strictObject({
  name: toolName,
  input_schema: z.looseObject({ type: z.literal("object") }),
  description: z.string().optional(),
  type: z.literal("custom").nullish(),
  cache_control: cacheControl,
  allowed_callers: z.array(z.string()).optional(),
  defer_loading: z.boolean().optional(),
  eager_input_streaming: z.boolean().nullish(),
  input_examples: z.array(object).optional(),
  strict: z.boolean().optional(),
})
const parallel = { disable_parallel_tool_use: z.boolean().optional() }
const display = z.enum(["summarized", "omitted"]).nullish()

/** Every field of `MessageCreateParamsBase` in @anthropic-ai/sdk 1.12; temperature, top_p and top_k are gone from it. */
const Body = z.strictObject({
  model: z.string().min(1),
  max_tokens: z.number().int().min(1),
  messages: z.array(Entry).max(100_000),
  system: z.union([z.string(), z.array(text)]).optional(),
  stream: z.boolean().optional(),
  tools: z.array(tool).optional(),
  tool_choice: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("auto"), ...parallel }),
      z.strictObject({ type: z.literal("any"), ...parallel }),
      z.strictObject({ type: z.literal("none") }),
      z.strictObject({ type: z.literal("tool"), name: z.string(), ...parallel }),
    ])
    .optional(),
  thinking: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("enabled"), budget_tokens: z.number().int().min(1024), display }),
      z.strictObject({ type: z.literal("adaptive"), display }),
      z.strictObject({ type: z.literal("between_tools") }),
      z.strictObject({ type: z.literal("disabled") }),
    ])
    .optional(),
  cache_control: cacheControl,
  container: z.union([z.string(), object]).nullish(),
  diagnostics: object.nullish(),
  inference_geo: z.string().nullish(),
  metadata: z.strictObject({ user_id: z.string().max(256).nullish() }).optional(),
  output_config: z
    .strictObject({ effort: z.enum(["low", "medium", "high", "xhigh", "max"]).nullish(), format: object.nullish() })
    .optional(),
  service_tier: z.enum(["auto", "standard_only"]).optional(),
  speed: z.enum(["standard", "fast"]).nullish(),
  stop_sequences: z.array(z.string()).optional(),
})
type Body = z.infer<typeof Body>

/** A request before the server has numbered it. */
export type RequestView = Omit<ScriptedRequest, "n" | "sizeBytes">

/**
 * Refuses what the real API refuses, with its words where they are known.
 * @param continued - texts that this server ended with `pause_turn`: only those may stand last as the assistant's
 */
export function parseAnthropic(value: unknown, continued: ReadonlySet<string>): Parsed<RequestView> {
  const parsed = Body.safeParse(value, { reportInput: true })
  if (!parsed.success) return refused(wordProblem(firstProblem(parsed.error.issues)))
  const body = parsed.data
  const problem = transcriptProblem(body, continued) ?? optionsProblem(body)
  if (problem !== undefined) return refused(problem)
  return { status: "ok", value: viewOf(body, value) }
}

const refused = (message: string) => ({ status: "refused" as const, refusal: { status: 400, message } })

function wordProblem(problem: SchemaProblem): string {
  switch (problem.kind) {
    case "missing":
      return `${problem.path}: Field required`
    case "extra":
      return `${problem.path}: Extra inputs are not permitted`
    case "tag":
      return `${problem.path}: Input tag ${problem.found} found using '${problem.discriminator}' does not match any of the expected tags`
    case "other":
      return `${problem.path}: ${problem.message}`
  }
}

const blocksOf = (entry: Entry): readonly Block[] =>
  typeof entry.content === "string" ? [{ type: "text", text: entry.content }] : entry.content

function transcriptProblem(body: Body, continued: ReadonlySet<string>): string | undefined {
  const [first] = body.messages
  if (first === undefined) return "messages: at least one message is required"
  if (first.role !== "user") return 'messages: first message must use the "user" role'
  const seen = new Set<string>()
  let open: string[] = []
  for (const [i, entry] of body.messages.entries()) {
    const blocks = blocksOf(entry)
    if (blocks.length === 0) return `messages.${i}: ${entry.role} messages must have non-empty content`
    const problem = entryProblem(blocks, i, open, seen)
    if (problem !== undefined) return problem
    open = blocks.flatMap((block) => (block.type === "tool_use" ? [block.id] : []))
  }
  if (open.length > 0) return unanswered(body.messages.length - 1, open)
  const last = body.messages.at(-1)
  if (last?.role === "assistant" && !continued.has(textOfBlocks(blocksOf(last)))) {
    return "This model does not support assistant message prefill. The conversation must end with a user message."
  }
  return undefined
}

function entryProblem(blocks: readonly Block[], i: number, open: string[], seen: Set<string>): string | undefined {
  const answered = new Set<string>()
  let behindResults = false
  for (const [j, block] of blocks.entries()) {
    const at = `messages.${i}.content.${j}`
    switch (block.type) {
      case "text":
        if (block.text === "") return `messages: text content blocks must be non-empty`
        if (block.text.trim() === "") return `messages: text content blocks must contain non-whitespace text`
        behindResults = true
        break
      case "tool_use":
        if (seen.has(block.id)) return `${at}: \`tool_use\` ids must be unique`
        seen.add(block.id)
        break
      case "tool_result":
        if (answered.has(block.tool_use_id)) {
          return `${at}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${block.tool_use_id}`
        }
        if (!open.includes(block.tool_use_id)) {
          return `${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${block.tool_use_id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`
        }
        // Messages API, "Formatting tool results": results come first in the content, text after them.
        if (behindResults && open.length > 0) return unanswered(i - 1, open)
        answered.add(block.tool_use_id)
        break
      case "thinking":
        if (block.signature !== signatureOf(block.thinking)) return `${at}: Invalid \`signature\` in \`thinking\` block`
        break
      case "redacted_thinking":
      case "image":
      case "document":
        break
    }
  }
  const missing = open.filter((id) => !answered.has(id))
  return missing.length > 0 ? unanswered(i - 1, missing) : undefined
}

function unanswered(i: number, ids: readonly string[]): string {
  return `messages.${i}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`
}

function optionsProblem(body: Body): string | undefined {
  const names = body.tools?.map((each) => each.name) ?? []
  if (new Set(names).size < names.length) return "tools: Tool names must be unique."
  if (body.system === "") return undefined
  if (typeof body.system === "object" && body.system.some((block) => block.text === "")) {
    return "system: text content blocks must be non-empty"
  }
  if (body.tool_choice?.type === "tool" && !names.includes(body.tool_choice.name)) {
    return `tool_choice.tool.name: Tool '${body.tool_choice.name}' not found in provided tools`
  }
  if (body.tool_choice !== undefined && body.tool_choice.type !== "none" && names.length === 0) {
    return "tool_choice: may only be specified while providing tools"
  }
  if (body.thinking?.type === "enabled" && body.thinking.budget_tokens >= body.max_tokens) {
    return "`max_tokens` must be greater than `thinking.budget_tokens`"
  }
  const marks = [
    body,
    ...(body.tools ?? []),
    ...(typeof body.system === "object" ? body.system : []),
    ...body.messages.flatMap((entry) => blocksOf(entry)),
  ].filter((holder) => "cache_control" in holder && holder.cache_control).length
  return marks > 4 ? `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.` : undefined
}

const textOfBlocks = (blocks: readonly { type: string; text?: unknown }[]) =>
  blocks.flatMap((block) => (block.type === "text" && typeof block.text === "string" ? [block.text] : [])).join("")

function viewOf(body: Body, raw: unknown): RequestView {
  const system = typeof body.system === "object" ? textOfBlocks(body.system) : (body.system ?? "")
  const inline = body.messages.filter((entry) => entry.role === "system").map((entry) => textOfBlocks(blocksOf(entry)))
  const messages = body.messages.flatMap(toMessage)
  const newest = messages.at(-1)
  return {
    provider: "anthropic",
    model: body.model,
    system: [system, ...inline].filter((part) => part !== "").join("\n\n"),
    messages,
    lastUserText: newestUserText(messages),
    toolResults: newest?.role === "user" ? newest.blocks.filter((block) => block.type === "tool_result") : [],
    tools: (body.tools ?? []).map((each) => ({
      name: each.name,
      description: each.description ?? "",
      inputSchema: object.parse(each.input_schema),
    })),
    maxOutputTokens: body.max_tokens,
    stream: body.stream === true,
    body: raw,
  }
}

function toMessage(entry: Entry): Message[] {
  const blocks = blocksOf(entry)
  switch (entry.role) {
    case "system":
      return []
    case "user":
      return [{ role: "user", blocks: blocks.flatMap(toUserBlock) }]
    case "assistant":
      return [{ role: "assistant", blocks: blocks.flatMap(toAssistantBlock) }]
  }
}

function toUserBlock(block: Block): UserBlock[] {
  if (block.type === "text") return [{ type: "text", text: block.text }]
  if (block.type !== "tool_result") return []
  const { content = "" } = block
  const text = typeof content === "string" ? content : textOfBlocks(content)
  return [{ type: "tool_result", toolUseId: block.tool_use_id, text, isError: block.is_error === true }]
}

function toAssistantBlock(block: Block): AssistantBlock[] {
  if (block.type === "text") return [{ type: "text", text: block.text }]
  if (block.type === "tool_use") return [{ type: "tool_use", id: block.id, name: block.name, input: block.input }]
  if (block.type !== "thinking" && block.type !== "redacted_thinking") return []
  return [{ type: "thinking", provider: "anthropic", raw: block }]
}

/** The newest text block of the person; empty when there is none. */
export function newestUserText(messages: readonly Message[]): string {
  for (const message of messages.toReversed()) {
    if (message.role !== "user") continue
    for (const block of message.blocks.toReversed()) if (block.type === "text") return block.text
  }
  return ""
}

/** Stands for the provider's signature: a thinking block that was changed on its way is refused. */
export function signatureOf(thought: string): string {
  let hash = 0
  for (let i = 0; i < thought.length; i++) hash = (Math.imul(hash, 31) + thought.charCodeAt(i)) | 0
  return Buffer.from(`scripted:${hash}:${thought.length}`).toString("base64")
}
