/** Which addresses become links. */
import { expect, test } from "vitest"
import { safeHref } from "./safe-href.ts"

test.each(["https://example.com/a?b#c", "http://example.com/", "mailto:a@example.com"])("%s is a link", (href) => {
  expect(safeHref(href)).toBe(href)
})

test.each([
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  " javascript:alert(1)",
  "java\nscript:alert(1)",
  "\u0001javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:x",
  "blob:https://example.com/x",
  "file:///etc/passwd",
  "//example.com",
  "/api/auth/logout",
  "#x",
  "",
  undefined,
])("%j is not", (href) => {
  expect(safeHref(href)).toBeNull()
})
