/** What stays and what goes of a text from outside. */
import { expect, test } from "vitest"
import { visibleLine, visibleText } from "./plain-text.ts"

test.each([
  ["letters, marks and line ends", "Grüße, 世界!\n\tnext", "Grüße, 世界!\n\tnext"],
  ["old line ends", "a\r\nb\rc\u2028d\u0085e", "a\nb\nc\nd\ne"],
  ["a family of emoji with its joiners", "👩‍👩‍👧 ❤️", "👩‍👩‍👧 ❤️"],
  ["a flag and a skin tone", "🇩🇪 👍🏽", "🇩🇪 👍🏽"],
  ["Persian and Hindi joiners", "می‌خواهم क्‍ष", "می‌خواهم क्‍ष"],
])("%s stay", (_, text, kept) => {
  expect(visibleText(text)).toBe(kept)
})

test.each([
  ["bells, escapes and nulls", "a\u0000\u0007\u001B[2Jb", "a[2Jb"],
  ["zero-width characters", "pay\u200Bpal\u2060.\uFEFFcom", "paypal.com"],
  ["joiners between Latin letters", "i\u200Dg\u200Cnore", "ignore"],
  ["turned directions", "invoice\u202Efdp.exe\u2066", "invoicefdp.exe"],
  ["tags that spell an order", "hi\u{E006F}\u{E0062}\u{E0065}\u{E0079}", "hi"],
  ["variation selectors that carry bytes", "😀\u{E0101}\u{E0102}", "😀"],
  ["soft hyphens and fillers", "in\u00ADvi\u3164sible\u115F", "invisible"],
  ["private use", "a\uE000b\u{F0000}c", "abc"],
  ["half a character", "a\uD800b", "a\uFFFDb"],
])("%s go", (_, text, left) => {
  expect(visibleText(text)).toBe(left)
})

test("a line has no ends and no more characters than it may", () => {
  expect(visibleLine("  a\n\n b\u200B ", 10)).toBe("a b")
  expect(visibleLine("abcdef", 4)).toBe("abc…")
})

test("a megabyte of joiners is read in no time", () => {
  const startedAt = performance.now()
  visibleText("क\u200D".repeat(300_000))
  visibleText("👩\u200D".repeat(200_000))
  expect(performance.now() - startedAt).toBeLessThan(2_000)
})
