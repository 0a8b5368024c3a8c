/** Which calls fit a budget, and that none is ever exceeded whatever becomes of the calls. */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { EpochMs, GroupId } from "../units.ts"
import { type Account, type Amount, inWindows, reserve, settle } from "./account.ts"
import { dearestCostOf, type Held, judge, tokensOf, worstCase } from "./judge.ts"
import { type BudgetLimits, type BudgetScope, firstSet, noLimits } from "./limits.ts"
import type { Candidate } from "./reserve.ts"
import { windowsAt } from "./window.ts"

const now = EpochMs.parse(Date.parse("2026-11-21T15:00:00Z"))
const windows = windowsAt(now, "UTC", undefined)
const begun = { day: windows.day.startsAt, month: windows.month.startsAt }
const group: BudgetScope = { kind: "group", groupId: GroupId.parse(`grp_${"a".repeat(24)}`) }
/** 1 dollar a million in, 10 out. */
const price = { inputMicroUsdPerMTok: 1_000_000, outputMicroUsdPerMTok: 10_000_000 }
const call = (rest: Partial<Candidate> = {}): Candidate => ({
  provider: "anthropic",
  model: "claude-x",
  inputTokens: 1_000,
  maxOutputTokens: 4_000,
  price,
  ...rest,
})
const account = (spent: number, reserved: number, micro: [spent: number, reserved: number] = [0, 0]): Account => {
  const fresh = inWindows(undefined, windows)
  const period = {
    ...fresh.day,
    spent: { tokens: spent, microUsd: micro[0] },
    reserved: { tokens: reserved, microUsd: micro[1] },
  }
  return { day: { ...period, startsAt: begun.day }, month: { ...period, startsAt: begun.month } }
}
const held = (limits: Partial<BudgetLimits>, of = account(0, 0), scope: BudgetScope = { kind: "global" }): Held => ({
  scope,
  limits: { ...noLimits, ...limits },
  account: of,
})
const judged = (candidate: Candidate, ...all: Held[]) => judge(candidate, all, windows, now)

describe("a call", () => {
  test("fits whole where nothing binds it, and holds its worst case", () => {
    expect(judged(call(), held({}))).toEqual({
      status: "fits",
      maxOutputTokens: 4_000,
      worst: { tokens: 5_000, microUsd: 41_000 },
    })
  })

  test.each([
    ["of tokens", { maxTokensDay: 3_000 }, 2_000],
    ["of tokens a month", { maxTokensMonth: 1_300 }, 300],
    ["of money", { maxMicroUsdDay: 11_000 }, 1_000],
    ["of money, rounded for the budget", { maxMicroUsdMonth: 4_999 }, 399],
    ["of the smallest of them", { maxTokensDay: 3_000, maxMicroUsdDay: 4_000 }, 300],
    ["exactly", { maxTokensDay: 1_256 }, 256],
  ])("is lowered to what is left %s", (_, limits, maxOutputTokens) => {
    expect(judged(call(), held(limits))).toMatchObject({ status: "fits", maxOutputTokens })
  })

  test("is refused below 256 tokens of answer, with the limit, what is spent and when there is more", () => {
    expect(judged(call(), held({ maxTokensDay: 10_000 }, account(8_745, 0)))).toEqual({
      status: "refused",
      scope: { kind: "global" },
      limit: { unit: "tokens", period: "day" },
      limitValue: 10_000,
      usedValue: 8_745,
      nextAllowedAt: windows.day.endsAt,
    })
  })

  test("that asks for less than 256 is not refused for it", () => {
    expect(judged(call({ maxOutputTokens: 10 }), held({ maxTokensDay: 1_010 }))).toMatchObject({ status: "fits" })
  })

  test("names the limit that ends last when several stop it", () => {
    const both = held({ maxTokensDay: 10_000, maxTokensMonth: 10_000 }, account(9_999, 0))
    expect(judged(call(), both)).toMatchObject({ limit: { period: "month" }, nextAllowedAt: windows.month.endsAt })
  })

  test("larger than the whole limit is told that no time helps", () => {
    expect(judged(call(), held({ maxTokensDay: 1_000 }))).toMatchObject({ status: "refused", nextAllowedAt: null })
  })

  test("waits where only calls in flight stand in the way", () => {
    expect(judged(call(), held({ maxTokensDay: 10_000 }, account(0, 9_000)))).toMatchObject({
      status: "wait",
      refusal: { status: "refused", usedValue: 0, limitValue: 10_000 },
    })
  })

  test("does not wait for one limit when another one stops it anyway", () => {
    const crowded = held({ maxTokensDay: 10_000 }, account(0, 9_000))
    const spent = held({ maxTokensMonth: 10_000 }, account(9_999, 0), group)
    expect(judged(call(), crowded, spent)).toMatchObject({ status: "refused", scope: group })
  })

  test("of a model without a price is not made where money is limited, and is where only tokens are", () => {
    const free = call({ price: null })
    expect(judged(free, held({}), held({ maxMicroUsdMonth: 1 }, account(0, 0), group))).toEqual({
      status: "unpriced",
      scope: group,
      model: "claude-x",
    })
    expect(judged(free, held({ maxTokensDay: 9_000 }))).toMatchObject({
      status: "fits",
      worst: { tokens: 5_000, microUsd: 0 },
    })
  })

  test("of a free model is bound by no money", () => {
    const free = call({ price: { inputMicroUsdPerMTok: 0, outputMicroUsdPerMTok: 0 } })
    expect(judged(free, held({ maxMicroUsdDay: 1 }, account(0, 0, [1, 0])))).toMatchObject({
      status: "fits",
      maxOutputTokens: 4_000,
    })
  })
})

