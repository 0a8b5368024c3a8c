/** How the scripted model answers in the shape of Anthropic's Messages API: events, whole messages, errors. */
import type { StopReason, Usage } from "../../core/model/call.ts"
import { signatureOf } from "./anthropic-wire.ts"
import type { Answer, ScriptedToolCall } from "./model-script.ts"
import { type Frame, stopOf, toolCallId } from "./stream-reply.ts"
import { chunksOf } from "./wire-problem.ts"

/** What an answer needs to know of its request. */
export interface AnswerContext {
  readonly n: number
  readonly model: string
  readonly usage: Usage
}

const stopReasons = {
  end: "end_turn",
  tool_use: "tool_use",
  max_tokens: "max_tokens",
  refusal: "refusal",
  pause: "pause_turn",
  context_overflow: "model_context_window_exceeded",
} as const satisfies Record<StopReason, string>

/** The server-sent events of one answer, in the order of the real API; a ping follows the first block's start. */
export function anthropicFrames(answer: Answer, context: AnswerContext): Frame[] {
  const frames = [event("message_start", { message: { ...messageOf(context), usage: usageOf(context.usage, 1) } })]
  const size = answer.chunkSize ?? 40
  let index = 0
  const block = (start: object, deltas: readonly object[]) => {
    frames.push(event("content_block_start", { index, content_block: start }))
    if (index === 0) frames.push(event("ping", {}))
    for (const delta of deltas) frames.push({ ...event("content_block_delta", { index, delta }), counted: true })
    frames.push(event("content_block_stop", { index }))
    index++
  }
  if (answer.thinking !== undefined) {
    block({ type: "thinking", thinking: "", signature: "" }, [
      ...chunksOf(answer.thinking, size).map((thinking) => ({ type: "thinking_delta", thinking })),
      { type: "signature_delta", signature: signatureOf(answer.thinking) },
    ])
  }
  if (answer.text) {
    block(
      { type: "text", text: "", citations: null },
      chunksOf(answer.text, size).map((text) => ({ type: "text_delta", text })),
    )
  }
  for (const [i, call] of (answer.tools ?? []).entries()) {
    const input = ["", ...chunksOf(JSON.stringify(call.input), size)]
    block(
      { ...toolUse(call, context.n, i), input: {} },
      input.map((partial_json) => ({ type: "input_json_delta", partial_json })),
    )
  }
  const { input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens } = usageOf(context.usage)
  frames.push(
    event("message_delta", {
      delta: { ...stopFields(answer), container: null },
      usage: { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens, ...noDetails },
    }),
    event("message_stop", {}),
  )
  return frames
}

/** The same answer for a request without `stream`. */
export function anthropicMessage(answer: Answer, context: AnswerContext): object {
  const content = [
    ...(answer.thinking === undefined
      ? []
      : [{ type: "thinking", thinking: answer.thinking, signature: signatureOf(answer.thinking) }]),
    ...(answer.text ? [{ type: "text", text: answer.text, citations: null }] : []),
    ...(answer.tools ?? []).map((call, i) => toolUse(call, context.n, i)),
  ]
  return { ...messageOf(context), content, ...stopFields(answer), usage: usageOf(context.usage) }
}

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  504: "timeout_error",
  529: "overloaded_error",
}

/** The error body of the real API (platform.claude.com/docs/en/api/errors). */
export function anthropicError(
  n: number,
  error: { status: number; type?: string; code?: string; message?: string },
): object {
  const type = error.type ?? errorTypes[error.status] ?? "api_error"
  const details = error.code === undefined ? {} : { details: { error_code: error.code } }
  return {
    type: "error",
    error: { type, message: error.message ?? usualMessage(type), ...details },
    request_id: requestId(n),
  }
}

/** An error event inside a stream that had begun well. */
export function anthropicErrorFrame(n: number): Frame {
  return { text: `event: error\ndata: ${JSON.stringify(anthropicError(n, { status: 529 }))}\n\n`, counted: false }
}

export function requestId(n: number): string {
  return `req_scripted${String(n).padStart(12, "0")}`
}

function usualMessage(type: string): string {
  switch (type) {
    case "overloaded_error":
      return "Overloaded"
    case "api_error":
      return "Internal server error"
    case "rate_limit_error":
      return "This request would exceed your organization's rate limit."
    default:
      return type
  }
}

const noDetails = { output_tokens_details: null, server_tool_use: null }

function usageOf(usage: Usage, outputTokens = usage.outputTokens) {
  return {
    input_tokens: usage.inputTokens,
    cache_creation_input_tokens: usage.cacheWriteTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWriteTokens, ephemeral_1h_input_tokens: 0 },
    output_tokens: outputTokens,
    service_tier: "standard",
    inference_geo: null,
    speed: null,
    ...noDetails,
  }
}

function messageOf(context: AnswerContext) {
  return {
    id: `msg_scripted${String(context.n).padStart(12, "0")}`,
    type: "message",
    role: "assistant",
    model: context.model,
    content: [],
    container: null,
    diagnostics: null,
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
  }
}

function stopFields(answer: Answer) {
  const stop = stopOf(answer)
  const refusal = { type: "refusal", category: null, explanation: null }
  return {
    stop_reason: stopReasons[stop],
    stop_sequence: null,
    stop_details: stop === "refusal" ? refusal : null,
  }
}

function toolUse(call: ScriptedToolCall, n: number, i: number) {
  const id = call.id ?? toolCallId("toolu", n, i)
  return { type: "tool_use", id, name: call.name, input: call.input, caller: { type: "direct" } }
}

function event(type: string, fields: object): Frame {
  return { text: `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`, counted: false }
}
