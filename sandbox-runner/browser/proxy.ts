/**
 * The only way from Chromium to the network. It resolves names itself, judges the very address that it connects to and knows no
 * way to this machine. One for each conversation, on a port of loopback that only its part of Chromium is told. It asks for no
 * password: who else is on this machine reaches the same addresses without it, and no page can send it anything but an address
 * to judge.
 */
import { randomBytes } from "node:crypto"
import { lookup } from "node:dns"
import {
  createServer,
  request as sendRequest,
  Agent,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http"
import { connect, type LookupFunction, type Socket } from "node:net"
import { Transform, type Duplex } from "node:stream"
import { isLoopError } from "../../core/errors.ts"
import { forbidden, mayAskFor, portOf, type EgressRules } from "../../core/egress/target.ts"
import { guardedLookup, isForbiddenLiteral, type ConnectRules } from "../connecting.ts"

export interface ProxyOptions {
  readonly rules: EgressRules & ConnectRules
  /** Resolves names; the system's resolver unless a test brings its own. */
  readonly resolve?: LookupFunction
}

/** Why a host was not reached. */
export interface Refusal {
  readonly host: string
  readonly reason: "forbidden" | "unknown_name" | "unreachable"
}

export interface FilteringProxy {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** The refusal that an answer stands for: its name carries a secret, so that no site can write one. */
  refusalOf(headers: Readonly<Record<string, string>>): Refusal | undefined
  /** What was refused last for a host as a URL writes it. */
  lastRefusal(host: string): Refusal | undefined
  /** Cuts every connection. */
  close(): Promise<void>
}

const connectTimeoutMs = 10_000
/** Nothing said in either direction: a WebSocket of a page that nobody looks at any more. */
const silenceTimeoutMs = 120_000
/** Chromium opens 32 to one proxy, and 255 for WebSockets. */
const maxConnections = 300
/** Of one answer or tunnel: what is larger is no page, and an answer without end would fill the memory. */
const maxBytes = 64 * 1024 * 1024
const maxRefusalsKept = 200
/** Belong to one connection, not to the message (RFC 9110 7.6.1). */
const hopHeaders: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
])

/** What the two ways through the proxy share. */
interface Guard {
  /** Name of the header that tells a refusal. */
  readonly marker: string
  readonly agent: Agent
  /** @throws LoopError `egress_forbidden` for what an address shows by itself */
  check(url: URL): void
  refuse(url: URL, error: unknown): void
  lookupFor(port: number): LookupFunction
}

export async function startProxy({ rules, resolve = lookup }: ProxyOptions): Promise<FilteringProxy> {
  const refusals = new Map<string, Refusal>()
  const tunnels = new Set<Duplex>()
  const guard: Guard = {
    marker: `x-refused-${randomBytes(12).toString("hex")}`,
    agent: new Agent({ keepAlive: true, maxFreeSockets: 16, timeout: silenceTimeoutMs }),
    check(url) {
      if (!mayAskFor(url, rules) || isForbiddenLiteral(url.hostname, portOf(url), rules)) throw forbidden(url.hostname)
    },
    refuse({ hostname }, error) {
      refusals.delete(hostname)
      refusals.set(hostname, { host: hostname, reason: reasonOf(error) })
      const [oldest] = refusals.keys()
      if (refusals.size > maxRefusalsKept && oldest !== undefined) refusals.delete(oldest)
    },
    lookupFor: (port) => guardedLookup(resolve, port, rules),
  }
  const server = createServer({ keepAliveTimeout: silenceTimeoutMs, maxHeaderSize: 64 * 1024 })
  server.maxConnections = maxConnections
  server.on("request", (incoming: IncomingMessage, response: ServerResponse) => handOn(guard, incoming, response))
  server.on("connect", (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    tunnels.add(client)
    client.on("close", () => tunnels.delete(client))
    openTunnel(guard, incoming, client, head)
  })
  // A request to upgrade that is not inside a tunnel: Chromium sends none.
  server.on("upgrade", (_, socket: Duplex) => socket.destroy())
  server.on("clientError", (_, socket: Duplex) => socket.destroy())
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    refusalOf: (headers) => refusals.get(headers[guard.marker] ?? ""),
    lastRefusal: (host) => refusals.get(host),
    async close() {
      for (const tunnel of tunnels) tunnel.destroy()
      guard.agent.destroy()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

/** A request for an address without TLS: the proxy asks for it and hands the answer back. */
function handOn(guard: Guard, incoming: IncomingMessage, response: ServerResponse): void {
  const url = absoluteUrl(incoming.url)
  if (url === undefined || url.protocol !== "http:") {
    response.writeHead(400).end()
    return
  }
  const fail = (error: unknown) => {
    incoming.resume()
    guard.refuse(url, error)
    if (response.headersSent) {
      response.destroy()
      return
    }
    // With a body, or Chromium shows a page of its own in place of the answer.
    const headers = { [guard.marker]: url.hostname, "cache-control": "no-store", "content-type": "text/plain" }
    response.writeHead(502, headers).end("Refused.")
  }
  try {
    guard.check(url)
    const outgoing = sendRequest(url, {
      method: incoming.method ?? "GET",
      headers: { ...endToEnd(incoming.headers), host: url.host },
      agent: guard.agent,
      lookup: guard.lookupFor(portOf(url)),
      timeout: silenceTimeoutMs,
      setDefaultHeaders: false,
    })
    outgoing.on("timeout", () => outgoing.destroy(new Error("silent")))
    outgoing.on("error", fail)
    outgoing.on("response", (answer) => {
      try {
        response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers))
      } catch {
        // A status or header that HTTP does not know.
        outgoing.destroy(new Error("not HTTP"))
        return
      }
      answer.on("error", () => response.destroy())
      answer.pipe(boundedTo(maxBytes, () => outgoing.destroy())).pipe(response)
    })
    response.on("close", () => outgoing.destroy())
    incoming.pipe(outgoing)
  } catch (error) {
    fail(error)
  }
}

