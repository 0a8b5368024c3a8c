/** What a program wrote becomes text that nothing obeys, cut where it must be. */
import { expect, test } from "vitest"
import { createOutput } from "./output.ts"

const bytes = (...values: number[]) => Uint8Array.from(values)
const utf8 = (text: string) => new TextEncoder().encode(text)

test("a character that comes in pieces is told when it is whole", () => {
  const output = createOutput(100)
  const [first = 0, second = 0] = utf8("ä")
  expect(output.take(bytes(first))).toBe("")
  expect(output.take(bytes(second))).toBe("ä")
  expect(output.text()).toBe("ä")
})

test("the limit counts bytes, and what it cuts in two is left out", () => {
  const output = createOutput(4)
  expect(output.take(utf8("aäöü"))).toBe("aä")
  expect(output.take(utf8("more"))).toBe("")
  expect(output.text()).toBe("aä")
  expect(output.keptBytes()).toBe(4)
})

test("an unfinished character at the program's own end is shown as such", () => {
  const output = createOutput(100)
  output.take(bytes(0x61, 0xe2, 0x82))
  expect(output.text()).toBe("a\u{fffd}")
})

test.each([
  ["a terminal's escape", "\u001b[2J", "\u{fffd}[2J"],
  ["NUL, bell, backspace, delete", "\0\u0007\b\u007f", "\u{fffd}".repeat(4)],
  ["an escape of the second set", "\u009b31m", "\u{fffd}31m"],
  ["form feed and vertical tab", "\f\v", "\u{fffd}\u{fffd}"],
])("%s is replaced", (_, written, shown) => {
  expect(createOutput(100).take(utf8(written))).toBe(shown)
})

test("tabs, line ends and every script's letters stay", () => {
  const text = "a\tb\r\nc\n日本語 עברית 👩‍💻"
  expect(createOutput(100).take(utf8(text))).toBe(text)
})
