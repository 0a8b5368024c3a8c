/** The proxy by itself: what it hands on, what it refuses, and that no client can make it do otherwise. */
import type { LookupAddress } from "node:dns"
import { once } from "node:events"
import { request } from "node:http"
import { connect, createServer, type Server, type Socket } from "node:net"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { parseAllowance } from "../../core/egress/address.ts"
import { freePort } from "../testkit/port.ts"
import { startSite, type Site } from "../testkit/site.ts"
import { startProxy, type FilteringProxy } from "./proxy.ts"

let site: Site
let echo: Server
let echoPort: number
let proxy: FilteringProxy
let connections = 0
const names = new Map<string, LookupAddress[]>()

beforeAll(async () => {
  site = await startSite()
  echo = createServer((socket) => {
    connections += 1
    socket.pipe(socket)
    socket.on("error", () => {})
  }).listen(0, "127.0.0.1")
  await once(echo, "listening")
  const address = echo.address()
  echoPort = typeof address === "object" && address !== null ? address.port : 0
})
afterAll(async () => {
  await site.close()
  echo.close()
})
beforeEach(async () => {
  site.pages.clear()
  site.seen.length = 0
  connections = 0
  names.clear()
  proxy = await startProxy({
    rules: {
      allowances: [site.port, echoPort].flatMap((port) => parseAllowance(`127.0.0.1/32:${port}`) ?? []),
      ownOrigins: ["https://gateway.example", "http://plain-gateway.example"],
      ownPort: 3_000,
    },
    resolve(hostname, _, callback) {
      const found = names.get(hostname)
      if (found === undefined) callback(Object.assign(new Error("not found"), { code: "ENOTFOUND" }), [])
      else callback(null, found)
    },
  })
})
afterEach(() => proxy.close())

const v4 = (...addresses: string[]) => addresses.map((address) => ({ address, family: 4 }))
const proxyPort = () => Number(new URL(proxy.url).port)

/** As a browser asks its proxy for an address without TLS. */
async function ask(url: string, headers: Record<string, string> = {}) {
  const sent = request({ host: "127.0.0.1", port: proxyPort(), path: url, headers: { host: "x", ...headers } })
  sent.end()
  const [response] = await once(sent, "response")
  let body = ""
  for await (const part of response) body += part
  const answered: Record<string, string> = response.headers
  return { status: Number(response.statusCode), headers: answered, body }
}

/** As a browser asks for a tunnel. @returns the status line, and the socket behind it */
async function tunnel(target: string): Promise<{ status: string; socket: Socket }> {
  const socket = connect(proxyPort(), "127.0.0.1")
  socket.on("error", () => {})
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`)
  const [first] = await once(socket, "data")
  return { status: String(first).split("\r\n")[0] ?? "", socket }
}

test("hands on a request and its answer, without what belongs to the connection", async () => {
  site.pages.set("/a", (_, response) => response.writeHead(201, { "x-kept": "yes" }).end("hello"))
  const answer = await ask(`${site.url}/a?b`, {
    connection: "keep-alive, x-hop",
    "x-hop": "1",
    "proxy-authorization": "Basic abc",
    "x-kept": "yes",
  })
  expect(answer).toMatchObject({ status: 201, body: "hello", headers: { "x-kept": "yes" } })
  const { host } = new URL(site.url)
  expect(site.seen[0]).toMatchObject({ url: "/a?b", headers: { "x-kept": "yes", host } })
  expect(site.seen[0]?.headers).not.toHaveProperty("x-hop")
  expect(site.seen[0]?.headers).not.toHaveProperty("proxy-authorization")
})

test("opens a tunnel, and cuts it when it closes", async () => {
  const { status, socket } = await tunnel(`127.0.0.1:${echoPort}`)
  expect(status).toContain(" 200 ")
  socket.write("ping")
  const [answer] = await once(socket, "data")
  expect(String(answer)).toBe("ping")
  const closed = once(socket, "close")
  await proxy.close()
  await closed
})

describe.each([
  ["request", async (host: string, port: number) => (await ask(`http://${host}:${port}/`)).status],
  ["tunnel", async (host: string, port: number) => Number((await tunnel(`${host}:${port}`)).status.split(" ")[1])],
])("by %s, it refuses", (_, reach) => {
  const expectRefused = async (host: string, port = echoPort) => {
    expect(await reach(host, port)).toBe(502)
    expect(connections).toBe(0)
    expect(site.seen).toEqual([])
    expect(proxy.lastRefusal(new URL(`http://${host}`).hostname)?.reason).toBe("forbidden")
  }

  test.each([
    "127.0.0.2",
    "2130706434",
    "0x7f000002",
    "0177.0.0.2",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "[fd00::1]",
    "[fe80::1]",
    "[2002:7f00:1::]",
    "[64:ff9b::7f00:1]",
    "168.63.129.16",
  ])("the literal %s", async (host) => expectRefused(host))

  test.each(["127.0.0.2", "10.0.0.1", "169.254.169.254", "0.0.0.0"])("a name of %s", async (address) => {
    names.set("innocent.example", v4(address))
    await expectRefused("innocent.example")
  })

  test("a name of IPv6 loopback and of mapped loopback", async () => {
    names.set("innocent.example", [
      { address: "::1", family: 6 },
      { address: "::ffff:127.0.0.1", family: 6 },
    ])
    await expectRefused("innocent.example")
  })

  test("the second address of a name, that changes after the first look", async () => {
    names.set("rebind.example", v4("127.0.0.1"))
    expect(await reach("rebind.example", site.port)).not.toBe(502)
    names.set("rebind.example", v4("127.0.0.2"))
    site.seen.length = 0
    await expectRefused("rebind.example", echoPort)
  })

  test("the gateway's own origins", async () => {
    names.set("gateway.example", v4("127.0.0.1"))
    names.set("plain-gateway.example", v4("127.0.0.1"))
    expect(await reach("plain-gateway.example", 80)).toBe(502)
    expect(proxy.lastRefusal("plain-gateway.example")?.reason).toBe("forbidden")
  })

  test("ports of mail and shells", async () => {
    for (const port of [22, 25, 6667]) await expectRefused("127.0.0.1", port)
  })
})

