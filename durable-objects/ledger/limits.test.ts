/** Which limits bind a call, whence the Ledger knows them, and what it takes over when it begins. */
import { afterEach, describe, expect, test } from "vitest"
import { createGroup } from "../../adapters/store/agents.ts"
import { writeConversationBudget } from "../../adapters/store/budgets.ts"
import { group, groupId, loop as loopRow, loopId as loop, modelCall, projection } from "../../adapters/store/samples.ts"
import { writeSettings } from "../../adapters/store/settings.ts"
import { noLimits } from "../../core/budget/limits.ts"
import type { Settings, SettingsChanges } from "../../core/settings.ts"
import { EpochMs } from "../../core/units.ts"
import { openHarness, type Harness } from "../testing/harness.ts"
import { allowed, candidate, openLedgerDesk, usage } from "../testing/ledger-desk.ts"

let harness: Harness
afterEach(async () => harness.close())
const { ledger, reserve, settle, setGlobal, spentToday, state, stateOf, version } = openLedgerDesk(() => harness)

const storeSettings = async (settings: SettingsChanges, at = 0) => {
  const value: Partial<Settings> = settings
  await writeSettings(harness.libsql, {
    key: "gateway",
    value: JSON.parse(JSON.stringify(value)),
    version: at,
    updatedAt: harness.time.now(),
    updatedBy: "test",
  })
}

describe("limits", () => {
  test("of group and conversation bind as the gateway's do, a conversation's own before its group's", async () => {
    harness = await openHarness()
    await createGroup(harness.libsql, { ...group(1), budgetMaxTokensDay: 1_300, conversationMaxTokensDay: 800 })
    await harness.libsql.project(projection({ conversations: [loopRow(1)] }))
    const mine = { groupId: groupId(1) }
    expect(await reserve(1, mine)).toEqual({ ...allowed, maxOutputTokens: 300 })
    await settle(1, { started: false, usage: null })
    const own = { ...noLimits, maxTokensDay: 900 }
    await writeConversationBudget(harness.libsql, loop(1), own, { seen: 0, now: harness.time.now() })
    await ledger().call("setBudget", { kind: "conversation", conversationId: loop(1), version: 1, limits: own })
    expect(await reserve(2, mine)).toEqual({ ...allowed, maxOutputTokens: 400 })
    expect(await reserve(3, { ...mine, conversation: 2 })).toMatchObject({ status: "wait" })
    await settle(2, { usage: usage(500, 400) })
    expect(await reserve(3, { ...mine, conversation: 2 })).toMatchObject({
      status: "refused",
      scope: { kind: "group", groupId: groupId(1) },
    })
  })

  test("that are raised act on the next call, and older news that come late change nothing", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 100 })
    expect(await reserve(1)).toMatchObject({ status: "refused", nextAllowedAt: null })
    await setGlobal({ maxTokensDay: 1_000 })
    await ledger().call("setBudget", {
      kind: "global",
      version: version() - 1,
      limits: { ...noLimits, maxTokensDay: 100 },
      conversationLimits: noLimits,
      timeZone: "UTC",
      home: null,
    })
    expect(await reserve(1)).toEqual(allowed)
  })

  test("that were raised without news are found before a call is refused", async () => {
    harness = await openHarness()
    await storeSettings({ budgetMaxTokensDay: 100 })
    expect(await reserve(1)).toMatchObject({ status: "refused" })
    await storeSettings({ budgetMaxUsdDay: 0.0055 }, 1)
    harness.time.advance(1_001)
    expect(await reserve(1)).toEqual(allowed)
  })

  test("hold while the database is away, and a call whose limits nobody knows waits for it", async () => {
    harness = await openHarness()
    await storeSettings({ budgetMaxTokensDay: 1_000 })
    await reserve(1)
    await settle(1, { usage: null })
    harness.databaseIsAway = true
    harness.time.advance(10 * 60_000)
    expect(await reserve(2)).toMatchObject({ status: "refused", usedValue: 1_000 })
    await harness.restart()
    expect(await reserve(2)).toMatchObject({ status: "refused", usedValue: 1_000 })
    await expect(reserve(3, { groupId: groupId(1) })).rejects.toMatchObject({ code: "database_unavailable" })
    await harness.restart({ losingObjects: true })
    await expect(reserve(4)).rejects.toMatchObject({ code: "database_unavailable" })
  })

  test("in dollars stop models whose price nobody knows", async () => {
    harness = await openHarness()
    await setGlobal({ maxMicroUsdMonth: 1_000_000 })
    const unknown = [candidate({ price: null })]
    expect(await reserve(1, { candidates: unknown })).toEqual({
      status: "unpriced",
      scope: { kind: "global" },
      model: "claude-x",
    })
    await setGlobal({ maxTokensDay: 1_000 })
    expect(await reserve(1, { candidates: unknown })).toEqual(allowed)
  })

  test("count in the time zone's day, which changes with the day's end", async () => {
    harness = await openHarness()
    await setGlobal({}, { timeZone: "Europe/Berlin" })
    const before = await stateOf(null)
    await setGlobal({}, { timeZone: "Asia/Tokyo" })
    const after = await stateOf(null)
    expect(after).toMatchObject({ timeZone: "Asia/Tokyo", day: before.day, month: before.month })
    harness.time.advance(before.day.endsAt - harness.time.now())
    expect((await stateOf(null)).day.startsAt).toBe(before.day.endsAt)
  })
})

