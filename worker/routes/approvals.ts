/**
 * Approvals, as operators see and answer them, the rules for tools, and the tools themselves. What is listed comes from libSQL;
 * an answer goes to the conversation that waits.
 */
import * as contract from "../../core/api/approvals.ts"
import { isLoopError, LoopError } from "../../core/errors.ts"
import type { ApprovalRow } from "../../core/projection.ts"
import { policyDefaults } from "../../core/turn/policy.ts"
import { Risk } from "../../core/turn/tool-policy.ts"
import { ChoiceId, conversationOfChoice, toRfc3339, TurnId } from "../../core/units.ts"
import { findGroup } from "../../adapters/store/agents.ts"
import * as rules from "../../adapters/store/approval-rules.ts"
import * as store from "../../adapters/store/approvals.ts"
import type { MethodInput } from "../../durable-objects/peers.ts"
import type { Caller } from "../access/identity.ts"
import type { EdgeDeps } from "../deps.ts"
import { bind, type Binder } from "../http/bind.ts"
import { tellLive } from "../live.ts"

const mostInRun = 100

export function bindApprovals(binder: Binder, deps: EdgeDeps): void {
  bind(binder, contract.listApprovals, async ({ query }) => {
    const after = query.after === undefined ? undefined : ChoiceId.safeParse(query.after)
    if (after?.success === false) throw new LoopError("invalid_cursor")
    const page = await store.listApprovals(deps.libsql, { ...query, after: after?.data })
    return { data: page.rows.map(toView), nextCursor: page.hasMore ? (page.rows.at(-1)?.id ?? null) : null }
  })

  bind(binder, contract.getApprovalStats, async () => {
    const counts = await store.countApprovals(deps.libsql)
    const of = (status: ApprovalRow["status"]) => counts.find((count) => count.status === status)?.total ?? 0
    return {
      total: counts.reduce((sum, { total }) => sum + total, 0),
      pending: of("pending"),
      approved: of("approved"),
      rejected: of("rejected"),
      answered: of("answered"),
      expired: of("expired"),
      canceled: of("canceled"),
    }
  })

  bind(binder, contract.listRunApprovals, async ({ params }) => {
    const turnId = TurnId.safeParse(params.runId)
    if (!turnId.success) return { data: [] }
    const { rows } = await store.listApprovals(deps.libsql, { limit: mostInRun, turnId: turnId.data })
    return { data: rows.toReversed().map(toView) }
  })

  bind(binder, contract.getApproval, async ({ params }) => toView(await find(deps, idOf(params.approvalId))))

  bind(binder, contract.approveRequest, async ({ params, body, caller }) => {
    const { reason, argumentsSha256, always, answers } = body
    const answer = answers === undefined ? { allow: true } : { answers }
    return resolve(deps, caller, {
      choiceId: idOf(params.approvalId),
      answer,
      comment: reason,
      argumentsSha256,
      always,
    })
  })

  bind(binder, contract.rejectRequest, async ({ params, body, caller }) =>
    resolve(deps, caller, { choiceId: idOf(params.approvalId), answer: { allow: false }, comment: body.reason }),
  )

  bind(binder, contract.listApprovalRules, async () => ({
    data: (await rules.listApprovalRules(deps.libsql)).map(toRuleView),
    defaults: {
      requireApproval: { low: false, medium: false, high: true, critical: true },
      timeoutSeconds: policyDefaults.choiceTimeoutMs / 1_000,
      timeoutAction: "reject" as const,
    },
  }))

  bind(binder, contract.saveApprovalRule, async ({ body, caller }) => {
    const tool = deps.tools.find(({ name }) => name === body.toolName)
    if (tool === undefined) refuse("There is no tool of this name.", "toolName")
    const risks: readonly Risk[] =
      body.riskLevel === null ? [tool.risk, ...tool.cases.map(({ risk }) => risk)] : [body.riskLevel]
    if (body.timeoutAction === "approve" && risks.every((risk) => risk === "critical")) {
      refuse("A critical call is never approved by time: use reject.", "timeoutAction")
    }
    if (body.groupId !== null && (await findGroup(deps.libsql, body.groupId)) === undefined) {
      throw new LoopError("group_not_found")
    }
    const by = { name: caller.user.username, now: deps.now() }
    const saved = await rules.saveApprovalRule(deps.libsql, body, by)
    tellLive(deps, { event: "settings:changed", data: { what: "approval-rule", id: saved.toolName } })
    return toRuleView(saved)
  })

  bind(binder, contract.deleteApprovalRule, async ({ params, query }) => {
    const { status } = await rules.deleteApprovalRule(deps.libsql, params.toolName, query.groupId ?? null)
    if (status === "not_found") throw new LoopError("approval_rule_not_found")
    tellLive(deps, { event: "settings:changed", data: { what: "approval-rule", id: params.toolName } })
    return {}
  })

  bind(binder, contract.listTools, async () => ({
    data: deps.tools.map(({ name, spec, risk, repeatable, outward, cases, runsIn, timeoutMs }) => ({
      name,
      description: spec.description,
      riskLevel: risk,
      repeatable,
      outward,
      cases: cases.map(({ field, oneOf, risk: riskLevel }) => ({ field, oneOf, riskLevel })),
      runsIn,
      timeoutMs,
      inputSchema: spec.inputSchema,
    })),
  }))
}

