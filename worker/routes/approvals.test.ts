/** Approvals by HTTP: who may answer, what an answer is bound to, and what someone who comes late is told. */
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { listApprovalRules } from "../../adapters/store/approval-rules.ts"
import { approval, at, projection } from "../../adapters/store/samples.ts"
import { ChoiceId, ConversationId, EpochMs, TurnId } from "../../core/units.ts"
import { type Edge, openEdge, outcome } from "../testing/edge.ts"

let edge: Edge
let ada: Awaited<ReturnType<Edge["addUser"]>>
beforeEach(async () => {
  edge = await openEdge()
  ada = await edge.addUser("ada", "operator")
})
afterEach(() => edge.close())

async function ask(changes: Parameters<typeof approval>[2] = {}) {
  const made = await edge.fetch("/api/v1/loops", { body: {}, cookie: ada.session })
  const conversationId = ConversationId.parse(Object(await made.json()).id)
  const id = ChoiceId.parse(`choice_${conversationId}_1_1`)
  const turnId = TurnId.parse(`turn_${conversationId}_1`)
  await edge.libsql.project(projection({ approvals: [approval(1, 1, { id, conversationId, turnId, ...changes })] }))
  edge.objects.turn = { turnId, startedAt: EpochMs.parse(1), pendingChoiceId: id }
  return id
}
const answers = () => edge.objects.calls.filter(({ name }) => name === "conversation.answer").map(({ input }) => input)

test("a yes reaches the conversation with who said it, why, and for which arguments", async () => {
  const id = await ask()
  const body = { reason: "Go ahead.", argumentsSha256: "a".repeat(64), always: true }
  expect((await edge.fetch(`/api/approvals/${id}/approve`, { body, cookie: ada.session })).status).toBe(200)
  expect(answers()).toEqual([
    {
      viewer: null,
      choiceId: id,
      answer: { allow: true },
      source: "web",
      by: { id: ada.id, name: "ada" },
      comment: "Go ahead.",
      argumentsSha256: "a".repeat(64),
      always: true,
    },
  ])
})

test("a no and an answer to a question go the same way", async () => {
  const id = await ask({ kind: "question" })
  const { token } = await edge.addToken(ada.id, ["approvals:answer"])
  await edge.fetch(`/api/approvals/${id}/reject`, { body: { reason: "No." }, bearer: token })
  await edge.fetch(`/api/approvals/${id}/approve`, { body: { answers: { size: ["S", "L"] } }, bearer: token })
  expect(answers()).toMatchObject([
    { answer: { allow: false }, source: "api", comment: "No." },
    { answer: { answers: { size: ["S", "L"] } }, source: "api" },
  ])
})

test.each([
  ["viewer", "role_forbidden"],
  ["operator", "scope_missing"],
] as const)("a %s without the right to answer changes nothing: %s", async (role, code) => {
  const id = await ask()
  const other = await edge.addUser("other", role)
  const bearer = role === "viewer" ? other.session : (await edge.addToken(other.id, ["chat"])).token
  for (const verb of ["approve", "reject"])
    expect(await outcome(edge.fetch(`/api/approvals/${id}/${verb}`, { body: {}, bearer }))).toBe(`403 ${code}`)
  expect(answers()).toEqual([])
})

describe("who comes late", () => {
  test.each([
    [{ status: "approved", source: "api", resolvedByName: "grace", resolvedAt: at(1) }, /already approved by grace/],
    [
      { status: "rejected", source: "telegram", resolvedByName: "grace", resolvedAt: at(1) },
      /already rejected by grace/,
    ],
    [{ status: "approved", source: "timeout", resolvedAt: at(1) }, /Its rule approved it/],
    [{ status: "expired", source: "timeout", resolvedAt: at(1) }, /expired/],
    [{ status: "canceled", resolvedAt: at(1) }, /run ended/],
    [{ status: "pending" }, /time is over/],
  ] as const)("after %o is told so", async (changes, message) => {
    const id = await ask(changes)
    edge.objects.turn = null
    const answer = await edge.fetch(`/api/approvals/${id}/approve`, { body: {}, cookie: ada.session })
    expect(answer.status).toBe(409)
    expect(Object(await answer.json()).error).toMatchObject({
      code: "approval_closed",
      message: expect.stringMatching(message),
    })
  })
})

test("an answer is on the audit trail with its verdict, by the digest of a conversation that may be erased", async () => {
  const id = await ask()
  await edge.fetch(`/api/approvals/${id}/approve`, { body: {}, cookie: ada.session })
  await edge.settle()
  const admin = await edge.addUser("root", "admin")
  const trail = await edge.fetch("/api/audit", { cookie: admin.session })
  const { data } = Object(await trail.json())
  expect(data).toContainEqual(
    expect.objectContaining({
      action: "approval_answered",
      actorName: "ada",
      targetKind: "conversation",
      targetId: expect.stringMatching(/^[0-9a-f]{64}$/),
      details: { allow: true },
    }),
  )
})

describe("rules", () => {
  const save = (body: object) => edge.fetch("/api/approval-rules", { body, cookie: ada.session })
  const rule = { toolName: "current_time", requireApproval: true }

  test("are saved as the documentation shows them", async () => {
    const given = { ...rule, riskLevel: "high", timeoutSeconds: 300, timeoutAction: "reject" }
    expect(Object(await (await save(given)).json())).toMatchObject({ ...given, groupId: null, updatedBy: "ada" })
    const listed = await edge.fetch("/api/approval-rules", { cookie: ada.session })
    expect(Object(await listed.json())).toMatchObject({
      data: [given],
      defaults: { requireApproval: { low: false, medium: false, high: true, critical: true }, timeoutAction: "reject" },
    })
  })

  test.each([
    [{ ...rule, toolName: "no_such_tool" }, "400 unsupported_field"],
    [{ ...rule, riskLevel: "critical", timeoutAction: "approve" }, "400 unsupported_field"],
    [{ ...rule, groupId: `grp_${"f".repeat(24)}` }, "404 group_not_found"],
    [{ ...rule, timeoutSeconds: 1 }, "400 invalid_body"],
    [{ ...rule, autoApprove: [{ kind: "script", pattern: ".*" }] }, "400 invalid_body"],
    [
      { ...rule, autoApprove: [{ kind: "url", host: "*.example.org", subdomains: true, method: null }] },
      "400 invalid_body",
    ],
    [{ toolName: "current_time" }, "400 invalid_body"],
  ])("%o is refused: %s", async (body, code) => {
    expect(await outcome(save(body))).toBe(code)
    expect(await listApprovalRules(edge.libsql)).toEqual([])
  })

  test("are deleted", async () => {
    await save(rule)
    const remove = () =>
      outcome(edge.fetch("/api/approval-rules/current_time", { method: "DELETE", cookie: ada.session }))
    expect(await remove()).toMatch(/^204/)
    expect(await remove()).toBe("404 approval_rule_not_found")
  })
})

test("tools are listed with what they can do", async () => {
  const listed = await edge.fetch("/api/tools", { cookie: ada.session })
  const { data } = Object(await listed.json())
  expect(data).toContainEqual(
    expect.objectContaining({ name: "ask_user", runsIn: "person", riskLevel: "low", inputSchema: expect.anything() }),
  )
})
