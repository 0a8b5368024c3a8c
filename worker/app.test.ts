import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { findToken } from "../adapters/store/access.ts"
import { sha256Hex } from "../adapters/digest.ts"
import { EpochMs } from "../core/units.ts"
import { logIn } from "../core/api/access.ts"
import { ErrorBody, LoopError } from "../core/errors.ts"
import { type Edge, openEdge, origin, outcome, setupCode } from "./testing/edge.ts"

let edge: Edge
const open = async (environment: Record<string, string> = {}) => {
  await edge.close()
  edge = await openEdge(environment)
}
beforeEach(async () => {
  edge = await openEdge()
})
afterEach(() => edge.close())

describe("addresses", () => {
  test("that are unknown under /api are 404 in the one error shape, whatever the method", async () => {
    for (const path of ["/api", "/api/", "/api/nothing", "/api/v1/loops/", "/webhooks/x"]) {
      const response = await edge.fetch(path)
      expect(ErrorBody.safeParse(await response.clone().json()).success).toBe(true)
      expect(await outcome(response)).toBe("404 route_not_found")
    }
    expect(await outcome(edge.fetch("/api/nothing", { body: {} }))).toBe("404 route_not_found")
  })

  test("tell which methods they take", async () => {
    const response = await edge.fetch("/api/channels", { method: "PATCH" })
    expect(response.headers.get("allow")).toBe("GET, HEAD, POST")
    expect(await outcome(response)).toBe("405 method_not_allowed")
    expect(await outcome(edge.fetch("/api/channels", { method: "OPTIONS" }))).toBe("405 method_not_allowed")
  })

  test("of the page give the page, and take nothing", async () => {
    const page = await edge.fetch("/conversations/some-loop")
    expect(page.headers.get("content-type")).toContain("text/html")
    expect(await outcome(edge.fetch("/anything", { body: {} }))).toBe("404 route_not_found")
  })
})

describe("bodies", () => {
  const post = (
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = { "content-type": "application/json" },
  ) =>
    edge.raw(
      new Request(`${origin}/api/auth/login`, {
        method: "POST",
        headers: { host: "localhost:3000", ...headers },
        body,
      }),
    )
  const login = '{"username":"a","password":"b"}'

  test.each(["{", "nonsense", '{"username":"a",}', "\u0000", "{}{}"])(
    "that are no JSON are told so: %j",
    async (body) => {
      expect(await outcome(post(body))).toBe("400 invalid_json")
    },
  )

  test("that are no UTF-8 are refused", async () => {
    expect(await outcome(post(new Uint8Array([0x22, 0xff, 0xfe, 0x22])))).toBe("400 invalid_json")
    // An overlong slash and half a surrogate pair are no UTF-8 either.
    expect(await outcome(post(new Uint8Array([0x22, 0xc0, 0xaf, 0x22])))).toBe("400 invalid_json")
    expect(await outcome(post(new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])))).toBe("400 invalid_json")
  })

  test("of a wrong shape name the field and repeat no value", async () => {
    const response = await post('{"username":"a","password":{"leaked":"hunter2"}}')
    const text = await response.clone().text()
    expect(text).toContain("(password)")
    expect(text).not.toContain("hunter2")
    expect(await outcome(response)).toBe("400 invalid_body")
    for (const body of ["[]", "null", "5", '"text"', "{}"]) expect(await outcome(post(body))).toBe("400 invalid_body")
  })

  test("must be declared as JSON", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]) {
      expect(await outcome(post(login, { "content-type": type }))).toBe("415 unsupported_media_type")
    }
    const latin = { "content-type": "application/json; charset=iso-8859-1" }
    expect(await outcome(post(login, latin))).toBe("415 unsupported_media_type")
    const utf8 = { "content-type": 'Application/JSON; charset="UTF-8"' }
    expect(await outcome(post(login, utf8))).toBe("401 invalid_login")
  })

  test("over the limit are refused by their declared length, and without one by what arrives", async () => {
    expect(await outcome(post("x".repeat(65_537)))).toBe("413 body_too_large")
    let pulled = 0
    let isCanceled = false
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 4_096
        controller.enqueue(new Uint8Array(4_096).fill(32))
      },
      cancel() {
        isCanceled = true
      },
    })
    const headers = { host: "localhost:3000", "content-type": "application/json" }
    const init = { method: "POST", headers, body: endless, duplex: "half" as const }
    expect(await outcome(edge.raw(new Request(`${origin}/api/auth/login`, init)))).toBe("413 body_too_large")
    expect(pulled).toBeLessThan(100_000)
    expect(isCanceled).toBe(true)
  })

  test("nested a hundred thousand deep break nothing", async () => {
    const own = await edge.addUser("ada", "admin")
    const deep = `{"content":"hi","x":${"[".repeat(400_000)}"\\ud800"${"]".repeat(400_000)}}`
    const sent = { bearer: own.session, body: deep }
    expect(await outcome(edge.fetch(`/api/v1/loops/loop_${"0".repeat(32)}/messages`, sent))).toBe("400 invalid_body")
  })
})

