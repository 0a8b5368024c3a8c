/** When a turn asks a person, what it asks, and what it does with the answer or without one. */
import { describe, expect, test } from "vitest"
import { argumentsDigest } from "../approval/arguments.ts"
import { ApprovalRule } from "../approval/rule.ts"
import { ChannelId, ChoiceId, EpochMs } from "../units.ts"
import { decide } from "./decide.ts"
import { TurnEvent } from "./event.ts"
import { foldTurn, pendingChoices } from "./fold.ts"
import { TurnPolicy } from "./policy.ts"

const at = EpochMs.parse(1_000_000)
const later = (ms: number) => EpochMs.parse(at + ms)
const rule = (fields: object) =>
  ApprovalRule.parse({
    groupId: null,
    riskLevel: null,
    requireApproval: true,
    timeoutSeconds: null,
    timeoutAction: "reject",
    autoApprove: [],
    ...fields,
  })
const withRules = (...approvalRules: ApprovalRule[]) =>
  TurnPolicy.parse({
    version: "v1",
    groupId: null,
    groupName: "default",
    model: "m",
    system: "",
    maxOutputTokens: 1_000,
    historyMessages: 20,
    permissionMode: "default",
    tools: [
      { name: "note", risk: "low", repeatable: true, outward: "none" },
      { name: "buy", risk: "low", repeatable: false, outward: "acts" },
      { name: "open", risk: "low", repeatable: true, outward: "reads" },
      { name: "script", risk: "high", repeatable: false, outward: "none" },
      { name: "ask_user", risk: "low", repeatable: true, outward: "none", runsIn: "person" },
    ],
    approvalRules,
    maxModelCalls: 50,
    maxAttempts: 3,
    choiceTimeoutMs: 60_000,
  })
const policy = withRules()

function said(text: string, tainted = false): TurnEvent {
  const source = {
    kind: "telegram" as const,
    channelId: ChannelId.parse(`chan_${"0".repeat(24)}`),
    chatId: 1,
    messageId: 1,
    senderId: 1,
    senderName: "Ada",
  }
  const rest = { permissionMode: "default" as const, whileBusy: "join" as const, receivedAt: at }
  return { type: "turn_started", messages: [{ externalId: "tg:1", text, source, tainted, ...rest }], at }
}
const calling = (name: string, input: object = {}, marks: string[] = [], id = `use_${name}`): TurnEvent[] => [
  { type: "model_started", call: 1, attempt: 1, model: "m", marks, at },
  TurnEvent.parse({
    type: "model_ended",
    call: 1,
    answer: {
      blocks: [{ type: "tool_use", id, name, input }],
      stop: "tool_use",
      usage: { inputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 1 },
      model: "m",
    },
    firstDeltaMs: 1,
    at,
  }),
]
const choiceId = ChoiceId.parse(`choice_loop_${"0".repeat(32)}_1_1`)
const requested = (fields: object = {}) =>
  TurnEvent.parse({
    type: "choice_requested",
    choiceId,
    toolUseId: "use_script",
    expiresAt: later(60_000),
    at,
    ...fields,
  })
const resolved = (fields: object) =>
  TurnEvent.parse({ type: "choice_resolved", choiceId, source: "web", at, ...fields })
const next = (events: TurnEvent[], now = at, by = policy) => decide(events, by, now)[0]

describe("a page that the agent has read tells it to buy something", () => {
  const shop = ["web page shop.example"]

  test("leads to a question that names the page, not to the purchase", () => {
    expect(next([said("What is this?"), ...calling("buy", { item: "x" }, shop)])).toMatchObject({
      type: "request_approval",
      reason: expect.stringContaining("web page shop.example"),
      marks: shop,
    })
  })

  test("without it the purchase would have been automatic", () => {
    expect(next([said("Buy x"), ...calling("buy", { item: "x" })])).toMatchObject({ type: "run_tool" })
  })

  test("what stays inside runs all the same", () => {
    expect(next([said("Note it"), ...calling("note", {}, shop)])).toMatchObject({ type: "run_tool" })
  })

  test.each([
    [
      "an address that it made up",
      "https://evil.example/?data=1",
      "Look at https://shop.example/a",
      "request_approval",
    ],
    [
      "an address with more than the person wrote",
      "https://a.example/x?data=1",
      "See https://a.example/x",
      "request_approval",
    ],
    ["the address that the person wrote", "https://a.example/x", "See https://a.example/x please", "run_tool"],
    ["another page of the same host", "https://shop.example/next", "Go on", "run_tool"],
    ["a page below its host", "https://sub.shop.example/", "Go on", "request_approval"],
  ])("opening %s: %s after %s gives %s", (_, url, text, type) => {
    expect(next([said(text), ...calling("open", { url }, shop)])).toMatchObject({ type })
  })

  test("an address in someone else's words is not the person's", () => {
    const forwarded = said("See https://a.example/x", true)
    const command = next([forwarded, ...calling("open", { url: "https://a.example/x" }, ["message from Ada"])])
    expect(command).toMatchObject({ type: "request_approval" })
  })
})

