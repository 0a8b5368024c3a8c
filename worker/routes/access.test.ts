/** Set-up, login and logout, through the edge's front door. */
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import * as contracts from "../../core/api/access.ts"
import { type Edge, openEdge, origin, outcome, setupCode } from "../testing/edge.ts"

let edge: Edge
beforeEach(async () => {
  edge = await openEdge()
})
afterEach(() => edge.close())

const admin = { username: "Ada", password: "correct horse battery" }
const setUp = (changes: object = {}, from?: string) =>
  edge.fetch("/api/auth/setup", { body: { ...admin, code: setupCode, ...changes }, ...(from ? { from } : {}) })
const logIn = (changes: object = {}, from?: string) =>
  edge.fetch("/api/auth/login", { body: { ...admin, ...changes }, ...(from ? { from } : {}) })

describe("set-up", () => {
  test("makes the administrator and signs in at once", async () => {
    expect(await (await edge.fetch("/api/auth/status")).json()).toEqual({ setupRequired: true, authenticated: false })
    const response = await setUp()
    expect(response.status).toBe(201)
    const { token, user } = contracts.logIn.response.parse(await response.json())
    expect(user).toMatchObject({ username: "Ada", role: "admin" })
    expect(token).toMatch(/^[0-9a-f]{64}$/)
    const status = await edge.fetch("/api/auth/status", { cookie: token })
    expect(await status.json()).toEqual({ setupRequired: false, authenticated: true, user })
  })

  test("happens once", async () => {
    await setUp()
    expect(await outcome(setUp({ username: "Eve" }))).toBe("409 already_set_up")
  })

  test("makes one administrator of ten at once", async () => {
    const names = Array.from({ length: 10 }, (_, at) => `user-${at}`)
    const outcomes = await Promise.all(names.map((username) => outcome(setUp({ username }))))
    expect(outcomes.filter((one) => one === "201")).toHaveLength(1)
    expect(outcomes.filter((one) => one === "409 already_set_up")).toHaveLength(9)
    const [users] = await edge.libsql.read([{ sql: "select count(*) as n from users", args: [] }])
    expect(users?.rows[0]?.n).toBe(1)
  })

  test.each(["127.0.0.1", "::1", "192.0.2.1"])("needs the code from %s too", async (from) => {
    expect(await outcome(setUp({ code: "guess" }, from))).toBe("403 invalid_setup_code")
    expect(await outcome(setUp({ code: "" }, from))).toBe("403 invalid_setup_code")
    expect(await outcome(setUp({ code: undefined }, from))).toBe("400 invalid_body")
  })

  test("is not possible where no code is configured", async () => {
    const closed = await openEdge({}, { setupCode: undefined })
    const body = { ...admin, code: "" }
    expect(await outcome(closed.fetch("/api/auth/setup", { body }))).toBe("403 setup_unavailable")
    await closed.close()
  })

  test("refuses a short password, and the code works still", async () => {
    expect(await outcome(setUp({ password: "123456789" }))).toBe("400 setup_password_weak")
    expect(await outcome(setUp({ password: "1234567890" }))).toBe("201")
  })

  test("refuses a name that cannot be shown", async () => {
    expect(await outcome(setUp({ username: "a\u202Eb" }))).toBe("400 invalid_body")
    expect(await outcome(setUp({ username: "  " }))).toBe("400 invalid_body")
  })

  test("tells nothing more to who guesses at the code for too long", async () => {
    for (let guess = 0; guess < 30; guess += 1) await setUp({ code: `guess-${guess}` })
    const response = await setUp()
    expect(await outcome(response)).toBe("429 too_many_logins")
    expect(await outcome(setUp({}, "198.51.100.7"))).toBe("201")
  })
})

describe("login", () => {
  beforeEach(() => setUp())

  test("gives a token and a cookie, and the name's case does not matter", async () => {
    const response = await logIn({ username: "aDA" })
    expect(response.status).toBe(200)
    const { token, user } = contracts.logIn.response.parse(await response.json())
    expect(user.username).toBe("Ada")
    expect(response.headers.get("set-cookie")).toBe(
      `loop_session=${token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000`,
    )
    expect((await edge.fetch("/api/auth/me", { bearer: token })).status).toBe(200)
  })

  test("does not tell an unknown name from a wrong password", async () => {
    const unknown = await logIn({ username: "nobody" })
    const wrong = await logIn({ password: "wrong" })
    expect(unknown.status).toBe(401)
    expect(await unknown.json()).toEqual(await wrong.json())
  })

  test("takes as long for an unknown name as for a wrong password", async () => {
    const time = async (changes: object, from: string) => {
      const started = performance.now()
      await logIn(changes, from)
      return performance.now() - started
    }
    // The best of three: what else the machine does only ever adds.
    const wrong: number[] = []
    const unknown: number[] = []
    for (let round = 0; round < 3; round += 1) {
      wrong.push(await time({ password: "wrong" }, `198.51.100.${round}`))
      unknown.push(await time({ username: `nobody-${round}` }, `198.51.100.${round}`))
    }
    expect(Math.min(...unknown)).toBeGreaterThan(Math.min(...wrong) * 0.3)
    expect(Math.min(...unknown)).toBeLessThan(Math.min(...wrong) * 3)
  })

  test("stores neither session nor password in clear", async () => {
    const { token } = await (await logIn()).json()
    const [sessions, users] = await edge.libsql.read([
      { sql: "select * from sessions", args: [] },
      { sql: "select * from users", args: [] },
    ])
    const stored = JSON.stringify([sessions?.rows, users?.rows])
    expect(stored).not.toContain(token)
    expect(stored).not.toContain(admin.password)
  })

  test("bars an address from a name after ten failures, tells when to come back, and forgets after the window", async () => {
    for (let failure = 0; failure < 10; failure += 1) {
      expect(await outcome(logIn({ password: "wrong" }))).toBe("401 invalid_login")
    }
    edge.advance(60_000)
    const barred = await logIn()
    expect(barred.headers.get("retry-after")).toBe(String(14 * 60))
    expect(await outcome(barred)).toBe("429 too_many_logins")
    expect(await outcome(logIn({}, "198.51.100.7"))).toBe("200")
    edge.advance(14 * 60_000)
    expect(await outcome(logIn())).toBe("200")
  })

  test("is refused from another origin's page", async () => {
    const body = { ...admin }
    expect(await outcome(edge.fetch("/api/auth/login", { body, origin: "https://evil.example" }))).toBe(
      "403 origin_forbidden",
    )
    expect(await outcome(edge.fetch("/api/auth/login", { body, headers: { "content-type": "text/plain" } }))).toBe(
      "415 unsupported_media_type",
    )
  })

  test("answers 503 while the database is away", async () => {
    edge.breakDatabase(true)
    expect(await outcome(logIn())).toBe("503 database_unavailable")
  })
})

