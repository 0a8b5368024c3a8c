/** The database behind a libSQL server (Turso, sqld), over HTTP, on either host. */
import { createClient } from "@libsql/client/http"
import { type Libsql, libsqlOver } from "./libsql.ts"
import { skipWhileAway } from "./presence.ts"

/** Long enough for a server that wakes from sleep (seconds on Turso's free plan), short enough for a waiting person. */
const requestTimeoutMs = 15_000
/** A server that was away is asked whether it is back; whoever asks waits no longer than this. */
const probeTimeoutMs = 3_000

export type RemoteDatabase =
  | { readonly status: "open"; readonly libsql: Libsql }
  /** `message` is one line for the operator; it repeats neither address nor token. */
  | { readonly status: "invalid"; readonly message: string }

/**
 * Prepares the way to a server; nothing is sent yet. Each batch is one request. While the server is away, batches fail at once
 * and not each after its timeout, so that those who can do without are served.
 * @param options.url - `libsql:`, `https:` or `http:`
 * @param options.fetch - the host's way out, for an address that the operator chose
 */
export function openRemote(options: {
  readonly url: string
  readonly authToken?: string | undefined
  readonly fetch: (request: Request) => Promise<Response>
  readonly timeoutMs?: number
}): RemoteDatabase {
  const { url, authToken, timeoutMs = requestTimeoutMs } = options
  // The client's own queue would start one request's work inside another's, which Workers forbid; so it never queues.
  const concurrency = Number.POSITIVE_INFINITY
  const within = (limitMs: number) => (request: Request) =>
    options.fetch(new Request(request, { signal: AbortSignal.timeout(limitMs) }))
  const open = (fetch: (request: Request) => Promise<Response>) =>
    createClient({ url, concurrency, fetch, ...(authToken === undefined ? {} : { authToken }) })
  try {
    const prober = open(within(probeTimeoutMs))
    const probe = () => prober.execute("select 1")
    const fetch = skipWhileAway({ fetch: within(timeoutMs), probe, probeTimeoutMs, now: () => Date.now() })
    return { status: "open", libsql: libsqlOver(open(fetch)) }
  } catch {
    return { status: "invalid", message: "LIBSQL_URL is not a libsql:, https: or http: address." }
  }
}
