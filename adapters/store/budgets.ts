/** Budgets in the record: what is set for each scope, and what the calls that were recorded have cost. */
import { eq } from "drizzle-orm"
import * as z from "zod"
import type { Amount } from "../../core/budget/account.ts"
import { BudgetLimits } from "../../core/budget/limits.ts"
import type { BudgetTerms } from "../../core/budget/terms.ts"
import type { Windows } from "../../core/budget/window.ts"
import { budgetOf, conversationBudgetOf, StoredSettings } from "../../core/settings.ts"
import { ConversationId, type EpochMs, GroupId } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { build, constant, parseRow, parseRows, statement } from "./query.ts"
import { GroupRow } from "./rows.ts"
import { agentGroups, conversationBudgets } from "./schema.ts"
import { selectSettings, settingsOf } from "./settings.ts"

/** A conversation's own limits; `version` grows with each change. */
export const ConversationBudgetRow = BudgetLimits.extend({
  conversationId: ConversationId,
  updatedAt: z.number().int(),
  version: z.number().int().nonnegative(),
})
export type ConversationBudgetRow = z.infer<typeof ConversationBudgetRow>

const selectGroups = constant("select * from agent_groups")
const selectOverrides = constant("select * from conversation_budgets")

/** All that is set: the gateway's terms, and those of every group and of every conversation with limits of its own. */
export async function readBudgetTerms(libsql: Libsql): Promise<BudgetTerms[]> {
  const [stored, groups, overrides] = await libsql.read([selectSettings("gateway"), selectGroups(), selectOverrides()])
  const row = settingsOf(stored)
  return [
    globalTerms(row),
    ...parseRows(agentGroups, GroupRow, groups).map(groupTerms),
    ...parseRows(conversationBudgets, ConversationBudgetRow, overrides).map(conversationTerms),
  ]
}

/** @param row - of the settings; undefined: nothing was ever set */
export function globalTerms(
  row: { readonly value: unknown; readonly version: number } | undefined,
): Extract<BudgetTerms, { kind: "global" }> {
  const settings = StoredSettings.parse(row?.value ?? {})
  return {
    kind: "global",
    version: row?.version ?? 0,
    limits: budgetOf(settings),
    conversationLimits: conversationBudgetOf(settings),
    timeZone: settings.timeZone ?? "UTC",
    home: settings.home,
  }
}

export function groupTerms(group: GroupRow): BudgetTerms {
  return {
    kind: "group",
    groupId: group.id,
    name: group.name,
    version: group.version,
    limits: {
      maxTokensDay: group.budgetMaxTokensDay,
      maxTokensMonth: group.budgetMaxTokensMonth,
      maxMicroUsdDay: group.budgetMaxMicroUsdDay,
      maxMicroUsdMonth: group.budgetMaxMicroUsdMonth,
    },
    conversationLimits: {
      maxTokensDay: group.conversationMaxTokensDay,
      maxTokensMonth: group.conversationMaxTokensMonth,
      maxMicroUsdDay: group.conversationMaxMicroUsdDay,
      maxMicroUsdMonth: group.conversationMaxMicroUsdMonth,
    },
  }
}

export function conversationTerms({ conversationId, version, ...row }: ConversationBudgetRow): BudgetTerms {
  return { kind: "conversation", conversationId, version, limits: BudgetLimits.parse(row) }
}

export async function findConversationBudget(
  libsql: Libsql,
  id: ConversationId,
): Promise<ConversationBudgetRow | undefined> {
  const found = build.select().from(conversationBudgets).where(eq(conversationBudgets.conversationId, id))
  const [answer] = await libsql.read([statement(found)])
  return parseRow(conversationBudgets, ConversationBudgetRow, answer)
}

/**
 * Stores the limits of a conversation that is on record. `not_found`: it is not, or was erased.
 * @param seen - the version that they are a change of; 0: it has none yet. `conflict`: there is another by now
 */
export async function writeConversationBudget(
  libsql: Libsql,
  id: ConversationId,
  limits: BudgetLimits,
  { seen, now }: { readonly seen: number; readonly now: EpochMs },
): Promise<{ status: "written"; row: ConversationBudgetRow } | { status: "not_found" | "conflict" }> {
  const { maxTokensDay, maxTokensMonth, maxMicroUsdDay, maxMicroUsdMonth } = limits
  const [written, place] = await libsql.write([
    upsert(id, maxTokensDay, maxTokensMonth, maxMicroUsdDay, maxMicroUsdMonth, now, seen),
    isOnRecord(id),
  ])
  const row = parseRow(conversationBudgets, ConversationBudgetRow, written)
  if (row !== undefined) return { status: "written", row }
  return { status: place?.rows.length === 1 ? "conflict" : "not_found" }
}

