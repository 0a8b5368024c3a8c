/**
 * Contracts for programs that speak OpenAI's API (platform.openai.com/docs/api-reference/chat): the agent groups are its models.
 * What would change an answer and cannot be done here is refused, never ignored.
 */
import * as z from "zod"
import { ErrorType } from "../errors.ts"
import { maxImagesOfMessage } from "../model/image.ts"
import { endpoint, nothing } from "./endpoint.ts"

/** The name under which the gateway's default agent is a model. */
export const defaultModelName = "default"
/** Two of the largest pictures in base64, or many usual ones. A Worker has 128 MB in all, and a body takes its size several times. */
export const maxChatBodyBytes = 16 * 1024 * 1024
export const maxSessionKeyLength = 256

/** True for the addresses whose failures have OpenAI's form. */
export const isOpenAiPath = (path: string) => path === "/v1" || path.startsWith("/v1/")

/** OpenAI's form of a failure: ours, and the parameter that it is about. */
export const OpenAiError = z.object({
  error: z.object({ type: ErrorType, code: z.string(), message: z.string(), param: z.string().nullable() }),
})

const TextPart = z.object({ type: z.literal("text"), text: z.string() })
const ImagePart = z.object({
  type: z.literal("image_url"),
  /** A data URL of a PNG, JPEG, GIF or WebP of at most 5 MB; addresses of other servers are refused. */
  image_url: z.object({ url: z.string(), detail: z.string().optional() }),
})
const texts = z.union([z.string(), z.array(TextPart)])

export const ChatMessage = z.discriminatedUnion("role", [
  z.object({ role: z.enum(["system", "developer"]), content: texts }),
  z.object({
    role: z.literal("user"),
    content: z.union([z.string(), z.array(z.discriminatedUnion("type", [TextPart, ImagePart]))]),
  }),
  z.object({
    role: z.literal("assistant"),
    content: texts.nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(z.json()).nullish(),
    function_call: z.json().nullish(),
  }),
  /** Refused: tools are the gateway's own. */
  z.object({ role: z.enum(["tool", "function"]), content: z.json().optional() }),
])
export type ChatMessage = z.infer<typeof ChatMessage>

const count = z.number().int()
const flag = z.boolean()

/** Parameters that are not named here, such as `temperature` or `seed`, are ignored. */
export const ChatRequest = z.object({
  /** An agent group, or `default`. */
  model: z.string().min(1).max(200),
  messages: z.array(ChatMessage).min(1).max(2_000),
  stream: flag.nullish(),
  stream_options: z.object({ include_usage: flag.nullish() }).nullish(),
  /** Only lower limits than the operator's count. */
  max_tokens: count.positive().nullish(),
  max_completion_tokens: count.positive().nullish(),
  /** Names a session where no `x-session-key` does. */
  user: z.string().max(maxSessionKeyLength).nullish(),
  n: count.nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  logprobs: flag.nullish(),
  top_logprobs: count.nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  modalities: z.array(z.string()).nullish(),
  audio: z.json().nullish(),
  tools: z.array(z.json()).nullish(),
  tool_choice: z.json().nullish(),
  functions: z.array(z.json()).nullish(),
  function_call: z.json().nullish(),
  web_search_options: z.json().nullish(),
})
export type ChatRequest = z.infer<typeof ChatRequest>

/** `prompt_tokens` holds the cached ones too, as OpenAI counts. */
export const ChatUsage = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count }),
})
export type ChatUsage = z.infer<typeof ChatUsage>

const FinishReason = z.enum(["stop", "length", "content_filter"])
export type FinishReason = z.infer<typeof FinishReason>

const answer = { id: z.string(), created: count, model: z.string() }

export const ChatCompletion = z.object({
  ...answer,
  object: z.literal("chat.completion"),
  choices: z.array(
    z.object({
      index: z.literal(0),
      message: z.object({ role: z.literal("assistant"), content: z.string(), refusal: z.null() }),
      logprobs: z.null(),
      finish_reason: FinishReason,
    }),
  ),
  usage: ChatUsage,
})
export type ChatCompletion = z.infer<typeof ChatCompletion>

export const ChatCompletionChunk = z.object({
  ...answer,
  object: z.literal("chat.completion.chunk"),
  /** Empty in the last chunk, which carries the usage. */
  choices: z.array(
    z.object({
      index: z.literal(0),
      delta: z.object({ role: z.literal("assistant").optional(), content: z.string().optional() }),
      logprobs: z.null(),
      finish_reason: FinishReason.nullable(),
    }),
  ),
  /** Only where `stream_options.include_usage` asks for it. */
  usage: ChatUsage.nullable().optional(),
})
export type ChatCompletionChunk = z.infer<typeof ChatCompletionChunk>

export const createChatCompletion = endpoint({
  method: "post",
  path: "/v1/chat/completions",
  summary: "Ask an agent as a model of OpenAI's API",
  description: [
    "With a session key the last user message is the input of that session's conversation, which the gateway remembers; what else `messages` holds is not read. Without one each request begins a conversation with all of `messages`.",
    "`system` and `developer` messages stand below the operator's prompt, marked as the caller's. A turn that waits for a person answers with a text that says so and where.",
    `At most ${maxImagesOfMessage} pictures a message.`,
    "A request with `X-Stainless-Retry-Count` above 0 and the body of an earlier one joins its turn.",
  ].join("\n\n"),
  headers: {
    "X-Session-Key": "Names a conversation of this token, up to 256 characters.",
    "X-Stainless-Retry-Count": "Set by OpenAI's own clients when they repeat a request.",
    "Idempotency-Key":
      "Up to 256 characters: the same key and body within 24 hours join the turn that runs or replay it.",
  },
  auth: "token",
  scope: "chat",
  params: nothing,
  query: nothing,
  body: ChatRequest,
  status: 200,
  response: ChatCompletion,
  chunks: ChatCompletionChunk,
  errors: [
    "unsupported_parameter",
    "image_refused",
    "missing_content",
    "content_too_large",
    "invalid_header",
    "model_not_found",
    "loop_archived",
    "not_loop_owner",
    "idempotency_key_reused",
    "queue_full",
    "model_refused_request",
    "context_overflow",
    "images_unsupported",
    "budget_exceeded",
    "turn_failed",
    "model_unavailable",
    "model_not_configured",
    "model_key_refused",
  ],
  maxBodyBytes: maxChatBodyBytes,
})

export const Model = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: count,
  owned_by: z.literal("loop-gateway"),
})

export const listModels = endpoint({
  method: "get",
  path: "/v1/models",
  summary: "List the agents as models of OpenAI's API",
  auth: "token",
  scope: "chat",
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({ object: z.literal("list"), data: z.array(Model) }),
  errors: [],
})

export const getModel = endpoint({
  method: "get",
  path: "/v1/models/{model}",
  summary: "Get an agent as a model of OpenAI's API",
  auth: "token",
  scope: "chat",
  params: z.object({ model: z.string() }),
  query: nothing,
  body: nothing,
  status: 200,
  response: Model,
  errors: ["model_not_found"],
  unknownId: "model_not_found",
})
