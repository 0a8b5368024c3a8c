/** OpenAI's chat completions as the scripted model speaks them: what it refuses, and the rest as the shared view. */
import * as z from "zod"
import type { Message } from "../../core/model/message.ts"
import { newestUserText, type RequestView } from "./anthropic-wire.ts"
import { firstProblem, type Parsed, type Refusal, type SchemaProblem } from "./wire-problem.ts"

const object = z.record(z.string(), z.json())
const textPart = z.strictObject({ type: z.literal("text"), text: z.string() })
const imagePart = z.strictObject({
  type: z.literal("image_url"),
  image_url: z.strictObject({ url: z.string(), detail: z.enum(["auto", "low", "high"]).optional() }),
})
const refusalPart = z.strictObject({ type: z.literal("refusal"), refusal: z.string() })
const text = z.union([z.string(), z.array(textPart).min(1)])
const toolName = z
  .string()
  .max(64)
  .regex(/^[a-zA-Z0-9_-]+$/)
const name = z.string().optional()
const toolCall = z.strictObject({
  id: z.string().min(1).max(40),
  type: z.literal("function"),
  function: z.strictObject({ name: toolName, arguments: z.string() }),
})
const Entry = z.discriminatedUnion("role", [
  z.strictObject({ role: z.literal("system"), content: text, name }),
  z.strictObject({ role: z.literal("developer"), content: text, name }),
  z.strictObject({
    role: z.literal("user"),
    content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textPart, imagePart])).min(1)]),
    name,
  }),
  z.strictObject({
    role: z.literal("assistant"),
    content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textPart, refusalPart])).min(1)]).nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(toolCall).min(1).optional(),
    name,
    /** Ollama, vLLM and DeepSeek take their reasoning back; OpenAI's own models refuse it below. */
    reasoning: z.string().optional(),
    reasoning_content: z.string().optional(),
  }),
  z.strictObject({ role: z.literal("tool"), content: text, tool_call_id: z.string().min(1).max(40) }),
])
type Entry = z.infer<typeof Entry>

const tool = z.strictObject({
  type: z.literal("function"),
  function: z.strictObject({
    name: toolName,
    description: z.string().optional(),
    parameters: object.optional(),
    strict: z.boolean().nullish(),
  }),
})

/** Every field of `ChatCompletionCreateParamsBase` in openai 7.57, the deprecated `functions` apart. */
const Body = z.strictObject({
  model: z.string().min(1),
  messages: z.array(Entry),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  tools: z.array(tool).min(1).max(128).optional(),
  tool_choice: z.union([z.enum(["none", "auto", "required"]), object]).optional(),
  parallel_tool_calls: z.boolean().optional(),
  max_tokens: z.number().int().min(1).nullish(),
  max_completion_tokens: z.number().int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  n: z.literal(1).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  seed: z.number().int().nullish(),
  logit_bias: object.nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.number().int().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  modalities: z.array(z.enum(["text", "audio"])).nullish(),
  moderation: object.nullish(),
  prediction: object.nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_options: object.optional(),
  prompt_cache_retention: z.string().nullish(),
  reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
  response_format: object.optional(),
  safety_identifier: z.string().nullish(),
  service_tier: z.string().nullish(),
  store: z.boolean().nullish(),
  user: z.string().optional(),
  verbosity: z.enum(["low", "medium", "high"]).nullish(),
  web_search_options: object.optional(),
})
type Body = z.infer<typeof Body>

export interface OpenAiRequest {
  readonly view: RequestView
  readonly includeUsage: boolean
}

/** Refuses what the real API refuses, with its words where they are known. */
export function parseOpenAi(value: unknown): Parsed<OpenAiRequest> {
  const parsed = Body.safeParse(value, { reportInput: true })
  if (!parsed.success) return { status: "refused", refusal: wordProblem(firstProblem(parsed.error.issues)) }
  const body = parsed.data
  const refusal = transcriptProblem(body.messages) ?? optionsProblem(body) ?? mistralProblem(body)
  if (refusal !== undefined) return { status: "refused", refusal }
  return {
    status: "ok",
    value: { view: viewOf(body, value), includeUsage: body.stream_options?.include_usage === true },
  }
}

