/** What is named exists, and comes first. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { longest, longestFirst } from "./longest-first.ts"

test("every file that is to begin early is there", () => {
  expect(longest.filter((path) => !existsSync(join(import.meta.dirname, "..", path)))).toEqual([])
})

test("the longest files begin first, and the others keep their order", () => {
  const [first = "", second = ""] = longest
  expect(longestFirst(["b.test.ts", second, "a.test.ts", first], (path) => path)).toEqual([
    first,
    second,
    "b.test.ts",
    "a.test.ts",
  ])
})
