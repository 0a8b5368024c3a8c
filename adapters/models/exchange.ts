/**
 * One HTTP exchange with a provider, held to its limits: the `fetch` that a provider's SDK gets. It decides alone which headers
 * leave (an SDK adds those of ANTHROPIC_CUSTOM_HEADERS and the like) and is the only one that knows the key. The first thing
 * that ends the exchange is its ending; what the SDK makes of it afterwards does not matter.
 */
import { isLoopError } from "../../core/errors.ts"
import type { CallLimits, Fetch } from "./client.ts"
import { providerError, retryAfterMs, type ProviderError } from "./provider-error.ts"

/** Why an exchange ended before its answer was complete. */
export type Ending =
  | {
      reason:
        | "aborted"
        /** Nothing was sent: no header can carry the key. */
        | "unusable_key"
        | "first_byte_timeout"
        | "stalled"
        /** Bytes kept coming, and nothing of the answer among them. */
        | "idle"
        | "too_long"
        | "too_large"
        /** Whoever chose the address may not have us go there. */
        | "forbidden_address"
        /** No connection came about: nothing was sent. */
        | "unreachable"
        /** The connection broke before a response came. */
        | "reset"
        /** The connection broke, or closed politely, before the answer's end. */
        | "cut"
        /** A response without an error that is no event stream. */
        | "not_a_stream"
        /** An event stream whose events are not the provider's. */
        | "garbage"
    }
  /** The provider said no: by status, or by an error event inside the stream. */
  | { reason: "refused"; status: number | undefined; retryAfterMs: number | undefined; said: ProviderError }

export interface Exchange {
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
  /** Fires with every ending. */
  readonly signal: AbortSignal
  readonly ending: Ending | undefined
  /** What was read last is part of the answer. */
  progressed(): void
  /** Ends the exchange and its connection. The first ending stays. */
  stop(ending: Ending): void
  /** Clears every timer and listener. Call it once, when the answer was read or given up. */
  close(): void
}

export interface ExchangeOptions {
  readonly fetch: Fetch
  /** All headers that leave. */
  readonly headers: Readonly<Record<string, string>>
  readonly limits: CallLimits
  /** So long the body may go on without progress. */
  readonly mostQuietMs: number
  readonly signal: AbortSignal
}

const ignore = () => {}

