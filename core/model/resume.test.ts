/** What becomes of an answer that broke off, whatever the next model makes of the wish to go on. */
import { describe, expect, test } from "vitest"
import type { AssistantBlock } from "./message.ts"
import { continuationOf, joinAnswer } from "./resume.ts"

const text = (value: string): AssistantBlock => ({ type: "text", text: value })
const use: AssistantBlock = { type: "tool_use", id: "a", name: "clock", input: {} }
const thought: AssistantBlock = { type: "thinking", provider: "anthropic", raw: {} }

describe("a continued answer", () => {
  const table: [said: string, pieces: string[], shown: string][] = [
    ["The sea", [" is", " deep."], " is deep."],
    ["The sea", ["The", " sea is", " deep."], " is deep."],
    ["The sea", ["The sea is deep."], " is deep."],
    ["The sea", ["The lake", " is deep."], "The lake is deep."],
    ["The sea", ["The"], "The"],
    ["", ["All", " of it."], "All of it."],
  ]
  test.each(table)("after %j sends of %j only what is new", (said, pieces, shown) => {
    const continuation = continuationOf(said)
    const sent = pieces.map((piece) => continuation.take(piece)).join("") + continuation.end()
    expect(sent).toBe(shown)
    expect(joinAnswer(said, [text(pieces.join(""))])).toEqual([text(said + shown)])
  })

  test("stands as one text before the calls and behind the thoughts", () => {
    expect(joinAnswer("Let me", [thought, use])).toEqual([thought, text("Let me"), use])
    expect(joinAnswer("Let me", [thought, text(" see."), use])).toEqual([thought, text("Let me see."), use])
    expect(joinAnswer("Let me", [])).toEqual([text("Let me")])
  })
})
