/** Calls an endpoint by its contract: the answer is parsed, so the page trusts its types. */
import type * as z from "zod"
import type { Endpoint, StreamEndpoint } from "../../../core/api/endpoint.ts"
import { ErrorBody } from "../../../core/errors.ts"
import { toUrl } from "../../../core/api/endpoint.ts"
import { isSignedOut, Problem, readProblem, unreachable } from "./problem.ts"

/** No answer of the gateway takes this long; a stream has no such limit. */
const answerTimeoutMs = 30_000

/** Parts that may be empty may be left out. */
type CallInput<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = Part<"params", P> &
  Part<"query", Q> &
  Part<"body", B>
type Part<K extends string, T extends z.ZodType> =
  Record<string, never> extends z.input<T> ? { [key in K]?: z.input<T> } : { [key in K]: z.input<T> }

export interface CallOptions {
  readonly signal?: AbortSignal
  readonly headers?: Readonly<Record<string, string>>
}

export interface Client {
  /** @throws Problem with the gateway's code, `unreachable` or `unexpected_answer` */
  readonly call: <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
    endpoint: Endpoint<P, Q, B, R>,
    input: CallInput<P, Q, B>,
    options?: CallOptions,
  ) => Promise<z.output<R>>
  /**
   * Opens an event stream. The body is read by the caller, and closed by `signal`.
   * @throws Problem as `call` does; an AbortError of `signal` is thrown as it is
   */
  readonly open: <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
    endpoint: StreamEndpoint<P, Q, B>,
    input: CallInput<P, Q, B>,
    options: { readonly signal: AbortSignal; readonly headers?: Readonly<Record<string, string>> },
  ) => Promise<ReadableStream<Uint8Array>>
}

/**
 * @param base - origin of the gateway; empty for the page's own
 * @param onSignedOut - told when the gateway no longer knows the session
 */
export function createClient(base: string, onSignedOut: () => void): Client {
  const request = async (
    endpoint: { readonly method: string; readonly path: string; readonly badStatus?: number },
    input: { params?: unknown; query?: unknown; body?: unknown },
    init: { signal: AbortSignal; headers: Record<string, string> },
  ): Promise<Response> => {
    const sends = endpoint.method !== "get"
    const response = await fetch(base + toUrl(endpoint.path, input.params ?? {}, input.query ?? {}), {
      method: endpoint.method.toUpperCase(),
      headers: { ...init.headers, ...(sends ? { "content-type": "application/json" } : {}) },
      ...(sends ? { body: JSON.stringify(input.body ?? {}) } : {}),
      signal: init.signal,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
    }).catch((error: unknown) => {
      if (init.signal.aborted) throw error
      throw unreachable()
    })
    if (response.ok) return response
    if (response.status === endpoint.badStatus) {
      // The endpoint's own answer, unless it failed before it had one.
      const answer: unknown = await response
        .clone()
        .json()
        .catch(() => undefined)
      if (!ErrorBody.safeParse(answer).success) return response
    }
    const problem = await readProblem(response)
    if (isSignedOut(problem)) onSignedOut()
    throw problem
  }

  return {
    async call(endpoint, input, options = {}) {
      const timeout = AbortSignal.timeout(answerTimeoutMs)
      const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
      const failed = (error: unknown) => {
        if (options.signal?.aborted || error instanceof Problem) throw error
        throw unreachable()
      }
      const response = await request(endpoint, input, {
        signal,
        headers: { ...options.headers, accept: "application/json, */*;q=0.5" },
      }).catch(failed)
      const text = response.status === 204 ? "{}" : await response.text().catch(failed)
      const answer = endpoint.textType === undefined ? parseJson(text === "" ? "{}" : text) : text
      const parsed = endpoint.response.safeParse(answer)
      if (parsed.success) return parsed.data
      throw new Problem(
        "unexpected_answer",
        "The gateway's answer has a form that this page does not know. Reload the page: the gateway may be newer.",
        response.status,
      )
    },
    async open(endpoint, input, options) {
      const headers = { ...options.headers, accept: "text/event-stream, application/json" }
      const response = await request(endpoint, input, { signal: options.signal, headers })
      const type = response.headers.get("content-type") ?? ""
      if (response.body && type.startsWith("text/event-stream")) return response.body
      throw new Problem("unexpected_answer", "The gateway sent no event stream. A proxy may stand between.", 0)
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
