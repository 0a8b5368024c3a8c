/**
 * The tool that speaks HTTP, through the guard of the Node host: what it tells, and each attack by its name. On Cloudflare the
 * runtime itself connects to no private address, and the rules of literal addresses, own origins, schemes, ports and hops are
 * these same ones (`core/egress/target.test.ts`); only what a name resolves to is not ours to see there.
 */
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { traitsOf } from "../../core/turn/tool-policy.ts"
import { maxKeptBytes } from "../../core/turn/output.ts"
import { startSite, type Site } from "../../sandbox-runner/testkit/site.ts"
import { openToolCalls, type ToolCalls } from "../testing/tool-call.ts"
import { httpRequest } from "./http-request.ts"
import { policyOf } from "./tool.ts"

let site: Site
/** Allowed too: another origin. */
let other: Site
/** Not allowed: stands for the inside. */
let inside: Site
let calls: ToolCalls

beforeAll(async () => {
  site = await startSite()
  other = await startSite()
  inside = await startSite()
  calls = openToolCalls({ allowed: [site.port, other.port], ownOrigins: ["https://gateway.example"] })
})
afterAll(async () => {
  await calls.close()
  await Promise.all([site.close(), other.close(), inside.close()])
})
beforeEach(() => {
  for (const one of [site, other, inside]) {
    one.pages.clear()
    one.seen.length = 0
  }
  calls.names.clear()
})

const send = (input: Record<string, unknown>) =>
  calls.call(httpRequest, { method: "GET", url: `${site.url}/`, ...input })
const answer = (headers: Record<string, string>, body: string | Buffer = "", status = 200) =>
  site.pages.set("/", (_, response) => response.writeHead(status, headers).end(body))
const redirect = (location: string, status = 302) =>
  site.pages.set("/", (_, response) => response.writeHead(status, { location }).end("moved"))

describe("what is told", () => {
  test("status, headers of interest and the text, marked as from outside", async () => {
    answer({ "content-type": "application/json", etag: '"1"', "x-powered-by": "x" }, '{"a": [1]}', 201)
    const { outcome, text, tainted } = await send({})
    expect({ outcome, tainted }).toEqual({ outcome: "ok", tainted: true })
    expect(text).toContain(`GET ${site.url}/: status 201\n`)
    expect(text).toContain('content-type: application/json\netag: "1"')
    expect(text).not.toContain("x-powered-by")
    expect(text).toMatch(/\n\n\{"a": \[1\]\}$/)
  })

  test("a status of failure is an answer too", async () => {
    answer({ "content-type": "text/plain", "retry-after": "5" }, "slow down", 429)
    const { outcome, text } = await send({})
    expect(outcome).toBe("ok")
    expect(text).toMatch(/status 429[^]*retry-after: 5[^]*slow down$/)
  })

  test("HTML as readable text, without what it hides", async () => {
    const page = `<html><head><title>News &amp; more</title><style>p{}</style><script>obey()</script></head><body>
      <h2>Today</h2><p>A <b>first</b>   line<br>and <a href="/next?a=1">more</a>.</p><ul><li>one</li><li>two</li></ul>
      <table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table><pre>x
  y</pre><p hidden>obey</p><p style="display:none">obey</p><div aria-hidden="true">obey <p>obey</p></div><noscript>obey</noscript><!-- obey -->
      <p>zero\u200Bwidth&#8203; a<a href="javascript:obey()">b</a></p></body></html>`
    answer({ "content-type": "text/html; charset=utf-8" }, page)
    const { text } = await send({})
    expect(text.split("\n\n").slice(1).join("\n\n")).toBe(
      `Title: News & more\n\n## Today\n\nA first line\nand [more](${site.url}/next?a=1).\n\n- one\n- two\n\n| A | B\n| 1 | 2\n\nx\n  y\n\nzerowidth ab`,
    )
  })

  test("text of another charset, named by the server or by the page", async () => {
    answer({ "content-type": "text/plain; charset=iso-8859-1" }, Buffer.from("Gr\xFC\xDFe", "latin1"))
    expect((await send({})).text).toContain("Grüße")
    answer({ "content-type": "text/html" }, Buffer.from('<meta charset="windows-1252"><p>\x80uro', "latin1"))
    expect((await send({})).text).toContain("€uro")
    answer({ "content-type": "text/plain; charset=nonsense" }, "plain")
    expect((await send({})).text).toContain("plain")
  })

  test.each(["image/png", "application/octet-stream", "application/pdf"])("%s by its size alone", async (type) => {
    answer({ "content-type": type }, Buffer.alloc(500, "obey"))
    expect((await send({})).text).toContain(`(binary body: 500 bytes of ${type})`)
  })

  test("bytes that call themselves text", async () => {
    answer({ "content-type": "text/plain" }, Buffer.from([1, 0, 2, 0]))
    expect((await send({})).text).toContain("(binary body: 4 bytes of text/plain)")
  })

  test("a packed answer unpacked, and a bomb only as far as it is read", async () => {
    const headers = { "content-type": "text/plain", "content-encoding": "gzip" }
    answer(headers, gzipSync("unpacked"))
    expect((await send({})).text).toContain("unpacked")
    answer(headers, gzipSync(Buffer.alloc(200_000_000, "a")))
    const { text } = await send({})
    expect(text).toMatch(/a\n\n\[cut: the body has more than 1970000 bytes, and the rest was not fetched\]$/)
    expect(text.length).toBeLessThan(maxKeptBytes)
  })

  test.each([
    ["spaces between elements", "<b> </b>".repeat(240_000)],
    ["tabs of code", `<pre>${"\t".repeat(1_900_000)}x`],
    ["line ends of code", `<pre>${" \n".repeat(900_000)}x`],
    ["open elements", "<div>".repeat(380_000)],
    ["items and dashes", "<li>- ".repeat(300_000)],
    ["cells", "<td>|".repeat(380_000)],
  ])("a page of nothing but %s is read in no time", async (_, html) => {
    answer({ "content-type": "text/html" }, `<p>start</p>${html}`)
    const startedAt = performance.now()
    expect((await send({})).text).toContain("start")
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })

  test("an answer without end is cut, and its connection ended", async () => {
    let isClosed = false
    site.pages.set("/", (_, response) => {
      response.writeHead(200, { "content-type": "text/plain" })
      const more = () => {
        do response.write("x".repeat(100_000))
        while (!response.writableNeedDrain && !response.destroyed)
      }
      response.on("drain", more).on("close", () => {
        isClosed = true
      })
      more()
    })
    expect((await send({})).text).toContain("more than 1970000 bytes, and the rest was not fetched]")
    await expect.poll(() => isClosed).toBe(true)
  })

  test("no body for HEAD, and a word for an empty one", async () => {
    answer({ "content-type": "text/plain" }, "body")
    expect((await send({ method: "HEAD" })).text).not.toContain("body)")
    answer({}, "", 204)
    expect((await send({})).text).toContain("(no body)")
  })

  test("headers of the answer cannot bring hidden or endless text", async () => {
    answer({ link: `<a>; rel="${"x".repeat(3_000)}"`, etag: "a\u00ADb" }, "x")
    const { text } = await send({})
    expect(text).toContain("etag: ab")
    expect(text.length).toBeLessThan(1_200)
  })
})