describe("host names", () => {
  test.each([
    "localhost",
    "localhost:3000",
    "127.0.0.1:8080",
    "127.9.9.9",
    "[::1]:3000",
    "LOCALHOST",
    "gw.example",
    "box.lan:1",
  ])("%s is ours", async (host) => {
    await open({ PUBLIC_URL: "https://gw.example/", ALLOWED_HOSTS: "box.lan, nas:3000" })
    expect((await edge.fetch("/api/health", { host })).status).toBe(200)
  })

  test.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "notlocalhost",
    "192.168.1.5",
    "a@localhost",
    "",
  ])("%j is not, for API and page alike", async (host) => {
    await open({ PUBLIC_URL: "https://gw.example/" })
    expect(await outcome(edge.fetch("/api/health", { host }))).toBe("421 host_forbidden")
    expect(await outcome(edge.fetch("/", { host }))).toBe("421 host_forbidden")
  })
})

describe("a cookie", () => {
  const create = (origin: string | null, headers: Record<string, string> = {}) => ({ origin, headers, body: {} })

  test("may change something from our own origin or the public one", async () => {
    await open({ PUBLIC_URL: "https://gw.example/" })
    const { session: cookie } = await edge.addUser("ada", "admin")
    const post = (from: string | null, host?: string) =>
      outcome(edge.fetch("/api/v1/loops", { ...create(from), cookie, ...(host ? { host } : {}) }))
    expect(await post("http://localhost:3000")).toBe("201")
    expect(await post("https://gw.example")).toBe("201")
    expect(await post("http://127.0.0.1:3000", "127.0.0.1:3000")).toBe("201")
  })

  test.each([
    null,
    "null",
    "https://evil.example",
    "https://localhost:3000",
    "http://localhost",
    "http://localhost:3001",
    "https://gw.example.evil.example",
    "http://gw.example",
  ])("may change nothing from %j", async (from) => {
    await open({ PUBLIC_URL: "https://gw.example/" })
    const { session: cookie } = await edge.addUser("ada", "admin")
    expect(await outcome(edge.fetch("/api/v1/loops", { ...create(from), cookie }))).toBe("403 origin_forbidden")
    const remove = { method: "DELETE", origin: from, cookie }
    expect(await outcome(edge.fetch(`/api/v1/loops/loop_${"0".repeat(32)}`, remove))).toBe("403 origin_forbidden")
    expect(edge.objects.calls).toEqual([])
  })

  test("may not open a socket from another page", async () => {
    const { session: cookie } = await edge.addUser("ada", "admin")
    const upgrade = { cookie, origin: "https://evil.example", headers: { upgrade: "websocket" } }
    expect(await outcome(edge.fetch("/api/v1/loops", upgrade))).toBe("403 origin_forbidden")
    expect(await outcome(edge.fetch("/api/v1/loops", { ...upgrade, origin }))).toBe("200")
  })

  test("may read without an Origin, as browsers send none", async () => {
    const { session: cookie } = await edge.addUser("ada", "admin")
    expect(await outcome(edge.fetch("/api/v1/loops", { cookie, origin: null }))).toBe("200")
  })

  test("is not read beside a bearer, but beside a proxy's own Authorization it is", async () => {
    const { session: cookie } = await edge.addUser("ada", "admin")
    const wrong = { cookie, bearer: "0".repeat(64) }
    expect(await outcome(edge.fetch("/api/v1/loops", wrong))).toBe("401 invalid_token")
    const proxied = { cookie, headers: { authorization: "Basic YTpi" } }
    expect(await outcome(edge.fetch("/api/v1/loops", proxied))).toBe("200")
  })
})

