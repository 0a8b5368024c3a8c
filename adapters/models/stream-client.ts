/** The one way a model is called, whatever the provider: an exchange, its events, an answer or a failure. */
import type { ModelAnswer, ModelRequest } from "../../core/model/call.ts"
import type { Provider } from "../../core/model/provider.ts"
import { callLimits, quietMs, type CallLimits, type Fetch, type ModelClient, type RunOptions } from "./client.ts"
import { startExchange, type Ending, type Exchange } from "./exchange.ts"
import { billedFor, failureOf } from "./failure.ts"
import { providerError } from "./provider-error.ts"

/** Where a provider is and with what key. */
export interface Endpoint {
  /** As the operator wrote it, with a path prefix or without. */
  readonly baseUrl: string
  readonly apiKey?: string | undefined
}

/** Puts an answer together from a provider's events. */
export interface AnswerReader {
  /**
   * `idle`: it shows that the connection lives, and nothing else. `complete`: nothing that matters follows. `invalid`: this is not
   * the provider's protocol.
   */
  take(event: unknown): "more" | "idle" | "complete" | "invalid"
  /** What was streamed as text so far. */
  readonly text: string
  /** The answer, once its end was seen. */
  answer(): ModelAnswer | undefined
}

/** What differs between providers. */
export interface Dialect {
  readonly provider: Provider
  /** What people call the server. */
  readonly name: string
  /** All headers of a call. */
  headers(apiKey: string): Record<string, string>
  /** Sends the request through the exchange's `fetch`; the events are as the provider sent them, not yet parsed. */
  open(exchange: Exchange, request: ModelRequest, limits: CallLimits): Promise<AsyncIterable<unknown>>
  read(request: ModelRequest, onDelta: RunOptions["onDelta"]): AnswerReader
}

export interface StreamClientOptions {
  readonly dialect: Dialect
  readonly apiKey: string | undefined
  readonly fetch: Fetch
  readonly limits?: Partial<CallLimits> | undefined
}

/** What the SDKs get for a key: they demand one and would log it; the real one is put on where the request leaves. */
export const noKey = "set-where-the-request-leaves"

export function createStreamClient({ dialect, apiKey, fetch, ...options }: StreamClientOptions): ModelClient {
  const usual = { ...callLimits, ...options.limits }
  return {
    async run(request, { signal, onDelta, apiKey: ownKey, timeoutMs }) {
      const limits = timeoutMs === undefined ? usual : { ...usual, firstByteMs: timeoutMs, stallMs: timeoutMs }
      const key = (ownKey ?? apiKey ?? "").trim()
      const call = {
        provider: dialect.provider,
        name: dialect.name,
        model: request.model,
        hasOwnKey: ownKey !== undefined,
        secrets: [key],
      }
      if (!/^[\x21-\x7e]+$/.test(key)) {
        const failure = failureOf({ reason: "unusable_key" }, call)
        return { status: "failed", failure, partialText: "", billed: "nothing" }
      }
      const mostQuietMs = quietMs(limits, request.maxOutputTokens)
      const exchange = startExchange({ fetch, headers: dialect.headers(key), limits, mostQuietMs, signal })
      const reader = dialect.read(request, onDelta)
      try {
        const events = await openEvents(dialect, exchange, request, limits)
        if (events !== undefined) await readEvents(events, exchange, reader)
      } finally {
        exchange.close()
      }
      const answer = reader.answer()
      const ending = exchange.ending ?? { reason: "cut" }
      if (answer !== undefined && ending.reason !== "aborted") return { status: "answered", answer }
      const billed = reader.text === "" ? billedFor(ending) : "unknown"
      return { status: "failed", failure: failureOf(ending, call), partialText: reader.text, billed }
    },
  }
}

async function openEvents(
  dialect: Dialect,
  exchange: Exchange,
  request: ModelRequest,
  limits: CallLimits,
): Promise<AsyncIterator<unknown> | undefined> {
  try {
    return (await dialect.open(exchange, request, limits))[Symbol.asyncIterator]()
  } catch (error) {
    if (exchange.ending === undefined) throw error
    return undefined
  }
}

/** Reads until the answer is complete, the stream is over, or the exchange has its ending. */
async function readEvents(events: AsyncIterator<unknown>, exchange: Exchange, reader: AnswerReader): Promise<void> {
  try {
    for (;;) {
      const step = await events.next().catch((error: unknown) => exchange.stop(endingOf(error)))
      if (step === undefined || step.done === true || exchange.ending !== undefined) return
      const progress = reader.take(step.value)
      if (progress === "invalid") exchange.stop({ reason: "garbage" })
      if (progress === "more") exchange.progressed()
      else if (progress !== "idle") return
    }
  } finally {
    await events.return?.()
  }
}

/** Of what an SDK throws while it reads: its APIError carries an error event as `error`; the rest is what it cannot parse. */
function endingOf(error: unknown): Ending {
  if (typeof error === "object" && error !== null && "error" in error) {
    return { reason: "refused", status: undefined, retryAfterMs: undefined, said: providerError(error.error) }
  }
  return { reason: "garbage" }
}
