/** Which thoughts go back, and which would have the request refused. */
import { expect, test } from "vitest"
import type { Message } from "./message.ts"
import { promptName, withBoundThoughts } from "./thinking.ts"

const user = (text: string): Message => ({ role: "user", blocks: [{ type: "text", text }] })
const thought = {
  type: "thinking" as const,
  provider: "anthropic",
  raw: { type: "thinking", thinking: "hm", signature: "s" },
}
const answer = (text: string): Message => ({ role: "assistant", blocks: [thought, { type: "text", text }] })
const bare = (text: string): Message => ({ role: "assistant", blocks: [{ type: "text", text }] })
const prompt = (messages: Message[], system = "Be kind.") => ({ system, tools: [], messages })

const first = prompt([user("a")])
const second = prompt([user("a"), answer("b"), user("c")])
const third = [user("a"), answer("b"), user("c"), answer("d"), user("e")]
const known = new Set([promptName(first), promptName(second)])

test("thoughts go back as long as nothing before them changed", () => {
  expect(withBoundThoughts(prompt(third), known)).toEqual(third)
})

test("behind a history that was cut, all stay out", () => {
  expect(withBoundThoughts(prompt(third.slice(2)), known)).toEqual([user("c"), bare("d"), user("e")])
})

test("behind another system prompt, all stay out", () => {
  const shown = withBoundThoughts(prompt(third, "Be brief."), known)
  expect(shown).toEqual([user("a"), bare("b"), user("c"), bare("d"), user("e")])
})

test("with one left out, those behind it stay out too", () => {
  expect(withBoundThoughts(prompt(third), new Set([promptName(second)]))[3]).toEqual(bare("d"))
})