describe("what is sent", () => {
  test("method, headers and a JSON body", async () => {
    answer({}, "ok")
    await send({ method: "PUT", headers: { "X-Key": "k", Authorization: "Bearer t" }, json: { a: [1, null] } })
    expect(site.seen[0]).toMatchObject({
      method: "PUT",
      body: '{"a":[1,null]}',
      headers: {
        "x-key": "k",
        authorization: "Bearer t",
        "content-type": "application/json",
        "user-agent": "loop-gateway",
      },
    })
  })

  test("a text body, by the type that is given", async () => {
    answer({}, "ok")
    await send({ method: "POST", body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } })
    expect(site.seen[0]).toMatchObject({
      body: "a=b",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    })
    await send({ method: "POST", body: "plain" })
    expect(site.seen[1]?.headers["content-type"]).toBe("text/plain; charset=utf-8")
  })

  test.each([
    ["a GET with a body", { body: "x" }],
    ["two bodies", { method: "POST", body: "x", json: 1 }],
    ["no method", { method: null }],
    ["a method of its own", { method: "CONNECT" }],
    ["an endless wait", { timeout_seconds: 9_999 }],
    ["half an address", { url: "/etc/passwd" }],
    ["too many headers", { headers: Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`x-${n}`, "1"])) }],
  ])("%s is told to be wrong", async (_, input) => {
    const { outcome, text } = await send(input)
    expect({ outcome, text }).toEqual({ outcome: "error", text: expect.stringContaining("The input is not valid:") })
    expect(site.seen).toEqual([])
  })
})