describe("sessions", () => {
  test("live on by use and end without it", async () => {
    await edge.fetch("/api/auth/setup", { body: { username: "ada", password: "correct horse", code: setupCode } })
    const login = { body: { username: "ada", password: "correct horse" } }
    const { token } = logIn.response.parse(await (await edge.fetch("/api/auth/login", login)).json())
    const days = 24 * 60 * 60 * 1000
    for (const _ of [1, 2, 3]) {
      edge.advance(20 * days)
      const response = await edge.fetch("/api/auth/me", { cookie: token })
      expect(response.status).toBe(200)
      // The browser's copy lives on as well.
      expect(response.headers.get("set-cookie")).toContain(`loop_session=${token}; `)
      await edge.settle()
      expect((await edge.fetch("/api/auth/me", { cookie: token })).headers.get("set-cookie")).toBeNull()
    }
    edge.advance(30 * days)
    expect(await outcome(edge.fetch("/api/auth/me", { cookie: token }))).toBe("401 invalid_token")
  })
})

describe("limits", () => {
  const health = (from: string, sent: object = {}) => edge.fetch("/api/health", { from, ...sent })
  const spend = async (count: number, from: string, sent: object = {}) => {
    const outcomes = []
    for (let request = 0; request < count; request += 1) outcomes.push(await outcome(health(from, sent)))
    return outcomes
  }
  const limited = "429 too_many_requests"

  test("allow 120 requests a minute from an address, loopback too, and say when to come back", async () => {
    for (const from of ["127.0.0.1", "::1", "192.0.2.1"]) {
      expect(new Set(await spend(120, from))).toEqual(new Set(["200"]))
      const response = await health(from)
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
      expect(await outcome(response)).toBe(limited)
      edge.advance(Number(response.headers.get("retry-after")) * 1_000)
      expect((await health(from)).status).toBe(200)
    }
  })

  test("count unknown addresses, wrong methods and wrong logins too", async () => {
    await open({ RATE_LIMIT_PER_MINUTE: "3" })
    await edge.fetch("/api/nothing")
    await edge.fetch("/api/health", { method: "PATCH" })
    await edge.fetch("/api/auth/login", { body: {} })
    expect(await outcome(edge.fetch("/api/health"))).toBe(limited)
  })

  test("count cookies by the address", async () => {
    await open({ RATE_LIMIT_PER_MINUTE: "3" })
    const { session: cookie } = await edge.addUser("ada", "admin")
    await spend(2, "192.0.2.1", { cookie })
    expect(await spend(2, "192.0.2.1")).toEqual(["200", limited])
  })

  test("take an IPv6 network of 64 bits for one client", async () => {
    await open({ RATE_LIMIT_PER_MINUTE: "3" })
    for (const host of ["1", "2", "ffff:1"]) await health(`2001:db8:0:1::${host}`)
    expect(await outcome(health("2001:db8:0:1:abcd::9"))).toBe(limited)
    expect(await outcome(health("2001:db8:0:2::1"))).toBe("200")
  })

  test("take an IPv4 client for the same however the socket writes it", async () => {
    await open({ RATE_LIMIT_PER_MINUTE: "2" })
    await health("192.0.2.1")
    await health("::ffff:192.0.2.1")
    expect(await outcome(health("::ffff:c000:201"))).toBe(limited)
  })

  test("give each token its own, wherever it is used from", async () => {
    await open({ RATE_LIMIT_PER_MINUTE: "2", TOKEN_RATE_LIMIT_PER_MINUTE: "5" })
    const { id, session } = await edge.addUser("ada", "admin")
    const { token } = await edge.addToken(id, ["chat"])
    expect(await spend(6, "192.0.2.1", { bearer: token })).toEqual(["200", "200", "200", "200", "200", limited])
    expect(await outcome(health("198.51.100.1", { bearer: token }))).toBe(limited)
    expect(await outcome(health("192.0.2.1", { bearer: session }))).toBe("200")
    expect(await spend(3, "192.0.2.1")).toEqual(["200", "200", limited])
  })

  test("stop who guesses at tokens before the database is asked, and keep no valid token out", async () => {
    await open({ RATE_LIMIT_PER_MINUTE: "3" })
    const { id } = await edge.addUser("ada", "admin")
    const { token } = await edge.addToken(id, ["chat"])
    const me = (bearer: string) => outcome(edge.fetch("/api/auth/me", { bearer }))
    expect(await me(token)).toBe("200")
    const guess = (number: number) => `la_${String(number).padStart(48, "0")}`
    for (let number = 0; number < 3; number += 1) expect(await me(guess(number))).toBe("401 invalid_token")
    expect(await me(guess(3))).toBe(limited)
    edge.breakDatabase(true)
    expect(await me(guess(4))).toBe(limited)
    expect(await me(token)).toBe("200")
  })

  test("believe X-Forwarded-For under TRUST_PROXY alone, and of it the last entry alone", async () => {
    await open({ RATE_LIMIT_PER_MINUTE: "2" })
    const spoofed = (last: string) => ({ headers: { "x-forwarded-for": last } })
    await spend(1, "192.0.2.1", spoofed("1.1.1.1"))
    await spend(1, "192.0.2.1", spoofed("2.2.2.2"))
    expect(await spend(1, "192.0.2.1", spoofed("3.3.3.3"))).toEqual([limited])

    await open({ RATE_LIMIT_PER_MINUTE: "2", TRUST_PROXY: "true" })
    await spend(1, "127.0.0.1", spoofed("1.1.1.1, 192.0.2.1"))
    await spend(1, "127.0.0.1", spoofed("2.2.2.2, 192.0.2.1"))
    expect(await spend(1, "127.0.0.1", spoofed("3.3.3.3, 192.0.2.1"))).toEqual([limited])
    expect(await spend(1, "127.0.0.1", spoofed("192.0.2.1, 198.51.100.7"))).toEqual(["200"])
  })
})

