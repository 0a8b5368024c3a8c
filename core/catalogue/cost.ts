/** What model calls cost, in whole micro-dollars: reckoned in whole numbers and rounded up once, so that sums never drift. */
import type { Usage } from "../model/call.ts"
import type { CallPrice } from "../budget/reserve.ts"
import type { ModelEntry, ModelPrices } from "./catalogue.ts"

/** Prices are per this many tokens. */
const pricedTokens = 1_000_000n

/**
 * What a call cost, rounded up to the next micro-dollar. Its input of all three kinds together decides whether the prices for
 * long prompts hold, and then they hold for every token of it.
 * @returns null where the price is not known
 */
export function costMicroUsd(entry: ModelEntry | undefined, usage: Usage): number | null {
  if (entry === undefined || entry.prices === null) return null
  const inputTokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens
  const isLong = entry.longPrompt !== undefined && inputTokens > entry.longPrompt.aboveInputTokens
  const prices = isLong && entry.longPrompt !== undefined ? entry.longPrompt.prices : entry.prices
  return roundUp(
    times(usage.inputTokens, prices.input) +
      times(usage.cacheReadTokens, prices.cacheRead) +
      times(usage.cacheWriteTokens, prices.cacheWrite) +
      times(usage.outputTokens, prices.output),
  )
}

export interface CallBound {
  /** Input of all kinds, at most. */
  readonly inputTokens: number
  readonly outputTokens: number
}

/**
 * No call within the bound costs more, whatever of its input turns out to be read from or written to a cache.
 * @returns null where the price is not known
 */
export function worstCaseMicroUsd(entry: ModelEntry | undefined, bound: CallBound): number | null {
  const dearest = entry === undefined ? null : dearestPrices(entry, bound.inputTokens)
  if (dearest === null) return null
  return roundUp(times(bound.inputTokens, dearest.input) + times(bound.outputTokens, dearest.output))
}

/**
 * How many output tokens a call may ask for so that its worst case stays within the money.
 * @returns 0 where the input alone does not fit, `Number.MAX_SAFE_INTEGER` where any output fits, null where the price is not known
 */
export function affordableOutputTokens(
  entry: ModelEntry | undefined,
  within: { readonly inputTokens: number; readonly microUsd: number },
): number | null {
  const dearest = entry === undefined ? null : dearestPrices(entry, within.inputTokens)
  if (dearest === null) return null
  const left = BigInt(Math.floor(within.microUsd)) * pricedTokens - times(within.inputTokens, dearest.input)
  if (left < 0n) return 0
  if (dearest.output === 0) return Number.MAX_SAFE_INTEGER
  return toSafe(left / BigInt(dearest.output))
}

/** What the tokens of a call cost at most, each; null where the price is not known. @param inputTokens - at most */
export function callPrice(entry: ModelEntry | undefined, inputTokens: number): CallPrice | null {
  const dearest = entry === undefined ? null : dearestPrices(entry, inputTokens)
  return dearest && { inputMicroUsdPerMTok: dearest.input, outputMicroUsdPerMTok: dearest.output }
}

/** The dearest price of any input token, and of an output token, over all tiers that the input may fall into. */
function dearestPrices(
  { prices, longPrompt }: ModelEntry,
  inputTokens: number,
): { input: number; output: number } | null {
  if (prices === null) return null
  const mayBeLong = longPrompt !== undefined && inputTokens > longPrompt.aboveInputTokens
  const tiers: ModelPrices[] = mayBeLong ? [prices, longPrompt.prices] : [prices]
  return {
    input: Math.max(...tiers.flatMap(({ input, cacheRead, cacheWrite }) => [input, cacheRead, cacheWrite])),
    output: Math.max(...tiers.map(({ output }) => output)),
  }
}

function times(tokens: number, price: number): bigint {
  return BigInt(Math.ceil(tokens)) * BigInt(price)
}

function roundUp(total: bigint): number {
  return toSafe((total + pricedTokens - 1n) / pricedTokens)
}

/** Nothing real comes near: nine billion dollars. */
function toSafe(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value)
}
