/** The closing line of a run in CI, and what makes a run no good. */
import { expect, test } from "vitest"
import { closingLine, secondTry, shortcoming } from "./ci-reporter.ts"

test("the closing line counts, and tells of skipped tests only when there are any", () => {
  expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe("12 passed, 0 failed")
  expect(closingLine({ passed: 1, failed: 2, skipped: 3 })).toBe("1 passed, 2 failed, 3 skipped")
})

test("a run that left a test out, or had none, is no good", () => {
  expect(shortcoming({ passed: 5, failed: 0, skipped: 1 })).toContain("skipped")
  expect(shortcoming({ passed: 0, failed: 0, skipped: 0 })).toContain("No test")
  expect(shortcoming({ passed: 5, failed: 0, skipped: 0 })).toBeUndefined()
})

test("a test that passed at its second try is named with what the first one met", () => {
  expect(secondTry("a > b", true, [{ message: "expected 1\n  to be 2" }])).toMatch(
    /second try.*a > b: expected 1 to be 2$/,
  )
  expect(secondTry("a > b", false, [{ message: "expected 1 to be 2" }])).toBeUndefined()
})
