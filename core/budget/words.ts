/** What people are told of budgets, in sentences. */
import type { EpochMs, GroupId } from "../units.ts"
import { type Amount, amountOf } from "./account.ts"
import { type BudgetPeriod, type BudgetScope, type BudgetUnit, setLimits } from "./limits.ts"
import type { ReserveAnswer } from "./reserve.ts"
import type { BudgetsState, BudgetState } from "./terms.ts"
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
    return `This is larger than the whole ${limitWords(limit)} for ${scopeWords(scope, undefined)}: a shorter message or a higher limit may let it through.`
  return `${what} I can answer again ${instantWords(nextAllowedAt, timeZone)}.`
}

/** To who asks in a chat: what the conversation has used, and what is left of every limit that binds it. */
export function spentText({ scopes, day, month, timeZone }: BudgetsState, groupId: GroupId | null): string {
  const own = scopes.find(({ scope }) => scope.kind === "conversation")
  const used = ({ spent }: { spent: Amount }) =>
    `${spent.tokens.toLocaleString("en-US")} tokens, ${showUsd(spent.microUsd)}`
  const spent =
    own === undefined ? "" : `This conversation has used ${used(own.day)} today and ${used(own.month)} this month.`
  const left = scopes.filter(({ scope }) => scope.kind !== "group" || scope.groupId === groupId).flatMap(leftWords)
  if (left.length === 0) return `${spent} No budget binds it. ${whereSet}`
  const ends = `The day ends ${instantWords(day.endsAt, timeZone)}, the month ${instantWords(month.endsAt, timeZone)}.`
  return `${spent}\n\nLeft:\n${left.map((line) => `- ${line}`).join("\n")}\n\n${ends} ${whereSet}`
}

const whereSet = "Budgets are set on the dashboard."

function leftWords({ scope, limits, ...periods }: BudgetState): string[] {
  const whose = scope.kind === "conversation" ? "this conversation" : scopeWords(scope, undefined)
  return setLimits(limits).map(({ unit, period, value }) => {
    const { spent, reserved } = periods[period]
    const field = amountOf(unit)
    const show = showIn(unit)
    const left = `${show(Math.max(0, value - spent[field]))} of ${show(value)}${unit === "tokens" ? " tokens" : ""}`
    const held = reserved[field] === 0 ? "" : `, with ${show(reserved[field])} held for answers under way`
    return `${whose}: ${left} ${period === "day" ? "today" : "this month"}${held}`
  })
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
  const show = showIn(unit)
  return `${show(used)} of ${show(limit)}${unit === "tokens" ? " tokens" : ""}`
}

function showIn(unit: BudgetUnit): (value: number) => string {
  return (value) => (unit === "tokens" ? value.toLocaleString("en-US") : showUsd(value))
}

const minuteMs = 60_000

/** `on 22 Nov 2026 at 00:00 (Europe/Berlin)`, to the minute that is not before it. */
function instantWords(at: EpochMs, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone, day: "numeric", month: "short", year: "numeric" })
  const time = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" })
  const minute = Math.ceil(at / minuteMs) * minuteMs
  return `on ${parts.format(minute)} at ${time.format(minute)} (${timeZone})`
}