export function startExchange({ fetch, headers, limits, mostQuietMs, signal }: ExchangeOptions): Exchange {
  const controller = new AbortController()
  let ending: Ending | undefined
  let waiting: ReturnType<typeof setTimeout> | undefined
  let source: ReadableStreamDefaultReader<Uint8Array> | undefined
  let progressedAt = 0
  /** Ends the wait for a response. */
  let giveUp = ignore

  const stop = (why: Ending): void => {
    if (ending !== undefined) return
    ending = why
    controller.abort()
    giveUp()
    source?.cancel().catch(ignore)
  }
  const disarm = (): void => clearTimeout(waiting)
  const arm = (ms: number, reason: "first_byte_timeout" | "stalled"): void => {
    disarm()
    waiting = setTimeout(() => stop({ reason }), ms)
  }
  const onAbort = (): void => stop({ reason: "aborted" })
  const wholeCall = setTimeout(() => stop({ reason: "too_long" }), limits.callMs)
  if (signal.aborted) onAbort()
  else signal.addEventListener("abort", onAbort, { once: true })

  /**
   * Settles with the response, or at the ending, even when `fetch` does not heed the signal. Node's Request keeps its signal
   * for as long as it lives itself: a listener there that knew the request would keep both, and all around them, for ever.
   */
  const respond = (request: Request): Promise<Response> =>
    new Promise((resolve, reject) => {
      giveUp = () => reject(new Error("stopped"))
      fetch(request).then(
        (response) => (ending === undefined ? resolve(response) : response.body?.cancel().catch(ignore)),
        (cause: unknown) => {
          stop({ reason: isForbidden(cause) ? "forbidden_address" : neverConnected(cause) ? "unreachable" : "reset" })
          reject(new Error("unreachable", { cause }))
        },
      )
    })

  /** The body, read only as fast as it is asked for, so that a stall is the provider's and never ours. */
  const watch = (body: ReadableStream<Uint8Array>, mostBytes: number): ReadableStream<Uint8Array> => {
    const reader = body.getReader()
    source = reader
    let sizeBytes = 0
    progressedAt = performance.now()
    return new ReadableStream<Uint8Array>(
      {
        async pull(sink) {
          // All that came before was taken by now: whoever asks for more has not got what it waits for.
          if (performance.now() - progressedAt > mostQuietMs) stop({ reason: "idle" })
          if (sizeBytes > 0) arm(limits.stallMs, "stalled")
          const chunk = await reader.read().catch(() => stop({ reason: "cut" }))
          disarm()
          if (chunk !== undefined && !chunk.done) sizeBytes += chunk.value.byteLength
          if (sizeBytes > mostBytes) stop({ reason: "too_large" })
          if (chunk === undefined || ending !== undefined) sink.error(new Error("stopped"))
          else if (chunk.done) sink.close()
          else sink.enqueue(chunk.value)
        },
        cancel() {
          disarm()
          if (ending === undefined) void drain(reader, limits)
        },
      },
      { highWaterMark: 0 },
    )
  }

  const refuse = async (response: Response): Promise<never> => {
    const text = response.body === null ? "" : await readText(watch(response.body, limits.errorBytes))
    const said = providerError(text)
    const { status } = response
    if (status < 300 && said.message === undefined) stop({ reason: "not_a_stream" })
    else stop({ reason: "refused", status, retryAfterMs: retryAfterMs(response.headers, Date.now()), said })
    throw new Error("refused")
  }

  const send: Exchange["fetch"] = async (input, init) => {
    if (ending !== undefined) throw new Error("stopped")
    const url = input instanceof Request ? input.url : input.toString()
    const body = typeof init?.body === "string" ? toWellFormedJson(init.body) : null
    // A redirect would carry the key to an address that nobody configured.
    const request = new Request(url, { method: "POST", headers, body, signal: controller.signal, redirect: "manual" })
    arm(limits.firstByteMs, "first_byte_timeout")
    const response = await respond(request)
    const contentType = response.headers.get("content-type") ?? ""
    if (response.status !== 200 || response.body === null || /json|html|xml/.test(contentType)) return refuse(response)
    return new Response(watch(response.body, limits.responseBytes), { headers: { "content-type": contentType } })
  }

  return {
    fetch: send,
    signal: controller.signal,
    get ending() {
      return ending
    },
    progressed() {
      progressedAt = performance.now()
    },
    stop,
    close() {
      disarm()
      clearTimeout(wholeCall)
      signal.removeEventListener("abort", onAbort)
    },
  }
}

/** Codes of Node and undici for connections that never stood; other runtimes tell none. */
const connectCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
])

function neverConnected(error: unknown): boolean {
  return causesOf(error).some(
    (cause) => "code" in cause && typeof cause.code === "string" && connectCodes.has(cause.code),
  )
}

function isForbidden(error: unknown): boolean {
  return causesOf(error).some((cause) => isLoopError(cause) && cause.code === "egress_forbidden")
}

function causesOf(error: unknown): object[] {
  const causes: object[] = []
  for (let cause = error; typeof cause === "object" && cause !== null && causes.length < 5;) {
    causes.push(cause)
    cause = "cause" in cause ? cause.cause : undefined
  }
  return causes
}

/**
 * Reads the few bytes behind a complete answer, so that its connection can serve the next call. Gives the connection up when
 * they do not come to an end.
 */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array>, limits: CallLimits): Promise<void> {
  const giveUp = (): void => {
    reader.cancel().catch(ignore)
  }
  const timer = setTimeout(giveUp, limits.lingerMs)
  try {
    for (let left = limits.errorBytes; left > 0;) {
      const chunk = await reader.read()
      if (chunk.done) return
      left -= chunk.value.byteLength
    }
    giveUp()
  } catch {
    giveUp()
  } finally {
    clearTimeout(timer)
  }
}

/** The text as far as it came. */
async function readText(body: ReadableStream<Uint8Array>): Promise<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ""
  try {
    for (;;) {
      const chunk = await reader.read()
      if (chunk.done) return text + decoder.decode()
      text += decoder.decode(chunk.value, { stream: true })
    }
  } catch {
    return text
  }
}

/**
 * Half a surrogate pair is legal JSON as an escape, and both providers refuse the request for it. JSON.stringify writes such an
 * escape for nothing else, so each one becomes U+FFFD.
 */
function toWellFormedJson(json: string): string {
  if (!json.includes("\\ud")) return json
  return json.replace(/\\(ud[89a-f][0-9a-f]{2}|.)/g, (escape, code: string) => (code.length > 1 ? "\\ufffd" : escape))
}
