/** The gate before all that costs or acts, attacked: nothing passes that was not let through, and nothing passes twice. */
import { describe, expect, test } from "vitest"
import {
  admitCommand,
  admitModelCall,
  admitToolCall,
  useCommandAdmission,
  useModelAdmission,
  useToolAdmission,
} from "./admission.ts"
import { argumentsDigest } from "./approval/arguments.ts"
import { CallId } from "./budget/reserve.ts"
import { TurnEvent } from "./turn/event.ts"
import { TurnPolicy } from "./turn/policy.ts"
import { ChoiceId, EpochMs } from "./units.ts"

const at = 1
const callId = CallId.parse(`turn_loop_${"0".repeat(32)}_1.1`)
const choiceId = ChoiceId.parse(`choice_loop_${"0".repeat(32)}_1_1`)
const policy = TurnPolicy.parse({
  version: "v",
  groupId: null,
  groupName: "default",
  model: "m",
  system: "",
  maxOutputTokens: 1,
  historyMessages: 1,
  permissionMode: "default",
  tools: [
    { name: "free", risk: "low", repeatable: false, outward: "none" },
    { name: "asked", risk: "high", repeatable: false, outward: "none" },
  ],
  maxModelCalls: 1,
  maxAttempts: 1,
  choiceTimeoutMs: 1,
})
const journal = (name: string, input: object, ...more: object[]) =>
  [
    {
      type: "model_ended",
      call: 1,
      answer: {
        blocks: [{ type: "tool_use", id: "u", name, input }],
        stop: "tool_use",
        usage: { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 },
        model: "m",
      },
      firstDeltaMs: null,
    },
    ...more,
  ].map((event) => TurnEvent.parse({ at, ...event }))
const question = (input: object) => ({
  type: "choice_requested",
  choiceId,
  toolUseId: "u",
  expiresAt: 9,
  argumentsSha256: argumentsDigest(input),
})
const answer = (allow: boolean) => ({ type: "choice_resolved", choiceId, allow, source: "api" })
const use = (name: string, input: object) => ({ id: "u", name, input: JSON.parse(JSON.stringify(input)) })

describe("a tool's call", () => {
  test("passes when nobody need be asked", () => {
    const { admission } = admitToolCall(journal("free", { a: 1 }), policy, use("free", { a: 1 }))
    expect(() => useToolAdmission(admission, "free", { a: 1 })).not.toThrow()
  })

  test("passes when a person said yes to these arguments", () => {
    const events = journal("asked", { a: 1 }, question({ a: 1 }), answer(true))
    expect(() => admitToolCall(events, policy, use("asked", { a: 1 }))).not.toThrow()
  })

  test.each([
    ["nobody was asked", journal("asked", { a: 1 }), use("asked", { a: 1 })],
    ["nobody has answered", journal("asked", { a: 1 }, question({ a: 1 })), use("asked", { a: 1 })],
    ["a person said no", journal("asked", { a: 1 }, question({ a: 1 }), answer(false)), use("asked", { a: 1 })],
    [
      "the yes was to other arguments",
      journal("asked", { a: 1 }, question({ a: 2 }), answer(true)),
      use("asked", { a: 1 }),
    ],
    ["the model never made it", journal("free", { a: 1 }), use("free", { a: 2 })],
    ["the model called another tool", journal("free", {}), use("asked", {})],
    ["the policy has no such tool", journal("gone", {}), use("gone", {})],
    [
      "it has its result",
      journal("free", {}, { type: "tool_ended", toolUseId: "u", outcome: "ok", text: "", tainted: false }),
      use("free", {}),
    ],
  ])("does not pass when %s", (_, events, call) => {
    expect(() => admitToolCall(events, policy, call)).toThrow("internal")
  })

  test("goes on after a crash though the rules have changed", () => {
    const events = journal("asked", {}, { type: "tool_started", toolUseId: "u", attempt: 1 })
    expect(() => admitToolCall(events, policy, use("asked", {}))).not.toThrow()
  })
})

describe("an admission", () => {
  const forFree = () => admitToolCall(journal("free", { a: 1 }), policy, use("free", { a: 1 })).admission

  test("holds for one call, once", () => {
    const admission = forFree()
    useToolAdmission(admission, "free", { a: 1 })
    expect(() => useToolAdmission(admission, "free", { a: 1 })).toThrow("internal")
  })

  test("holds for no other tool and no other arguments", () => {
    expect(() => useToolAdmission(forFree(), "asked", { a: 1 })).toThrow("internal")
    expect(() => useToolAdmission(forFree(), "free", { a: 2 })).toThrow("internal")
  })

  test("cannot be copied or made by hand", () => {
    expect(() => useToolAdmission(structuredClone(forFree()), "free", { a: 1 })).toThrow("internal")
    expect(() => useToolAdmission(Object.create(forFree()), "free", { a: 1 })).toThrow("internal")
  })

  test("of a model's call is that call's", () => {
    const admission = admitModelCall(
      { status: "allowed", candidate: 0, maxOutputTokens: 1, countedAt: EpochMs.parse(1) },
      callId,
    )
    expect(() => useModelAdmission(admission, `${callId}1`)).toThrow("internal")
    expect(() => useModelAdmission(admission, callId)).not.toThrow()
  })
})

describe("a command by the API", () => {
  const admin = { role: "admin", credential: { kind: "cookie" } } as const
  test("passes for who may operate", () => {
    expect(() => useCommandAdmission(admitCommand(admin, "cmd_1"), "cmd_1")).not.toThrow()
    expect(() => useCommandAdmission(admitCommand(admin, "cmd_1"), "cmd_2")).toThrow("internal")
  })

  test.each([
    [{ role: "viewer", credential: { kind: "cookie" } } as const, "role_forbidden"],
    [{ role: "admin", credential: { kind: "token", scopes: ["chat"] } } as const, "scope_missing"],
  ])("%o does not: %s", (caller, code) => {
    expect(() => admitCommand(caller, "cmd_1")).toThrow(code)
  })
})
