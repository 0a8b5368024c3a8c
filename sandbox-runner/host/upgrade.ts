/** WebSockets at the door of the HTTP server: the app decides as for any request, the object that said yes gets the socket. */
import { ServerResponse, type IncomingMessage, type Server } from "node:http"
import { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { WebSocketServer } from "ws"
import { maxSocketFrameBytes } from "../../durable-objects/host.ts"
import type { HeldSocket } from "./objects/sockets.ts"

export interface UpgradeDoor {
  /** The app's answer to the request. */
  answer(request: Request, incoming: IncomingMessage): Promise<Response>
  /** The socket that an object accepted for the request meanwhile. */
  takeSocket(request: Request): HeldSocket | undefined
}

/** True for what is answered here. Any other upgrade, such as to HTTP/2, is a request as if it had not been asked for. */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket"
}

/** Serves the upgrades of a server that was made with `shouldUpgradeCallback:` {@link asksForWebSocket}. */
export function serveUpgrades(server: Pick<Server, "on">, door: UpgradeDoor): void {
  const accepting = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxSocketFrameBytes,
    perMessageDeflate: false,
  })
  const added = new WeakMap<IncomingMessage, readonly string[]>()
  accepting.on("headers", (headers, incoming) => headers.push(...(added.get(incoming) ?? [])))

  const serve = async (incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const request = toRequest(incoming)
    if (request === undefined) return refuse(incoming, socket, new Response(null, { status: 400 }))
    const response = await door.answer(request, incoming)
    const held = door.takeSocket(request)
    if (held === undefined || !response.ok) {
      held?.drop()
      return refuse(incoming, socket, response)
    }
    added.set(
      incoming,
      [...response.headers].map(([name, value]) => `${name}: ${value}`),
    )
    let isAttached = false
    accepting.handleUpgrade(incoming, socket, head, (wire) => {
      isAttached = true
      held.attach(wire)
    })
    // The handshake itself was wrong, and has been answered so.
    if (!isAttached) held.drop()
  }
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A client that leaves meanwhile: the end of its socket is seen by whoever writes to it.
    socket.on("error", () => {})
    serve(incoming, socket, head).catch(() => socket.destroy())
  })
}

function toRequest(incoming: IncomingMessage): Request | undefined {
  const headers = new Headers()
  try {
    for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2) {
      headers.append(incoming.rawHeaders[at] ?? "", incoming.rawHeaders[at + 1] ?? "")
    }
    return new Request(new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "localhost"}`), { headers })
  } catch {
    return undefined
  }
}

/** Answers as to any other request, and ends the connection. */
async function refuse(incoming: IncomingMessage, socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer())
  if (!(socket instanceof Socket)) return void socket.destroy()
  const answer = new ServerResponse(incoming)
  answer.assignSocket(socket)
  answer.on("finish", () => socket.end())
  const headers = [...response.headers, ["connection", "close"], ["content-length", String(body.length)]]
  answer.writeHead(response.status, headers.flat())
  answer.end(body)
}