test("a tunnel to the gateway's own origin under TLS is refused", async () => {
  expect((await tunnel("gateway.example:443")).status).toContain(" 502 ")
  expect((await tunnel("GATEWAY.example.:443")).status).toContain(" 502 ")
})

test("an answer tells its refusal only to who knows its name, and no site can write one", async () => {
  names.set("inside.example", v4("10.0.0.1"))
  const refused = await ask("http://inside.example/")
  expect(proxy.refusalOf(refused.headers)).toEqual({ host: "inside.example", reason: "forbidden" })
  site.pages.set("/", (_, response) => response.writeHead(502, { "x-refused": "inside.example" }).end())
  expect(proxy.refusalOf((await ask(`${site.url}/`)).headers)).toBeUndefined()
})

test("a name that does not exist, and one where nobody listens, are told apart from what is forbidden", async () => {
  expect(proxy.refusalOf((await ask("http://nowhere.example/")).headers)?.reason).toBe("unknown_name")
  const port = await freePort()
  const open = await startProxy({
    rules: { allowances: [parseAllowance(`127.0.0.1/32:${port}`) ?? []].flat(), ownOrigins: [] },
  })
  await proxy.close()
  proxy = open
  expect(proxy.refusalOf((await ask(`http://127.0.0.1:${port}/`)).headers)?.reason).toBe("unreachable")
})

test.each(["/", "/etc/passwd", "ftp://a/", "https://example.com/", "file:///etc/passwd", "*"])(
  "a request for %s is no request to a proxy",
  async (path) => {
    expect((await ask(path)).status).toBe(400)
  },
)

test.each(["", "127.0.0.1", "a b:80", "http://127.0.0.1:80", "127.0.0.1:99999", "user@127.0.0.1:80"])(
  "a tunnel to %j is refused",
  async (target) => {
    const socket = connect(proxyPort(), "127.0.0.1")
    socket.on("error", () => {})
    socket.write(`CONNECT ${target} HTTP/1.1\r\n\r\n`)
    let answer = ""
    socket.on("data", (part) => {
      answer += String(part)
    })
    await once(socket, "close")
    expect(answer).not.toContain(" 200 ")
    expect(connections).toBe(0)
  },
)

test("a tunnel without end is cut before it fills the memory", async () => {
  const source = createServer((socket) => {
    const chunk = Buffer.alloc(1_000_000)
    const more = () => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on("drain", more).on("error", () => {})
    more()
  }).listen(0, "127.0.0.1")
  await once(source, "listening")
  const address = source.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  await proxy.close()
  proxy = await startProxy({
    rules: { allowances: [parseAllowance(`127.0.0.1/32:${port}`) ?? []].flat(), ownOrigins: [] },
  })
  const { socket } = await tunnel(`127.0.0.1:${port}`)
  let sizeBytes = 0
  socket.on("data", (part) => {
    sizeBytes += part.length
  })
  await once(socket, "close")
  expect(sizeBytes).toBeGreaterThan(10_000_000)
  expect(sizeBytes).toBeLessThan(70_000_000)
  source.close()
})
