/** What people are told of budgets, in sentences. */
import type { EpochMs } from "../units.ts"
import type { BudgetPeriod, BudgetScope, BudgetUnit } from "./limits.ts"
import type { ReserveAnswer } from "./reserve.ts"
import { showUsd } from "./usd.ts"

/** A limit and what of it is used. */
export interface BudgetUse {
  readonly scope: BudgetScope
  readonly unit: BudgetUnit
  readonly period: BudgetPeriod
  readonly limit: number
  readonly used: number
}

/** To the operator, once a window. @param groupName - where the scope is a group that is known */
export function warningText(use: BudgetUse, groupName: string | undefined, endsAt: EpochMs, timeZone: string): string {
  const percent = Math.floor((use.used / use.limit) * 100)
  return `Budget warning: ${percent} % of the ${limitWords(use)} for ${scopeWords(use.scope, groupName)} is used: ${useWords(use)}. It begins anew ${instantWords(endsAt, timeZone)}.`
}

/** To the operator, once a window and limit. @param nextAllowedAt - null: the call is larger than the whole limit */
export function stoppedText(
  use: BudgetUse,
  groupName: string | undefined,
  nextAllowedAt: EpochMs | null,
  timeZone: string,
): string {
  const what = `Spending has stopped: a model call does not fit into the ${limitWords(use)} for ${scopeWords(use.scope, groupName)}. Used: ${useWords(use)}.`
  const when =
    nextAllowedAt === null
      ? "The call alone is larger than this limit: only a higher one lets it through."
      : `Calls are made again ${instantWords(nextAllowedAt, timeZone)}, or as soon as the limit is raised.`
  return `${what} ${when}`
}

/** To the person whose message is not answered. */
export function refusalText(refusal: Extract<ReserveAnswer, { status: "refused" | "unpriced" }>): string {
  if (refusal.status === "unpriced")
    return `This is not answered: there is a budget in dollars, and the price of the model ${refusal.model} is not known. Its price can be added to models.json.`
  const { scope, limit, nextAllowedAt, timeZone } = refusal
  const what = `The ${limitWords(limit)} for ${scopeWords(scope, undefined)} is used up.`
  if (nextAllowedAt === null)
    return `This is larger than the whole ${limitWords(limit)} for ${scopeWords(scope, undefined)}.`
  return `${what} I can answer again ${instantWords(nextAllowedAt, timeZone)}.`
}

function limitWords({ unit, period }: { unit: BudgetUnit; period: BudgetPeriod }): string {
  const daily = period === "day" ? "daily" : "monthly"
  return unit === "tokens" ? `${daily} token budget` : `${daily} dollar budget`
}

function scopeWords(scope: BudgetScope, groupName: string | undefined): string {
  switch (scope.kind) {
    case "global":
      return "the whole gateway"
    case "group":
      return groupName === undefined ? "this agent" : `the agent group ${groupName}`
    case "conversation":
      return "one conversation"
  }
}

function useWords({ unit, used, limit }: BudgetUse): string {
  const show = (value: number) => (unit === "tokens" ? value.toLocaleString("en-US") : showUsd(value))
  return `${show(used)} of ${show(limit)}${unit === "tokens" ? " tokens" : ""}`
}

/** `on 22 Nov 2026 at 00:00 (Europe/Berlin)`. */
function instantWords(at: EpochMs, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone, day: "numeric", month: "short", year: "numeric" })
  const time = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" })
  return `on ${parts.format(at)} at ${time.format(at)} (${timeZone})`
}
