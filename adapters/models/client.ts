/** What a model client promises, and the limits that every call of a model is held to. */
import type { ModelAnswer, ModelFailure, ModelRequest } from "../../core/model/call.ts"

/** How a client reaches its provider. It must honour the request's signal. */
export type Fetch = (request: Request) => Promise<Response>

export interface RunOptions {
  /** Stops the call and its connection. */
  readonly signal: AbortSignal
  /** Called in order, while the answer streams; never after the signal fired. Must not throw. */
  readonly onDelta: (delta: { type: "text" | "thinking"; text: string }) => void
  /** Takes the place of the configured key. */
  readonly apiKey?: string
  /** To the first byte and between two, in place of the usual limits. */
  readonly timeoutMs?: number
}

export type ModelOutcome =
  | { status: "answered"; answer: ModelAnswer }
  /**
   * `partialText` is what was streamed as text before the failure. `billed`: the provider refused the request or never got it
   * (`nothing`), or may have worked on it and tells no counts (`unknown`).
   */
  | { status: "failed"; failure: ModelFailure; partialText: string; billed: "nothing" | "unknown" }

export interface ModelClient {
  /** One call of a model. Every way that a provider or the way to it can fail is an outcome; a rejection is a bug. */
  run(request: ModelRequest, options: RunOptions): Promise<ModelOutcome>
}

export interface CallLimits {
  /** From the request's start to the response's first byte. Both providers begin to answer within seconds, or queue. */
  readonly firstByteMs: number
  /** Between two bytes. Anthropic pings an idle stream every few seconds. */
  readonly stallMs: number
  /**
   * For each token that the answer may have, beyond `stallMs`, a stream may show that it lives and yet bring nothing: see `quietMs`.
   * Models write 40 to 200 tokens a second; 33 are taken to be the slowest.
   */
  readonly slowestTokenMs: number
  /** The whole call: as long as Cloudflare keeps an object's pending work alive. */
  readonly callMs: number
  /** An answer of 128,000 tokens is about 17 MB of events; more is a server that does not stop. */
  readonly responseBytes: number
  /** What is read of an error's body. */
  readonly errorBytes: number
  /** How long a finished answer's connection may take to end before it is given up instead of being used again. */
  readonly lingerMs: number
}

export const callLimits: CallLimits = {
  firstByteMs: 60_000,
  stallMs: 60_000,
  slowestTokenMs: 30,
  callMs: 15 * 60_000,
  responseBytes: 32 * 1024 * 1024,
  errorBytes: 64 * 1024,
  lingerMs: 1_000,
}

/**
 * How long a stream may go on without anything of the answer. A ping (or a comment, or an empty chunk) shows that the connection
 * lives, and resets `stallMs`; that the model gets on it does not show. But Anthropic's models think without a word and only ping
 * meanwhile (platform.claude.com, "Extended thinking": display omitted), for as long as writing all of the output would take.
 * 9 minutes for 16,384 tokens, 3 for 4,096; never longer than the whole call.
 */
export function quietMs({ stallMs, slowestTokenMs, callMs }: CallLimits, maxOutputTokens: number): number {
  return Math.min(callMs, stallMs + maxOutputTokens * slowestTokenMs)
}