test("limits are those of the first who sets each", () => {
  const own = { ...noLimits, maxTokensDay: 1 }
  const groups = { ...noLimits, maxTokensDay: 2, maxMicroUsdDay: 3 }
  expect(firstSet(own, groups, { ...noLimits, maxTokensMonth: 4 })).toEqual({
    maxTokensDay: 1,
    maxTokensMonth: 4,
    maxMicroUsdDay: 3,
    maxMicroUsdMonth: null,
  })
})

describe("whatever becomes of calls", () => {
  const limit = fc.option(fc.integer({ min: 1, max: 50_000 }), { nil: null })
  const limits = fc.record({
    maxTokensDay: limit,
    maxTokensMonth: limit,
    maxMicroUsdDay: limit,
    maxMicroUsdMonth: limit,
  })
  const rate = fc.integer({ min: 0, max: 20_000_000 })
  const candidate = fc
    .record({
      inputTokens: fc.integer({ min: 0, max: 5_000 }),
      maxOutputTokens: fc.integer({ min: 1, max: 8_000 }),
      price: fc.option(fc.record({ inputMicroUsdPerMTok: rate, outputMicroUsdPerMTok: rate }), { nil: null }),
    })
    .map(call)
  const fraction = fc.double({ min: 0, max: 1, noNaN: true })
  const step = fc.oneof(
    fc.record({ type: fc.constant("begin" as const), candidate, groups: fc.boolean() }),
    fc.record({ type: fc.constant("end" as const), which: fc.nat(), input: fraction, output: fraction }),
    fc.record({ type: fc.constant("kill" as const), which: fc.nat() }),
    fc.record({ type: fc.constant("never_left" as const), which: fc.nat() }),
  )

  test("nothing is spent above a limit, and what is charged is never less than what was used", () => {
    fc.assert(
      fc.property(limits, limits, fc.array(step, { maxLength: 60 }), (ofAll, ofGroup, steps) => {
        const accounts = [inWindows(undefined, windows), inWindows(undefined, windows)]
        const inFlight: { candidate: Candidate; output: number; worst: Amount; places: number[] }[] = []
        const used: Amount[] = [
          { tokens: 0, microUsd: 0 },
          { tokens: 0, microUsd: 0 },
        ]
        const close = (which: number, charge: (one: (typeof inFlight)[number]) => Amount | null) => {
          const [one] = inFlight.length === 0 ? [] : inFlight.splice(which % inFlight.length, 1)
          if (one === undefined) return
          const real = charge(one)
          for (const place of one.places) {
            const before = accounts[place]
            const sum = used[place]
            if (before === undefined || sum === undefined) continue
            const charged = real ?? one.worst
            accounts[place] = settle(before, begun, { reserved: one.worst, charged })
            used[place] = { tokens: sum.tokens + charged.tokens, microUsd: sum.microUsd + charged.microUsd }
          }
        }
        for (const one of steps) {
          switch (one.type) {
            case "begin": {
              const places = one.groups ? [0, 1] : [0]
              const scopes = places.map((place) =>
                held(place === 0 ? ofAll : ofGroup, accounts[place], place === 0 ? { kind: "global" } : group),
              )
              const verdict = judged(one.candidate, ...scopes)
              if (verdict.status !== "fits") break
              for (const place of places) {
                const before = accounts[place]
                if (before !== undefined) accounts[place] = reserve(before, verdict.worst)
              }
              inFlight.push({ candidate: one.candidate, output: verdict.maxOutputTokens, worst: verdict.worst, places })
              break
            }
            case "end":
              close(one.which, (ended) => {
                const usage = {
                  inputTokens: Math.floor(ended.candidate.inputTokens * one.input),
                  cacheReadTokens: 0,
                  cacheWriteTokens: 0,
                  outputTokens: Math.floor(ended.output * one.output),
                }
                const real = { tokens: tokensOf(usage), microUsd: dearestCostOf(ended.candidate.price, usage) }
                const worst = worstCase(ended.candidate, ended.output)
                expect(real.tokens).toBeLessThanOrEqual(worst.tokens)
                expect(real.microUsd).toBeLessThanOrEqual(worst.microUsd)
                return real
              })
              break
            case "kill":
              close(one.which, () => null)
              break
            case "never_left":
              close(one.which, () => ({ tokens: 0, microUsd: 0 }))
          }
          for (const [place, set] of [ofAll, ofGroup].entries()) {
            const now = accounts[place]
            const sum = used[place]
            if (now === undefined || sum === undefined) throw new Error("no account")
            for (const period of ["day", "month"] as const) {
              const { spent, reserved } = now[period]
              expect(spent).toEqual(sum)
              const [tokens, money] =
                period === "day" ? [set.maxTokensDay, set.maxMicroUsdDay] : [set.maxTokensMonth, set.maxMicroUsdMonth]
              expect(spent.tokens + reserved.tokens).toBeLessThanOrEqual(tokens ?? Infinity)
              expect(spent.microUsd + reserved.microUsd).toBeLessThanOrEqual(money ?? Infinity)
            }
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})
