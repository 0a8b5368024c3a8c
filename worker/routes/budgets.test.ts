/** What callers see and set of budgets. */
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { createGroup } from "../../adapters/store/agents.ts"
import { listAuditRows } from "../../adapters/store/audit.ts"
import { eraseConversation } from "../../adapters/store/erasure.ts"
import { group, groupId, loop, loopId, projection } from "../../adapters/store/samples.ts"
import { noLimits } from "../../core/budget/limits.ts"
import { EpochMs } from "../../core/units.ts"
import { type Edge, openEdge, outcome } from "../testing/edge.ts"

let edge: Edge
let session: string
beforeEach(async () => {
  edge = await openEdge()
  ;({ session } = await edge.addUser("ada", "admin"))
})
afterEach(() => edge.close())

const none = { spent: { tokens: 0, microUsd: 0 }, reserved: { tokens: 0, microUsd: 0 } }
const used = { spent: { tokens: 5, microUsd: 7 }, reserved: { tokens: 1, microUsd: 2 } }
const path = `/api/conversations/${loopId(1)}/budget`
const put = (body: unknown, at = path) => edge.fetch(at, { method: "PUT", body, bearer: session })
const told = () => edge.objects.calls.filter(({ name }) => name === "ledger.setBudget").map(({ input }) => input)
const knowConversation = async () => {
  await edge.libsql.project(projection({ conversations: [loop(1)] }))
  const scope = { kind: "conversation" as const, conversationId: loopId(1) }
  edge.objects.budgets.scopes = [{ scope, limits: { ...noLimits, maxMicroUsdDay: 500_000 }, day: used, month: used }]
}

test("budgets are shown with their scopes by name, in dollars, and the instants of their windows", async () => {
  await createGroup(edge.libsql, group(1))
  const limits = { maxTokensDay: 10, maxTokensMonth: null, maxMicroUsdDay: 1_500_000, maxMicroUsdMonth: 1 }
  edge.objects.budgets = {
    timeZone: "Europe/Berlin",
    day: { startsAt: EpochMs.parse(0), endsAt: EpochMs.parse(86_400_000) },
    month: { startsAt: EpochMs.parse(0), endsAt: EpochMs.parse(86_400_000) },
    scopes: [
      { scope: { kind: "global" }, limits, day: used, month: none },
      { scope: { kind: "group", groupId: groupId(1) }, limits: noLimits, day: none, month: none },
      { scope: { kind: "group", groupId: groupId(2) }, limits: noLimits, day: none, month: none },
    ],
  }
  const shown = await (await edge.fetch("/api/budgets", { bearer: session })).json()
  expect(shown).toMatchObject({
    timeZone: "Europe/Berlin",
    day: { startsAt: "1970-01-01T00:00:00.000Z", endsAt: "1970-01-02T00:00:00.000Z" },
    data: [
      {
        scope: "global",
        id: null,
        name: null,
        limits: { maxTokensDay: 10, maxTokensMonth: null, maxUsdDay: 1.5, maxUsdMonth: 0.000001 },
        day: used,
      },
      { scope: "group", id: groupId(1), name: group(1).name },
      { scope: "group", id: groupId(2), name: null },
    ],
  })
})