describe("a server that does not do its part", () => {
  test("gives no answer in time", async () => {
    site.pages.set("/", () => {})
    expect(await send({ timeout_seconds: 1 })).toMatchObject({
      outcome: "error",
      text: "The request failed: no whole answer within 1 s.",
      tainted: true,
    })
  })

  test("stalls in the middle", async () => {
    site.pages.set("/", (_, response) => response.writeHead(200).write("begin"))
    expect((await send({ timeout_seconds: 1 })).text).toContain("no whole answer within 1 s")
  })

  test("breaks off", async () => {
    site.pages.set("/", (_, response) => response.destroy())
    expect((await send({})).text).toMatch(/^The request failed: the connection broke/)
  })

  test("does not exist", async () => {
    expect((await send({ url: "http://nowhere.example/" })).text).toBe("The request failed: there is no such host.")
  })

  test("has no certificate", async () => {
    calls.names.set("tls.example", ["127.0.0.1"])
    expect((await send({ url: `https://tls.example:${site.port}/` })).outcome).toBe("error")
  })

  test("is not waited for when the turn is interrupted", async () => {
    site.pages.set("/", () => {})
    const stop = new AbortController()
    const waiting = calls.call(httpRequest, { method: "GET", url: site.url }, stop.signal)
    await expect.poll(() => site.seen.length).toBe(1)
    stop.abort()
    expect(await waiting).toMatchObject({ outcome: "error", text: "The tool was stopped." })
  })
})

describe("redirects", () => {
  test("are followed, and told", async () => {
    redirect("/there")
    site.pages.set("/there", (_, response) => response.writeHead(200, { "content-type": "text/plain" }).end("arrived"))
    const { text } = await send({})
    expect(text).toContain(`GET ${site.url}/there after 1 redirect: status 200`)
    expect(text).toMatch(/arrived$/)
  })

  test("in a loop end after five", async () => {
    redirect("/")
    expect((await send({})).text).toContain("It redirects more than 5 times.")
    expect(site.seen).toHaveLength(6)
  })

  test("carry no credential to another origin, whatever its header is called", async () => {
    redirect(`${other.url}/`)
    other.pages.set("/", "<p>other</p>")
    const headers = { authorization: "Bearer t", cookie: "a=b", "x-api-key": "k", accept: "text/html" }
    await send({ headers })
    expect(site.seen[0]?.headers).toMatchObject(headers)
    expect(other.seen[0]?.headers.accept).toBe("text/html")
    for (const name of ["authorization", "cookie", "x-api-key"]) expect(other.seen[0]?.headers).not.toHaveProperty(name)
  })

  test("on the same origin keep them", async () => {
    redirect("/there")
    await send({ headers: { "x-api-key": "k" } })
    expect(site.seen[1]?.headers["x-api-key"]).toBe("k")
  })

  test.each([301, 302, 303])("with status %i make a POST a GET without its body", async (status) => {
    redirect("/there", status)
    await send({ method: "POST", json: { secret: 1 } })
    expect(site.seen[1]).toMatchObject({ method: "GET", body: "" })
    expect(site.seen[1]?.headers).not.toHaveProperty("content-type")
  })

  test.each([307, 308])("with status %i repeat the body on the same origin, and to no other", async (status) => {
    redirect("/there", status)
    await send({ method: "POST", body: "secret" })
    expect(site.seen[1]).toMatchObject({ method: "POST", body: "secret" })
    redirect(`${other.url}/`, status)
    expect((await send({ method: "POST", body: "secret" })).text).toContain("It redirects to another origin")
    expect(other.seen).toEqual([])
  })
})

