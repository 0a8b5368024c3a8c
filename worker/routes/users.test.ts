import { afterEach, beforeEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { UserId } from "../../core/units.ts"
import { type Edge, openEdge, outcome, setupCode } from "../testing/edge.ts"

const password = "correct horse"
let edge: Edge
/** Of the administrator that the set-up made. */
let admin: string
let adminId: string
beforeEach(async () => {
  edge = await openEdge({ RATE_LIMIT_PER_MINUTE: "1000" })
  const made = await bodyOf(edge.fetch("/api/auth/setup", { body: { username: "root", password, code: setupCode } }))
  admin = made.token
  adminId = made.user.id
})
afterEach(() => edge.close())

/** What these tests read of answers, which are held to their contracts elsewhere. */
const Row = z.looseObject({
  id: z.string().default(""),
  isCurrent: z.boolean().default(false),
  role: z.string().default(""),
})
const Body = z.looseObject({
  id: z.string().default(""),
  token: z.string().default(""),
  tokenId: z.string().default(""),
  link: z.string().default(""),
  user: Row.default({ id: "", isCurrent: false, role: "" }),
  data: z.array(Row).default([]),
})
const bodyOf = async (response: Promise<Response>) => Body.parse(await (await response).json())
const get = (path: string, cookie = admin) => edge.fetch(path, { cookie })
const send = (method: string, path: string, body: unknown = {}, cookie = admin) =>
  edge.fetch(path, { method, body, cookie })
const invite = async (role = "operator") => {
  const { link, id } = await bodyOf(send("POST", "/api/users/invitations", { role }))
  return { id: id, link: link, code: link.split("code=")[1] ?? "" }
}
const accept = (code: string, username: string, secret = password) =>
  edge.fetch("/api/auth/invitation/accept", { body: { code, username, password: secret } })
const join = async (username: string, role = "operator") => {
  const { token, user } = await bodyOf(accept((await invite(role)).code, username))
  return { session: token, id: user.id }
}
const logIn = (username: string, secret = password) =>
  edge.fetch("/api/auth/login", { body: { username, password: secret } })
const isIn = async (session: string) => (await get("/api/auth/me", session)).status === 200

describe("an invitation", () => {
  test("is a link that is shown once, and whose code is stored only as a digest", async () => {
    const { link, code } = await invite()
    expect(link).toMatch(/^http:\/\/localhost:3000\/invite#code=[0-9a-f]{64}$/)
    expect(JSON.stringify(await bodyOf(get("/api/users/invitations")))).not.toContain(code)
    const [stored] = await edge.libsql.read([{ sql: "select * from invitations", args: [] }])
    expect(JSON.stringify(stored?.rows)).not.toContain(code)
  })

  test("makes an account of its role, signed in, and works no second time", async () => {
    const { code } = await invite("viewer")
    expect(await bodyOf(edge.fetch("/api/auth/invitation", { body: { code } }))).toMatchObject({ role: "viewer" })
    const answer = await accept(code, "Grace")
    expect(answer.status).toBe(201)
    expect(answer.headers.get("set-cookie")).toContain("HttpOnly")
    expect(await bodyOf(Promise.resolve(answer))).toMatchObject({ user: { username: "Grace", role: "viewer" } })
    expect((await logIn("grace")).status).toBe(200)
    expect(await outcome(accept(code, "heidi"))).toBe("404 invitation_not_found")
    expect((await bodyOf(get("/api/users/invitations"))).data).toEqual([])
  })

  test("makes one account, however many accept it at once", async () => {
    const { code } = await invite()
    const outcomes = await Promise.all(["a", "b", "c", "d"].map((name) => outcome(accept(code, name))))
    expect(outcomes.toSorted()).toEqual(["201", ...Array(3).fill("404 invitation_not_found")])
    expect((await bodyOf(get("/api/users"))).data).toHaveLength(2)
  })

  test("is over after seven days, and when it is taken back", async () => {
    const late = await invite()
    edge.advance(7 * 24 * 3_600_000 - 1)
    expect((await edge.fetch("/api/auth/invitation", { body: { code: late.code } })).status).toBe(200)
    edge.advance(1)
    expect(await outcome(accept(late.code, "late"))).toBe("404 invitation_not_found")
    const { token } = await bodyOf(logIn("root"))
    const back = await bodyOf(send("POST", "/api/users/invitations", { role: "viewer" }, token))
    const path = `/api/users/invitations/${back.id}`
    expect((await edge.fetch(path, { method: "DELETE", cookie: token })).status).toBe(204)
    expect(await outcome(edge.fetch(path, { method: "DELETE", cookie: token }))).toBe("404 invitation_not_found")
    expect(await outcome(accept(back.link.split("code=")[1] ?? "", "back"))).toBe("404 invitation_not_found")
  })

  test("takes no name that is taken and no weak password, and can be tried again", async () => {
    const { code } = await invite()
    expect(await outcome(accept(code, "ROOT"))).toBe("409 name_taken")
    expect(await outcome(accept(code, "grace", "short"))).toBe("400 setup_password_weak")
    expect(await outcome(accept(code, "' or 1=1"))).toBe("400 invalid_body")
    expect((await accept(code, "grace")).status).toBe(201)
  })
})

describe("an account", () => {
  test("changes its role at once, also for tokens that were made before", async () => {
    const grace = await join("grace", "operator")
    const { token } = await edge.addToken(UserId.parse(grace.id), ["agents:write"])
    expect((await edge.fetch("/api/agent-groups", { body: { name: "a" }, bearer: token })).status).toBe(201)
    await send("PUT", `/api/users/${grace.id}`, { role: "viewer" })
    expect(await outcome(edge.fetch("/api/agent-groups", { body: { name: "b" }, bearer: token }))).toBe(
      "403 role_forbidden",
    )
    expect(await outcome(send("POST", "/api/agent-groups", { name: "c" }, grace.session))).toBe("403 role_forbidden")
  })

  test("that is disabled is in use by nobody at once: sessions, tokens, logins; enabling opens logins alone", async () => {
    const grace = await join("grace")
    const { token } = await edge.addToken(UserId.parse(grace.id), ["chat"])
    expect((await edge.fetch("/api/v1/loops", { bearer: token })).status).toBe(200)
    expect(await bodyOf(send("PUT", `/api/users/${grace.id}`, { disabled: true }))).toMatchObject({ disabled: true })
    expect(await isIn(grace.session)).toBe(false)
    expect(await outcome(edge.fetch("/api/v1/loops", { bearer: token }))).toBe("401 invalid_token")
    expect(await outcome(logIn("grace"))).toBe("401 invalid_login")
    await send("PUT", `/api/users/${grace.id}`, { disabled: false })
    expect(await isIn(grace.session)).toBe(false)
    expect(await outcome(edge.fetch("/api/v1/loops", { bearer: token }))).toBe("401 invalid_token")
    expect((await logIn("grace")).status).toBe(200)
  })

  test("that is removed is gone with its sessions and tokens, and its name is free", async () => {
    const grace = await join("grace")
    const { token } = await edge.addToken(UserId.parse(grace.id), ["chat"])
    expect((await edge.fetch(`/api/users/${grace.id}`, { method: "DELETE", cookie: admin })).status).toBe(204)
    expect(await isIn(grace.session)).toBe(false)
    expect(await outcome(edge.fetch("/api/v1/loops", { bearer: token }))).toBe("401 invalid_token")
    expect(await outcome(get(`/api/users/${grace.id}`))).toBe("404 user_not_found")
    const { data } = await bodyOf(get("/api/tokens"))
    expect(data).toMatchObject([{ username: null, revokedAt: expect.any(String) }])
    expect((await join("grace")).id).not.toBe(grace.id)
  })

  test("of the last administrator can be neither removed, nor disabled, nor demoted", async () => {
    const path = `/api/users/${adminId}`
    expect(await outcome(send("PUT", path, { role: "operator" }))).toBe("409 last_admin")
    expect(await outcome(send("PUT", path, { disabled: true }))).toBe("409 last_admin")
    expect(await outcome(edge.fetch(path, { method: "DELETE", cookie: admin }))).toBe("409 last_admin")
    const second = await join("second", "admin")
    await send("PUT", `/api/users/${second.id}`, { disabled: true })
    expect(await outcome(send("PUT", path, { role: "operator" }))).toBe("409 last_admin")
    expect(await isIn(admin)).toBe(true)
  })

  test("two administrators who demote each other at once leave one", async () => {
    const second = await join("second", "admin")
    const outcomes = await Promise.all([
      outcome(send("PUT", `/api/users/${second.id}`, { role: "viewer" })),
      outcome(send("PUT", `/api/users/${adminId}`, { role: "viewer" }, second.session)),
    ])
    const [admins] = await edge.libsql.read([{ sql: "select id from users where role = 'admin'", args: [] }])
    expect(admins?.rows).toHaveLength(1)
    expect(outcomes).toContain("200")
  })
})

describe("one's own password", () => {
  test("is changed by the old one; other sessions end, this one stays", async () => {
    const other = (await bodyOf(logIn("root"))).token
    const body = { oldPassword: password, newPassword: "another password" }
    expect((await send("PUT", "/api/auth/password", body)).status).toBe(204)
    expect([await isIn(admin), await isIn(other)]).toEqual([true, false])
    expect(await outcome(logIn("root"))).toBe("401 invalid_login")
    expect((await logIn("root", "another password")).status).toBe(200)
  })

  test("is not changed by a wrong one, a weak one, or a token", async () => {
    const change = (oldPassword: string, newPassword: string) =>
      send("PUT", "/api/auth/password", { oldPassword, newPassword })
    expect(await outcome(change("wrong", "another password"))).toBe("400 wrong_password")
    expect(await outcome(change(password, "short"))).toBe("400 setup_password_weak")
    const body = { oldPassword: password, newPassword: "another password" }
    expect(await outcome(edge.fetch("/api/auth/password", { method: "PUT", body, bearer: admin }))).toBe(
      "403 cookie_required",
    )
    expect((await logIn("root")).status).toBe(200)
  })

  test("cannot be guessed by whoever found an open browser", async () => {
    const outcomes = new Set<string>()
    for (let guess = 0; guess < 12; guess += 1) {
      const body = { oldPassword: `guess ${guess}`, newPassword: "another password" }
      outcomes.add(await outcome(send("PUT", "/api/auth/password", body)))
    }
    expect([...outcomes]).toEqual(["400 wrong_password", "429 too_many_logins"])
  })
})

describe("sessions", () => {
  test("are listed to their person, the present one marked, and end one by one", async () => {
    const other = (await bodyOf(logIn("root"))).token
    const { data } = await bodyOf(get("/api/auth/sessions"))
    expect(data).toHaveLength(2)
    expect(data.filter(({ isCurrent }) => isCurrent)).toHaveLength(1)
    expect(JSON.stringify(data)).not.toContain(other)
    const id = data.find(({ isCurrent }) => !isCurrent)?.id
    expect((await edge.fetch(`/api/auth/sessions/${id}`, { method: "DELETE", cookie: admin })).status).toBe(204)
    expect([await isIn(admin), await isIn(other)]).toEqual([true, false])
  })

  test("of someone else are an administrator's to see and end, and nobody else's", async () => {
    const grace = await join("grace")
    const id = (await bodyOf(get(`/api/users/${grace.id}/sessions`))).data[0]?.id
    const adminSession = (await bodyOf(get("/api/auth/sessions"))).data[0]?.id
    const endAs = (cookie: string, path: string) => outcome(edge.fetch(path, { method: "DELETE", cookie }))
    expect(await endAs(grace.session, `/api/auth/sessions/${adminSession}`)).toBe("404 session_not_found")
    expect(await endAs(grace.session, `/api/users/${adminId}/sessions/${adminSession}`)).toBe("403 role_forbidden")
    expect(await endAs(admin, `/api/users/${adminId}/sessions/${id}`)).toBe("404 session_not_found")
    expect(await endAs(admin, `/api/users/${grace.id}/sessions/${id}`)).toBe("204")
    expect(await isIn(grace.session)).toBe(false)
  })
})

describe("everybody's tokens", () => {
  test("are listed without their values, and revoked at once", async () => {
    const grace = await join("grace")
    const made = await bodyOf(send("POST", "/api/v1/me/tokens", { label: "ci" }, grace.session))
    const { data } = await bodyOf(get("/api/tokens"))
    expect(data).toMatchObject([{ tokenId: made.tokenId, username: "grace", label: "ci", revokedAt: null }])
    expect(JSON.stringify(data)).not.toContain(made.token)
    expect((await edge.fetch("/api/v1/loops", { bearer: made.token })).status).toBe(200)
    await edge.fetch(`/api/tokens/${made.tokenId}`, { method: "DELETE", cookie: admin })
    expect(await outcome(edge.fetch("/api/v1/loops", { bearer: made.token }))).toBe("401 invalid_token")
  })
})
