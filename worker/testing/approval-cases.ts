/** Calls of approvals, their rules and tools, as `api-cases.ts` has them. */
import { approval, projection } from "../../adapters/store/samples.ts"
import { ChoiceId, ConversationId, EpochMs, TurnId } from "../../core/units.ts"
import type { ApiCall, ApiCase, World } from "./api-cases.ts"

const rule = { toolName: "current_time", riskLevel: "high", requireApproval: true, timeoutSeconds: 300 }

/** A loop in which something was asked, which is on record; an open question of its object or not. */
const asked =
  (more: ApiCall = {}, isOpen = true) =>
  async ({ edge, admin }: World): Promise<ApiCall> => {
    const made = await edge.fetch("/api/v1/loops", { body: { title: "a" }, cookie: admin })
    const conversationId = ConversationId.parse(Object(await made.json()).id)
    const id = ChoiceId.parse(`choice_${conversationId}_1_1`)
    const turnId = TurnId.parse(`turn_${conversationId}_1`)
    await edge.libsql.project(projection({ approvals: [approval(1, 1, { id, conversationId, turnId })] }))
    if (isOpen) edge.objects.turn = { turnId, startedAt: EpochMs.parse(1), pendingChoiceId: id }
    return { params: { approvalId: id }, ...more }
  }
const closed = { 409: asked({ body: {} }, false) }
const saveRule = async ({ edge, admin }: World) => {
  await edge.fetch("/api/approval-rules", { body: rule, cookie: admin })
}
const unknownGroup = `grp_${"f".repeat(24)}`

export const approvalCases: Readonly<Record<string, ApiCase>> = {
  "get /api/approvals": {
    succeeds: async (world) => {
      await asked()(world)
      return { query: { limit: "5", status: "pending" } }
    },
  },
  "get /api/approvals/stats": {
    succeeds: async (world) => {
      await asked()(world)
      return {}
    },
  },
  "get /api/approvals/{approvalId}": { succeeds: asked() },
  "get /api/approvals/run/{runId}": {
    succeeds: async (world) => {
      const { params } = await asked()(world)
      return { params: { runId: String(params?.["approvalId"]).replace(/^choice(.*)_1$/, "turn$1") } }
    },
    fails: { 404: () => ({ params: { runId: "" } }) },
  },
  "post /api/approvals/{approvalId}/approve": {
    succeeds: asked({ body: { reason: "Fine.", always: true, argumentsSha256: "a".repeat(64) } }),
    fails: closed,
  },
  "post /api/approvals/{approvalId}/reject": { succeeds: asked({ body: { reason: "Not now." } }), fails: closed },
  "get /api/approval-rules": {
    succeeds: async (world) => {
      await saveRule(world)
      return {}
    },
  },
  "post /api/approval-rules": {
    succeeds: () => ({ body: rule }),
    fails: { 404: () => ({ body: { ...rule, groupId: unknownGroup } }) },
  },
  "delete /api/approval-rules/{toolName}": {
    succeeds: async (world) => {
      await saveRule(world)
      return { params: { toolName: rule.toolName } }
    },
    fails: { 400: () => ({ params: { toolName: rule.toolName }, query: { groupId: "nonsense" } }) },
  },
  "get /api/tools": { succeeds: () => ({}) },
}
