import { describe, expect, test } from "vitest"
import { TurnEvent } from "../turn/event.ts"
import { ChoiceId } from "../units.ts"
import { pressData, readPress } from "./button.ts"
import { outcomeText, questionParts } from "./chat-message.ts"

const choiceId = ChoiceId.parse(`choice_conv_${"f".repeat(32)}_1790000000_123`)
function asked(fields: object = {}) {
  const event = TurnEvent.parse({
    type: "choice_requested",
    choiceId,
    toolUseId: "u",
    expiresAt: 1_790_000_000_000,
    at: 1,
    ...fields,
  })
  if (event.type !== "choice_requested") throw new Error("unexpected")
  return event
}
const always = { kind: "script", language: "bash", sha256: "a".repeat(64) }
const labels = (parts: ReturnType<typeof questionParts>) =>
  parts.map(({ buttons }) => buttons?.flat().map(({ text }) => text))

describe("a button", () => {
  test.each([
    [{ kind: "allow" }],
    [{ kind: "deny" }],
    [{ kind: "always" }],
    [{ kind: "option", question: 4, option: 7 }],
  ] as const)("%o fits 64 bytes and comes back as it was", (press) => {
    const data = pressData(choiceId, press)
    expect(new TextEncoder().encode(data).length).toBeLessThanOrEqual(64)
    expect(readPress(data)).toEqual({ choiceId, press })
  })

  test.each(["", "y", "y:l:1:1", `x:c${"f".repeat(32)}:1:1`, `y:c${"g".repeat(32)}:1:1`, `y:c${"f".repeat(32)}:1:1:1`])(
    "%j is none of ours",
    (data) => {
      expect(readPress(data)).toBeUndefined()
    },
  )
})

describe("a question as messages", () => {
  test("is one when everything fits, and each button stands for what it says", () => {
    const parts = questionParts(
      asked({ risk: "critical", reason: "So.", always }),
      { name: "run", input: { a: 1 } },
      null,
    )
    expect(labels(parts)).toEqual([["Approve", "Deny", "Always for this"]])
    expect(parts[0]?.text).toMatch(/^May the agent run run\? Risk: critical\.\nSo\.\n[\s\S]*a: 1[\s\S]*"Always" allows/)
  })

  test("of any length: whatever has an approve button was seen whole", () => {
    for (const size of [0, 100, 3_000, 3_500, 3_600, 4_000, 60_000, 299_000, 301_000, 900_000]) {
      const script = "é".repeat(size)
      const parts = questionParts(asked({ always }), { name: "run", input: { script } }, "https://x.example/a")
      const canApprove = labels(parts).some((row) => row?.includes("Approve"))
      const seen = parts.map(({ text, document }) => text + (document?.text ?? "")).join("")
      expect(canApprove).toBe(seen.includes(script) && size < 150_000)
      for (const { text, withoutFile } of parts) {
        expect(text.length).toBeLessThan(4_000)
        if (withoutFile !== undefined) expect(labels([{ question: null, ...withoutFile }])).toEqual([["Deny"]])
      }
      if (!canApprove) expect(seen).toContain("https://x.example/a")
    }
  })

  test("shows nothing that the eye passes over", () => {
    const hidden = "\u202e\u200b\u2066"
    const event = asked({
      reason: `r${hidden}`,
      questions: [{ id: "a", question: `q${hidden}`, options: [`o${hidden}`] }],
    })
    const { questions: _, ...permission } = event
    const parts = [
      ...questionParts(event, { name: "ask", input: {} }, null),
      ...questionParts(permission, { name: `n${hidden}`, input: { a: hidden } }, null),
    ]
    expect(JSON.stringify(parts)).not.toMatch(/[\u202e\u200b\u2066]/)
  })

  test("of the agent's own has its options as buttons; several at once are answered in words", () => {
    const questions = [
      { id: "a", question: "Size?", options: ["S", "L"] },
      { id: "b", question: "Toppings?", options: ["Ham", "Olives"], multi_select: true },
      { id: "c", question: "Name?" },
    ]
    const parts = questionParts(asked({ kind: "question", questions }), { name: "ask_user", input: {} }, null)
    expect(labels(parts)).toEqual([["S", "L"], undefined, undefined])
    expect(parts[1]?.text).toContain("2. Olives")
    expect(parts.map(({ question }) => question)).toEqual([0, 1, 2])
  })
})

test.each([
  [{ allow: true, source: "telegram", by: { id: "7", name: "Ada" } }, /^Approved by Ada at 1970-01-01 00:00 UTC\.$/],
  [{ allow: false, source: "api" }, /^Denied by api/],
  [{ allow: true, source: "timeout" }, /^Nobody answered in time: approved by its rule/],
  [{ allow: false, source: "timeout" }, /^Nobody answered in time: denied/],
  [{ allow: true, source: "web", by: { id: "u", name: "Ada" }, answers: { a: "x" } }, /^Answered by Ada/],
])("%o ends with a sentence", (fields, sentence) => {
  const event = TurnEvent.parse({ type: "choice_resolved", choiceId, at: 1, ...fields })
  expect(event.type === "choice_resolved" && outcomeText(event)).toMatch(sentence)
})