describe("logout", () => {
  test("ends the session at once and clears the cookie", async () => {
    const { token } = await (await setUp()).json()
    expect((await edge.fetch("/api/auth/me", { cookie: token })).status).toBe(200)
    const response = await edge.fetch("/api/auth/logout", { method: "POST", cookie: token })
    expect(response.status).toBe(204)
    expect(response.headers.get("set-cookie")).toMatch(/^loop_session=; .*Max-Age=0/)
    expect(await outcome(edge.fetch("/api/auth/me", { cookie: token }))).toBe("401 invalid_token")
    expect(await outcome(edge.fetch("/api/auth/me", { bearer: token }))).toBe("401 invalid_token")
  })

  test("of a session that is already over is no error", async () => {
    expect(await outcome(edge.fetch("/api/auth/logout", { method: "POST" }))).toBe("204")
    expect(await outcome(edge.fetch("/api/auth/logout", { method: "POST", cookie: "0".repeat(64) }))).toBe("204")
  })

  test("is not for API tokens", async () => {
    const { id } = await edge.addUser("bob", "admin")
    const { token } = await edge.addToken(id, ["chat"])
    expect(await outcome(edge.fetch("/api/auth/logout", { method: "POST", bearer: token }))).toBe("403 cookie_required")
  })

  test("by a cookie needs our Origin, so that no other page ends a session", async () => {
    const { token } = await (await setUp()).json()
    const forged = { method: "POST", cookie: token, origin: null }
    expect(await outcome(edge.fetch("/api/auth/logout", forged))).toBe("403 origin_forbidden")
    expect((await edge.fetch("/api/auth/me", { cookie: token })).status).toBe(200)
  })
})

describe("who am I", () => {
  test("tells what this credential may do", async () => {
    const { id, session } = await edge.addUser("bob", "viewer")
    const { token } = await edge.addToken(id, ["chat", "agents:read"])
    const byCookie = await (await edge.fetch("/api/auth/me", { cookie: session })).json()
    expect(byCookie).toEqual({
      user: { id, username: "bob", role: "viewer" },
      credential: "cookie",
      scopes: ["agents:read", "conversations:read", "automation:read", "operations:read"],
    })
    const byToken = await (await edge.fetch("/api/auth/me", { bearer: token })).json()
    expect(byToken).toMatchObject({ credential: "token", scopes: ["agents:read"] })
  })

  test("is a question for those who show something", async () => {
    const response = await edge.fetch("/api/auth/me")
    expect(response.headers.get("www-authenticate")).toBe("Bearer")
    expect(await outcome(response)).toBe("401 missing_credentials")
    expect(await outcome(edge.fetch("/api/auth/me", { bearer: "nonsense" }))).toBe("401 invalid_token")
  })
})

describe("the cookie", () => {
  const cookieOf = async (environment: Record<string, string>, url: string, headers: Record<string, string> = {}) => {
    const own = await openEdge({ PUBLIC_URL: "https://gw.example", ...environment })
    const body = JSON.stringify({ ...admin, code: setupCode })
    const request = new Request(`${url}/api/auth/setup`, {
      method: "POST",
      headers: { "content-type": "application/json", host: new URL(url).host, ...headers },
      body,
    })
    const response = await own.raw(request)
    await own.close()
    return response.headers.get("set-cookie")
  }

  test("is Secure over https", async () => {
    expect(await cookieOf({}, "https://gw.example")).toContain("; Secure")
  })
  test("is not Secure over http, where a browser would drop it", async () => {
    expect(await cookieOf({}, origin)).not.toContain("Secure")
  })
  test("believes a proxy about https", async () => {
    expect(await cookieOf({ TRUST_PROXY: "true" }, "http://gw.example", { "x-forwarded-proto": "https" })).toContain(
      "; Secure",
    )
  })
  test("believes nobody about https without a trusted proxy", async () => {
    expect(await cookieOf({}, "http://gw.example", { "x-forwarded-proto": "https" })).not.toContain("Secure")
  })
})
