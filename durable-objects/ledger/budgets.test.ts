/** No call is made that could cost more than is allowed, whatever is killed, asked twice or away. */
import { afterEach, describe, expect, test } from "vitest"
import { createGroup } from "../../adapters/store/agents.ts"
import { listAuditRows } from "../../adapters/store/audit.ts"
import { writeConversationBudget } from "../../adapters/store/budgets.ts"
import { group, groupId, loop as loopRow, loopId as loop, modelCall, projection } from "../../adapters/store/samples.ts"
import { writeSettings } from "../../adapters/store/settings.ts"
import { failuresToOpen, firstCoolDownMs } from "../../core/budget/breaker.ts"
import { type BudgetLimits, noLimits } from "../../core/budget/limits.ts"
import { CallId, type Candidate, type ReserveAnswer, type SettleRequest } from "../../core/budget/reserve.ts"
import type { BudgetTerms } from "../../core/budget/terms.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import type { Settings, SettingsChanges } from "../../core/settings.ts"
import { EpochMs, type GroupId, TurnId } from "../../core/units.ts"
import { channelId, openHarness, type Harness } from "../testing/harness.ts"

let harness: Harness
afterEach(async () => harness.close())

const ledger = () => harness.objects.peers("ledger", "main")
/** 1 dollar a million in, 10 out. */
const price = { inputMicroUsdPerMTok: 1_000_000, outputMicroUsdPerMTok: 10_000_000 }
const candidate = (rest: Partial<Candidate> = {}): Candidate => ({
  provider: "anthropic",
  model: "claude-x",
  inputTokens: 500,
  maxOutputTokens: 500,
  price,
  ...rest,
})
const callId = (n: number, conversation = 1) => CallId.parse(`turn_${loop(conversation)}_${n}.call.1`)
const reserve = (
  n: number,
  rest: { conversation?: number; groupId?: GroupId | null; candidates?: Candidate[] } = {},
): Promise<ReserveAnswer> => {
  const conversationId = loop(rest.conversation ?? 1)
  return ledger().call("reserve", {
    callId: callId(n, rest.conversation),
    turnId: TurnId.parse(`turn_${conversationId}_${n}`),
    conversationId,
    groupId: rest.groupId ?? null,
    candidates: rest.candidates ?? [candidate()],
  })
}
const usage = (inputTokens: number, outputTokens: number) => ({
  inputTokens,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens,
})
const settle = (n: number, rest: Partial<SettleRequest> & { conversation?: number } = {}) => {
  const { conversation, ...request } = rest
  return ledger().call("settle", {
    callId: callId(n, conversation),
    started: true,
    usage: usage(100, 50),
    costMicroUsd: 600,
    health: null,
    ...request,
  })
}
let version = 0
const setGlobal = (limits: Partial<BudgetLimits>, rest: Partial<Extract<BudgetTerms, { kind: "global" }>> = {}) => {
  version += 1
  return ledger().call("setBudget", {
    kind: "global",
    version,
    limits: { ...noLimits, ...limits },
    conversationLimits: noLimits,
    timeZone: "UTC",
    home: null,
    ...rest,
  })
}
const state = async (of: Parameters<typeof stateOf>[0] = null) => (await stateOf(of)).scopes
const stateOf = (of: { conversationId: ReturnType<typeof loop>; groupId: GroupId | null } | null) =>
  ledger().call("budgets", { of })
const spentToday = async () => (await state())[0]?.day
const allowed = { status: "allowed", candidate: 0, maxOutputTokens: 500 }
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

