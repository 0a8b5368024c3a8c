/** Drives a gateway through its public API, as cheaply as a client can, so that what is measured is the server. */
import { Socket } from "node:net"
import { Pool } from "undici"
import * as z from "zod"

export interface GatewayClient {
  createLoop(): Promise<string>
  /** Sends a message and reads its stream to the end. @throws when the turn did not end with `done` */
  turn(loop: string, content?: string): Promise<void>
  /** Watches the loop's events and reads none of them. */
  watchWithoutReading(loop: string): Promise<Socket>
  close(): Promise<void>
}

const SignedIn = z.object({ token: z.string() })
const Created = z.object({ id: z.string() })
const mostConnections = 64

/** Makes the administrator by the set-up code, and a token with the scope `chat`. */
export async function connectGateway(url: string, setupCode: string): Promise<GatewayClient> {
  const pool = new Pool(url, { connections: mostConnections, bodyTimeout: 0, headersTimeout: 0 })
  const token = await makeToken(url, setupCode)
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }

  const post = async (path: string, body: object): Promise<string> => {
    const answer = await pool.request({ method: "POST", path, headers, body: JSON.stringify(body) })
    const text = await answer.body.text()
    if (answer.statusCode >= 300) throw new Error(`POST ${path}: ${answer.statusCode} ${text}`)
    return text
  }

  return {
    async createLoop() {
      return Created.parse(JSON.parse(await post("/api/v1/loops", {}))).id
    },
    async turn(loop, content = "Good morning, how are things?") {
      const events = await post(`/api/v1/loops/${loop}/messages`, { content })
      if (!events.includes("event: done\n")) throw new Error(`a turn did not end well: ${events.slice(-500)}`)
    },
    async watchWithoutReading(loop) {
      const { hostname, port, host } = new URL(url)
      const socket = new Socket()
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject).connect(Number(port), hostname, resolve)
      })
      socket.pause()
      const head = [`GET /api/v1/loops/${loop}/events HTTP/1.1`, `Host: ${host}`, `Authorization: Bearer ${token}`]
      socket.write(`${head.join("\r\n")}\r\n\r\n`)
      return socket
    },
    close: () => pool.destroy(),
  }
}

export interface OperatorClient {
  /** Reads the whole answer. @throws when it is no success */
  get(path: string): Promise<void>
  delete(path: string): Promise<void>
  close(): Promise<void>
}

/** Makes the administrator by the set-up code, and asks as they. */
export async function signIn(url: string, code: string): Promise<OperatorClient> {
  const setUp = await fetch(`${url}/api/auth/setup`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url },
    body: JSON.stringify({ username: "bench", password: "a long password for it", code }),
  })
  if (!setUp.ok) throw new Error(`set-up: ${setUp.status} ${await setUp.text()}`)
  const { token } = SignedIn.parse(await setUp.json())
  const pool = new Pool(url, { connections: mostConnections, bodyTimeout: 0, headersTimeout: 0 })
  const ask = async (method: "GET" | "DELETE", path: string) => {
    const answer = await pool.request({ method, path, headers: { authorization: `Bearer ${token}` } })
    const text = await answer.body.text()
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`)
  }
  return { get: (path) => ask("GET", path), delete: (path) => ask("DELETE", path), close: () => pool.destroy() }
}

async function makeToken(url: string, code: string): Promise<string> {
  const send = (path: string, body: object, cookie: string) =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: url, cookie },
      body: JSON.stringify(body),
    })
  const setUp = await send("/api/auth/setup", { username: "bench", password: "a long password for it", code }, "")
  if (!setUp.ok) throw new Error(`set-up: ${setUp.status} ${await setUp.text()}`)
  const cookie = setUp.headers.getSetCookie().map((one) => one.split(";")[0])
  const made = await send("/api/v1/me/tokens", { scopes: ["chat"] }, cookie.join("; "))
  if (!made.ok) throw new Error(`token: ${made.status} ${await made.text()}`)
  return SignedIn.parse(await made.json()).token
}
