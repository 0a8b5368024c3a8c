/** Contracts of approvals: what people are asked before a tool runs, what they answered, and what operators ruled for tools. */
import * as z from "zod"
import type { AuditDetails } from "../access/audit.ts"
import { Condition } from "../approval/condition.ts"
import { Answers } from "../approval/question.ts"
import { ApprovalRule } from "../approval/rule.ts"
import { ApprovalRow } from "../projection.ts"
import { Risk } from "../turn/tool-policy.ts"
import { ChoiceId, ConversationId, GroupId, TurnId } from "../units.ts"
import { endpoint, Instant, nothing, page, pageLimit } from "./endpoint.ts"

const row = ApprovalRow.shape

export const ApprovalView = z.object({
  id: ChoiceId,
  conversationId: ConversationId,
  /** The turn that waits. */
  runId: TurnId,
  groupId: GroupId.nullable(),
  kind: row.kind,
  status: row.status,
  toolName: z.string(),
  /** Whole; secrets are masked. */
  input: z.json(),
  /** Of the canonical JSON of the arguments, before masking: what a yes is bound to. */
  argumentsSha256: z.string(),
  argumentsSizeBytes: row.argumentsSizeBytes,
  argumentsMasked: z.boolean(),
  riskLevel: Risk,
  reason: z.string(),
  /** What content from outside the agent had read: where each piece was from. */
  taint: z.array(z.string()),
  timeoutAction: row.onTimeout,
  /** The one rule that `always` makes; null where it makes none. */
  always: Condition.nullable(),
  /** `api`, `web`, a channel's kind, or `timeout`; null while it waits. */
  source: z.string().nullable(),
  resolvedBy: z.string().nullable(),
  comment: z.string().nullable(),
  answers: Answers.nullable(),
  requestedAt: Instant,
  expiresAt: Instant,
  resolvedAt: Instant.nullable(),
})
export type ApprovalView = z.infer<typeof ApprovalView>

export const ApprovalRuleView = ApprovalRule.extend({ updatedAt: Instant, updatedBy: z.string() })
export type ApprovalRuleView = z.infer<typeof ApprovalRuleView>

export const ToolView = z.object({
  name: z.string(),
  description: z.string(),
  riskLevel: Risk,
  /** May run a second time after a crash. */
  repeatable: z.boolean(),
  outward: z.enum(["none", "reads", "acts"]),
  /** Other risks of calls with one of these values in that field. */
  cases: z.array(z.object({ field: z.string(), oneOf: z.array(z.string()), riskLevel: Risk })),
  runsIn: z.enum(["object", "runner", "person"]),
  timeoutMs: z.number().int(),
  inputSchema: z.record(z.string(), z.json()),
})
export type ToolView = z.infer<typeof ToolView>

const path = "/api/approvals/{approvalId}"
/** Anything that may be an id: one that is none is unknown. */
const params = z.object({ approvalId: z.string().max(200) })
const reason = z.string().trim().max(2_000).optional()

export const listApprovals = endpoint({
  method: "get",
  path: "/api/approvals",
  summary: "List what people were asked, the newest first",
  auth: "user",
  scope: "conversations:read",
  params: nothing,
  query: z.object({
    limit: pageLimit(20),
    after: z.string().max(200).optional(),
    status: row.status.optional(),
    conversationId: ConversationId.optional(),
  }),
  body: nothing,
  status: 200,
  response: page(ApprovalView),
  errors: ["invalid_cursor"],
})

const count = z.number().int().nonnegative()

export const getApprovalStats = endpoint({
  method: "get",
  path: "/api/approvals/stats",
  summary: "Count approvals by their status",
  auth: "user",
  scope: "conversations:read",
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({
    total: count,
    pending: count,
    approved: count,
    rejected: count,
    answered: count,
    expired: count,
    canceled: count,
  }),
  errors: [],
})

export const getApproval = endpoint({
  method: "get",
  path,
  summary: "Get an approval with its whole arguments",
  auth: "user",
  scope: "conversations:read",
  params,
  query: nothing,
  body: nothing,
  status: 200,
  response: ApprovalView,
  errors: ["approval_not_found"],
})

