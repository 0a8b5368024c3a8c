/** A server for the WebSockets of an object host, without the edge before it: whoever asks is let in. */
import { createServer } from "node:http"
import { isLoopError } from "../../core/errors.ts"
import type { ObjectKind } from "../../durable-objects/peers.ts"
import type { NodeObjects } from "../host/objects/objects.ts"
import { asksForWebSocket, serveUpgrades } from "../host/upgrade.ts"

export interface SocketServer {
  /** The address at which a client asks an object for a socket. */
  urlOf(kind: ObjectKind, id: string, input: unknown): string
  close(): Promise<void>
}

/** @param objects - asked for anew each time, so that a host may restart behind its server */
export async function startSocketServer(objects: () => NodeObjects): Promise<SocketServer> {
  /** By number, since an address cannot hold all that an object may be told. */
  const wishes: { kind: ObjectKind; id: string; input: unknown }[] = []
  const server = createServer({ shouldUpgradeCallback: asksForWebSocket }, (_, response) => response.end("plain"))
  serveUpgrades(server, {
    async answer(request) {
      const wish = wishes[Number(new URL(request.url).pathname.slice(1))]
      if (wish === undefined) return new Response("no such wish", { status: 404 })
      try {
        return await objects().upgrade(wish.kind, wish.id, request, wish.input)
      } catch (error) {
        return new Response(isLoopError(error) ? error.code : String(error), { status: 400 })
      }
    },
    takeSocket: (request) => objects().takeSocket(request),
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    urlOf(kind, id, input) {
      wishes.push({ kind, id, input })
      return `ws://127.0.0.1:${port}/${wishes.length - 1}`
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Waits until the server has let the client in. @throws when it refuses */
export function opened(socket: WebSocket): Promise<WebSocket> {
  socket.binaryType = "arraybuffer"
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => resolve(socket))
    socket.addEventListener("error", () => reject(new Error("the WebSocket was refused")))
  })
}
