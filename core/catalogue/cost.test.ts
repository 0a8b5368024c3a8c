/** Money: whole micro-dollars, rounded up once, and a worst case that no bill exceeds. */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { ModelEntry, ModelPrices } from "./catalogue.ts"
import { affordableOutputTokens, costMicroUsd, worstCaseMicroUsd } from "./cost.ts"

const usage = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 }
const model = (prices: ModelPrices | null, longPrompt?: ModelEntry["longPrompt"]): ModelEntry => ({
  name: "gpt-x",
  provider: "openai",
  contextWindow: null,
  maxOutputTokens: null,
  abilities: { tools: true, images: true, thinking: true, caching: true },
  prices,
  ...(longPrompt === undefined ? {} : { longPrompt }),
  retiresAt: null,
})
const haiku = model(
  { input: 100_000, output: 500_000, cacheRead: 10_000, cacheWrite: 125_000 },
  {
    aboveInputTokens: 100_000,
    prices: { input: 500_000, output: 2_500_000, cacheRead: 50_000, cacheWrite: 625_000 },
  },
)

describe("a call costs", () => {
  test.each([
    ["nothing when nothing was used", usage, 0],
    ["a whole micro-dollar for a part of one", { ...usage, inputTokens: 1 }, 1],
    ["a million tokens their price", { ...usage, outputTokens: 1_000_000 }, 500_000],
    // 0.1 + 0.01 + 0.125 + 0.5 in each place: rounded once, not four times.
    [
      "the sum of its kinds, rounded up once",
      { inputTokens: 1, cacheReadTokens: 1, cacheWriteTokens: 1, outputTokens: 1 },
      1,
    ],
    ["the price of each kind", { inputTokens: 10, cacheReadTokens: 100, cacheWriteTokens: 8, outputTokens: 2 }, 4],
    ["the short price on the bound", { ...usage, inputTokens: 99_999, cacheReadTokens: 1 }, 10_000],
    ["the long price for all of it above the bound", { ...usage, inputTokens: 100_001, outputTokens: 1 }, 50_003],
    [
      "the long price when only the cached part is long",
      { ...usage, cacheReadTokens: 200_000, outputTokens: 10 },
      10_025,
    ],
  ])("%s", (_, used, cost) => {
    expect(costMicroUsd(haiku, used)).toBe(cost)
  })

  test("nobody knows how much where no price is known", () => {
    for (const entry of [undefined, model(null)]) {
      expect(costMicroUsd(entry, usage)).toBeNull()
      expect(worstCaseMicroUsd(entry, { inputTokens: 1, outputTokens: 1 })).toBeNull()
      expect(affordableOutputTokens(entry, { inputTokens: 1, microUsd: 1 })).toBeNull()
    }
  })
})

const price = fc.integer({ min: 0, max: 10_000_000_000 })
const prices = fc.record({ input: price, output: price, cacheRead: price, cacheWrite: price })
const tokens = fc.integer({ min: 0, max: 5_000_000 })
const used = fc.record({
  inputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
  outputTokens: tokens,
})
const anyModel = fc
  .tuple(prices, fc.option(fc.record({ aboveInputTokens: fc.integer({ min: 1, max: 6_000_000 }), prices })))
  .map(([own, long]) => model(own, long ?? undefined))

describe("for every price and usage", () => {
  test("the worst case of a bound is never below what a call within it costs", () => {
    fc.assert(
      fc.property(anyModel, used, tokens, tokens, (entry, call, moreInput, moreOutput) => {
        const bound = {
          inputTokens: call.inputTokens + call.cacheReadTokens + call.cacheWriteTokens + moreInput,
          outputTokens: call.outputTokens + moreOutput,
        }
        expect(worstCaseMicroUsd(entry, bound)).toBeGreaterThanOrEqual(costMicroUsd(entry, call) ?? Infinity)
      }),
      { numRuns: 2_000 },
    )
  })

  test("a cost is a whole number, and less than one micro-dollar above the exact one", () => {
    fc.assert(
      fc.property(anyModel, used, (entry, call) => {
        const cost = costMicroUsd(entry, call) ?? -1
        expect(Number.isSafeInteger(cost)).toBe(true)
        const total = call.inputTokens + call.cacheReadTokens + call.cacheWriteTokens
        const tier =
          entry.longPrompt && total > entry.longPrompt.aboveInputTokens ? entry.longPrompt.prices : entry.prices
        const exact =
          BigInt(call.inputTokens) * BigInt(tier?.input ?? 0) +
          BigInt(call.cacheReadTokens) * BigInt(tier?.cacheRead ?? 0) +
          BigInt(call.cacheWriteTokens) * BigInt(tier?.cacheWrite ?? 0) +
          BigInt(call.outputTokens) * BigInt(tier?.output ?? 0)
        const over = BigInt(cost) * 1_000_000n - exact
        expect(over >= 0n && over < 1_000_000n).toBe(true)
      }),
    )
  })

  test("the affordable output is the most whose worst case fits", () => {
    const money = fc.integer({ min: 0, max: 1_000_000_000_000 })
    fc.assert(
      fc.property(anyModel, tokens, money, (entry, inputTokens, microUsd) => {
        const outputTokens = affordableOutputTokens(entry, { inputTokens, microUsd }) ?? -1
        const worst = (count: number) => worstCaseMicroUsd(entry, { inputTokens, outputTokens: count }) ?? -1
        if (worst(0) > microUsd) expect(outputTokens).toBe(0)
        else expect(worst(outputTokens)).toBeLessThanOrEqual(microUsd)
        if (outputTokens < Number.MAX_SAFE_INTEGER) expect(worst(outputTokens + 1)).toBeGreaterThan(microUsd)
      }),
    )
  })
})