describe("a reservation", () => {
  test("holds the worst case until the call is settled, and then what it took", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 10_000 })
    expect(await reserve(1)).toEqual(allowed)
    expect(await spentToday()).toEqual({
      spent: { tokens: 0, microUsd: 0 },
      reserved: { tokens: 1_000, microUsd: 5_500 },
    })
    expect(await settle(1)).toEqual({ charged: { tokens: 150, microUsd: 600 }, usage: usage(100, 50) })
    expect(await spentToday()).toEqual({ spent: { tokens: 150, microUsd: 600 }, reserved: { tokens: 0, microUsd: 0 } })
  })

  test("counts in the gateway, the group and the conversation, and outlives a restart", async () => {
    harness = await openHarness()
    await createGroup(harness.libsql, group(1))
    await reserve(1, { groupId: groupId(1) })
    await harness.restart()
    await settle(1)
    const scopes = await state({ conversationId: loop(1), groupId: groupId(1) })
    expect(scopes.map(({ scope, month }) => [scope.kind, month.spent.tokens])).toEqual([
      ["global", 150],
      ["group", 150],
      ["conversation", 150],
    ])
  })

  test("asked for twice is one, and so is its end", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 1_000 })
    expect([await reserve(1), await reserve(1)]).toEqual([allowed, allowed])
    expect(await settle(1)).toEqual(await settle(1, { usage: null }))
    expect((await spentToday())?.spent.tokens).toBe(150)
    await harness.restart()
    expect((await settle(1, { started: false, usage: null })).charged.tokens).toBe(150)
    expect((await spentToday())?.spent.tokens).toBe(150)
  })

  test("of a call that is over is not given again: that call would be free", async () => {
    harness = await openHarness()
    await reserve(1)
    await settle(1)
    await expect(reserve(1)).rejects.toMatchObject({ code: "internal" })
  })

  test("is lowered to what is left, and refused below an answer's size with the next allowed time", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 1_700 })
    await reserve(1)
    await settle(1, { usage: usage(500, 400) })
    expect(await reserve(2)).toEqual({ ...allowed, maxOutputTokens: 300 })
    await settle(2, { usage: null })
    const { day } = await stateOf(null)
    expect(await reserve(3)).toEqual({
      status: "refused",
      scope: { kind: "global" },
      limit: { unit: "tokens", period: "day" },
      limitValue: 1_700,
      usedValue: 1_700,
      nextAllowedAt: day.endsAt,
      timeZone: "UTC",
    })
    harness.time.advance(day.endsAt - harness.time.now())
    expect(await reserve(3)).toEqual(allowed)
  })
})

describe("a call", () => {
  test("that started and whose end nobody knows is charged at its worst case", async () => {
    harness = await openHarness()
    await reserve(1)
    await harness.restart()
    expect(await settle(1, { usage: null, costMicroUsd: null })).toEqual({
      charged: { tokens: 1_000, microUsd: 5_500 },
      usage: usage(500, 500),
    })
  })

  test("that never left is given back", async () => {
    harness = await openHarness()
    await reserve(1)
    expect((await settle(1, { started: false, usage: null })).charged).toEqual({ tokens: 0, microUsd: 0 })
    expect(await spentToday()).toEqual({ spent: { tokens: 0, microUsd: 0 }, reserved: { tokens: 0, microUsd: 0 } })
  })

  test("that took more than its worst case is charged all of it", async () => {
    harness = await openHarness()
    await reserve(1)
    await settle(1, { usage: usage(9_000, 900), costMicroUsd: 18_000 })
    expect((await spentToday())?.spent).toEqual({ tokens: 9_900, microUsd: 18_000 })
  })

  test("whose answer came from a model without a price is charged at the price it was held for", async () => {
    harness = await openHarness()
    await reserve(1)
    expect((await settle(1, { costMicroUsd: null })).charged.microUsd).toBe(600)
  })

  test("that nobody settles is charged when its lease ends, and corrected by who comes late", async () => {
    harness = await openHarness()
    await reserve(1)
    harness.time.advance(20 * 60_000)
    await expect.poll(async () => (await spentToday())?.spent.tokens).toBe(1_000)
    expect((await settle(1, { usage: null })).charged.tokens).toBe(1_000)
    expect((await settle(1, { usage: usage(10, 10), costMicroUsd: 110 })).charged).toEqual({
      tokens: 20,
      microUsd: 110,
    })
    expect((await settle(1)).charged.tokens).toBe(20)
    expect(await spentToday()).toEqual({ spent: { tokens: 20, microUsd: 110 }, reserved: { tokens: 0, microUsd: 0 } })
  })

  test("that began yesterday is charged to yesterday, and to this month", async () => {
    harness = await openHarness()
    await reserve(1)
    const { day } = await stateOf(null)
    harness.time.advance(day.endsAt - harness.time.now() + 1)
    await settle(1)
    const [all] = await state()
    expect(all).toMatchObject({
      day: { spent: { tokens: 0 }, reserved: { tokens: 0 } },
      month: { spent: { tokens: 150 }, reserved: { tokens: 0 } },
    })
  })

  test("of a lost Ledger is charged by who settles it", async () => {
    harness = await openHarness()
    await reserve(1)
    await harness.restart({ losingObjects: true })
    await settle(1)
    expect((await spentToday())?.spent).toEqual({ tokens: 150, microUsd: 600 })
  })
})

