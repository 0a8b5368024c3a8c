/** What all servers of the test kit share: loopback only, connections that outlive idleness, an end that waits for nobody. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { freePort } from "./port.ts"

export interface LoopbackServer {
  readonly port: number
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string
  /** Ends every connection and the server. Safe to call twice. */
  readonly close: () => Promise<void>
}

/**
 * Starts an HTTP server on 127.0.0.1. Node closes idle connections after five seconds, which a client that reuses them sees
 * as a reset; here they stay open, so that a reset in a test is always one that the test asked for.
 * @param port - a free one unless given; it may stop, and another start in its place
 */
export async function startLoopback(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  port?: number,
): Promise<LoopbackServer> {
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else response.writeHead(500, { "content-type": "text/plain" }).end(`test kit: ${String(error)}`)
    })
  })
  const bound = port ?? (await freePort())
  await listen(server, bound)
  let closing: Promise<void> | undefined
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    close() {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      return closing
    },
  }
}

/** Reads a request's whole body. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(Buffer.from(part))
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}

/** On 127.0.0.1. */
export function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject)
      resolve()
    })
  })
}
