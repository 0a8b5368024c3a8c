/** What operators ruled for tools: at most one rule for a tool in a group, and one for all other groups. */
import * as z from "zod"
import type { Condition } from "../../core/approval/condition.ts"
import { ApprovalRule } from "../../core/approval/rule.ts"
import { LoopError } from "../../core/errors.ts"
import { EpochMs, type GroupId } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { constant, parseRow, parseRows } from "./query.ts"
import { approvalRules } from "./schema.ts"
import type { Answer } from "./statement.ts"

export const ApprovalRuleRow = ApprovalRule.extend({
  updatedAt: EpochMs,
  /** A person's name. */
  updatedBy: z.string(),
  /** Grows by one with each change. */
  version: z.number().int().positive(),
})
export type ApprovalRuleRow = z.infer<typeof ApprovalRuleRow>

/** Who changes it, and when. */
export interface Editor {
  readonly name: string
  readonly now: EpochMs
}

export const selectApprovalRules = constant("select * from approval_rules order by tool_name, group_id")

/** The rows of {@link selectApprovalRules}. */
export function approvalRulesOf(answer: Answer | undefined): ApprovalRuleRow[] {
  return parseRows(approvalRules, StoredRule, answer)
}

export async function listApprovalRules(libsql: Libsql): Promise<ApprovalRuleRow[]> {
  const [found] = await libsql.read([selectApprovalRules()])
  return approvalRulesOf(found)
}

const upsert = constant(
  `insert into approval_rules (tool_name, group_id, risk_level, require_approval, timeout_seconds, timeout_action, auto_approve, updated_at, updated_by, version)
   values (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
   on conflict (tool_name, group_id) do update set risk_level = excluded.risk_level, require_approval = excluded.require_approval,
     timeout_seconds = excluded.timeout_seconds, timeout_action = excluded.timeout_action, auto_approve = excluded.auto_approve,
     updated_at = excluded.updated_at, updated_by = excluded.updated_by, version = approval_rules.version + 1
   returning *`,
)

/** Stores the rule in place of the one that its tool has in its group. */
export async function saveApprovalRule(libsql: Libsql, rule: ApprovalRule, by: Editor): Promise<ApprovalRuleRow> {
  const { toolName, groupId, riskLevel, requireApproval, timeoutSeconds, timeoutAction, autoApprove } = rule
  const conditions = JSON.stringify(autoApprove)
  const [saved] = await libsql.write([
    upsert(
      toolName,
      groupId ?? "",
      riskLevel,
      requireApproval ? 1 : 0,
      timeoutSeconds,
      timeoutAction,
      conditions,
      by.now,
      by.name,
    ),
  ])
  const row = parseRow(approvalRules, StoredRule, saved)
  if (row === undefined) throw new LoopError("internal")
  return row
}

const deleteRule = constant("delete from approval_rules where tool_name = ? and group_id = ? returning tool_name")

export async function deleteApprovalRule(
  libsql: Libsql,
  toolName: string,
  groupId: GroupId | null,
): Promise<{ status: "deleted" | "not_found" }> {
  const [deleted] = await libsql.write([deleteRule(toolName, groupId ?? "")])
  return { status: deleted?.rows.length === 1 ? "deleted" : "not_found" }
}

// Only where the rule has no equal condition, and has room: repeated, it changes nothing.
const addTo = constant(
  `update approval_rules set auto_approve = json_insert(auto_approve, '$[#]', json(?3)), updated_at = ?4, updated_by = ?5,
     version = version + 1
   where tool_name = ?1 and group_id = ?2 and json_array_length(auto_approve) < 200
     and not exists (select 1 from json_each(auto_approve) where json(value) = json(?3))`,
)
const addNew = constant(
  `insert into approval_rules (tool_name, group_id, risk_level, require_approval, timeout_seconds, timeout_action, auto_approve, updated_at, updated_by, version)
   select ?1, ?2, risk_level, require_approval, timeout_seconds, timeout_action, json_insert(auto_approve, '$[#]', json(?3)), ?4, ?5, 1
     from (select * from (
       select risk_level, require_approval, timeout_seconds, timeout_action, auto_approve from approval_rules where tool_name = ?1 and group_id = ''
       union all select null, 1, null, 'reject', '[]') limit 1)
   where true on conflict (tool_name, group_id) do nothing`,
)

/**
 * Lets calls that fit the condition run without a question in this group: added to its rule for the tool, which otherwise begins
 * as the rule for all groups says, or as "a person is asked".
 */
export async function addCondition(
  libsql: Libsql,
  { toolName, groupId, condition }: { toolName: string; groupId: GroupId | null; condition: Condition },
  by: Editor,
): Promise<void> {
  const args = [toolName, groupId ?? "", JSON.stringify(condition), by.now, by.name] as const
  await libsql.write([addTo(...args), addNew(...args)])
}

/** A rule for all groups has no group; the table's key cannot be null. */
const StoredRule = z.preprocess(
  (row) => (isRow(row) && row["groupId"] === "" ? { ...row, groupId: null } : row),
  ApprovalRuleRow,
)

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null
}
