/** No call is made that could cost more than is allowed, whatever is killed or asked twice. */
import { afterEach, describe, expect, test } from "vitest"
import { createGroup } from "../../adapters/store/agents.ts"
import { group, groupId, loopId as loop } from "../../adapters/store/samples.ts"
import { openHarness, type Harness } from "../testing/harness.ts"
import { allowed, candidate, openLedgerDesk, usage } from "../testing/ledger-desk.ts"

let harness: Harness
afterEach(async () => harness.close())
const { ledger, reserve, settle, setGlobal, spentToday, state, stateOf } = openLedgerDesk(() => harness)

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

  test("asked for again by a call that has grown meanwhile is held anew, and refused where that is too much", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 3_000 })
    const small = candidate({ inputTokens: 500, maxOutputTokens: 500 })
    const grown = candidate({ inputTokens: 1_500, maxOutputTokens: 500 })
    const held = async () => (await spentToday())?.reserved.tokens
    await reserve(1, { candidates: [small] })
    expect(await reserve(1, { candidates: [grown] })).toEqual(allowed)
    expect(await held()).toBe(2_000)
    // Late on its way, or smaller by now: what is held is enough.
    expect(await reserve(1, { candidates: [small] })).toEqual(allowed)
    expect(await held()).toBe(2_000)
    const other = candidate({ provider: "openai", inputTokens: 100, maxOutputTokens: 400 })
    expect(await reserve(1, { candidates: [other] })).toMatchObject({ status: "allowed", maxOutputTokens: 400 })
    expect(await held()).toBe(500)
    expect(await reserve(1, { candidates: [candidate({ inputTokens: 4_000 })] })).toMatchObject({ status: "refused" })
    expect(await held()).toBe(0)
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
    expect((await settle(1, { usage: usage(10, 10), costMicroUsd: 110 })).charged).toEqual({
      tokens: 20,
      microUsd: 110,
    })
    expect((await settle(1)).charged.tokens).toBe(20)
    expect(await spentToday()).toEqual({ spent: { tokens: 20, microUsd: 110 }, reserved: { tokens: 0, microUsd: 0 } })
  })

  test("whose end nobody knows is charged so for good, also when that is said late", async () => {
    harness = await openHarness()
    await reserve(1)
    harness.time.advance(20 * 60_000)
    expect((await settle(1, { usage: null })).charged.tokens).toBe(1_000)
    expect((await settle(1)).charged.tokens).toBe(1_000)
    expect((await spentToday())?.spent.tokens).toBe(1_000)
  })

  test("that is asked for again after its lease has not begun, and is charged once", async () => {
    harness = await openHarness()
    await setGlobal({ maxTokensDay: 1_000 })
    await reserve(1)
    harness.time.advance(20 * 60_000)
    await expect.poll(async () => (await spentToday())?.spent.tokens).toBe(1_000)
    expect(await reserve(1)).toEqual(allowed)
    await harness.restart()
    await settle(1)
    expect(await spentToday()).toEqual({ spent: { tokens: 150, microUsd: 600 }, reserved: { tokens: 0, microUsd: 0 } })
    await expect(reserve(1)).rejects.toMatchObject({ code: "internal" })
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