describe("fifty calls at once", () => {
  const fifty = Array.from({ length: 50 }, (_, n) => n + 1)

  test("never hold more than is allowed, and none is left out while there is room", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 10_000 })
    const answers = await Promise.all(fifty.map((n) => reserve(n, { conversation: n })))
    expect(answers.filter(({ status }) => status === "allowed")).toHaveLength(10)
    expect(answers.filter(({ status }) => status === "wait")).toHaveLength(40)
    expect((await spentToday())?.reserved.tokens).toBe(10_000)
    // Each takes its worst case: nothing is left for the others.
    await Promise.all(fifty.slice(0, 10).map((n) => settle(n, { conversation: n, usage: null })))
    const again = await Promise.all(fifty.slice(10).map((n) => reserve(n, { conversation: n })))
    expect(again.every(({ status }) => status === "refused")).toBe(true)
    expect((await spentToday())?.spent.tokens).toBe(10_000)
  })

  test("over a kill in the middle overshoot by nothing", async () => {
    harness = await openHarness()
    await setGlobal({ maxMicroUsdDay: 55_000 })
    const running: number[] = []
    let waiting = [...fifty]
    while (waiting.length > 0) {
      const answers = await Promise.all(waiting.map((n) => reserve(n, { conversation: n })))
      const begun = waiting.filter((_, place) => answers[place]?.status === "allowed")
      const later = waiting.filter((_, place) => answers[place]?.status === "wait")
      expect(begun.length + later.length > 0 || answers.every(({ status }) => status === "refused")).toBe(true)
      running.push(...begun)
      // Half of them end, of the other half the end is lost with the process.
      await Promise.all(
        begun
          .filter((n) => n % 2 === 0)
          .map((n) => settle(n, { conversation: n, usage: usage(500, 300), costMicroUsd: 3_500 })),
      )
      await harness.restart()
      await Promise.all(
        begun.filter((n) => n % 2 === 1).map((n) => settle(n, { conversation: n, usage: null, costMicroUsd: null })),
      )
      const [all] = await state()
      expect(all?.day.spent.microUsd).toBeLessThanOrEqual(55_000)
      waiting = later
    }
    const [all] = await state()
    const real = running.reduce((sum, n) => sum + (n % 2 === 0 ? 3_500 : 5_500), 0)
    expect(all?.day.spent.microUsd).toBe(real)
  })
})

describe("who waits for calls in flight", () => {
  test("is woken when there is room, and refused after a minute", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 1_000 })
    await reserve(1)
    const since = harness.time.now()
    expect(await reserve(2)).toEqual({ status: "wait", until: since + 60_000 })
    harness.time.advance(59_999)
    await harness.restart()
    expect(await reserve(2)).toEqual({ status: "wait", until: since + 60_000 })
    harness.time.advance(1)
    expect(await reserve(2)).toMatchObject({ status: "refused", usedValue: 0, limitValue: 1_000 })
    await settle(1, { started: false, usage: null })
    expect(await reserve(2)).toEqual(allowed)
  })
})