const isOnRecord = constant("select 1 from conversations where id = ?")

const upsert = constant(
  `insert into conversation_budgets
     (conversation_id, max_tokens_day, max_tokens_month, max_micro_usd_day, max_micro_usd_month, updated_at, version)
   select ?1, ?2, ?3, ?4, ?5, ?6, 1 where exists (select 1 from conversations where id = ?1)
     and ?7 = coalesce((select version from conversation_budgets where conversation_id = ?1), 0)
   on conflict (conversation_id) do update set max_tokens_day = excluded.max_tokens_day,
     max_tokens_month = excluded.max_tokens_month, max_micro_usd_day = excluded.max_micro_usd_day,
     max_micro_usd_month = excluded.max_micro_usd_month, updated_at = excluded.updated_at, version = version + 1
   returning *`,
)

export interface RecordedSpending {
  readonly day: Amount
  readonly month: Amount
}

const amounts = {
  dayTokens: z.number().int(),
  dayMicroUsd: z.number().int(),
  monthTokens: z.number().int(),
  monthMicroUsd: z.number().int(),
}
const GroupSpending = z.object({ groupId: GroupId.or(z.literal("")), ...amounts })

const selectSpending = constant(
  `select group_id as groupId,
     coalesce(sum(case when quarter_starts_at >= ?1 then input_tokens + cache_read_tokens + cache_write_tokens + output_tokens end), 0) as dayTokens,
     coalesce(sum(case when quarter_starts_at >= ?1 then cost_micro_usd end), 0) as dayMicroUsd,
     coalesce(sum(case when quarter_starts_at >= ?2 then input_tokens + cache_read_tokens + cache_write_tokens + output_tokens end), 0) as monthTokens,
     coalesce(sum(case when quarter_starts_at >= ?2 then cost_micro_usd end), 0) as monthMicroUsd
   from model_usage where quarter_starts_at >= min(?1, ?2) group by group_id`,
)

/** What calls of the windows cost so far, by group; null: calls of no group. */
export async function readSpending(
  libsql: Libsql,
  { day, month }: Windows,
): Promise<({ groupId: GroupId | null } & RecordedSpending)[]> {
  const [found] = await libsql.read([selectSpending(day.startsAt, month.startsAt)])
  return z
    .array(GroupSpending)
    .parse(found?.rows ?? [])
    .map(({ groupId, ...row }) => ({ groupId: groupId === "" ? null : groupId, ...toSpending(row) }))
}

// The id of a call begins with that of its turn, and that with the conversation's: "`" is the character behind "_".
const selectOfConversation = constant(
  `select
     coalesce(sum(case when started_at >= ?2 then input_tokens + cache_read_tokens + cache_write_tokens + output_tokens end), 0) as dayTokens,
     coalesce(sum(case when started_at >= ?2 then cost_micro_usd end), 0) as dayMicroUsd,
     coalesce(sum(case when started_at >= ?3 then input_tokens + cache_read_tokens + cache_write_tokens + output_tokens end), 0) as monthTokens,
     coalesce(sum(case when started_at >= ?3 then cost_micro_usd end), 0) as monthMicroUsd
   from model_calls where id >= 'turn_' || ?1 || '_' and id < 'turn_' || ?1 || '\`' and started_at < ?4`,
)

/** What the conversation's calls of the windows cost that began before `before`. */
export async function readConversationSpending(
  libsql: Libsql,
  id: ConversationId,
  { day, month }: Windows,
  before: EpochMs,
): Promise<RecordedSpending> {
  const [found] = await libsql.read([selectOfConversation(id, day.startsAt, month.startsAt, before)])
  return toSpending(z.object(amounts).parse(found?.rows[0]))
}

function toSpending(row: { dayTokens: number; dayMicroUsd: number; monthTokens: number; monthMicroUsd: number }) {
  return {
    day: { tokens: row.dayTokens, microUsd: row.dayMicroUsd },
    month: { tokens: row.monthTokens, microUsd: row.monthMicroUsd },
  }
}