test("a day that outlasts its month, since the time zone has changed, keeps what a conversation has spent", async () => {
  harness = await openHarness()
  const conversationLimits = { ...noLimits, maxTokensDay: 1_000 }
  await setGlobal({}, { timeZone: "Asia/Tokyo", conversationLimits })
  const { month } = await stateOf(null)
  await setGlobal({}, { timeZone: "UTC", conversationLimits })
  harness.time.advance(month.endsAt - harness.time.now() - 60_000)
  const before = await stateOf(null)
  await reserve(1)
  await settle(1, { usage: null })
  harness.time.advance(120_000)
  const after = await stateOf(null)
  expect(after.day).toEqual(before.day)
  expect(after.month.startsAt).toBe(month.endsAt)
  expect(await reserve(2)).toMatchObject({ status: "refused", nextAllowedAt: after.day.endsAt })
})

describe("a Ledger that begins", () => {
  test("takes over what is on record of the running windows, to the micro-dollar", async () => {
    harness = await openHarness()
    const now = harness.time.now()
    const longAgo = EpochMs.parse(now - 40 * 86_400_000)
    const recorded = (turn: number, startedAt = now) => ({ ...modelCall(1, turn, 1), startedAt, costMicroUsd: 1_001 })
    await createGroup(harness.libsql, group(1))
    await harness.libsql.project(
      projection({ modelCalls: [recorded(1), recorded(2), { ...recorded(3), groupId: null }, recorded(4, longAgo)] }),
    )
    await setGlobal({}, { conversationLimits: { ...noLimits, maxTokensMonth: 100_000 } })
    const spent = (await state({ conversationId: loop(1), groupId: groupId(1) })).map(({ month }) => month.spent)
    expect(spent).toEqual([
      { tokens: 300, microUsd: 3_003 },
      { tokens: 200, microUsd: 2_002 },
      { tokens: 300, microUsd: 3_003 },
    ])
  })

  test("after it lost its storage is where it was, and counts on", async () => {
    harness = await openHarness()
    await reserve(1)
    const { charged } = await settle(1)
    const row = {
      ...modelCall(1, 1, 1),
      ...usage(100, 50),
      startedAt: harness.time.now(),
      costMicroUsd: charged.microUsd,
    }
    await harness.libsql.project(projection({ modelCalls: [row] }))
    const before = await spentToday()
    await harness.restart({ losingObjects: true })
    expect(await spentToday()).toEqual(before)
    await reserve(2)
    await settle(2)
    const scopes = await state({ conversationId: loop(1), groupId: null })
    expect(scopes.filter(({ scope }) => scope.kind !== "group").map(({ day }) => day.spent)).toEqual([
      { tokens: 300, microUsd: 1_200 },
      { tokens: 300, microUsd: 1_200 },
    ])
  })
})
