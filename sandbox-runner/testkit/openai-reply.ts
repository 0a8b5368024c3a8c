/** How the scripted model answers in the shape of OpenAI's chat completions: chunks, whole completions, errors. */
import type { StopReason, Usage } from "../../core/model/call.ts"
import type { AnswerContext } from "./anthropic-reply.ts"
import type { Answer, ScriptedToolCall } from "./model-script.ts"
import { type Frame, stopOf, toolCallId } from "./stream-reply.ts"
import { chunksOf } from "./wire-problem.ts"

/** 2026-11-01; a fixed instant, so that two runs give the same bytes. */
const created = 1_793_491_200

/** A refusal with text ends as `stop` and says it in `refusal`; one without is the content filter's. */
function finishReason(answer: Answer): string {
  const stop: StopReason = stopOf(answer)
  switch (stop) {
    case "end":
      return "stop"
    case "tool_use":
      return "tool_calls"
    case "max_tokens":
    case "context_overflow":
      return "length"
    case "refusal":
      return answer.text ? "stop" : "content_filter"
    case "pause":
      throw new Error("a script asked for pause_turn, which OpenAI does not have")
  }
}

/** The chunks of one answer, `[DONE]` included. Thinking goes into `reasoning`, as Ollama sends it. */
export function openAiFrames(answer: Answer, context: AnswerContext, includeUsage: boolean): Frame[] {
  const head = { ...completionOf(context, "chat.completion.chunk"), ...(includeUsage ? { usage: null } : {}) }
  const chunk = (delta: object, finish_reason: string | null = null, counted = false): Frame => ({
    text: `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason }] })}\n\n`,
    counted,
  })
  const size = answer.chunkSize ?? 40
  const finish = finishReason(answer)
  const spoken = stopOf(answer) === "refusal" ? "refusal" : "content"
  const frames = [chunk({ role: "assistant", content: "", refusal: null })]
  for (const reasoning of chunksOf(answer.thinking ?? "", size)) frames.push(chunk({ reasoning }, null, true))
  for (const text of chunksOf(answer.text ?? "", size)) frames.push(chunk({ [spoken]: text }, null, true))
  for (const [index, call] of (answer.tools ?? []).entries()) {
    const { id, type, function: named } = toolCall(call, context.n, index)
    frames.push(chunk({ tool_calls: [{ index, id, type, function: { name: named.name, arguments: "" } }] }, null, true))
    for (const piece of chunksOf(named.arguments, size)) {
      frames.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }, null, true))
    }
  }
  frames.push(chunk({}, finish))
  if (includeUsage) {
    const text = JSON.stringify({ ...head, choices: [], usage: usageOf(context.usage) })
    frames.push({ text: `data: ${text}\n\n`, counted: false })
  }
  frames.push({ text: "data: [DONE]\n\n", counted: false })
  return frames
}

/** The same answer for a request without `stream`. */
export function openAiCompletion(answer: Answer, context: AnswerContext): object {
  const refused = stopOf(answer) === "refusal"
  const calls = (answer.tools ?? []).map((call, i) => toolCall(call, context.n, i))
  const message = {
    role: "assistant",
    content: refused ? null : (answer.text ?? null),
    refusal: refused ? (answer.text ?? null) : null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  }
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finishReason(answer) }]
  return { ...completionOf(context, "chat.completion"), choices, usage: usageOf(context.usage) }
}

const errorTypes: Readonly<Record<number, string>> = {
  401: "invalid_request_error",
  429: "requests",
  500: "server_error",
  503: "server_error",
}

/** The error body of the real API (platform.openai.com/docs/guides/error-codes). */
export function openAiError(error: {
  status: number
  type?: string
  code?: string
  param?: string
  message?: string
}): object {
  const type = error.type ?? errorTypes[error.status] ?? (error.status < 500 ? "invalid_request_error" : "server_error")
  const code = error.code ?? (error.status === 429 ? "rate_limit_exceeded" : null)
  const message = error.message ?? (error.status < 500 ? "Rate limit reached." : "The server had an error.")
  return { error: { message, type, param: error.param ?? null, code } }
}

/** An error inside a stream that had begun well. */
export function openAiErrorFrame(): Frame {
  return { text: `data: ${JSON.stringify(openAiError({ status: 500 }))}\n\n`, counted: false }
}

/** `GET /v1/models`. */
export function openAiModels(ids: readonly string[]): object {
  return { object: "list", data: ids.map((id) => ({ id, object: "model", created, owned_by: "scripted" })) }
}

function completionOf(context: AnswerContext, object: string) {
  return {
    id: `chatcmpl-scripted${context.n}`,
    object,
    created,
    model: context.model,
    service_tier: "default",
    system_fingerprint: "fp_scripted",
  }
}

/** OpenAI's prompt_tokens include those read from and written to the cache. */
function usageOf(usage: Usage) {
  const prompt_tokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens
  return {
    prompt_tokens,
    completion_tokens: usage.outputTokens,
    total_tokens: prompt_tokens + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      audio_tokens: 0,
    },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  }
}

function toolCall(call: ScriptedToolCall, n: number, i: number) {
  const id = call.id ?? toolCallId("call", n, i)
  return { id, type: "function", function: { name: call.name, arguments: JSON.stringify(call.input) } }
}
