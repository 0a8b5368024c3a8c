/** The guard of the Node host's ways out, against the attacks that it is there for. */
import type { LookupAddress } from "node:dns"
import type { IncomingMessage, ServerResponse } from "node:http"
import { networkInterfaces } from "node:os"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { isLoopError } from "../../core/errors.ts"
import { readBody, startLoopback, type LoopbackServer } from "../testkit/loopback.ts"
import { openEgress, type EgressOptions, type NodeEgress } from "./egress.ts"

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

let server: LoopbackServer
let seen: Seen[] = []
let answer: (request: Seen, response: ServerResponse) => void = (_, response) => response.end("hello")
const opened: NodeEgress[] = []
/** What the fake resolver gives; names that are absent do not exist. */
const names = new Map<string, LookupAddress[]>()

beforeAll(async () => {
  server = await startLoopback(async (request, response) => {
    const { method = "", url = "", headers } = request
    const one = { method, url, headers, body: (await readBody(request)).toString() }
    seen.push(one)
    answer(one, response)
  })
})
afterAll(() => server.close())
beforeEach(() => {
  seen = []
  names.clear()
  answer = (_, response) => response.end("hello")
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((egress) => egress.close()))
})

const resolve: EgressOptions["resolve"] = (hostname, _, callback) => {
  const found = names.get(hostname)
  if (found === undefined) callback(Object.assign(new Error("not found"), { code: "ENOTFOUND" }), [])
  else callback(null, found)
}
const v4 = (...addresses: string[]) => addresses.map((address) => ({ address, family: 4 }))

function egress(options: Partial<EgressOptions> = {}) {
  const opening = openEgress({ allowPrivate: [], ownOrigins: [], resolve, ...options })
  opened.push(opening)
  return opening.fetch
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return "reached"
  } catch (error) {
    return isLoopError(error) ? error.code : String(error)
  }
}

const agentTo = (url: string, options: Partial<EgressOptions> = {}, init?: RequestInit) =>
  codeOf(egress(options).agent(new Request(url, init)))

