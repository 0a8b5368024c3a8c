/** Whether a call may be made: its worst case against every limit that binds it. Pure: the accounts are arguments. */
import type { Usage } from "../model/call.ts"
import { after, type EpochMs } from "../units.ts"
import { type Account, type Amount, amountOf } from "./account.ts"
import { type BudgetLimits, type BudgetScope, type SetLimit, setLimits } from "./limits.ts"
import { type CallPrice, type Candidate, leastOutputTokens, longestWaitMs, type ReserveAnswer } from "./reserve.ts"
import type { Windows } from "./window.ts"

/** A scope that a call counts in. */
export interface Held {
  readonly scope: BudgetScope
  readonly limits: BudgetLimits
  readonly account: Account
}

/** The Ledger adds whose clocks the instants are told by. */
export type Refused = DistributiveOmit<Extract<ReserveAnswer, { status: "refused" | "unpriced" }>, "timeZone">
type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never

export type Verdict =
  /** `worst`: what is to be reserved. */
  | { status: "fits"; maxOutputTokens: number; worst: Amount }
  /** It would fit without the calls in flight. `refusal`: what is said when it has waited long enough. */
  | { status: "wait"; refusal: Refused }
  | Refused

/** One limit as it binds a call. */
interface Bound extends SetLimit {
  readonly scope: BudgetScope
  readonly spent: number
  readonly reserved: number
  readonly endsAt: EpochMs
}

/** @param held - the scopes that the call counts in, with their accounts in the windows of now */
export function judge(candidate: Candidate, held: readonly Held[], windows: Windows, now: EpochMs): Verdict {
  const bounds = held.flatMap((one) => boundsOf(one, windows))
  const dollars = bounds.find(({ unit }) => unit === "micro_usd")
  if (candidate.price === null && dollars !== undefined)
    return { status: "unpriced", scope: dollars.scope, model: candidate.model }
  const least = Math.min(leastOutputTokens, candidate.maxOutputTokens)
  const leftNow = ({ value, spent, reserved }: Bound) => value - spent - reserved
  const output = Math.min(
    candidate.maxOutputTokens,
    ...bounds.map((bound) => affordableOutput(candidate, bound, leftNow(bound))),
  )
  if (output >= least) return { status: "fits", maxOutputTokens: output, worst: worstCase(candidate, output) }
  const isShort = (left: (bound: Bound) => number) => (bound: Bound) =>
    affordableOutput(candidate, bound, left(bound)) < least
  const [stopped] = bounds
    .filter(isShort(({ value, spent }) => value - spent))
    .map((bound) => ({ bound, nextAllowedAt: isShort(({ value }) => value)(bound) ? null : bound.endsAt }))
    .toSorted((a, b) => (b.nextAllowedAt ?? Infinity) - (a.nextAllowedAt ?? Infinity))
  if (stopped !== undefined) return refusal(stopped.bound, stopped.nextAllowedAt)
  const crowded = bounds.find(isShort(leftNow))
  // One of them is, or the output would have been enough.
  if (crowded === undefined) throw new TypeError("no limit stands in the way")
  return { status: "wait", refusal: refusal(crowded, after(now, longestWaitMs)) }
}

/** What a call may cost at most. Without a price, no money. */
export function worstCase({ inputTokens, price }: Pick<Candidate, "inputTokens" | "price">, output: number): Amount {
  return {
    tokens: inputTokens + output,
    microUsd: price === null ? 0 : dearestCost(price, inputTokens, output),
  }
}

/** What a call with this usage costs at most, where nobody said what it cost. */
export function dearestCostOf(price: CallPrice | null, usage: Usage): number {
  const inputTokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens
  return price === null ? 0 : dearestCost(price, inputTokens, usage.outputTokens)
}

/** Tokens of all kinds. */
export function tokensOf({ inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens }: Usage): number {
  return inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens
}

const pricedTokens = 1_000_000n

function dearestCost(price: CallPrice, inputTokens: number, outputTokens: number): number {
  const total =
    BigInt(inputTokens) * BigInt(price.inputMicroUsdPerMTok) +
    BigInt(outputTokens) * BigInt(price.outputMicroUsdPerMTok)
  return toSafe((total + pricedTokens - 1n) / pricedTokens)
}

/** How many output tokens the call may have so that its worst case stays within `left`; negative when its input does not fit. */
function affordableOutput({ inputTokens, price }: Candidate, { unit }: Bound, left: number): number {
  if (unit === "tokens") return left - inputTokens
  if (price === null) return -1
  const money = BigInt(left) * pricedTokens - BigInt(inputTokens) * BigInt(price.inputMicroUsdPerMTok)
  if (money < 0n) return -1
  if (price.outputMicroUsdPerMTok === 0) return Infinity
  return toSafe(money / BigInt(price.outputMicroUsdPerMTok))
}

function boundsOf({ scope, limits, account }: Held, windows: Windows): Bound[] {
  return setLimits(limits).map((limit) => {
    const { spent, reserved } = account[limit.period]
    const field = amountOf(limit.unit)
    const { endsAt } = windows[limit.period]
    return { ...limit, scope, spent: spent[field], reserved: reserved[field], endsAt }
  })
}

function refusal({ scope, unit, period, value, spent }: Bound, nextAllowedAt: EpochMs | null): Refused {
  return { status: "refused", scope, limit: { unit, period }, limitValue: value, usedValue: spent, nextAllowedAt }
}

/** Nothing real comes near. */
function toSafe(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value)
}
