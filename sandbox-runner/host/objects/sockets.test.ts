/** What the Node host does for sockets that Cloudflare does by itself: gates, slow readers, lost connections, the end. */
import { connect as connectTcp, type Socket } from "node:net"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { WebSocket as RawWebSocket } from "ws"
import { toClient } from "../../../durable-objects/sockets.suite.ts"
import { openProbeHost, type ProbeHost } from "../../testkit/probe-host.ts"
import { opened, startSocketServer, type SocketServer } from "../../testkit/socket-server.ts"

let host: ProbeHost
let server: SocketServer
let beforeCommit: () => void = () => {}
const raw: { destroy(): void }[] = []

beforeEach(async () => {
  host = await openProbeHost({
    aroundCommit(commit) {
      beforeCommit()
      commit()
    },
  })
  server = await startSocketServer(() => host.objects)
})
afterEach(async () => {
  beforeCommit = () => {}
  for (const socket of raw.splice(0)) socket.destroy()
  await host.close()
  await server.close()
})

const call = (id: string, method: string, input: unknown = {}) => host.objects.reach("channel", id).call(method, input)
const connect = async (id: string, wish: unknown = {}) =>
  toClient(await opened(new WebSocket(server.urlOf("channel", id, wish))))

/** A client that never reads after the handshake, nor answers anything. */
async function connectDeaf(id: string): Promise<Socket> {
  const url = new URL(server.urlOf("channel", id, {}))
  const socket = connectTcp(Number(url.port), url.hostname)
  raw.push(socket)
  const lines = [
    `GET ${url.pathname} HTTP/1.1`,
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ]
  socket.write(`${lines.join("\r\n")}\r\n\r\n`)
  await new Promise((resolve) => socket.once("data", resolve))
  socket.pause()
  return socket
}

/** Asks for an upgrade by hand. @returns all that the server answers until it ends the connection */
async function ask(path: string, headers: readonly string[]): Promise<string> {
  const { port, hostname } = new URL(server.urlOf("channel", "x", {}))
  const socket = connectTcp(Number(port), hostname)
  raw.push(socket)
  socket.write(["GET " + path + " HTTP/1.1", "Host: localhost", ...headers].join("\r\n") + "\r\n\r\n")
  let text = ""
  for await (const part of socket.setEncoding("utf8")) text += String(part)
  return text
}

describe("a frame", () => {
  test("leaves only when what the object wrote before it is durable", async () => {
    const client = await connect("a")
    const order: string[] = []
    beforeCommit = () => order.push("commit")
    client.order({ do: "say", text: "written first" })
    await client.next().then(() => order.push("frame"))
    expect(order.slice(0, 2)).toEqual(["commit", "frame"])
  })

  test("that tells of a lost write is never seen, and its socket ends with 1011", async () => {
    const client = await connect("a", { attachment: "kept" })
    const other = await connect("b")
    beforeCommit = () => {
      throw new Error("the disk is gone")
    }
    client.order({ do: "say", text: "never was" })
    expect(await client.closed).toMatchObject({ code: 1011 })
    beforeCommit = () => {}
    expect(await call("a", "get", "said")).toBeNull()
    await expect.poll(() => call("a", "get", "closed")).toEqual(["kept"])
    other.order({ do: "say", text: "unhurt" })
    expect(await other.next()).toBe("unhurt")
  })

  test("comes behind those that waited for a commit before it", async () => {
    const client = await connect("a")
    for (let n = 0; n < 50; n += 1) client.order(n % 2 === 0 ? { do: "say", text: String(n) } : { do: "show mark" })
    const seen: unknown[] = []
    for (let n = 0; n < 50; n += 1) seen.push(await client.next())
    expect(seen).toEqual(Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? String(n) : "null")))
  })
})

describe("an object with open sockets", () => {
  test("leaves memory all the same, and is back with the next frame", async () => {
    const client = await connect("a", { attachment: "mine" })
    host.timers.advance(10_000)
    expect(host.objects.stats()).toMatchObject({ objects: 0, sockets: 1 })
    client.order({ do: "show mark" })
    expect(await client.next()).toBe('"mine"')
    expect(host.objects.stats()).toMatchObject({ objects: 1, sockets: 1 })
  })

  test("whose host stops loses them with 1012, behind the work that ran", async () => {
    const client = await connect("a")
    expect(await call("a", "isStopping")).toBe(false)
    const waiting = call("a", "wait", "w")
    const closing = host.objects.close(5_000)
    host.timers.advance(5_000)
    await waiting.catch(() => {})
    expect(await client.closed).toMatchObject({ code: 1012 })
    await closing
  })
})

