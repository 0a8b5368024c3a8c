/** Where growing Markdown may be cut. */
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { splitBlocks } from "./split-blocks.ts"

test.each([
  ["paragraphs are cut at the blank line", "a\n\nb\nc\n\nd", ["a\n\n", "b\nc\n\n", "d"]],
  ["a blank line in a code block cuts nothing", "```\na\n\nb\n```\n\nc", ["```\na\n\nb\n```\n\n", "c"]],
  ["a shorter or other fence does not close", "````\n```\n\nx\n~~~\n````\n\ny", ["````\n```\n\nx\n~~~\n````\n\n", "y"]],
  ["a loose list stays whole", "1. a\n\n2. b\n\n   more\n\nend", ["1. a\n\n2. b\n\n   more\n\n", "end"]],
  ["nothing gives nothing", "", []],
])("%s", (_name, text, expected) => {
  expect(splitBlocks(text)).toEqual(expected)
})

test("the pieces are the text, and a finished piece never changes while the text grows", () => {
  const line = fc.constantFrom("a", "", "```", "~~~", "- x", "  y", "1. z", "> q", "# h")
  fc.assert(
    fc.property(fc.array(line), fc.array(line), (before, after) => {
      const text = before.map((one) => `${one}\n`).join("")
      const longer = text + after.map((one) => `${one}\n`).join("")
      expect(splitBlocks(longer).join("")).toBe(longer)
      const finished = splitBlocks(text).slice(0, -1)
      expect(splitBlocks(longer).slice(0, finished.length)).toEqual(finished)
    }),
  )
})
