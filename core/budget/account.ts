/** What a scope spent and holds reserved in the running day and month. Whole numbers; every change gives a new account. */
import * as z from "zod"
import { EpochMs } from "../units.ts"
import type { BudgetPeriod, BudgetUnit } from "./limits.ts"
import type { Windows } from "./window.ts"

const count = z.number().int().nonnegative()
export const Amount = z.object({ tokens: count, microUsd: count })
export type Amount = z.infer<typeof Amount>

/** The limit of which people were told, in this period; null: of none. */
const Told = z.object({ tokens: count.nullable(), microUsd: count.nullable() })

const PeriodAccount = z.object({
  /** Of the window that the sums are of. */
  startsAt: EpochMs,
  spent: Amount,
  /** The worst case of calls that began in this window and have not ended. */
  reserved: Amount,
  warned: Told,
  stopped: Told,
})
type PeriodAccount = z.infer<typeof PeriodAccount>

export const Account = z.object({ day: PeriodAccount, month: PeriodAccount })
export type Account = z.infer<typeof Account>

/** By its windows a call is charged where it began, whenever it ends. */
export const Begun = z.object({ day: EpochMs, month: EpochMs })
export type Begun = z.infer<typeof Begun>

export const nothing: Amount = { tokens: 0, microUsd: 0 }
const untold = { tokens: null, microUsd: null }

/** The account as it is in these windows: a new window begins with nothing. */
export function inWindows(account: Account | undefined, { day, month }: Windows): Account {
  return { day: inWindow(account?.day, day.startsAt), month: inWindow(account?.month, month.startsAt) }
}

/** Holds back the worst case of a call that begins in the account's windows. */
export function reserve(account: Account, worst: Amount): Account {
  return both(account, (period) => ({ ...period, reserved: plus(period.reserved, worst) }))
}

/** Gives back what was reserved and charges what is due, in the windows in which the call began and that still run. */
export function settle(account: Account, begun: Begun, call: { reserved: Amount; charged: Amount }): Account {
  return both(account, (period, name) =>
    period.startsAt !== begun[name]
      ? period
      : {
          ...period,
          reserved: minus(period.reserved, call.reserved),
          spent: plus(period.spent, call.charged),
        },
  )
}

/** Takes back a charge that turned out to be another one. */
export function recharge(account: Account, begun: Begun, call: { before: Amount; now: Amount }): Account {
  return both(account, (period, name) =>
    period.startsAt !== begun[name] ? period : { ...period, spent: plus(minus(period.spent, call.before), call.now) },
  )
}

/** Adds what was spent before this account was kept. */
export function addSpent(account: Account, spent: { day: Amount; month: Amount }): Account {
  return both(account, (period, name) => ({ ...period, spent: plus(period.spent, spent[name]) }))
}

/** The account with the note that people were told of a limit. */
export function tell(
  account: Account,
  what: "warned" | "stopped",
  { unit, period, value }: { unit: BudgetUnit; period: BudgetPeriod; value: number },
): Account {
  return both(account, (one, name) =>
    name === period ? { ...one, [what]: { ...one[what], [amountOf(unit)]: value } } : one,
  )
}

/** The field of an amount that a unit is counted in. */
export function amountOf(unit: BudgetUnit): keyof Amount {
  switch (unit) {
    case "tokens":
      return "tokens"
    case "micro_usd":
      return "microUsd"
  }
}

export function plus(a: Amount, b: Amount): Amount {
  return { tokens: a.tokens + b.tokens, microUsd: a.microUsd + b.microUsd }
}

function minus(a: Amount, b: Amount): Amount {
  return { tokens: Math.max(0, a.tokens - b.tokens), microUsd: Math.max(0, a.microUsd - b.microUsd) }
}

function inWindow(period: PeriodAccount | undefined, startsAt: EpochMs): PeriodAccount {
  if (period?.startsAt === startsAt) return period
  return { startsAt, spent: nothing, reserved: nothing, warned: untold, stopped: untold }
}

function both(account: Account, change: (period: PeriodAccount, name: BudgetPeriod) => PeriodAccount): Account {
  return { day: change(account.day, "day"), month: change(account.month, "month") }
}
