import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { after } from "../../core/units.ts"
import { type Edge, openEdge, outcome, type Sent } from "../testing/edge.ts"

let edge: Edge
let ada: { id: string; session: string }
let bob: { session: string }
beforeEach(async () => {
  edge = await openEdge()
  ada = await edge.addUser("ada", "operator")
  bob = await edge.addUser("bob", "viewer")
})
afterEach(() => edge.close())

const tokens = (path = "", sent: Sent = {}) => edge.fetch(`/api/v1/me/tokens${path}`, { cookie: ada.session, ...sent })
const make = async (body: object = {}) => (await tokens("", { body })).json()

describe("create", () => {
  test("shows the token once, and chat is all it may do unless told", async () => {
    const response = await tokens("", { body: { label: "bot" } })
    expect(response.status).toBe(201)
    const made = await response.json()
    expect(made).toEqual({
      tokenId: expect.stringMatching(/^tok_[0-9a-f]{12}$/),
      token: expect.stringMatching(/^la_[0-9a-f]{48}$/),
      label: "bot",
      scopes: ["chat"],
      createdAt: "2026-09-21T14:13:20.000Z",
    })
    const list = await (await tokens()).json()
    expect(list.tokens).toHaveLength(1)
    expect(JSON.stringify(list)).not.toContain(made.token)
    const [rows] = await edge.libsql.read([{ sql: "select * from tokens", args: [] }])
    expect(JSON.stringify(rows?.rows)).not.toContain(made.token)
  })

  test("needs no body", async () => {
    expect(await (await tokens("", { method: "POST" })).json()).toMatchObject({ label: "default", scopes: ["chat"] })
  })

  test("gives a token a time to live", async () => {
    const { token, expiresAt } = await make({ ttlSeconds: 60 })
    expect(expiresAt).toBe("2026-09-21T14:14:20.000Z")
    edge.advance(59_999)
    expect((await edge.fetch("/api/auth/me", { bearer: token })).status).toBe(200)
    edge.advance(1)
    expect(await outcome(edge.fetch("/api/auth/me", { bearer: token }))).toBe("401 invalid_token")
  })

  test("gives no scope that its person lacks", async () => {
    expect(await outcome(tokens("", { body: { scopes: ["access:write"] } }))).toBe("403 role_forbidden")
    expect(await outcome(tokens("", { cookie: bob.session, body: {} }))).toBe("403 role_forbidden")
  })

  test.each([{ scopes: [] }, { scopes: ["all"] }, { ttlSeconds: 0 }, { ttlSeconds: 1e12 }, { label: "x".repeat(101) }])(
    "refuses %j",
    async (body) => {
      expect(await outcome(tokens("", { body }))).toBe("400 invalid_body")
    },
  )
})

describe("a token", () => {
  test("cannot make, see or revoke tokens, nor can a session that came as a bearer", async () => {
    const { token, tokenId } = await make()
    for (const bearer of [token, ada.session]) {
      const as = { bearer, cookie: undefined }
      expect(await outcome(tokens("", { ...as, body: {} }))).toBe("403 cookie_required")
      expect(await outcome(tokens("", as))).toBe("403 cookie_required")
      expect(await outcome(tokens(`/${tokenId}`, { ...as, method: "DELETE" }))).toBe("403 cookie_required")
    }
  })

  test("is refused at once when it is revoked", async () => {
    const { token, tokenId } = await make()
    expect((await edge.fetch("/api/auth/me", { bearer: token })).status).toBe(200)
    expect((await tokens(`/${tokenId}`, { method: "DELETE" })).status).toBe(204)
    expect(await outcome(edge.fetch("/api/auth/me", { bearer: token }))).toBe("401 invalid_token")
    expect(await (await tokens()).json()).toEqual({ tokens: [] })
  })

  test("cannot be revoked by another person, nor twice", async () => {
    const { token, tokenId } = await make()
    const byBob = { method: "DELETE", cookie: bob.session }
    expect(await outcome(tokens(`/${tokenId}`, byBob))).toBe("404 token_not_found")
    expect((await edge.fetch("/api/auth/me", { bearer: token })).status).toBe(200)
    expect((await tokens(`/${tokenId}`, { method: "DELETE" })).status).toBe(204)
    expect(await outcome(tokens(`/${tokenId}`, { method: "DELETE" }))).toBe("404 token_not_found")
    expect(await outcome(tokens("/nonsense", { method: "DELETE" }))).toBe("404 token_not_found")
  })

  test("as a cookie is nothing", async () => {
    const { token } = await make()
    expect(await outcome(edge.fetch("/api/auth/me", { cookie: token }))).toBe("401 invalid_token")
  })

  test("shows when it was used last", async () => {
    const { token } = await make()
    edge.advance(5_000)
    await edge.fetch("/api/auth/me", { bearer: token })
    await edge.settle()
    expect((await (await tokens()).json()).tokens[0].lastUsedAt).toBe("2026-09-21T14:13:25.000Z")
  })

  test("loses what its person may no longer do", async () => {
    const { token } = await make()
    await edge.libsql.write([{ sql: "update users set role = 'viewer' where id = ?", args: [ada.id] }])
    edge.advance(10_000)
    expect(await outcome(edge.fetch("/api/v1/loops", { bearer: token }))).toBe("403 role_forbidden")
  })

  test("with a scope of a later version may do no more for it", async () => {
    const { token, tokenId } = await make()
    await edge.libsql.write([{ sql: `update tokens set scopes = '["future:write"]' where id = ?`, args: [tokenId] }])
    expect((await edge.fetch("/api/auth/me", { bearer: token })).status).toBe(200)
    expect(await outcome(edge.fetch("/api/v1/loops", { bearer: token }))).toBe("403 scope_missing")
    expect((await tokens()).status).toBe(200)
  })
})

test("a request by cookie without our Origin makes no token", async () => {
  for (const origin of [
    null,
    "https://evil.example",
    "null",
    "http://localhost:4000",
    "http://localhost:3000.evil.example",
  ]) {
    expect(await outcome(tokens("", { body: {}, origin }))).toBe("403 origin_forbidden")
  }
  expect(await (await tokens()).json()).toEqual({ tokens: [] })
})

test("an expired token is told apart from none at all", async () => {
  const { session, id } = await edge.addUser("root", "admin")
  const { token } = await edge.addToken(id, ["chat"], after(edge.now(), -1))
  expect(await outcome(tokens("", { cookie: undefined, bearer: token }))).toBe("401 invalid_token")
  expect(await outcome(tokens("", { cookie: undefined }))).toBe("401 missing_credentials")
  expect((await tokens("", { cookie: session })).status).toBe(200)
})
