/** WebSockets of a Durable Object: the platform holds them while the object sleeps, and wakes it with what they bring. */
import { isLoopError, LoopError } from "../core/errors.ts"
import {
  maxSocketBufferBytes,
  maxSocketFrameBytes,
  type AcceptSocket,
  type HostedObject,
  type ObjectSocket,
  type Sockets,
} from "./host.ts"
import { checkClose, checkTags, encodeAttachment, ping, pong, tooSlow } from "./sockets.ts"

/** Carries what the edge tells the object of the client: an upgrade request has no body. */
const inputHeader = "x-upgrade-input"
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The request by which the edge hands a client's wish for a WebSocket to an object. */
export function toUpgradeRequest(input: unknown): Request {
  const headers = { upgrade: "websocket", [inputHeader]: encodeURIComponent(JSON.stringify(input)) }
  return new Request("https://object.invalid/", { headers })
}

/**
 * The client's answer, made of the object's: headers of that one cannot be changed.
 * @throws LoopError by which the object refused
 */
export async function fromUpgradeResponse(response: Response): Promise<Response> {
  const { webSocket } = response
  if (webSocket !== null) return new Response(null, { status: 101, webSocket })
  const failure: unknown = await response.json()
  throw isLoopError(failure) ? new LoopError(failure.code, failure.details) : new LoopError("internal")
}

/** Lets the object answer a request of {@link toUpgradeRequest}. */
export async function answerUpgrade(
  ctx: DurableObjectState,
  object: HostedObject,
  request: Request,
): Promise<Response> {
  const input: unknown = JSON.parse(decodeURIComponent(request.headers.get(inputHeader) ?? "null"))
  let client: WebSocket | undefined
  let server: WebSocket | undefined
  const accept: AcceptSocket = ({ tags = [], attachment } = {}) => {
    if (server !== undefined) throw new Error("one request is one socket")
    checkTags(tags)
    const kept = encodeAttachment(attachment)
    const pair = new WebSocketPair()
    client = pair[0]
    server = pair[1]
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(ping, pong))
    ctx.acceptWebSocket(server, [...tags])
    server.serializeAttachment(encoder.encode(kept))
    return handleOf(server)
  }
  try {
    await object.onUpgrade?.(input, accept)
    if (client === undefined) throw new Error("the object took no socket")
  } catch (error) {
    server?.close(1000, "Refused.")
    throw error
  }
  return new Response(null, { status: 101, webSocket: client })
}

export function openSockets(ctx: DurableObjectState): Sockets {
  return {
    list: (tag) =>
      ctx
        .getWebSockets(tag)
        .filter((socket) => socket.readyState === WebSocket.OPEN)
        .map(handleOf),
  }
}

/** A frame as objects get it; undefined for one that is too large. */
export function readFrame(data: string | ArrayBuffer): string | Uint8Array | undefined {
  if (typeof data !== "string") return data.byteLength > maxSocketFrameBytes ? undefined : new Uint8Array(data)
  const isTooLarge = data.length > maxSocketFrameBytes || encoder.encode(data).length > maxSocketFrameBytes
  return isTooLarge ? undefined : data
}

export function handleOf(socket: WebSocket): ObjectSocket {
  return {
    send(data) {
      if (socket.readyState !== WebSocket.OPEN) return
      if (socket.bufferedAmount > maxSocketBufferBytes) return socket.close(tooSlow.code, tooSlow.reason)
      socket.send(data)
    },
    close(code, reason) {
      checkClose(code, reason)
      if (socket.readyState === WebSocket.OPEN) socket.close(code, reason)
    },
    get attachment(): unknown {
      return JSON.parse(decoder.decode(socket.deserializeAttachment()))
    },
    set attachment(value) {
      socket.serializeAttachment(encoder.encode(encodeAttachment(value)))
    },
  }
}
