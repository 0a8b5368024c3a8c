import { afterEach, beforeEach, expect, test } from "vitest"
import { randomBytes } from "node:crypto"
import { createVault } from "../adapters/vault.ts"
import { claimInstanceValue, readInstanceValue } from "../adapters/store/instance.ts"
import { type Edge, openEdge, outcome, type Sent } from "./testing/edge.ts"

let edge: Edge
beforeEach(async () => {
  edge = await openEdge()
})
afterEach(() => edge.close())

const keepCheckValue = (value: string) => claimInstanceValue(edge.libsql, "encryption_check", value)
const ofAnotherKey = () => createVault(new Uint8Array(randomBytes(32))).checkValue()
const health = async () => {
  const response = await edge.fetch("/api/health")
  return { code: response.status, ...Object(await response.json()) }
}
const removeCheckValue = () =>
  edge.libsql.write([{ sql: "delete from instance where key = 'encryption_check'", args: [] }])

test("a key that is not the database's is refused at every door, and changes nothing", async () => {
  await keepCheckValue(ofAnotherKey())
  const { session: cookie } = await edge.addUser("ada", "admin")
  const calls: [string, Sent][] = [
    ["/api/auth/status", {}],
    ["/api/auth/setup", { body: { username: "admin", password: "correct horse", code: "x" } }],
    ["/api/v1/loops", { cookie, body: {} }],
    ["/api/agent-groups", { cookie, body: { name: "a", apiKey: "sk-1" } }],
    ["/v1/models", { cookie }],
    ["/metrics", { cookie }],
    [`/webhooks/telegram/chan_${"a".repeat(24)}`, { body: { update_id: 1 } }],
  ]
  for (const [path, sent] of calls) expect(await outcome(edge.fetch(path, sent))).toBe("503 encryption_key_wrong")
  expect(edge.objects.calls).toEqual([])
  const [groups] = await edge.libsql.read([{ sql: "select * from agent_groups", args: [] }])
  expect(groups?.rows).toEqual([])
})

test("a wrong key is what health tells, with what to do; the page is still there", async () => {
  await keepCheckValue(ofAnotherKey())
  const { code, status, parts } = await health()
  expect([code, status, parts.database.status]).toEqual([503, "failing", "failing"])
  expect(parts.database.hint).toContain("Bring the old key back")
  expect((await edge.fetch("/")).status).toBe(200)
})

test("the right key put back is noticed within ten seconds, without a deployment", async () => {
  await keepCheckValue(ofAnotherKey())
  expect(await outcome(edge.fetch("/api/auth/status"))).toBe("503 encryption_key_wrong")
  await removeCheckValue()
  await keepCheckValue(edge.vault.checkValue())
  edge.advance(10_000)
  expect((await edge.fetch("/api/auth/status")).status).toBe(200)
  expect(edge.logs.filter(({ event }) => event === "encryption_key_wrong")).toHaveLength(1)
})

test("a key that fits is looked up once, and a database that has none yet is bound to it", async () => {
  await Promise.all([edge.fetch("/api/auth/status"), edge.fetch("/api/auth/status")])
  expect(edge.vault.opens((await readInstanceValue(edge.libsql, "encryption_check")) ?? "")).toBe(true)
  await removeCheckValue()
  await keepCheckValue(ofAnotherKey())
  edge.advance(3_600_000)
  expect((await edge.fetch("/api/auth/status")).status).toBe(200)
})

test("a database that is away keeps nothing out that does not need it, and is asked again", async () => {
  await keepCheckValue(ofAnotherKey())
  edge.breakDatabase(true)
  const update = () =>
    edge.fetch(`/webhooks/telegram/chan_${"a".repeat(24)}`, {
      body: { update_id: 1 },
      headers: { "x-telegram-bot-api-secret-token": "right-secret" },
    })
  expect((await update()).status).toBe(200)
  edge.breakDatabase(false)
  edge.advance(10_000)
  expect(await outcome(update())).toBe("503 encryption_key_wrong")
})