/** Answers at the conversation, then shows what the record says; a closed one says how it ended. */
async function resolve(
  deps: EdgeDeps,
  caller: Caller,
  given: Pick<MethodInput<"conversation", "answer">, "choiceId" | "answer" | "comment" | "argumentsSha256" | "always">,
): Promise<contract.ApprovalView> {
  const conversation = deps.peers("conversation", conversationOfChoice(given.choiceId))
  const by = { id: caller.user.id, name: caller.user.username }
  const source = caller.credential.kind === "cookie" ? "web" : "api"
  try {
    await conversation.call("answer", { viewer: null, source, by, ...given })
  } catch (error) {
    if (!isLoopError(error) || (error.code !== "choice_not_found" && error.code !== "loop_not_found")) throw error
    // What it became may not be on record yet.
    await conversation.call("flush", {}).catch(() => {})
    const row = await find(deps, given.choiceId)
    throw new LoopError("approval_closed", { message: closedMessage(row) }, { cause: error })
  }
  await conversation.call("flush", {})
  return toView(await find(deps, given.choiceId))
}

function closedMessage({ status, resolvedByName, source, resolvedAt }: ApprovalRow): string {
  const at = resolvedAt === null ? "" : ` at ${toRfc3339(resolvedAt)}`
  const by = resolvedByName === null ? "" : ` by ${resolvedByName}`
  switch (status) {
    case "pending":
      return "Its time is over: nothing was changed."
    case "expired":
      return `Nobody answered in time: it expired${at}. Nothing was changed.`
    case "canceled":
      return `Its run ended${at} before anyone answered. Nothing was changed.`
    case "approved":
      if (source === "timeout") return `Its rule approved it${at}, since nobody answered. Nothing was changed.`
      return `It was already approved${by}${at}. Nothing was changed.`
    case "rejected":
    case "answered":
      return `It was already ${status}${by}${at}. Nothing was changed.`
  }
}

async function find(deps: EdgeDeps, id: ChoiceId): Promise<ApprovalRow> {
  const row = await store.findApproval(deps.libsql, id)
  if (row === undefined) throw new LoopError("approval_not_found")
  return row
}

function idOf(text: string): ChoiceId {
  const id = ChoiceId.safeParse(text)
  if (!id.success) throw new LoopError("approval_not_found")
  return id.data
}

function refuse(message: string, field: string): never {
  throw new LoopError("unsupported_field", { message, field })
}

function toView(row: ApprovalRow): contract.ApprovalView {
  return {
    id: row.id,
    conversationId: row.conversationId,
    runId: row.turnId,
    groupId: row.groupId,
    kind: row.kind,
    status: row.status,
    toolName: row.tool,
    input: row.input,
    argumentsSha256: row.argumentsSha256,
    argumentsSizeBytes: row.argumentsSizeBytes,
    argumentsMasked: row.argumentsMasked,
    riskLevel: row.risk,
    reason: row.reason,
    taint: row.marks,
    timeoutAction: row.onTimeout,
    always: row.condition,
    source: row.source,
    resolvedBy: row.resolvedByName,
    comment: row.comment,
    answers: row.answers,
    requestedAt: toRfc3339(row.requestedAt),
    expiresAt: toRfc3339(row.expiresAt),
    resolvedAt: row.resolvedAt === null ? null : toRfc3339(row.resolvedAt),
  }
}

function toRuleView({ version: _version, updatedAt, ...rule }: rules.ApprovalRuleRow): contract.ApprovalRuleView {
  return { ...rule, updatedAt: toRfc3339(updatedAt) }
}