describe("an agent is refused", () => {
  test.each(["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])(
    "this machine, written as %s",
    async (host) => {
      expect(await agentTo(`http://${host}:${server.port}/`)).toBe("egress_forbidden")
      expect(seen).toEqual([])
    },
  )

  test.each(["10.0.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "[fd00::1]", "[fe80::1]", "224.0.0.1"])(
    "the literal address %s",
    async (host) => {
      expect(await agentTo(`http://${host}/`)).toBe("egress_forbidden")
    },
  )

  test("localhost", async () => {
    expect(await agentTo(`http://localhost:${server.port}/`)).toBe("egress_forbidden")
    expect(await agentTo(`http://a.localhost.:${server.port}/`)).toBe("egress_forbidden")
  })

  test.each([["127.0.0.1"], ["10.1.1.1"], ["169.254.169.254"], ["0.0.0.0"]])(
    "a name that resolves to %s",
    async (address) => {
      names.set("innocent.example", v4(address))
      expect(await agentTo(`http://innocent.example:${server.port}/`)).toBe("egress_forbidden")
      expect(seen).toEqual([])
    },
  )

  test("a name that resolves to a mapped or unique local IPv6 address", async () => {
    names.set("innocent.example", [
      { address: "::ffff:127.0.0.1", family: 6 },
      { address: "fd00::1", family: 6 },
    ])
    expect(await agentTo(`http://innocent.example:${server.port}/`)).toBe("egress_forbidden")
  })

  test("a name that changes its address after the first look", async () => {
    let looks = 0
    const rebinding: EgressOptions["resolve"] = (_, __, callback) => {
      looks += 1
      callback(null, v4(looks === 1 ? "127.0.0.1" : "127.0.0.2"))
    }
    answer = (_, response) => response.writeHead(200, { connection: "close" }).end()
    const { agent } = egress({ resolve: rebinding, allowPrivate: [`127.0.0.1/32:${server.port}`] })
    const request = () => new Request(`http://rebind.example:${server.port}/`)
    await (await agent(request())).text()
    expect(await codeOf(agent(request()))).toBe("egress_forbidden")
    expect(seen).toHaveLength(1)
  })

  test("the private one of a name's addresses, while the public one stays open to it", async () => {
    names.set("mixed.example", v4("10.0.0.1", "127.0.0.1"))
    expect(
      await agentTo(`http://mixed.example:${server.port}/`, { allowPrivate: [`127.0.0.1/32:${server.port}`] }),
    ).toBe("reached")
  })

  test.each(["file:///etc/passwd", "ftp://example.com/", "data:text/plain,hello", "blob:nodedata:1"])(
    "the scheme of %s",
    async (url) => {
      expect(await agentTo(url)).toBe("egress_forbidden")
    },
  )

  test("the gateway's own origin, with and without the dot at its end, at its default port", async () => {
    const ownOrigins = ["https://gateway.example"]
    for (const url of ["https://gateway.example/api", "https://gateway.example:443/", "https://GATEWAY.example./x"]) {
      expect(await agentTo(url, { ownOrigins })).toBe("egress_forbidden")
    }
  })

  test("the gateway's own port on this machine, even where its address is allowed", async () => {
    const allowPrivate = [`127.0.0.0/8:${server.port}`]
    const options = { allowPrivate, ownPort: server.port }
    expect(await agentTo(`http://127.0.0.1:${server.port}/`, options)).toBe("egress_forbidden")
    names.set("gateway.local", v4("127.0.0.1"))
    expect(await agentTo(`http://gateway.local:${server.port}/`, options)).toBe("egress_forbidden")
    const outer = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .find((own) => own.family === "IPv4" && !own.internal)
    if (outer === undefined) return
    const around = { allowPrivate: [`${outer.address}/32:${server.port}`], ownPort: server.port }
    expect(await agentTo(`http://${outer.address}:${server.port}/`, around)).toBe("egress_forbidden")
  })
})

const open = () => ({ allowPrivate: [`127.0.0.1/32:${server.port}`] })
const redirectTo = (location: string, status = 302) => {
  answer = (request, response) => {
    if (request.url === "/") response.writeHead(status, { location }).end()
    else response.end("arrived")
  }
}

describe("redirects", () => {
  test.each([
    "http://169.254.169.254/latest",
    "http://127.0.0.2/",
    "file:///etc/passwd",
    "http://inside.example/",
    "https://gateway.example/",
  ])("to %s are refused", async (location) => {
    names.set("inside.example", v4("192.168.1.1"))
    redirectTo(location)
    const options = { ...open(), ownOrigins: ["https://gateway.example"] }
    expect(await agentTo(`${server.url}/`, options)).toBe("egress_forbidden")
    expect(seen).toHaveLength(1)
  })

  test("are followed where each hop is allowed", async () => {
    redirectTo("/there")
    const response = await egress(open()).agent(new Request(`${server.url}/`))
    expect(await response.text()).toBe("arrived")
  })

  test("to another origin carry no credentials", async () => {
    names.set("other.example", v4("127.0.0.1"))
    redirectTo(`http://other.example:${server.port}/there`)
    const headers = { authorization: "Bearer secret", cookie: "a=b", "x-kept": "yes" }
    await egress(open()).agent(new Request(`${server.url}/`, { headers }))
    expect(seen[0]?.headers.authorization).toBe("Bearer secret")
    expect(seen[1]?.headers).toMatchObject({ "x-kept": "yes", host: `other.example:${server.port}` })
    expect(seen[1]?.headers).not.toHaveProperty("authorization")
    expect(seen[1]?.headers).not.toHaveProperty("cookie")
  })

  test.each([
    [302, "GET", ""],
    [303, "GET", ""],
    [307, "POST", "the body"],
    [308, "POST", "the body"],
  ])("with status %i turn a POST into %s", async (status, method, body) => {
    redirectTo("/there", status)
    await egress(open()).agent(new Request(`${server.url}/`, { method: "POST", body: "the body" }))
    expect(seen[1]).toMatchObject({ method, body })
  })

  test("end after ten", async () => {
    answer = (_, response) => response.writeHead(302, { location: "/" }).end()
    expect(await agentTo(`${server.url}/`, open())).toContain("more than 10 redirects")
    expect(seen).toHaveLength(11)
  })

  test("are handed back or refused when the request says so", async () => {
    redirectTo("/there")
    const response = await egress(open()).agent(new Request(`${server.url}/`, { redirect: "manual" }))
    expect(response.status).toBe(302)
    expect(await agentTo(`${server.url}/`, open(), { redirect: "error" })).toContain("TypeError")
    expect(seen).toHaveLength(2)
  })
})

describe("allowed", () => {
  test("a private address on its port, by literal and by name", async () => {
    const allowPrivate = [`127.0.0.1/32:${server.port}`]
    names.set("printer.example", v4("127.0.0.1"))
    expect(await agentTo(`${server.url}/`, { allowPrivate })).toBe("reached")
    expect(await agentTo(`http://printer.example:${server.port}/`, { allowPrivate })).toBe("reached")
    expect(await agentTo(`http://127.0.0.1:${server.port}/`, { allowPrivate: ["127.0.0.1/32:1"] })).toBe(
      "egress_forbidden",
    )
  })

  test("anything, for the operator's own addresses", async () => {
    expect(await codeOf(egress().operator(new Request(`${server.url}/`)))).toBe("reached")
  })

  test("a name that does not exist is the network's failure, not a refusal", async () => {
    expect(await agentTo("http://nowhere.example/")).toContain("fetch failed")
  })

  test("a wrong entry stops the start with its text", () => {
    expect(() => openEgress({ allowPrivate: ["10.0.0.1"], ownOrigins: [] })).toThrow('EGRESS_ALLOW_PRIVATE: "10.0.0.1"')
  })
})

describe("a request's signal ends the call, whatever the garbage collector did meanwhile", () => {
  const local = () => ({ allowPrivate: [`127.0.0.1/32:${server.port}`] })
  /** A request that nobody but the call knows, whose signal is a copy of a copy, as clients make them. */
  const begin = (way: "operator" | "agent", path: string) => {
    const stop = new AbortController()
    const made = new Request(`${server.url}${path}`, { signal: AbortSignal.any([stop.signal]) })
    return { stop, answer: egress(local())[way](made) }
  }
  const collectGarbage = () => {
    setFlagsFromString("--expose-gc")
    const collect: unknown = runInNewContext("gc")
    if (typeof collect === "function") collect()
  }
  beforeEach(() => {
    answer = ({ url }, response) => {
      if (url === "/redirects") response.writeHead(307, { location: "/silent" }).end()
      if (url === "/stalls") response.writeHead(200).write("the beginning")
    }
  })

  test.each([
    ["operator", "/silent"],
    ["agent", "/silent"],
    ["agent", "/redirects"],
  ] as const)("by the %s's way while %s gives no answer", async (way, path) => {
    const { stop, answer: waiting } = begin(way, path)
    await expect.poll(() => seen.at(-1)?.url).toBe("/silent")
    collectGarbage()
    // What was dropped is swept away with the tick behind.
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage()
    stop.abort()
    await expect(waiting).rejects.toThrow("aborted")
  })

  test.each(["operator", "agent"] as const)("by the %s's way in the middle of an answer", async (way) => {
    const { stop, answer: begun } = begin(way, "/stalls")
    const text = (await begun).text()
    collectGarbage()
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage()
    stop.abort()
    await expect(text).rejects.toThrow("aborted")
  })
})
