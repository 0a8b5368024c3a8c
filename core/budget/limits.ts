/** What may be spent: limits of a scope, by unit and period. Who keeps to them is the Ledger. */
import * as z from "zod"
import { ConversationId, GroupId } from "../units.ts"

/** Whose spending is counted together. Each call counts in the whole gateway, in its group and in its conversation. */
export const BudgetScope = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("global") }),
  z.object({ kind: z.literal("group"), groupId: GroupId }),
  z.object({ kind: z.literal("conversation"), conversationId: ConversationId }),
])
export type BudgetScope = z.infer<typeof BudgetScope>

/** Tokens of all kinds together: input, read from and written to a cache, output. Money in millionths of a US dollar. */
export const BudgetUnit = z.enum(["tokens", "micro_usd"])
export type BudgetUnit = z.infer<typeof BudgetUnit>
/** Of the operator's calendar. */
export const BudgetPeriod = z.enum(["day", "month"])
export type BudgetPeriod = z.infer<typeof BudgetPeriod>

/** Null: no limit. */
const limit = z.number().int().positive().max(Number.MAX_SAFE_INTEGER).nullable()
export const BudgetLimits = z.object({
  maxTokensDay: limit,
  maxTokensMonth: limit,
  maxMicroUsdDay: limit,
  maxMicroUsdMonth: limit,
})
export type BudgetLimits = z.infer<typeof BudgetLimits>

export const noLimits: BudgetLimits = {
  maxTokensDay: null,
  maxTokensMonth: null,
  maxMicroUsdDay: null,
  maxMicroUsdMonth: null,
}

/** One limit that is set. */
export interface SetLimit {
  readonly unit: BudgetUnit
  readonly period: BudgetPeriod
  readonly value: number
}

/** The limits that are set, the shorter period first. */
export function setLimits(limits: BudgetLimits): SetLimit[] {
  const all = [
    { unit: "tokens", period: "day", value: limits.maxTokensDay },
    { unit: "micro_usd", period: "day", value: limits.maxMicroUsdDay },
    { unit: "tokens", period: "month", value: limits.maxTokensMonth },
    { unit: "micro_usd", period: "month", value: limits.maxMicroUsdMonth },
  ] as const
  return all.flatMap(({ value, ...limit }) => (value === null ? [] : [{ ...limit, value }]))
}

/** Limit by limit, that of the first who sets it: a conversation's own, its group's for conversations, the gateway's. */
export function firstSet(...levels: readonly BudgetLimits[]): BudgetLimits {
  return levels.reduce(
    (inForce, next) => ({
      maxTokensDay: inForce.maxTokensDay ?? next.maxTokensDay,
      maxTokensMonth: inForce.maxTokensMonth ?? next.maxTokensMonth,
      maxMicroUsdDay: inForce.maxMicroUsdDay ?? next.maxMicroUsdDay,
      maxMicroUsdMonth: inForce.maxMicroUsdMonth ?? next.maxMicroUsdMonth,
    }),
    noLimits,
  )
}

/** One name for a scope, as a key. */
export function scopeKey(scope: BudgetScope): string {
  switch (scope.kind) {
    case "global":
      return "global"
    case "group":
      return `group/${scope.groupId}`
    case "conversation":
      return `conversation/${scope.conversationId}`
  }
}
