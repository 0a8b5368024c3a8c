/** One call of a model: what is asked, what comes back, how it fails. Clients live in adapters/models. */
import * as z from "zod"
import { AssistantBlock, Message } from "./message.ts"

export const ToolSpec = z.object({
  name: z.string(),
  description: z.string(),
  inputSchema: z.record(z.string(), z.json()),
})
export type ToolSpec = z.infer<typeof ToolSpec>

export const ModelRequest = z.object({
  model: z.string(),
  system: z.string(),
  messages: z.array(Message),
  tools: z.array(ToolSpec),
  /** The bytes of the transcript's pictures in base64, by their digest. A picture that has none here is left out. */
  images: z.record(z.string(), z.string()).optional(),
  maxOutputTokens: z.number().int().positive(),
})
export type ModelRequest = z.infer<typeof ModelRequest>

/** Token counts that never overlap: `inputTokens` are neither read from nor written to a cache. */
export const Usage = z.object({
  inputTokens: z.number().int().nonnegative(),
  cacheReadTokens: z.number().int().nonnegative(),
  cacheWriteTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
})
export type Usage = z.infer<typeof Usage>

/**
 * Why the model stopped. `end`: it is done; `tool_use`: it waits for results; `max_tokens`: cut by the limit; `refusal`:
 * it declines; `pause`: it wants to be called again with the same transcript; `context_overflow`: input and output together
 * filled its window.
 */
export const StopReason = z.enum(["end", "tool_use", "max_tokens", "refusal", "pause", "context_overflow"])
export type StopReason = z.infer<typeof StopReason>

export const ModelAnswer = z.object({
  blocks: z.array(AssistantBlock),
  stop: StopReason,
  usage: Usage,
  /** The model that answered, as the provider names it. */
  model: z.string(),
})
export type ModelAnswer = z.infer<typeof ModelAnswer>

/** The answer broke off since input and output together filled the model's window. What it said holds, what it called does not. */
export function isCutByWindow({ stop }: Pick<ModelAnswer, "stop">): boolean {
  return stop === "context_overflow"
}

/**
 * `not_configured`: no key or address for that provider, or none of that model there; `unable`: not asked, since the model cannot do what the call is about;
 * `aborted`: we stopped it; `internal`: our own client of that provider broke.
 */
export const FailureReason = z.enum([
  "not_configured",
  "unable",
  "network",
  "server",
  "rate_limited",
  "overloaded",
  "first_byte_timeout",
  "stalled",
  "auth",
  "invalid_request",
  "context_overflow",
  "aborted",
  "internal",
])
export type FailureReason = z.infer<typeof FailureReason>

export const ModelFailure = z.object({
  reason: FailureReason,
  /** One public sentence with no secret in it: what failed and, for an operator's mistake, what to set. */
  message: z.string(),
  /** The provider's own wish, at most 10 minutes. */
  retryAfterMs: z.number().int().nonnegative().optional(),
})
export type ModelFailure = z.infer<typeof ModelFailure>

/** True when the same call may succeed a little later. */
export function isRetryable(reason: FailureReason): boolean {
  switch (reason) {
    case "network":
    case "server":
    case "rate_limited":
    case "overloaded":
    case "first_byte_timeout":
    case "stalled":
      return true
    case "not_configured":
    case "unable":
    case "auth":
    case "invalid_request":
    case "context_overflow":
    case "aborted":
    case "internal":
      return false
  }
}
