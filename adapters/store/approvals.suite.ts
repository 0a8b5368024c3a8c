/** What the record of approvals and the rules for tools promise, over any database. */
import { describe, expect, test } from "vitest"
import type { Condition } from "../../core/approval/condition.ts"
import { ApprovalRule } from "../../core/approval/rule.ts"
import { addCondition, deleteApprovalRule, listApprovalRules, saveApprovalRule } from "./approval-rules.ts"
import { countApprovals, findApproval, listApprovals } from "./approvals.ts"
import { eraseConversation } from "./erasure.ts"
import type { Libsql } from "./libsql.ts"
import { readPolicySource } from "./policy.ts"
import { approval, at, choiceId, groupId, loopId, projection, turnId } from "./samples.ts"

const by = { name: "ada", now: at(1) }
const ls = { kind: "argv" as const, program: "ls", arguments: [] }
const rule = (fields: Partial<ApprovalRule> = {}) =>
  ApprovalRule.parse({
    toolName: "run_script",
    groupId: null,
    riskLevel: "high",
    requireApproval: true,
    timeoutSeconds: 300,
    timeoutAction: "reject",
    autoApprove: [],
    ...fields,
  })

/** @param database - an empty database with the present schema */
export function approvalSuite(database: () => Libsql): void {
  describe("approvals", () => {
    test("come back as they were, the newest first and in pages", async () => {
      const rows = [1, 2, 3].map((turn) => approval(1, turn))
      await database().project(projection({ approvals: rows }))
      const first = await listApprovals(database(), { limit: 2 })
      expect(first).toEqual({ rows: [approval(1, 3), approval(1, 2)], hasMore: true })
      const rest = await listApprovals(database(), { limit: 2, after: choiceId(1, 2) })
      expect(rest).toEqual({ rows: [approval(1, 1)], hasMore: false })
      await expect(listApprovals(database(), { limit: 2, after: choiceId(9, 9) })).rejects.toMatchObject({
        code: "invalid_cursor",
      })
    })

    test("an older state never replaces a newer one", async () => {
      const over = approval(1, 1, {
        status: "approved",
        source: "api",
        resolvedByName: "ada",
        resolvedAt: at(5),
        version: 2,
      })
      await database().project(projection({ approvals: [over] }))
      await database().project(projection({ approvals: [approval(1, 1)] }))
      expect(await findApproval(database(), choiceId(1, 1))).toEqual(over)
      expect(await countApprovals(database())).toEqual([{ status: "approved", total: 1 }])
    })

    test("are found by status, conversation and turn", async () => {
      const rows = [approval(1, 1), approval(2, 1, { status: "expired", version: 2 })]
      await database().project(projection({ approvals: rows }))
      const ids = async (filter: object) =>
        (await listApprovals(database(), { limit: 9, ...filter })).rows.map(({ id }) => id)
      expect(await ids({ status: "expired" })).toEqual([choiceId(2, 1)])
      expect(await ids({ conversationId: loopId(1) })).toEqual([choiceId(1, 1)])
      expect(await ids({ turnId: turnId(2, 1) })).toEqual([choiceId(2, 1)])
    })

    test("leave with their conversation, and do not come back", async () => {
      await database().project(projection({ approvals: [approval(1, 1), approval(2, 1)] }))
      await eraseConversation(database(), loopId(1), { lastTurn: 1, lastVersion: 1 }, at(9))
      await database().project(projection({ approvals: [approval(1, 1)] }))
      expect((await listApprovals(database(), { limit: 9 })).rows.map(({ id }) => id)).toEqual([choiceId(2, 1)])
    })
  })

  describe("rules for tools", () => {
    test("there is one for a tool in a group and one for all groups; a later one takes its place", async () => {
      await saveApprovalRule(database(), rule(), by)
      await saveApprovalRule(database(), rule({ groupId: groupId(1), autoApprove: [ls] }), by)
      const saved = await saveApprovalRule(database(), rule({ requireApproval: false, timeoutSeconds: null }), by)
      expect(saved).toMatchObject({ groupId: null, requireApproval: false, timeoutSeconds: null, version: 2 })
      const listed = await listApprovalRules(database())
      expect(listed.map((row) => [row.groupId, row.autoApprove.length])).toEqual([
        [null, 0],
        [groupId(1), 1],
      ])
      expect((await readPolicySource(database(), {})).approvalRules).toEqual(listed)
    })

    test("are deleted one by one", async () => {
      await saveApprovalRule(database(), rule(), by)
      expect(await deleteApprovalRule(database(), "run_script", groupId(1))).toEqual({ status: "not_found" })
      expect(await deleteApprovalRule(database(), "run_script", null)).toEqual({ status: "deleted" })
      expect(await listApprovalRules(database())).toEqual([])
    })
  })

  describe("always for this", () => {
    const allow = (group: number | null, condition: Condition = ls) =>
      addCondition(
        database(),
        { toolName: "run_script", groupId: group === null ? null : groupId(group), condition },
        by,
      )

    test("makes a rule that asks for everything else", async () => {
      await allow(1)
      expect(await listApprovalRules(database())).toMatchObject([
        { groupId: groupId(1), requireApproval: true, riskLevel: null, timeoutAction: "reject", autoApprove: [ls] },
      ])
    })

    test("keeps what the rule for all groups says, and leaves that one alone", async () => {
      await saveApprovalRule(database(), rule({ riskLevel: "critical", timeoutSeconds: 60 }), by)
      await allow(1)
      expect(await listApprovalRules(database())).toMatchObject([
        { groupId: null, autoApprove: [] },
        { groupId: groupId(1), riskLevel: "critical", timeoutSeconds: 60, autoApprove: [ls] },
      ])
    })

    test("said twice is said once, and adds to what was said before", async () => {
      await allow(null)
      await allow(null)
      await allow(null, { ...ls, program: "cat" })
      const [only, ...others] = await listApprovalRules(database())
      expect(others).toEqual([])
      expect(only?.autoApprove).toEqual([ls, { ...ls, program: "cat" }])
    })
  })
}
