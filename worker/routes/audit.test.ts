import { afterEach, beforeEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { contracts } from "../../core/api/contracts.ts"
import { AuditEventView } from "../../core/api/audit.ts"
import { toUrl } from "../../core/api/endpoint.ts"
import { apiCases } from "../testing/api-cases.ts"
import { type Edge, openEdge, outcome, setupCode } from "../testing/edge.ts"

const password = "correct horse battery"
let edge: Edge
beforeEach(async () => {
  edge = await openEdge({ RATE_LIMIT_PER_MINUTE: "1000" })
})
afterEach(() => edge.close())

const Page = z.object({ data: z.array(AuditEventView), nextCursor: z.string().nullable() })
const events = async (cookie: string, query: Record<string, string> = {}) => {
  await edge.settle()
  return Page.parse(await (await edge.fetch(toUrl("/api/audit", {}, query), { cookie })).json())
}
const actions = async (cookie: string) => (await events(cookie)).data.map(({ action }) => action).toReversed()

test("logins are noted with who, when, from where, and whether they were let in", async () => {
  const body = { username: "Root", password }
  await edge.fetch("/api/auth/setup", { body: { ...body, code: "wrong" }, from: "203.0.113.9" })
  const made = await edge.fetch("/api/auth/setup", { body: { ...body, code: setupCode } })
  const { token } = z.object({ token: z.string() }).parse(await made.json())
  await edge.fetch("/api/auth/login", { body: { username: "root", password: "my other password" } })
  await edge.fetch("/api/auth/login", { body: { username: "my other password", password } })
  const again = await edge.fetch("/api/auth/login", { body, from: "198.51.100.7" })
  const requestId = again.headers.get("x-request-id")
  const { data } = await events(token)
  expect(data.map(({ action, actorName }) => [action, actorName]).toReversed()).toEqual([
    ["set_up_refused", ""],
    ["set_up", "Root"],
    ["login_refused", ""],
    ["login_refused", ""],
    ["login", "Root"],
  ])
  expect(data[0]).toMatchObject({ requestId, address: "198.51.100.7", at: expect.stringMatching(/Z$/) })
  expect(data.at(-1)?.address).toBe("203.0.113.9")
  // Only the name of an account is noted: what else was typed there may be a password.
  expect(data.map(({ details }) => details.name)).toEqual([undefined, undefined, "Root", undefined, undefined])
})

test("a token's making, its first use in an hour, and its end are noted", async () => {
  const { id, session } = await edge.addUser("root", "admin")
  await edge.fetch("/api/v1/me/tokens", { body: { label: "ci" }, cookie: session })
  const { token, tokenId } = await edge.addToken(id, ["chat"])
  const use = () => edge.fetch("/api/v1/loops", { bearer: token })
  await use()
  await use()
  edge.advance(30 * 60_000)
  await use()
  edge.advance(31 * 60_000)
  await use()
  const { session: now } = await edge.addUser("other", "admin")
  await edge.fetch(`/api/tokens/${tokenId}`, { method: "DELETE", cookie: now })
  expect(await actions(now)).toEqual(["token_created", "token_used", "token_used", "token_revoked"])
  const { data } = await events(now, { target: tokenId })
  expect(data.map(({ credential }) => credential)).toEqual(["cookie", "token", "token"])
})

test("what was changed is noted by the names of its fields, and no secret by its value", async () => {
  const { session } = await edge.addUser("root", "admin")
  const send = (method: string, path: string, body: unknown) => edge.fetch(path, { method, body, cookie: session })
  const group = z
    .object({ id: z.string() })
    .parse(await (await send("POST", "/api/agent-groups", { name: "support", apiKey: "sk-very-secret" })).json())
  await send("PUT", `/api/agent-groups/${group.id}`, { apiKey: "sk-another-secret", model: "m" })
  const config = { botToken: "123456:ABC-secret", allowedUserIds: [] }
  await send("POST", "/api/channels", { kind: "telegram", name: "Home", config })
  await send("DELETE", `/api/agent-groups/${group.id}`, undefined)
  const { data } = await events(session)
  expect(data.map(({ action, targetId, details }) => [action, targetId === group.id, details.fields])).toEqual([
    ["group_deleted", true, undefined],
    ["channel_created", false, "kind name config"],
    ["group_changed", true, "model apiKey"],
    ["group_created", true, "name apiKey"],
  ])
  const [rows] = await edge.libsql.read([{ sql: "select * from audit_events", args: [] }])
  expect(JSON.stringify(rows)).not.toMatch(/secret|123456/)
})

test("what failed is not noted as done", async () => {
  const { session } = await edge.addUser("root", "admin")
  const path = `/api/agent-groups/grp_${"0".repeat(24)}`
  expect(await outcome(edge.fetch(path, { method: "DELETE", cookie: session }))).toBe("404 group_not_found")
  expect(await outcome(edge.fetch("/api/agent-groups", { body: {}, cookie: session }))).toBe("400 invalid_body")
  expect(await actions(session)).toEqual([])
})

test("a list is read page by page, and filtered", async () => {
  const { id, session } = await edge.addUser("root", "admin")
  for (let made = 0; made < 5; made += 1) await edge.fetch("/api/v1/me/tokens", { body: {}, cookie: session })
  const first = await events(session, { limit: "2" })
  const second = await events(session, { limit: "2", after: first.nextCursor ?? "" })
  const third = await events(session, { limit: "2", after: second.nextCursor ?? "" })
  expect([first, second, third].map(({ data }) => data.map(({ seq }) => seq))).toEqual([[5, 4], [3, 2], [1]])
  expect(third.nextCursor).toBeNull()
  expect((await events(session, { actor: id })).data).toHaveLength(5)
  expect((await events(session, { action: "login" })).data).toEqual([])
  expect((await events(session, { until: "2020-01-01T00:00:00+01:00" })).data).toEqual([])
  expect(await outcome(edge.fetch("/api/audit?after=x", { cookie: session }))).toBe("400 invalid_cursor")
  expect(await outcome(edge.fetch("/api/audit?action=x", { cookie: session }))).toBe("400 invalid_query")
})

test("the trail is found intact, and broken once a row was touched", async () => {
  const { session } = await edge.addUser("root", "admin")
  for (let made = 0; made < 3; made += 1) await edge.fetch("/api/v1/me/tokens", { body: {}, cookie: session })
  await edge.settle()
  const verdict = async () => (await edge.fetch("/api/audit/verify", { cookie: session })).json()
  expect(await verdict()).toEqual({ status: "intact", events: 3 })
  await edge.libsql.write([{ sql: "update audit_events set actor_name = 'someone' where seq = 2", args: [] }])
  expect(await verdict()).toEqual({ status: "broken", seq: 2, reason: "changed" })
})

test("a gateway whose trail cannot be written works on, and says so in its log", async () => {
  const { id, session } = await edge.addUser("root", "admin")
  const { token } = await edge.addToken(id, ["chat"])
  await edge.libsql.write([{ sql: "alter table audit_events rename to elsewhere", args: [] }])
  expect((await edge.fetch("/api/v1/loops", { bearer: token })).status).toBe(200)
  await edge.settle()
  expect(edge.logs.filter(({ event }) => event === "audit_waits")).toMatchObject([{ level: "error", waiting: 1 }])
  await edge.libsql.write([{ sql: "alter table elsewhere rename to audit_events", args: [] }])
  await edge.fetch("/api/v1/me/tokens", { body: {}, cookie: session })
  expect(await actions(session)).toEqual(["token_used", "token_created"])
})

describe("every operation that changes what an operator or an administrator owns", () => {
  /** Conversations have a record of their own, and a web hook is a message. */
  const recorded = /^\/(api\/v1\/loops|api\/conversations|v1|webhooks)(\/|$)/
  const changing = contracts.filter(
    (contract) =>
      contract.method !== "get" && !recorded.test(contract.path) && contract.path !== "/api/auth/invitation",
  )
  test.each(changing)("$method $path leaves an event", async (contract) => {
    const found = apiCases[`${contract.method} ${contract.path}`]
    const fresh = await openEdge({ RATE_LIMIT_PER_MINUTE: "1000" })
    try {
      const admin = found?.isFresh === true ? "" : (await fresh.addUser("root", "admin")).session
      const call = await found?.succeeds({ edge: fresh, admin })
      const { params = {}, query = {}, headers = {}, body, cookie = admin } = call ?? {}
      await fresh.settle()
      const count = async () => {
        const [rows] = await fresh.libsql.read([{ sql: "select action from audit_events", args: [] }])
        return rows?.rows.length ?? 0
      }
      const before = await count()
      const sent = { method: contract.method.toUpperCase(), headers, ...(body === undefined ? {} : { body }) }
      const credentials = cookie === "" ? {} : { cookie }
      const response = await fresh.fetch(toUrl(contract.path, params, query), { ...sent, ...credentials })
      expect(response.status).toBeLessThan(300)
      await fresh.settle()
      expect(await count()).toBe(before + 1)
    } finally {
      await fresh.close()
    }
  })
})