/** A tunnel for TLS, and for a WebSocket without it: the proxy sees where it leads and nothing of what is said. */
function openTunnel(guard: Guard, incoming: IncomingMessage, client: Duplex, head: Buffer): void {
  client.on("error", () => client.destroy())
  const url = absoluteUrl(`https://${incoming.url ?? ""}`)
  const plain = absoluteUrl(`http://${incoming.url ?? ""}`)
  const [, port] = /:(\d{1,5})$/.exec(incoming.url ?? "") ?? []
  if (url === undefined || plain === undefined || port === undefined) {
    client.end("HTTP/1.1 400 Bad Request\r\n\r\n")
    return
  }
  const refuse = (error: unknown) => {
    guard.refuse(url, error)
    client.end("HTTP/1.1 502 Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
  }
  try {
    for (const asked of [url, plain]) guard.check(asked)
    const host = url.hostname.replace(/^\[(.+)\]$/, "$1")
    const site = connect({ host, port: Number(port), lookup: guard.lookupFor(Number(port)) })
    const connecting = setTimeout(() => site.destroy(new Error("silent")), connectTimeoutMs)
    let isOpen = false
    site.once("connect", () => {
      isOpen = true
      clearTimeout(connecting)
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n")
      if (head.length > 0) site.write(head)
      join(site, client)
    })
    site.on("error", (error) => {
      clearTimeout(connecting)
      if (isOpen) client.destroy()
      else refuse(error)
    })
    client.on("close", () => site.destroy())
  } catch (error) {
    refuse(error)
  }
}

function absoluteUrl(text: string | undefined): URL | undefined {
  return URL.parse(text ?? "") ?? undefined
}

function endToEnd(headers: IncomingMessage["headers"]): IncomingMessage["headers"] {
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase())
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name) && !named.includes(name)))
}

function join(site: Socket, client: Duplex): void {
  site.setTimeout(silenceTimeoutMs, () => site.destroy())
  site.on("close", () => client.destroy())
  site.pipe(boundedTo(maxBytes, () => site.destroy())).pipe(client)
  client.pipe(site)
}

/** Hands on until there is too much, then cuts. */
function boundedTo(limitBytes: number, cut: () => void): Transform {
  let seenBytes = 0
  const bounded = new Transform({
    transform(chunk: Buffer, _, done) {
      seenBytes += chunk.length
      if (seenBytes <= limitBytes) return done(null, chunk)
      cut()
      done(new Error("too large"))
    },
  })
  bounded.on("error", cut)
  return bounded
}

function reasonOf(error: unknown): Refusal["reason"] {
  if (isLoopError(error) && error.code === "egress_forbidden") return "forbidden"
  const code = error instanceof Error && "code" in error ? error.code : undefined
  return code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EAI_NODATA" ? "unknown_name" : "unreachable"
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      if (typeof address === "object" && address !== null) resolve(address.port)
      else reject(new Error("the proxy has no port"))
    })
  })
}