function wordProblem(problem: SchemaProblem): Refusal {
  const param = problem.path.replace(/\.(\d+)/g, "[$1]")
  switch (problem.kind) {
    case "missing":
      return refuse(`Missing required parameter: '${param}'.`, param, "missing_required_parameter")
    case "extra":
      return refuse(`Unknown parameter: '${param}'.`, param, "unknown_parameter")
    case "tag":
      return refuse(`Invalid value: ${problem.found}.`, param, "invalid_value")
    case "other":
      return refuse(`Invalid '${param}': ${problem.message}.`, param, "invalid_value")
  }
}

function refuse(message: string, param: string, code?: string): Refusal {
  return { status: 400, message, param, ...(code === undefined ? {} : { code }) }
}

function transcriptProblem(messages: readonly Entry[]): Refusal | undefined {
  if (messages.length === 0) {
    const message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array."
    return refuse(message, "messages", "empty_array")
  }
  let open = new Set<string>()
  let inResults = false
  for (const [i, entry] of messages.entries()) {
    const at = `messages.[${i}].role`
    if (entry.role === "tool") {
      if (!inResults) {
        const message = "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
        return refuse(`Invalid parameter: ${message}`, at)
      }
      if (!open.delete(entry.tool_call_id)) {
        const id = entry.tool_call_id
        return refuse(`Invalid parameter: 'tool_call_id' of '${id}' not found in 'tool_calls' of previous message.`, at)
      }
      continue
    }
    if (open.size > 0) return unanswered(at, open)
    inResults = entry.role === "assistant" && entry.tool_calls !== undefined
    open = new Set(entry.role === "assistant" ? entry.tool_calls?.map((call) => call.id) : [])
    if (entry.role !== "assistant") continue
    if (entry.tool_calls !== undefined && open.size < entry.tool_calls.length) {
      return refuse("Duplicate 'id' in 'tool_calls'.", `messages.[${i}].tool_calls`)
    }
    if ((entry.content ?? undefined) === undefined && entry.tool_calls === undefined && !entry.refusal) {
      return refuse("Invalid value for 'content': expected a string, got null.", `messages.[${i}].content`)
    }
  }
  return open.size > 0 ? unanswered(`messages.[${messages.length}].role`, open) : undefined
}

function unanswered(param: string, ids: ReadonlySet<string>): Refusal {
  const message =
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
  return refuse(`${message} The following tool_call_ids did not have response messages: ${[...ids].join(", ")}`, param)
}

/** Families that take `max_completion_tokens` only and no temperature (platform.openai.com, "Reasoning models"). */
const reasoning = /^(o\d|gpt-[5-9])/

function optionsProblem(body: Body): Refusal | undefined {
  if (body.stream_options && body.stream !== true) {
    return refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
  }
  for (const [i, each] of (body.tools ?? []).entries()) {
    const { name, parameters } = each.function
    if (parameters !== undefined && parameters.type !== "object") {
      const got = JSON.stringify(parameters.type ?? "None")
      const message = `Invalid schema for function '${name}': schema must be a JSON Schema of 'type: "object"', got 'type: ${got}'.`
      return refuse(message, `tools[${i}].function.parameters`, "invalid_function_parameters")
    }
  }
  if (body.tool_choice !== undefined && body.tools === undefined) {
    return refuse(
      "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
      "tool_choice",
    )
  }
  if (body.parallel_tool_calls !== undefined && body.tools === undefined) {
    const message = "Invalid value for 'parallel_tool_calls': only allowed when 'tools' are specified."
    return refuse(message, "parallel_tool_calls")
  }
  if (!reasoning.test(body.model)) return undefined
  for (const [i, entry] of body.messages.entries()) {
    const field = (["reasoning", "reasoning_content"] as const).find((each) => each in entry)
    if (field !== undefined) return refuse(`Unknown parameter: 'messages[${i}].${field}'.`, field, "unknown_parameter")
  }
  if (body.max_tokens) {
    const message =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    return refuse(message, "max_tokens", "unsupported_parameter")
  }
  if ((body.temperature ?? 1) !== 1) {
    const message = `Unsupported value: 'temperature' does not support ${body.temperature} with this model. Only the default (1) value is supported.`
    return refuse(message, "temperature", "unsupported_value")
  }
  return undefined
}

