/**
 * An HTTP proxy on loopback before one upstream (sqld, a model, a Bot API): counts round trips, delays them, fails them, and
 * stops at each for kill points. Production code knows nothing of it.
 */
import { Agent, createServer, request as forwardRequest, type IncomingMessage, type ServerResponse } from "node:http"
import { listen, type LoopbackServer } from "./loopback.ts"
import { freePort } from "./port.ts"
import { createWaiters } from "./waiters.ts"

export interface CountingProxyOptions {
  /** Base URL, http only. */
  readonly upstream: string
  readonly port?: number
  /** Which requests are numbered and stopped at; all when absent. Others pass as they are. */
  readonly counts?: (request: { readonly method: string; readonly path: string }) => boolean
  /** Awaited before the n-th request goes upstream: killed here, it never happened. */
  readonly before?: (n: number) => void | Promise<void>
  /** Awaited when upstream has answered and nothing was passed back: killed here, it happened and nobody knows. */
  readonly beforeAnswer?: (n: number) => void | Promise<void>
  /** The whole answer was passed back, or its taker left. */
  readonly after?: (n: number) => void
}

/** `refused`: nobody listens; `reset`: connections are accepted and torn; `hangs`: requests are read and never answered. */
export type ProxyMode = "on" | "refused" | "reset" | "hangs"

export interface CountingProxy extends LoopbackServer {
  /** Counted requests that came, passed on or not. */
  readonly requestCount: number
  /** Connections that are open are torn by each change, so that none is left in the old mode. */
  setMode(mode: ProxyMode): Promise<void>
  /** Added to each request before it goes upstream. */
  setDelay(ms: number): void
  waitForRequest(n: number, timeoutMs?: number): Promise<void>
}

export async function startCountingProxy(options: CountingProxyOptions): Promise<CountingProxy> {
  const upstream = new URL(options.upstream)
  const agent = new Agent({ keepAlive: true })
  const waiters = createWaiters()
  let mode: ProxyMode = "on"
  let delayMs = 0
  let requestCount = 0

  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const counted = options.counts?.({ method: request.method ?? "", path: request.url ?? "" }) ?? true
    const n = counted ? ++requestCount : 0
    if (counted) {
      waiters.notify()
      response.once("close", () => options.after?.(n))
      await options.before?.(n)
    }
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
    if (mode === "hangs") return void request.resume()
    const forwarded = forwardRequest(
      {
        agent,
        host: upstream.hostname,
        port: upstream.port,
        method: request.method,
        path: `${upstream.pathname.replace(/\/$/, "")}${request.url ?? ""}`,
        headers: { ...request.headers, host: upstream.host },
      },
      (answer) => {
        const giveBack = async () => {
          if (counted) await options.beforeAnswer?.(n)
          response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
          answer.on("error", () => response.destroy()).pipe(response)
        }
        giveBack().catch(() => response.destroy())
      },
    )
    // Upstream away looks to the client as if the proxy were away too.
    forwarded.on("error", () => response.socket?.destroy())
    response.once("close", () => {
      if (!response.writableFinished) forwarded.destroy()
    })
    request.pipe(forwarded)
  }

  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    pass(request, response).catch(() => response.destroy())
  })
  server.on("connection", (socket) => {
    if (mode === "reset") socket.resetAndDestroy()
  })
  const silence = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  const port = options.port ?? (await freePort())
  await listen(server, port)

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    get requestCount() {
      return requestCount
    },
    async setMode(next) {
      if (next === mode) return
      mode = next
      if (next === "refused") await silence()
      else if (server.listening) server.closeAllConnections()
      else await listen(server, port)
    },
    setDelay(ms) {
      delayMs = ms
    },
    async waitForRequest(n, timeoutMs) {
      await waiters.until(`request ${n} at the proxy`, () => (requestCount >= n ? true : undefined), timeoutMs)
    },
    async close() {
      waiters.close("the proxy was closed")
      agent.destroy()
      if (server.listening) await silence()
    },
  }
}