describe("answers", () => {
  test("of the page carry a strict policy", async () => {
    const { headers } = await edge.fetch("/")
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin")
  })

  test("of any kind carry what keeps browsers from guessing and leaking", async () => {
    for (const path of ["/", "/api/health", "/api/nothing", "/assets/x.js", "/webhooks/telegram/x"]) {
      const { headers } = await edge.fetch(path)
      expect(headers.get("x-content-type-options")).toBe("nosniff")
      expect(headers.get("referrer-policy")).toBe("no-referrer")
      expect(headers.get("x-frame-options")).toBe("DENY")
      expect(headers.get("content-security-policy")).toContain("default-src 'none'")
      expect(headers.get("x-request-id")).toMatch(/^[0-9a-f]{16}$/)
      expect(headers.has("access-control-allow-origin")).toBe(false)
    }
  })

  test("of the API are never kept, the page is asked for anew, and its hashed files are kept", async () => {
    expect((await edge.fetch("/api/health")).headers.get("cache-control")).toBe("no-store")
    expect((await edge.fetch("/api/nothing")).headers.get("cache-control")).toBe("no-store")
    expect((await edge.fetch("/assets/x.js")).headers.get("cache-control")).toContain("immutable")
    expect((await edge.fetch("/")).headers.get("cache-control")).toBe("no-cache")
  })

  test("ask browsers for https where they came by it, and only there", async () => {
    expect((await edge.fetch("/")).headers.has("strict-transport-security")).toBe(false)
    await open({ TRUST_PROXY: "true" })
    const proxied = await edge.fetch("/", { headers: { "x-forwarded-proto": "https" } })
    expect(proxied.headers.get("strict-transport-security")).toBe("max-age=31536000")
  })
})