/** Models that are served as Mistral serves its own. */
const mistral = /^(mistral|ministral|devstral|magistral)-/

/** What Mistral's API refuses beyond the others (api.mistral.ai, with its words; mistralai/mistral-common, "validator"). */
function mistralProblem(body: Body): Refusal | undefined {
  if (!mistral.test(body.model)) return undefined
  if (body.max_completion_tokens) {
    return { status: 422, message: "Extra inputs are not permitted", param: "max_completion_tokens" }
  }
  let previous: Entry["role"] | undefined
  for (const [i, entry] of body.messages.entries()) {
    const ids = entry.role === "assistant" ? (entry.tool_calls ?? []).map(({ id }) => id) : []
    const named = entry.role === "tool" ? [entry.tool_call_id] : ids
    const unfit = named.find((id) => !/^[a-zA-Z0-9]{9}$/.test(id))
    if (unfit !== undefined) {
      const message = `Tool call id was ${unfit} but must be a-z, A-Z, 0-9, with a length of 9.`
      return { ...refuse(message, `messages[${i}]`, "3280"), type: "invalid_function_call" }
    }
    if (previous === "tool" && entry.role === "user") {
      const message = "Unexpected role 'user' after role 'tool'"
      return { ...refuse(message, `messages[${i}]`, "3230"), type: "invalid_request_message_order" }
    }
    previous = entry.role
  }
  if (previous === "tool" || previous === "user") return undefined
  const message = `Expected last role User or Tool (or Assistant with prefix True) for serving but got ${previous}`
  return { ...refuse(message, "messages", "3230"), type: "invalid_request_message_order" }
}

const textOf = (content: Entry["content"]): string => {
  if (typeof content === "string") return content
  return (content ?? []).flatMap((part) => (part.type === "text" ? [part.text] : [])).join("")
}

function viewOf(body: Body, raw: unknown): RequestView {
  const system = body.messages.filter((entry) => entry.role === "system" || entry.role === "developer")
  const messages = toMessages(body.messages)
  const newest = messages.at(-1)
  return {
    provider: "openai",
    model: body.model,
    system: system.map((entry) => textOf(entry.content)).join("\n\n"),
    messages,
    lastUserText: newestUserText(messages),
    toolResults: newest?.role === "user" ? newest.blocks.filter((block) => block.type === "tool_result") : [],
    tools: (body.tools ?? []).map(({ function: each }) => ({
      name: each.name,
      description: each.description ?? "",
      inputSchema: each.parameters ?? {},
    })),
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens ?? 0,
    stream: body.stream === true,
    body: raw,
  }
}

/** Results, and the person's text right behind them, become one user entry, as they are at the other provider. */
function toMessages(entries: readonly Entry[]): Message[] {
  const messages: Message[] = []
  for (const entry of entries) {
    if (entry.role === "system" || entry.role === "developer") continue
    if (entry.role === "assistant") {
      const said = textOf(entry.content)
      messages.push({
        role: "assistant",
        blocks: [
          ...(said === "" ? [] : [{ type: "text" as const, text: said }]),
          ...(entry.tool_calls ?? []).map((call) => ({
            type: "tool_use" as const,
            id: call.id,
            name: call.function.name,
            input: parseArguments(call.function.arguments),
          })),
        ],
      })
      continue
    }
    const block =
      entry.role === "tool"
        ? { type: "tool_result" as const, toolUseId: entry.tool_call_id, text: textOf(entry.content), isError: false }
        : { type: "text" as const, text: textOf(entry.content) }
    const previous = messages.at(-1)
    if (previous?.role === "user") previous.blocks.push(block)
    else messages.push({ role: "user", blocks: [block] })
  }
  return messages
}

/** Arguments are whatever string the model wrote: not necessarily JSON. */
function parseArguments(written: string): z.infer<ReturnType<typeof z.json>> {
  try {
    return z.json().parse(JSON.parse(written))
  } catch {
    return written
  }
}
