import { describe, expect, test } from "vitest"
import { GroupId } from "../units.ts"
import { ApprovalRule, requirementFor, type Circumstances } from "./rule.ts"
import type { ToolTraits } from "../turn/tool-policy.ts"

const groupId = GroupId.parse(`grp_${"a".repeat(24)}`)
const tool = { name: "run_script", runsIn: "runner" } as const
const calm: Circumstances = { groupId, rules: [], marks: [], isExpectedRead: false }
const traits = (risk: ToolTraits["risk"], outward: ToolTraits["outward"] = "none") => ({
  risk,
  outward,
  repeatable: false,
})
const rule = (fields: Partial<ApprovalRule>) =>
  ApprovalRule.parse({
    toolName: "run_script",
    groupId: null,
    riskLevel: null,
    requireApproval: true,
    timeoutSeconds: null,
    timeoutAction: "reject",
    autoApprove: [],
    ...fields,
  })
const ls = { form: "argv", argv: ["ls"] }
const allowLs = rule({ autoApprove: [{ kind: "argv", program: "ls", arguments: [] }] })

describe("without rules", () => {
  test.each([
    ["low", false],
    ["medium", false],
    ["high", true],
    ["critical", true],
  ] as const)("%s risk asks: %s", (risk, ask) => {
    expect(requirementFor(tool, traits(risk), {}, calm).ask).toBe(ask)
  })
})

describe("a rule", () => {
  test("asks for a tool that would run", () => {
    expect(requirementFor(tool, traits("low"), {}, { ...calm, rules: [rule({})] }).ask).toBe(true)
  })

  test("lets a tool run that would ask", () => {
    const rules = [rule({ requireApproval: false })]
    expect(requirementFor(tool, traits("critical"), {}, { ...calm, rules }).ask).toBe(false)
  })

  test("of the group stands before the one for all", () => {
    const rules = [rule({ requireApproval: false }), rule({ groupId })]
    expect(requirementFor(tool, traits("low"), {}, { ...calm, rules }).ask).toBe(true)
    expect(requirementFor(tool, traits("low"), {}, { ...calm, rules, groupId: null }).ask).toBe(false)
  })

  test("of another tool says nothing", () => {
    const rules = [rule({ toolName: "other", requireApproval: false })]
    expect(requirementFor(tool, traits("high"), {}, { ...calm, rules }).ask).toBe(true)
  })

  test("lets run what fits a condition, and asks for the rest", () => {
    const rules = [allowLs]
    expect(requirementFor(tool, traits("high"), ls, { ...calm, rules }).ask).toBe(false)
    const asked = requirementFor(tool, traits("high"), { form: "argv", argv: ["rm"] }, { ...calm, rules })
    expect(asked.ask).toBe(true)
  })

  test("never lets silence approve a critical call", () => {
    const rules = [rule({ timeoutAction: "approve", timeoutSeconds: 60, riskLevel: "critical" })]
    const asked = requirementFor(tool, traits("low"), {}, { ...calm, rules })
    expect(asked).toMatchObject({ ask: true, risk: "critical", onTimeout: "reject", timeoutMs: 60_000 })
    const high = [rule({ timeoutAction: "approve", riskLevel: "high" })]
    expect(requirementFor(tool, traits("critical"), {}, { ...calm, rules: high })).toMatchObject({
      onTimeout: "approve",
    })
    const unsaid = [rule({ timeoutAction: "approve" })]
    expect(requirementFor(tool, traits("critical"), {}, { ...calm, rules: unsaid })).toMatchObject({
      onTimeout: "reject",
    })
  })
})

describe("with content from outside in the context", () => {
  const marked = { ...calm, marks: ["web page shop.example.org"] }
  test.each([
    ["low", "none", false],
    ["medium", "none", false],
    ["low", "acts", true],
    ["low", "reads", true],
    ["high", "none", true],
  ] as const)("%s risk, outward %s: asks %s", (risk, outward, ask) => {
    expect(requirementFor(tool, traits(risk, outward), {}, marked).ask).toBe(ask)
  })

  test("says what marked it", () => {
    const asked = requirementFor(tool, traits("low", "acts"), {}, marked)
    expect(asked.ask && asked.reason).toContain("web page shop.example.org")
  })

  test("asks for what a rule would let run by itself", () => {
    const open = requirementFor(tool, traits("high"), {}, { ...marked, rules: [rule({ requireApproval: false })] })
    const fitting = requirementFor(tool, traits("high"), ls, { ...marked, rules: [allowLs] })
    expect([open.ask, fitting.ask]).toEqual([true, true])
  })

  test("does not ask for reading what the person named", () => {
    const read = { ...marked, isExpectedRead: true }
    expect(requirementFor(tool, traits("low", "reads"), {}, read).ask).toBe(false)
    expect(requirementFor(tool, traits("low", "acts"), {}, read).ask).toBe(true)
  })
})

test("a call that a rule allows by its host may go to no other", () => {
  const rules = [
    rule({ toolName: "http", autoApprove: [{ kind: "url", host: "a.org", subdomains: true, method: null }] }),
  ]
  const http = { name: "http", runsIn: "object" } as const
  const free = requirementFor(http, traits("high", "acts"), { url: "https://x.a.org/" }, { ...calm, rules })
  expect(free).toMatchObject({ ask: false, hops: [{ host: "a.org", subdomains: true }] })
})
