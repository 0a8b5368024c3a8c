/**
 * Whether an answer ended because the model's window was full. Anthropic says so (`model_context_window_exceeded`); chat
 * completions say `length` for that and for the limit of output alike, and only the counts tell them apart. Pure.
 */
import type { ModelAnswer, StopReason } from "./call.ts"

export interface AskedRoom {
  /** What the call allowed at most. */
  readonly maxOutputTokens: number
  /** Of input and output together; null: not known, and then the limit of output is what ended it. */
  readonly contextWindow: number | null
}

/** Counts of servers are off by a few. */
const nearly = 0.97

/** Why the answer stopped, as far as its counts tell more than its provider. */
export function stopWithin({ stop, usage }: ModelAnswer, { maxOutputTokens, contextWindow }: AskedRoom): StopReason {
  if (stop !== "max_tokens" || contextWindow === null) return stop
  const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens } = usage
  const all = inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens
  const isFull = all >= contextWindow * nearly
  return isFull && outputTokens < maxOutputTokens * nearly ? "context_overflow" : stop
}