describe("attack:", () => {
  const refused = { outcome: "error", text: "The address is not one that this gateway may reach.", tainted: false }
  const expectRefused = async (url: string) => {
    expect(await send({ url })).toEqual(refused)
    expect(inside.seen).toEqual([])
  }
  const port = () => inside.port

  test.each([
    ["loopback", () => `http://127.0.0.1:${port()}/`],
    ["localhost", () => `http://localhost:${port()}/`],
    ["decimal IPv4", () => `http://2130706433:${port()}/`],
    ["octal IPv4", () => `http://0177.0.0.1:${port()}/`],
    ["hexadecimal IPv4", () => `http://0x7f.0x0.0x0.0x1:${port()}/`],
    ["short IPv4", () => `http://127.1:${port()}/`],
    ["the unspecified address", () => `http://0.0.0.0:${port()}/`],
    ["IPv6 loopback", () => `http://[::1]:${port()}/`],
    ["IPv4-mapped IPv6", () => `http://[::ffff:127.0.0.1]:${port()}/`],
    ["NAT64", () => "http://[64:ff9b::7f00:1]/"],
    ["6to4", () => "http://[2002:7f00:1::]/"],
    ["link-local", () => "http://169.254.1.1/"],
    ["link-local IPv6", () => "http://[fe80::1]/"],
    ["cloud metadata", () => "http://169.254.169.254/latest/meta-data/"],
    ["Azure's wire server", () => "http://168.63.129.16/metadata"],
    ["a private network", () => "http://10.0.0.1/"],
    ["own origin by name", () => "https://gateway.example/api/users"],
    ["own origin by name with a dot", () => "https://GATEWAY.example./api/users"],
    ["a port of mail", () => "http://mail.example:25/"],
  ])("%s", async (name, url) => {
    calls.names.set("localhost", ["127.0.0.1"])
    expect(name).not.toBe("")
    await expectRefused(url())
  })

  test.each(["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"])(
    "a name that resolves to %s",
    async (address) => {
      calls.names.set("innocent.example", [address])
      await expectRefused(`http://innocent.example:${port()}/`)
    },
  )

  test("DNS rebinding: an address that changes after the first look", async () => {
    calls.names.set("rebind.example", ["127.0.0.1"])
    site.pages.set("/", (_, response) => {
      calls.names.set("rebind.example", ["127.0.0.2"])
      response.writeHead(302, { location: "/again", connection: "close" }).end()
    })
    expect(await send({ url: `http://rebind.example:${site.port}/` })).toEqual(refused)
    expect(site.seen.map(({ url }) => url)).toEqual(["/"])
  })

  test("own origin by address and port", async () => {
    const { openEgress } = await import("../../sandbox-runner/host/egress.ts")
    const egress = openEgress({ allowPrivate: [`127.0.0.1/32:${port()}`], ownOrigins: [], ownPort: port() })
    await expect(egress.fetch.agent(new Request(`http://127.0.0.1:${port()}/`))).rejects.toMatchObject({
      code: "egress_forbidden",
    })
    await egress.close()
  })

  test.each([
    ["to a private address", () => `http://127.0.0.1:${port()}/`],
    ["to a name of a private address", () => `http://inside.example:${port()}/`],
    ["to metadata", () => "http://169.254.169.254/"],
    ["to the own origin", () => "https://gateway.example/api"],
    ["to a file", () => "file:///etc/passwd"],
    ["to data", () => "data:text/plain,obey"],
    ["to an address with a password", () => site.url.replace("http://", "http://u:p@")],
  ])("a redirect %s", async (_, location) => {
    calls.names.set("inside.example", ["127.0.0.1"])
    redirect(location())
    expect(await send({})).toEqual(refused)
    expect(inside.seen).toEqual([])
    expect(site.seen).toHaveLength(1)
  })

  test("a redirect on the fifth hop", async () => {
    for (const n of [0, 1, 2, 3])
      site.pages.set(n === 0 ? "/" : `/${n}`, (_, response) => response.writeHead(302, { location: `/${n + 1}` }).end())
    site.pages.set("/4", (_, response) => response.writeHead(302, { location: inside.url }).end())
    expect(await send({})).toEqual(refused)
  })

  test.each([
    "http://user:pass@example.com/",
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://127.0.0.1/",
    "data:text/plain,x",
    "javascript:1",
    "blob:http://a/b",
    "http://",
    "//example.com",
  ])("the address %s", async (url) => {
    expect(await send({ url })).toMatchObject({ outcome: "error", text: expect.stringContaining("not valid") })
  })

  test.each([
    ["Host", "gateway.example"],
    ["Content-Length", "5"],
    ["Transfer-Encoding", "chunked"],
    ["Connection", "upgrade"],
    ["X-Forwarded-For", "127.0.0.1"],
    ["CF-Connecting-IP", "127.0.0.1"],
    ["Proxy-Authorization", "Basic x"],
    ["X-A", "b\r\nHost: gateway.example"],
    ["X-A", "b\nX-B: c"],
    ["X-A", "b\u0000"],
    ["X-A\r\nX-B", "c"],
    ["X A", "c"],
    ["", "c"],
  ])("the header %j: %j", async (name, value) => {
    expect(await send({ headers: { [name]: value } })).toMatchObject({
      outcome: "error",
      text: expect.stringContaining("not valid"),
    })
    expect(site.seen).toEqual([])
  })

  test("a second request inside a body or path stays inside", async () => {
    answer({}, "ok")
    await send({ method: "POST", body: "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n" })
    await send({ url: `${site.url}/?a=%0d%0aX: y b` })
    expect(site.seen.map(({ url }) => url)).toEqual(["/", "/?a=%0d%0aX:%20y%20b"])
  })
})

test("only reading runs without a question, and only reading runs twice", () => {
  const policy = policyOf(httpRequest)
  for (const method of ["GET", "HEAD"])
    expect(traitsOf(policy, { method, url: "http://a/" })).toEqual({ risk: "low", repeatable: true, outward: "reads" })
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", undefined])
    expect(traitsOf(policy, { method, url: "http://a/" })).toEqual({ risk: "high", repeatable: false, outward: "acts" })
})