describe("a conversation's own limits", () => {
  test("are kept field by field, told to the Ledger by version, and noted without the conversation's id", async () => {
    await knowConversation()
    expect(await (await put({ maxUsdDay: 0.5 })).json()).toMatchObject({
      own: { maxUsdDay: 0.5, maxTokensDay: null },
      budget: { scope: "conversation", id: loopId(1), limits: { maxUsdDay: 0.5 }, day: used },
    })
    await put({ maxTokensMonth: 1_000 })
    expect((await (await put({ maxUsdDay: null })).json()).own).toEqual({
      maxTokensDay: null,
      maxTokensMonth: 1_000,
      maxUsdDay: null,
      maxUsdMonth: null,
    })
    expect(told()).toEqual([
      expect.objectContaining({ version: 1, limits: { ...noLimits, maxMicroUsdDay: 500_000 } }),
      expect.objectContaining({ version: 2 }),
      expect.objectContaining({ version: 3, limits: { ...noLimits, maxTokensMonth: 1_000 } }),
    ])
    await expect
      .poll(async () => (await listAuditRows(edge.libsql, { limit: 9, action: "budget_changed" })).rows.length)
      .toBe(3)
    const trail = await listAuditRows(edge.libsql, { limit: 9, action: "budget_changed" })
    expect(JSON.stringify(trail)).not.toContain(loopId(1))
  })

  test("are not overwritten by whoever has not seen them", async () => {
    await knowConversation()
    const first = await (await put({ maxTokensDay: 5, version: 0 })).json()
    expect(first.version).toBe(1)
    expect(await outcome(put({ maxTokensDay: 9, version: 0 }))).toBe("409 edit_conflict")
    expect(await (await edge.fetch(path, { bearer: session })).json()).toMatchObject({
      own: { maxTokensDay: 5 },
      version: 1,
    })
    expect((await (await put({ maxTokensDay: 9, version: 1 })).json()).own.maxTokensDay).toBe(9)
    expect(told()).toEqual([expect.objectContaining({ version: 1 }), expect.objectContaining({ version: 2 })])
  })

  test("that are set in the same instant without a version are all set", async () => {
    await knowConversation()
    const changes = [{ maxTokensDay: 1 }, { maxTokensMonth: 2 }, { maxUsdDay: 3 }, { maxUsdMonth: 4 }]
    const answers = await Promise.all(changes.map((change) => put(change)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await (await edge.fetch(path, { bearer: session })).json()).own).toEqual(Object.assign({}, ...changes))
  })

  test("are refused where one is misspelt: it would be no limit", async () => {
    await knowConversation()
    expect(await outcome(await put({ maxUsdDay: 1, maxTokenDay: 5 }))).toBe("400 invalid_body")
    expect((await (await edge.fetch(path, { bearer: session })).json()).own).toMatchObject({ maxUsdDay: null })
    expect(told()).toEqual([])
  })

  test("are told to who watches, as a change alone", async () => {
    await knowConversation()
    await put({ maxUsdDay: 0.5 })
    await edge.settle()
    const data = { what: "conversation-budget", id: loopId(1) }
    expect(edge.objects.published).toEqual([{ event: "settings:changed", data }])
  })

  test("are stored though the Ledger does not hear of them", async () => {
    await knowConversation()
    edge.objects.failNext("ledger.setBudget", "peer_unavailable")
    expect((await put({ maxTokensDay: 5 })).status).toBe(200)
  })

  test("go with the conversation when it is erased", async () => {
    await knowConversation()
    await put({ maxTokensDay: 5 })
    await eraseConversation(edge.libsql, loopId(1), { lastTurn: 9, lastVersion: 9 }, edge.now())
    const [left] = await edge.libsql.read([{ sql: "select * from conversation_budgets", args: [] }])
    expect(left?.rows).toEqual([])
    expect(await outcome(put({ maxTokensDay: 5 }))).toBe("404 conversation_not_found")
  })

  test.each([
    { maxTokensDay: 0 },
    { maxTokensDay: 1.5 },
    { maxUsdDay: -1 },
    { maxUsdDay: 0.0000001 },
    { maxUsdDay: "1" },
  ])("refuse %j", async (body) => {
    await knowConversation()
    expect(await outcome(put(body))).toBe("400 invalid_body")
    expect(told()).toEqual([])
  })

  test("of nothing are not found, and viewers set none", async () => {
    expect(await outcome(edge.fetch(path, { bearer: session }))).toBe("404 conversation_not_found")
    expect(await outcome(put({}, "/api/conversations/x/budget"))).toBe("404 conversation_not_found")
    const viewer = await edge.addUser("vic", "viewer")
    expect(await outcome(edge.fetch(path, { method: "PUT", body: {}, bearer: viewer.session }))).toBe(
      "403 role_forbidden",
    )
  })
})

describe("the Ledger is told at once", () => {
  test("of a group's limits when it is made and when it is changed", async () => {
    const made = await edge.fetch("/api/agent-groups", { body: { name: "a", budgetMaxUsdDay: 2.5 }, bearer: session })
    const { id } = await made.json()
    const change = { budgetMaxTokensDay: 9, conversationMaxUsdMonth: 0.07 }
    await edge.fetch(`/api/agent-groups/${id}`, { method: "PUT", body: change, bearer: session })
    expect(told()).toEqual([
      expect.objectContaining({ kind: "group", version: 1, limits: { ...noLimits, maxMicroUsdDay: 2_500_000 } }),
      expect.objectContaining({
        version: 2,
        limits: { ...noLimits, maxMicroUsdDay: 2_500_000, maxTokensDay: 9 },
        conversationLimits: { ...noLimits, maxMicroUsdMonth: 70_000 },
      }),
    ])
  })

  test("of the gateway's limits and time zone", async () => {
    const settings = { budgetMaxUsdMonth: 20, conversationMaxTokensDay: 7, timeZone: "Asia/Tokyo" }
    await edge.fetch("/api/settings", { method: "PUT", body: { version: 0, settings }, bearer: session })
    expect(told()).toEqual([
      {
        kind: "global",
        version: 1,
        limits: { ...noLimits, maxMicroUsdMonth: 20_000_000 },
        conversationLimits: { ...noLimits, maxTokensDay: 7 },
        timeZone: "Asia/Tokyo",
        home: null,
      },
    ])
  })
})