describe("what breaks on our side", () => {
  test("is told as internal, and logged with the request's id but without secrets", async () => {
    const { session: bearer } = await edge.addUser("ada", "admin")
    const cause = new Error(
      "POST https://api.telegram.org/bot123456:AAE-very-secret-token-here/getMe: password=hunter22",
    )
    edge.objects.failNext("conversation.create", cause)
    const response = await edge.fetch("/api/v1/loops", { bearer, body: {} })
    const text = await response.clone().text()
    expect(await outcome(response)).toBe("500 internal")
    expect(text).not.toContain("telegram")
    const entry = edge.logs.find(({ event }) => event === "request_failed")
    expect(entry).toMatchObject({ code: "internal", status: 500, requestId: response.headers.get("x-request-id") })
    expect(entry?.cause).toContain("getMe")
    expect(JSON.stringify(edge.logs)).not.toMatch(/very-secret|hunter22/)
  })

  test("in an object's answer that breaks its contract is not passed on", async () => {
    const { session: bearer } = await edge.addUser("ada", "admin")
    edge.objects.failNext("conversation.view", new LoopError("internal", {}, { cause: "x" }))
    expect(await outcome(edge.fetch(`/api/v1/loops/loop_${"0".repeat(32)}`, { bearer }))).toBe("500 internal")
  })

  test("in the database is 503, and nobody is taken for signed out", async () => {
    const { session } = await edge.addUser("ada", "admin")
    edge.breakDatabase(true)
    for (const sent of [{ cookie: session }, { bearer: session }]) {
      expect(await outcome(edge.fetch("/api/auth/me", sent))).toBe("503 database_unavailable")
      expect(await outcome(edge.fetch("/api/auth/status", sent))).toBe("503 database_unavailable")
    }
  })
})

test("no password, token, key or code appears in a log or in another's answer", async () => {
  const secrets = {
    password: "pass-phrase-of-ada-11",
    wrong: "wrong-pass-phrase-22",
    code: setupCode,
    bot: "123456:AAE-the-bot-secret-33",
    group: "sk-the-group-key-44",
    fallback: "sk-the-fallback-key-55",
  }
  const said: string[] = []
  const call = async (path: string, sent: object) => {
    const response = await edge.fetch(path, sent)
    const text = await response.text()
    said.push(text)
    return response.ok && text !== "" ? JSON.parse(text) : {}
  }
  const login = (password: string) => call("/api/auth/login", { body: { username: "ada", password } })
  await call("/api/auth/setup", { body: { username: "ada", password: secrets.password, code: secrets.wrong } })
  const { token: session } = await call("/api/auth/setup", {
    body: { username: "ada", password: secrets.password, code: secrets.code },
  })
  await login(secrets.wrong)
  await call("/api/auth/login", { body: { username: secrets.password, password: "oops, the wrong field" } })
  await call("/api/auth/login", { body: `{"username":"ada","password":"${secrets.wrong}"` })
  const { token } = await call("/api/v1/me/tokens", { cookie: session, body: {} })
  // A session and a token are shown once, to whom they belong.
  said.length = 0
  const bearer = session
  const provider = { type: "openai", model: "m", label: "l", apiKey: secrets.fallback }
  const fallbackChainConfig = { enabled: true, providers: [provider] }
  await call("/api/agent-groups", { bearer, body: { name: "g", apiKey: secrets.group, fallbackChainConfig } })
  edge.objects.failNext("channel.refresh", new Error(`fetch https://api.telegram.org/bot${secrets.bot}/getMe failed`))
  await call("/api/channels", { bearer, body: { kind: "telegram", name: "t", config: { botToken: secrets.bot } } })
  edge.objects.failNext(
    "conversation.create",
    new Error(`Authorization: Bearer ${token}; cookie loop_session=${session}`),
  )
  await call("/api/v1/loops", { bearer: token, body: {} })
  edge.breakDatabase(true)
  await call("/api/v1/loops?after=x", { cookie: session })
  await call(`/api/v1/loops/${token}`, { bearer })
  edge.breakDatabase(false)
  for (const path of ["/api/agent-groups", "/api/channels", "/api/v1/me/tokens", "/api/auth/me", "/api/auth/status"]) {
    await call(path, { cookie: session })
  }
  const everything = JSON.stringify([edge.logs, said])
  for (const secret of [...Object.values(secrets), session, token]) expect(everything).not.toContain(secret)
  expect(edge.logs.length).toBeGreaterThan(3)
  const found = await findToken(edge.libsql, sha256Hex(token), EpochMs.parse(edge.now()))
  expect(found?.token.label).toBe("default")
})
