/** Contracts of budgets: what may be spent, what is, and when there is more. */
import * as z from "zod"
import { BudgetTokens, BudgetUsd } from "../settings.ts"
import { ConversationId } from "../units.ts"
import { endpoint, Instant, nothing } from "./endpoint.ts"

const count = z.number().int().nonnegative()
const Amount = z.object({
  /** Of all kinds. */
  tokens: count,
  /** Millionths of a US dollar. */
  microUsd: count,
})

/** Null: no limit. */
export const BudgetLimitsView = z.object({
  maxTokensDay: BudgetTokens,
  maxTokensMonth: BudgetTokens,
  maxUsdDay: BudgetUsd,
  maxUsdMonth: BudgetUsd,
})
export type BudgetLimitsView = z.infer<typeof BudgetLimitsView>

const PeriodView = z.object({
  spent: Amount,
  /** The worst case of model calls that run now. */
  reserved: Amount,
})
export const BudgetView = z.object({
  scope: z.enum(["global", "group", "conversation"]),
  /** Of the group or conversation; null for the whole gateway. */
  id: z.string().nullable(),
  /** Of the group; null for what has none, or is deleted. */
  name: z.string().nullable(),
  /** In force. */
  limits: BudgetLimitsView,
  day: PeriodView,
  month: PeriodView,
})
export type BudgetView = z.infer<typeof BudgetView>

const calendar = {
  /** In which days and months begin. */
  timeZone: z.string(),
  day: z.object({ startsAt: Instant, endsAt: Instant }),
  month: z.object({ startsAt: Instant, endsAt: Instant }),
}
const description =
  "Days and months are those of the settings' time zone. Tokens of all kinds count, and the cost of each call, rounded up to a millionth of a dollar. A model whose price is not known is not called where a limit in dollars binds."

export const getBudgets = endpoint({
  method: "get",
  path: "/api/budgets",
  summary: "What the gateway, each agent group and conversations with limits of their own may spend, and have spent",
  description,
  auth: "user",
  scope: "operations:read",
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({ ...calendar, data: z.array(BudgetView) }),
  errors: [],
})

const ofConversation = {
  path: "/api/conversations/{id}/budget",
  params: z.object({ id: ConversationId }),
  query: nothing,
  status: 200,
  errors: ["conversation_not_found"],
  unknownId: "conversation_not_found",
} as const
export const ConversationBudgetView = z.object({
  ...calendar,
  /** Set for this conversation alone; null: as for every conversation of its group, or of the gateway. */
  own: BudgetLimitsView,
  /** Of `own`; grows with each change. */
  version: z.number().int(),
  budget: BudgetView,
})
export type ConversationBudgetView = z.infer<typeof ConversationBudgetView>

export const getConversationBudget = endpoint({
  ...ofConversation,
  method: "get",
  summary: "What a conversation may spend, and has spent",
  auth: "user",
  scope: "conversations:read",
  body: nothing,
  response: ConversationBudgetView,
})

export const setConversationBudget = endpoint({
  ...ofConversation,
  method: "put",
  summary: "Set the named limits of one conversation; null takes one back to that of its group or of the gateway",
  description:
    "Acts on the next model call. With a `version`, that of the limits that were seen, a change that came between is not overwritten but answers `edit_conflict`; without it the named limits are set whatever they are now, and the others stay.",
  auth: "user",
  scope: "operations:write",
  // Strict: a limit that is misspelt would be no limit.
  body: z.strictObject({ ...BudgetLimitsView.shape, version: z.number().int().nonnegative() }).partial(),
  response: ConversationBudgetView,
  errors: [...ofConversation.errors, "edit_conflict"],
})
