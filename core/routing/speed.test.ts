/** Routing stands before every turn: what it takes has a bound, whatever is sent. The benchmark tells the time of a message. */
import { describe, expect, test } from "vitest"
import { scoreComplexity } from "./score.ts"

/** The fastest of several tries: what the code takes, without what else the machine does. */
function fastestMs(work: () => void): number {
  const times = Array.from({ length: 7 }, () => {
    const started = performance.now()
    work()
    return performance.now() - started
  })
  return Math.min(...times)
}

describe("a megabyte takes no longer than a few pages", () => {
  const pages = 10_000
  const megabyte = 1_000_000
  /** For a hundred times the text. In proportion to it, it would be 100; with the square of it, 10,000. */
  const mostTimes = 10
  const texts = {
    words: "lorem ipsum dolor ",
    "one word": "a",
    "no spaces": "证明",
    "quotation marks": "\"'«„“",
    fences: "```",
    lines: "\n",
    blanks: " ",
    colons: ":\n",
    bullets: "- a,\n",
    code: "const a = {};\n",
    digits: "1.1,",
    marks: "a\u0301",
    "halves of characters": "\ud83d",
  }
  test.each(Object.entries(texts))("of %s", (_, text) => {
    const takes = (characters: number) => {
      const long = text.repeat(characters / text.length)
      const history = Array.from({ length: 200 }, () => ({ role: "user" as const, text: long }))
      return {
        alone: fastestMs(() => scoreComplexity({ text: long })),
        before: fastestMs(() => scoreComplexity({ text: "go on", history })),
      }
    }
    const [short, long] = [takes(pages), takes(megabyte)]
    expect(long.alone / short.alone).toBeLessThan(mostTimes)
    expect(long.before / short.before).toBeLessThan(mostTimes)
  })
})

test("an empty message is cheap, and so is a lone picture", () => {
  expect(scoreComplexity({ text: "" }).score).toBeLessThanOrEqual(40)
  expect(scoreComplexity({ text: " \n", hasImages: true }).score).toBeLessThanOrEqual(40)
})
