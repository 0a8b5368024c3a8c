/** Contracts of usage: what calls of models took, in sums and one by one. */
import * as z from "zod"
import { ConversationId, GroupId, TurnId } from "../units.ts"
import { Day, TimeZone } from "../usage/days.ts"
import { BudgetLimitsView } from "./budgets.ts"
import { endpoint, Instant, InstantParameter, nothing, page, pageLimit, streamEndpoint } from "./endpoint.ts"
import { RunView } from "./runs.ts"

/** A year and its leap day. */
export const maxDays = 366

const count = z.number().int().nonnegative()
export const TokenCounts = z.object({
  /** Neither read from nor written to a provider's cache. */
  input: count,
  cacheRead: count,
  cacheWrite: count,
  output: count,
  total: count,
})
export type TokenCounts = z.infer<typeof TokenCounts>

const used = {
  calls: count,
  tokens: TokenCounts,
  /** In millionths of a US dollar, of the calls whose price is known. Null: of no call it is. */
  costMicroUsd: count.nullable(),
  /** Calls whose price is not known. */
  unpricedCalls: count,
}
export const UsageView = z.object(used)
export type UsageView = z.infer<typeof UsageView>

const stretch = {
  /** Sums begin at the first quarter of an hour at or after this instant; with the first call unless told. */
  from: InstantParameter.optional(),
  /** Before this instant; up to now unless told. */
  to: InstantParameter.optional(),
  groupId: GroupId.optional(),
}
/** Whose clocks tell where a day begins, by its IANA name; that of the settings, as for budgets, unless told. */
const zone = TimeZone.optional()
const read = {
  method: "get",
  auth: "user",
  scope: "operations:read",
  params: nothing,
  body: nothing,
  status: 200,
} as const

export const getUsage = endpoint({
  ...read,
  path: "/api/usage",
  summary: "What all calls of models used",
  query: z.object(stretch),
  response: UsageView,
  errors: [],
})

export const getDailyUsage = endpoint({
  ...read,
  path: "/api/usage/daily",
  summary: "What calls used, day by day, with the days on which nothing was",
  query: z.object({
    timeZone: zone,
    /** The first day; 29 days before `to` unless told. At most 366 days are told. */
    from: Day.optional(),
    /** The last day; today unless told. */
    to: Day.optional(),
    groupId: GroupId.optional(),
  }),
  response: z.object({ timeZone: z.string(), data: z.array(z.object({ day: Day, ...used })) }),
  errors: [],
})

export const getModelUsage = endpoint({
  ...read,
  path: "/api/usage/models",
  summary: "What calls used, by model, the one with the most tokens first",
  query: z.object(stretch),
  response: z.object({ data: z.array(z.object({ model: z.string(), ...used })) }),
  errors: [],
})

export const getUsageByGroup = endpoint({
  ...read,
  path: "/api/usage/groups",
  summary: "What calls used, by agent group, the one with the most tokens first",
  query: z.object({ from: stretch.from, to: stretch.to }),
  response: z.object({
    data: z.array(
      z.object({
        /** Null: calls of no group. */
        groupId: GroupId.nullable(),
        /** Null also for a group that was deleted. */
        name: z.string().nullable(),
        ...used,
      }),
    ),
  }),
  errors: [],
})

export const getUsageByConversation = endpoint({
  ...read,
  path: "/api/usage/conversations",
  summary: "The conversations that used most, by their tokens",
  description: "Erased conversations are not among them.",
  query: z.object({ ...stretch, limit: pageLimit(20) }),
  response: z.object({
    data: z.array(
      z.object({
        conversationId: ConversationId,
        /** Null: not on record. */
        title: z.string().nullable(),
        ...used,
      }),
    ),
  }),
  errors: [],
})

export const CallView = z.object({
  id: z.string(),
  conversationId: ConversationId,
  turnId: TurnId,
  groupId: GroupId.nullable(),
  model: z.string(),
  /** Why the model stopped, or why the call failed. */
  outcome: z.string(),
  tokens: TokenCounts,
  /** In millionths of a US dollar, rounded up. Null: the price is not known. */
  costMicroUsd: count.nullable(),
  provider: z.string().nullable(),
  /** Of the group's tiers; null where none chose the model. */
  tier: z.string().nullable(),
  /** Why this model. */
  reason: z.string().nullable(),
  /** From the request to the first piece of the answer; null where none came. */
  firstDeltaMs: count.nullable(),
  durationMs: count,
  startedAt: Instant,
})
export type CallView = z.infer<typeof CallView>

const callFilters = {
  from: InstantParameter.optional(),
  to: InstantParameter.optional(),
  model: z.string().max(200).optional(),
  groupId: GroupId.optional(),
  conversationId: ConversationId.optional(),
  turnId: TurnId.optional(),
}

export const listCalls = endpoint({
  ...read,
  path: "/api/usage/calls",
  summary: "List calls of models one by one, the newest first",
  description: "Calls of erased conversations are in the sums and not in this list.",
  query: z.object({ limit: pageLimit(50), after: z.string().max(200).optional(), ...callFilters }),
  response: page(CallView),
  errors: ["invalid_cursor"],
})

export const exportCalls = streamEndpoint({
  method: "get",
  auth: "user",
  scope: "operations:read",
  params: nothing,
  body: nothing,
  path: "/api/usage/calls.csv",
  summary: "The calls of models as a file of comma-separated values, the newest first",
  description: "Calls of erased conversations are in the sums and not in this file. Instants are RFC 3339 in UTC.",
  query: z.object(callFilters),
  errors: [],
  fileTypes: ["text/csv"],
})

export const getGroupStats = endpoint({
  ...read,
  path: "/api/agent-groups/{groupId}/stats",
  summary: "What an agent group used, how its runs ended, and how much of its budget is left",
  scope: "agents:read",
  params: z.object({ groupId: GroupId }),
  query: z.object({ timeZone: zone }),
  response: z.object({
    groupId: GroupId,
    today: UsageView,
    thisMonth: UsageView,
    total: UsageView,
    /** Null: no limit. */
    budget: BudgetLimitsView,
    /** Of the last 30 days, by what they are now. */
    runs: z.record(RunView.shape.status, count),
    lastRunAt: Instant.nullable(),
  }),
  errors: ["group_not_found"],
  unknownId: "group_not_found",
})