describe("a reader that does not read", () => {
  test("is closed once 256 KB wait for it; memory stays bounded, others go on, and it learns why when it reads", async () => {
    const slow = new RawWebSocket(server.urlOf("channel", "a", { attachment: "slow", tags: ["slow"] }))
    raw.push({ destroy: () => slow.terminate() })
    await new Promise((resolve) => slow.once("open", resolve))
    const quick = await connect("a", { attachment: "quick", tags: ["quick"] })
    slow.pause()
    const text = "x".repeat(32_000)
    const before = process.memoryUsage().rss
    for (let round = 0; round < 200; round += 1) {
      await call("a", "tellSockets", { text, times: 4 })
      for (let time = 0; time < 4; time += 1) await quick.next()
    }
    expect(await call("a", "marks")).toEqual(["quick"])
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
    let frames = 0
    slow.on("message", () => (frames += 1))
    const closed = new Promise((resolve) => slow.once("close", resolve))
    slow.resume()
    expect(await closed).toBe(1013)
    expect(frames).toBeLessThan(500)
    await expect.poll(() => call("a", "get", "closed")).toEqual(["slow"])
  })

  test("does not make the object wait for its pings either", async () => {
    const deaf = await connectDeaf("a")
    // A masked text frame "ping" (RFC 6455 5.2).
    const ping = Buffer.from([0x81, 0x84, 0, 0, 0, 0, ...Buffer.from("ping")])
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => ping))
    const gone = new Promise((resolve) => deaf.once("close", resolve))
    const pump = () => {
      while (deaf.writable && deaf.write(many)) continue
      deaf.once("drain", pump)
    }
    deaf.on("error", () => {})
    pump()
    await expect.poll(() => call("a", "marks")).toEqual([])
    deaf.destroy()
    await gone
  })
})

describe("a connection that died without a word", () => {
  test("is given up when it does not answer; one that answers stays", async () => {
    const deaf = await connectDeaf("a")
    deaf.on("error", () => {})
    const alive = new RawWebSocket(server.urlOf("channel", "a", { attachment: "alive" }))
    raw.push({ destroy: () => alive.terminate() })
    await new Promise((resolve) => alive.once("open", resolve))
    const asked = new Promise((resolve) => alive.once("ping", resolve))
    host.timers.advance(30_000)
    await asked
    // Its pong has arrived when what it sends behind it is answered.
    alive.send("ping")
    await new Promise((resolve) => alive.once("message", resolve))
    host.timers.advance(20_000)
    await expect.poll(() => call("a", "marks")).toEqual(["alive"])
    expect(await call("a", "get", "closed")).toEqual([null])
    expect(alive.readyState).toBe(alive.OPEN)
  })

  test("costs no timer once it is gone", async () => {
    await call("a", "life")
    const before = host.timers.count()
    const client = await connect("a")
    client.close(1000, "")
    await client.closed
    await expect.poll(() => host.objects.stats().sockets).toBe(0)
    expect(host.timers.count()).toBe(before)
  })
})

describe("an upgrade", () => {
  const upgrade = ["Connection: Upgrade", "Upgrade: websocket"]
  const pathOf = (wish: unknown) => new URL(server.urlOf("channel", "u", wish)).pathname

  test("that is refused is answered as any request, and the connection ends", async () => {
    const text = await ask(pathOf({ answer: "refuse" }), [...upgrade, "Sec-WebSocket-Version: 13"])
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    expect(text).toMatch(/connection: close/i)
    expect(text.endsWith("loop_archived")).toBe(true)
  })

  test("with a broken handshake leaves no socket behind", async () => {
    expect(await ask(pathOf({}), [...upgrade, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: short"])).toMatch(
      / 400 /,
    )
    expect(await ask(pathOf({}), upgrade)).toMatch(/ 400 /)
    expect(await call("u", "marks")).toEqual([])
    expect(host.objects.stats().sockets).toBe(0)
  })

  test("to anything else is a plain request", async () => {
    const text = await ask("/", ["Connection: Upgrade, close", "Upgrade: h2c"])
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*plain/)
  })

  test("whose address is none is 400", async () => {
    expect(await ask("http://[", upgrade)).toMatch(/^HTTP\/1\.1 400 /)
  })
})