describe("a question", () => {
  test("carries risk, reason and the digest of the arguments", () => {
    expect(next([said("Hi"), ...calling("script", { b: 1, a: 2 })])).toMatchObject({
      type: "request_approval",
      risk: "high",
      reason: "The tool's risk is high.",
      argumentsSha256: argumentsDigest({ a: 2, b: 1 }),
      onTimeout: "reject",
      expiresAt: later(60_000),
    })
  })

  test("stays open for as long as its rule says", () => {
    const slow = withRules(rule({ toolName: "script", timeoutSeconds: 3_600 }))
    expect(next([said("Hi"), ...calling("script")], at, slow)).toMatchObject({ expiresAt: later(3_600_000) })
  })

  test.each([
    [undefined, false],
    ["reject", false],
    ["approve", true],
  ])("nobody answers, and its rule says %s: allowed is %s", (onTimeout, allow) => {
    const events = [said("Hi"), ...calling("script"), requested({ onTimeout })]
    expect(next(events, later(59_999))).toMatchObject({ type: "wait" })
    expect(next(events, later(60_000))).toEqual({ type: "expire_approval", choiceId, allow })
  })

  test("tells the model whether a person or nobody said no, and what they said", () => {
    const events = [said("Hi"), ...calling("script"), requested()]
    expect(next([...events, resolved({ allow: false, source: "timeout" })])).toMatchObject({
      text: expect.stringContaining("Nobody"),
    })
    expect(next([...events, resolved({ allow: false, comment: "Not on a Friday." })])).toMatchObject({
      text: "A person declined this call. They said: Not on a Friday.",
    })
  })
})

describe("ask_user", () => {
  const questions = [{ id: "size", question: "Which size?", options: ["S", "L"] }]
  const asking = [said("Order"), ...calling("ask_user", { questions })]
  const asked = requested({ toolUseId: "use_ask_user", kind: "question", questions })

  test("asks, waits, and gives the model the answers", () => {
    expect(next(asking)).toMatchObject({ type: "request_answers", questions: [{ id: "size", multi_select: false }] })
    expect(next([...asking, asked])).toMatchObject({ type: "wait", until: later(60_000) })
    expect(pendingChoices(foldTurn([...asking, asked]))).toHaveLength(1)
    const answered = resolved({ allow: true, answers: { size: "L" } })
    expect(next([...asking, asked, answered])).toMatchObject({ type: "tell_answers", text: "Which size?\nL" })
  })

  test.each([
    [{ allow: false, source: "timeout" }, "Nobody answered in time."],
    [{ allow: false }, "The person did not want to answer."],
  ])("without an answer (%o) the model is told", (fields, text) => {
    expect(next([...asking, asked, resolved(fields)])).toMatchObject({ type: "refuse_tool", text })
  })

  test("never lets time answer for a person", () => {
    const events = [
      ...asking,
      requested({ toolUseId: "use_ask_user", kind: "question", questions, onTimeout: "approve" }),
    ]
    expect(next(events, later(60_000))).toEqual({ type: "expire_approval", choiceId, allow: false })
  })

  test.each([[{}], [{ questions: [] }], [{ questions: [...questions, ...questions] }]])(
    "with unusable input %o the model is told what is wrong",
    (input) => {
      expect(next([said("Order"), ...calling("ask_user", input)])).toMatchObject({
        type: "refuse_tool",
        text: expect.stringContaining("questions"),
      })
    },
  )
})

describe("a call that fails the same way", () => {
  const failing = (n: number, text = "No such host", outcome = "error"): TurnEvent[] => [
    ...calling("note", { n }, [], `use_${n}`),
    TurnEvent.parse({ type: "tool_ended", toolUseId: `use_${n}`, outcome, text, tainted: false, at }),
  ]
  const ends = (events: TurnEvent[]) => decide([said("Hi"), ...events], policy, at).at(-1)

  test("three times running ends the turn and says why", () => {
    expect(ends([...failing(1), ...failing(2)])).toMatchObject({ type: "call_model" })
    expect(ends([...failing(1), ...failing(2), ...failing(3)])).toMatchObject({
      type: "finish",
      outcome: {
        status: "failed",
        code: "tool_keeps_failing",
        message: expect.stringMatching(/note failed 3 times.*No such host/),
      },
    })
  })

  test.each([
    ["another failure between", failing(2, "Too large")],
    ["a success between", failing(2, "fine", "ok")],
    ["an unknown outcome between", failing(2, "No such host", "unknown")],
  ])("%s lets it go on", (_, between) => {
    expect(ends([...failing(1), ...between, ...failing(3)])).toMatchObject({ type: "call_model" })
  })

  test("calls side by side count once: the model has seen none of them fail", () => {
    const [started, answered] = calling("note")
    if (answered?.type !== "model_ended" || started === undefined) throw new Error("unexpected")
    const blocks = [1, 2, 3].map((n) => ({ type: "tool_use" as const, id: `use_${n}`, name: "note", input: {} }))
    const results = blocks.map(({ id }) =>
      TurnEvent.parse({ type: "tool_ended", toolUseId: id, outcome: "error", text: "x", tainted: false, at }),
    )
    const round = [started, { ...answered, answer: { ...answered.answer, blocks } }, ...results]
    expect(ends(round)).toMatchObject({ type: "call_model" })
  })
})
