/** The limits of a budget that are set, each with what is spent of it. Pure. */
import type { BudgetLimitsView, BudgetView } from "../../../core/api/budgets.ts"
import { showMoney } from "../ui/money.ts"

export interface BudgetRow {
  readonly name: keyof BudgetLimitsView
  readonly what: string
  readonly limit: number
  readonly spent: number
  readonly reserved: number
  readonly endsAt: string
  readonly show: (value: number) => string
}

/** When the running day and month end. */
export interface BudgetCalendar {
  readonly day: { readonly endsAt: string }
  readonly month: { readonly endsAt: string }
}

const showCount = (value: number) => value.toLocaleString()
const toMicro = (usd: number | null) => (usd === null ? null : Math.round(usd * 1_000_000))

export function budgetRows({ limits, ...spending }: BudgetView, calendar: BudgetCalendar): BudgetRow[] {
  const all = [
    { name: "maxTokensDay", what: "tokens a day", limit: limits.maxTokensDay, period: "day", unit: "tokens" },
    { name: "maxTokensMonth", what: "tokens a month", limit: limits.maxTokensMonth, period: "month", unit: "tokens" },
    { name: "maxUsdDay", what: "dollars a day", limit: toMicro(limits.maxUsdDay), period: "day", unit: "microUsd" },
    {
      name: "maxUsdMonth",
      what: "dollars a month",
      limit: toMicro(limits.maxUsdMonth),
      period: "month",
      unit: "microUsd",
    },
  ] as const
  return all.flatMap(({ name, what, limit, period, unit }) => {
    if (limit === null) return []
    const { spent, reserved } = spending[period]
    const show = unit === "tokens" ? showCount : showMoney
    const { endsAt } = calendar[period]
    return [{ name, what, limit, spent: spent[unit], reserved: reserved[unit], endsAt, show }]
  })
}

/** As the clocks of whoever looks show it. */
export function showInstant(at: string): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })
}