export const listRunApprovals = endpoint({
  method: "get",
  path: "/api/approvals/run/{runId}",
  summary: "List what was asked in one run",
  auth: "user",
  scope: "conversations:read",
  params: z.object({ runId: z.string().max(200) }),
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({ data: z.array(ApprovalView) }),
  errors: [],
})

export const approveRequest = endpoint({
  method: "post",
  path: `${path}/approve`,
  summary: "Allow a call that waits, or answer what the agent asked",
  description:
    "`argumentsSha256` binds the answer to the arguments that were shown: others are refused. `always` also lets calls like this one run without a question, by the condition that the approval names in `always`, and no other. A question of the agent takes `answers`.",
  auth: "user",
  scope: "approvals:answer",
  audit: {
    action: "approval_answered",
    kind: "approval",
    id: "approvalId",
    details: ({ always }): AuditDetails => ({ allow: true, ...(always ? { always } : {}) }),
  },
  params,
  query: nothing,
  body: z.object({
    reason,
    argumentsSha256: z.string().max(64).optional(),
    always: z.boolean().default(false),
    answers: Answers.optional(),
  }),
  status: 200,
  response: ApprovalView,
  errors: ["approval_not_found", "approval_closed", "choice_changed", "choice_answer_invalid"],
})

export const rejectRequest = endpoint({
  method: "post",
  path: `${path}/reject`,
  summary: "Decline a call that waits; the agent is told, with the reason",
  auth: "user",
  scope: "approvals:answer",
  audit: {
    action: "approval_answered",
    kind: "approval",
    id: "approvalId",
    details: (): AuditDetails => ({ allow: false }),
  },
  params,
  query: nothing,
  body: z.object({ reason }),
  status: 200,
  response: ApprovalView,
  errors: ["approval_not_found", "approval_closed"],
})

export const listApprovalRules = endpoint({
  method: "get",
  path: "/api/approval-rules",
  summary: "List rules for tools, and what holds without one",
  auth: "user",
  scope: "agents:read",
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({
    data: z.array(ApprovalRuleView),
    defaults: z.object({
      /** By risk. */
      requireApproval: z.record(Risk, z.boolean()),
      timeoutSeconds: z.number().int(),
      timeoutAction: ApprovalRule.shape.timeoutAction,
    }),
  }),
  errors: [],
})

export const saveApprovalRule = endpoint({
  method: "post",
  path: "/api/approval-rules",
  summary: "Make a rule for a tool in a group or in all, in place of the one that is there",
  auth: "user",
  scope: "agents:write",
  audit: { action: "approval_rule_changed", kind: "tool", details: ruleDetails },
  params: nothing,
  query: nothing,
  body: z.object({
    ...ApprovalRule.shape,
    groupId: ApprovalRule.shape.groupId.default(null),
    riskLevel: ApprovalRule.shape.riskLevel.default(null),
    timeoutSeconds: ApprovalRule.shape.timeoutSeconds.default(null),
    timeoutAction: ApprovalRule.shape.timeoutAction.default("reject"),
    autoApprove: ApprovalRule.shape.autoApprove.default([]),
  }),
  status: 200,
  response: ApprovalRuleView,
  errors: ["unsupported_field", "group_not_found"],
  maxBodyBytes: 1_048_576,
})

export const deleteApprovalRule = endpoint({
  method: "delete",
  path: "/api/approval-rules/{toolName}",
  summary: "Delete a rule; without groupId the one for all groups",
  auth: "user",
  scope: "agents:write",
  audit: { action: "approval_rule_deleted", kind: "tool", id: "toolName" },
  params: z.object({ toolName: z.string().max(100) }),
  query: z.object({ groupId: GroupId.optional() }),
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["approval_rule_not_found"],
})

export const listTools = endpoint({
  method: "get",
  path: "/api/tools",
  summary: "List the tools that agents can be given",
  auth: "user",
  scope: "agents:read",
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({ data: z.array(ToolView) }),
  errors: [],
})

function ruleDetails({ toolName, groupId, requireApproval, timeoutAction, autoApprove }: ApprovalRule): AuditDetails {
  const conditions = autoApprove.length
  return { toolName, requireApproval, timeoutAction, conditions, ...(groupId === null ? {} : { groupId }) }
}