describe("limits", () => {
  test("of group and conversation bind as the gateway's do, a conversation's own before its group's", async () => {
    harness = await openHarness()
    await createGroup(harness.libsql, { ...group(1), budgetMaxTokensDay: 1_300, conversationMaxTokensDay: 800 })
    await harness.libsql.project(projection({ conversations: [loopRow(1)] }))
    const mine = { groupId: groupId(1) }
    expect(await reserve(1, mine)).toEqual({ ...allowed, maxOutputTokens: 300 })
    await settle(1, { started: false, usage: null })
    const own = { ...noLimits, maxTokensDay: 900 }
    await writeConversationBudget(harness.libsql, loop(1), own, harness.time.now())
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
      version: version - 1,
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

describe("people are told", () => {
  const told: LiveEvent[] = []
  const open = async () => {
    told.length = 0
    harness = await openHarness({ onLive: (events) => void told.push(...events) })
    await setGlobal({ maxTokensDay: 1_000 }, { home: { channelId, chatId: 99 }, timeZone: "Europe/Berlin" })
  }
  const names = () => told.map(({ event }) => event)

  test("once at 80 % and once when calls are refused, with the next allowed time", async () => {
    await open()
    await reserve(1)
    await settle(1, { usage: usage(500, 300) })
    for (const n of [2, 3]) expect(await reserve(n)).toMatchObject({ status: "refused" })
    await harness.until("both messages", () => (harness.sent.length >= 2 ? true : undefined))
    expect(harness.sent.map(({ chatId, text }) => [chatId, text.split(":")[0]])).toEqual([
      [99, "Budget warning"],
      [99, "Spending has stopped"],
    ])
    expect(harness.sent[0]?.text).toContain("80 % of the daily token budget")
    expect(harness.sent[1]?.text).toContain("800 of 1,000 tokens")
    expect(harness.sent[1]?.text).toContain("(Europe/Berlin)")
    await harness.until("the news", () => (names().length >= 2 ? true : undefined))
    expect(names()).toEqual(["spend:warning", "spend:stopped"])
    await expect
      .poll(async () => (await listAuditRows(harness.libsql, { limit: 9 })).rows.map(({ action }) => action))
      .toEqual(["spend_stopped"])
  })

  test("again about another limit, and in the next window", async () => {
    await open()
    await reserve(1)
    await settle(1, { usage: null })
    await setGlobal({ maxTokensDay: 1_250 }, { home: { channelId, chatId: 99 } })
    await reserve(2, { candidates: [candidate({ inputTokens: 0, maxOutputTokens: 1 })] })
    await settle(2, { usage: usage(0, 1), costMicroUsd: 10 })
    await harness.until("both messages", () => (harness.sent.length >= 2 ? true : undefined))
    expect(harness.sent[1]?.text).toContain("of 1,250 tokens")
  })

  test("though the process is killed before the message is sent", async () => {
    await open()
    harness.onSend = () => ({ status: "later", retryAfterMs: 5_000, reason: "busy" })
    await reserve(1)
    await settle(1, { usage: null })
    await harness.until("the first try", () => harness.sent[0])
    await harness.restart()
    harness.onSend = () => ({ status: "sent", externalId: "1" })
    harness.time.advance(60_000)
    await harness.until("the second try", () => harness.sent[1])
    expect(harness.sent[1]).toEqual(harness.sent[0])
    harness.time.advance(60 * 60_000)
    await harness.restart()
    await ledger().call("check", {})
    expect(harness.sent).toHaveLength(2)
  })
})

describe("a message to the home chat", () => {
  const warn = async () => {
    await reserve(1)
    await settle(1, { usage: usage(500, 300) })
  }
  const gaveUp = () => harness.logs.find(({ event }) => event === "notice_not_sent")

  test("is told to nobody without a home chat, which the log says", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 1_000 })
    await warn()
    await expect.poll(gaveUp).toMatchObject({ reason: "There is no home chat." })
    expect(harness.sent).toEqual([])
  })

  test("that may have arrived is repeated twice at most", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 1_000 }, { home: { channelId, chatId: 99 } })
    harness.onSend = () => ({ status: "unknown", reason: "no answer" })
    await warn()
    for (let tries = 1; tries <= 3; tries += 1) {
      await harness.until("a try", () => (harness.sent.length >= tries ? true : undefined))
      // The alarm that follows the try stands once its outcome is stored.
      await ledger().call("check", {})
      harness.time.advance(60_000)
    }
    await expect.poll(gaveUp).toMatchObject({ reason: "It may or may not have arrived." })
    harness.time.advance(24 * 60 * 60_000)
    await ledger().call("check", {})
    expect(harness.sent).toHaveLength(3)
  })

  test("that the channel refuses for good is not tried again", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 1_000 }, { home: { channelId, chatId: 99 } })
    harness.onSend = () => ({ status: "refused", reason: "The channel is disabled." })
    await warn()
    await expect.poll(gaveUp).toMatchObject({ reason: "The channel is disabled." })
    expect(harness.sent).toHaveLength(1)
  })
})

