/** What a runner is told of a call, and what the model is told of its end. */
import { describe, expect, test } from "vitest"
import type { CommandOutcome } from "../../core/runner/command.ts"
import { traitsOf } from "../../core/turn/tool-policy.ts"
import { ConversationId } from "../../core/units.ts"
import { policyOf } from "./tool.ts"
import { webBrowse } from "./web-browse.ts"

const conversationId = ConversationId.parse(`conv_${"a".repeat(32)}`)
const plan = (input: unknown) => webBrowse.plan(input, { conversationId })

test.each([
  [
    { action: "open", url: "https://example.com/" },
    { action: "open", url: "https://example.com/" },
  ],
  [
    { action: "read", from: 60_000 },
    { action: "read", from: 60_000 },
  ],
  [
    { action: "click", ref: 3 },
    { action: "click", ref: 3 },
  ],
  [
    { action: "fill", ref: 3, text: "x" },
    { action: "fill", ref: 3, text: "x", submit: false },
  ],
  [{ action: "back" }, { action: "back" }],
  [
    { action: "screenshot", wholePage: true },
    { action: "screenshot", wholePage: true },
  ],
])("%j becomes a step in the conversation's own browser", (input, step) => {
  const work = { kind: "browser.act", profile: conversationId, step, timeoutMs: 60_000 }
  expect(plan(input)).toEqual({ status: "ok", work })
})

test.each([
  { action: "open" },
  { action: "open", url: "file:///etc/passwd" },
  { action: "open", url: "chrome://crash" },
  { action: "open", url: "javascript:1" },
  { action: "open", url: "example.com" },
  { action: "click" },
  { action: "click", ref: 0 },
  { action: "fill", ref: 1 },
  { action: "type" },
  {},
])("%j is told to be wrong", (input) => {
  expect(plan(input).status).toBe("invalid_input")
})

test("looking runs without a question; a click or a text does not, and runs once", () => {
  const policy = policyOf(webBrowse)
  const traits = (action: string) => traitsOf(policy, { action })
  expect(traits("open")).toEqual({ risk: "medium", repeatable: true, outward: "reads" })
  expect(traits("read")).toEqual({ risk: "low", repeatable: true, outward: "none" })
  expect(traits("screenshot")).toEqual({ risk: "low", repeatable: true, outward: "none" })
  for (const action of ["click", "fill"])
    expect(traits(action)).toEqual({ risk: "high", repeatable: false, outward: "acts" })
})

describe("its end", () => {
  const page = { kind: "browser.act" as const, url: "https://a.example/", title: "A", text: "# Hi" }
  test("is the page, marked as from outside", () => {
    expect(webBrowse.read({ status: "succeeded", result: page })).toEqual({
      outcome: "ok",
      text: "A\nhttps://a.example/\n\n# Hi",
      tainted: true,
    })
  })

  test("is a picture for the model", () => {
    const picture = { mediaType: "image/jpeg" as const, base64: "AAAA" }
    expect(webBrowse.read({ status: "succeeded", result: { ...page, title: "", text: "", picture } })).toEqual({
      outcome: "ok",
      text: "(no title)\nhttps://a.example/",
      tainted: true,
      picture,
    })
  })

  const ends: [CommandOutcome, string, string][] = [
    [{ status: "failed", failure: { code: "forbidden", message: "not reached" } }, "error", "not reached"],
    [{ status: "failed", failure: { code: "interrupted", message: "killed" } }, "unknown", "outcome unknown: killed"],
    [{ status: "timed_out" }, "error", "within 60 s"],
    [{ status: "rejected", reason: "no browser" }, "error", "no browser"],
    [{ status: "canceled" }, "error", "called back"],
    [{ status: "succeeded", result: { kind: "browser.erase" } }, "error", "something else"],
  ]
  test.each(ends)("%j is told so that the model can act on it", (end, outcome, text) => {
    expect(webBrowse.read(end)).toMatchObject({ outcome, text: expect.stringContaining(text) })
  })
})
