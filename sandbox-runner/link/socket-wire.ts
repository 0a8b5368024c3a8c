/** The WebSocket to a gateway elsewhere: dialled out, with the token in a header, never in an address. */
import type { IncomingMessage } from "node:http"
import { WebSocket } from "ws"
import type { Dial, Dialled } from "./wire.ts"

/** Above the gateway's largest frame, a command of 900 KB. */
const maxFrameBytes = 1_000_000
const handshakeMs = 15_000

/** @param gatewayUrl - http(s) address of the gateway, with or without a path before its API */
export function socketDial(gatewayUrl: string, token: string): Dial {
  const url = linkUrl(gatewayUrl)
  return (events) =>
    new Promise<Dialled>((resolve) => {
      const socket = new WebSocket(url, {
        headers: { authorization: `Bearer ${token}` },
        handshakeTimeout: handshakeMs,
        maxPayload: maxFrameBytes,
        perMessageDeflate: false,
        followRedirects: false,
      })
      let last = Promise.resolve()
      let waiting = 0
      let isOpen = false
      socket.on("open", () => {
        isOpen = true
        const wire = { send: (text: string) => socket.send(text), close: () => socket.terminate() }
        resolve({ status: "open", wire })
      })
      socket.on("message", (data, isBinary) => {
        if (isBinary || !Buffer.isBuffer(data)) return socket.terminate()
        const text = data.toString()
        waiting += 1
        socket.pause()
        last = last
          .then(() => events.onText(text))
          .catch(() => socket.terminate())
          .finally(() => {
            waiting -= 1
            if (waiting === 0) socket.resume()
          })
      })
      socket.on("unexpected-response", (_, response) => {
        resolve(refusalOf(response))
        socket.terminate()
      })
      socket.on("error", (error) => resolve({ status: "failed", message: error.message }))
      socket.on("close", (code, reason) => {
        resolve({ status: "failed", message: "The connection was closed." })
        // Of one that never was open the answer to the dialling says why.
        if (isOpen) events.onClose(code, reason.toString())
      })
    })
}

/** The address of the link: `wss` for `https`. */
export function linkUrl(gatewayUrl: string): URL {
  const url = new URL(gatewayUrl)
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:"
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/api/runners/link`
  url.search = ""
  url.hash = ""
  return url
}

function refusalOf({ statusCode = 0, headers }: IncomingMessage): Dialled {
  switch (statusCode) {
    case 401:
      return { status: "refused", message: "The gateway does not know RUNNER_TOKEN, or it is revoked or expired." }
    case 403:
      return { status: "refused", message: "RUNNER_TOKEN is no token for runners. Make one under Runners." }
    case 404:
    case 405:
      return { status: "refused", message: "At GATEWAY_URL there is no gateway that takes runners." }
    case 421:
      return {
        status: "refused",
        message: "The gateway does not know its name in GATEWAY_URL: add it to ALLOWED_HOSTS.",
      }
    default: {
      const where = statusCode >= 300 && statusCode < 400 ? ` and points to ${String(headers.location)}` : ""
      return { status: "failed", message: `The gateway answers ${statusCode}${where}.` }
    }
  }
}