describe("a provider", () => {
  const both = [candidate(), candidate({ provider: "openai", model: "gpt-x" })]
  const fail = async (n: number) => {
    await reserve(n)
    await settle(n, {
      usage: usage(0, 0),
      costMicroUsd: 0,
      health: { provider: "anthropic", result: "failed", reason: "server" },
    })
  }
  const breakIt = async () => {
    for (let n = 1; n <= failuresToOpen; n += 1) await fail(n)
  }

  test("that fails too often is passed over, tried again by one, and comes back", async () => {
    const told: LiveEvent[] = []
    harness = await openHarness({ onLive: (events) => void told.push(...events) })
    await breakIt()
    await harness.restart()
    expect(await reserve(11)).toMatchObject({ status: "providers_down", retryAt: harness.time.now() + firstCoolDownMs })
    expect(await reserve(12, { candidates: both })).toEqual({ ...allowed, candidate: 1 })
    harness.time.advance(firstCoolDownMs)
    expect(await reserve(13, { candidates: both })).toEqual(allowed)
    expect(await reserve(14, { candidates: both })).toEqual({ ...allowed, candidate: 1 })
    await settle(13, { health: { provider: "anthropic", result: "ok" } })
    expect(await reserve(15, { candidates: both })).toEqual(allowed)
    await harness.until("the news", () => (told.length >= 2 ? true : undefined))
    expect(told.map(({ event }) => event)).toEqual(["provider:down", "provider:up"])
    const { providers } = await ledger().call("providers", {})
    expect(providers).toEqual([
      expect.objectContaining({ provider: "anthropic", status: "closed", failures: 0 }),
      expect.objectContaining({ provider: "openai", status: "closed" }),
    ])
  })

  test("that fails now and then is not, and is when its failures come in a row later", async () => {
    harness = await openHarness()
    for (let n = 101; n < 110; n += 1) {
      await fail(n)
      harness.time.advance(6 * 60_000)
    }
    expect(await reserve(110)).toEqual(allowed)
    await breakIt()
    expect(await reserve(111)).toMatchObject({ status: "providers_down" })
  })

  test("that has no room in the budget is not tried, and stays to be tried", async () => {
    harness = await openHarness()
    await breakIt()
    harness.time.advance(firstCoolDownMs)
    await setGlobal({ maxTokensDay: 10 })
    expect(await reserve(11)).toMatchObject({ status: "refused" })
    await setGlobal({})
    expect(await reserve(11)).toEqual(allowed)
  })
})

test("an erased conversation leaves nothing that names it, and what it had in flight counts as spent", async () => {
  harness = await openHarness()
  await setGlobal({ maxTokensDay: 1_500 })
  await reserve(1)
  await settle(1)
  await reserve(2)
  await reserve(3)
  await ledger().call("forget", { conversationId: loop(1) })
  expect((await spentToday())?.spent.tokens).toBe(1_150)
  // Its last words come too late.
  expect((await settle(2)).charged.tokens).toBe(0)
  expect((await spentToday())?.spent.tokens).toBe(1_150)
  expect(JSON.stringify(await state())).not.toContain(loop(1))
})
