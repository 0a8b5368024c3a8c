/** Routing stands before every turn: it takes no time that a person could notice, whatever is sent. */
import { readFileSync } from "node:fs"
import * as z from "zod"
import { describe, expect, test } from "vitest"
import { scoreComplexity } from "./score.ts"

const Messages = z.object({ messages: z.array(z.object({ text: z.string() })) })
const { messages } = Messages.parse(JSON.parse(readFileSync(`${import.meta.dirname}/labelled-messages.json`, "utf8")))

/** The fastest of several tries: what the code takes, without what else the machine does. */
function fastestMs(work: () => void): number {
  const times = Array.from({ length: 7 }, () => {
    const started = performance.now()
    work()
    return performance.now() - started
  })
  return Math.min(...times)
}

test("a message takes less than a millisecond", () => {
  const all = fastestMs(() => messages.forEach(({ text }) => scoreComplexity({ text })))
  expect(all / messages.length).toBeLessThan(1)
})

describe("a megabyte takes no longer than a few pages", () => {
  const size = 1_000_000
  const texts: [string, string][] = [
    ["words", "lorem ipsum dolor ".repeat(size / 18)],
    ["one word", "a".repeat(size)],
    ["no spaces", "证明".repeat(size / 2)],
    ["quotation marks", "\"'«„“".repeat(size / 5)],
    ["fences", "```".repeat(size / 3)],
    ["lines", "\n".repeat(size)],
    ["blanks", " ".repeat(size)],
    ["colons", ":\n".repeat(size / 2)],
    ["bullets", "- a,\n".repeat(size / 5)],
    ["code", "const a = {};\n".repeat(size / 14)],
    ["digits", "1.1,".repeat(size / 4)],
    ["marks", "a\u0301".repeat(size / 2)],
    ["halves of characters", "\ud83d".repeat(size)],
  ]
  test.each(texts)("of %s", (_, text) => {
    expect(fastestMs(() => scoreComplexity({ text }))).toBeLessThan(25)
    const history = Array.from({ length: 200 }, () => ({ role: "user" as const, text }))
    expect(fastestMs(() => scoreComplexity({ text: "go on", history }))).toBeLessThan(400)
  })
})

test("an empty message is cheap, and so is a lone picture", () => {
  expect(scoreComplexity({ text: "" }).score).toBeLessThanOrEqual(40)
  expect(scoreComplexity({ text: " \n", hasImages: true }).score).toBeLessThanOrEqual(40)
})
