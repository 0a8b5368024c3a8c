/** Counts side effects: `POST /lines {"line": "…"}` appends a line. A line that stands twice is work that was done twice. */
import * as z from "zod"
import { readBody, startLoopback, type LoopbackServer } from "./loopback.ts"
import { createWaiters } from "./waiters.ts"

export interface LineServer extends LoopbackServer {
  readonly lines: readonly string[]
  /** Lines that stand more than once, each named once. */
  repeated(): string[]
  waitForLine(line: string, timeoutMs?: number): Promise<void>
}

export interface LineServerOptions {
  readonly port?: number
  /** Awaited before the n-th line is appended: a kill point before the effect. */
  readonly beforeAppend?: (n: number) => void | Promise<void>
  /** Awaited after the n-th line is appended and before it is answered: a kill point between effect and record. */
  readonly beforeAnswer?: (n: number) => void | Promise<void>
}

const Body = z.object({ line: z.string() })

export async function startLineServer(options: LineServerOptions = {}): Promise<LineServer> {
  const lines: string[] = []
  const waiters = createWaiters()
  let requestCount = 0
  const server = await startLoopback(async (request, response) => {
    if (request.method !== "POST" || request.url !== "/lines") return void response.writeHead(404).end()
    const body = await readBody(request)
    const n = ++requestCount
    await options.beforeAppend?.(n)
    lines.push(Body.parse(JSON.parse(body.toString())).line)
    waiters.notify()
    await options.beforeAnswer?.(n)
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ count: lines.length }))
  }, options.port)
  return {
    ...server,
    lines,
    repeated: () => [...new Set(lines.filter((line, i) => lines.indexOf(line) !== i))],
    async waitForLine(line, timeoutMs) {
      await waiters.until(`line ${line}`, () => (lines.includes(line) ? true : undefined), timeoutMs)
    },
    async close() {
      waiters.close("the line server was closed")
      await server.close()
    },
  }
}
