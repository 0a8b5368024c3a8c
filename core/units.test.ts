/** Instants: what a clock tells is one, and nothing else is. */
import { expect, test } from "vitest"
import { after, EpochMs, toEpochMs } from "./units.ts"

test.each([0, 1, 1_790_000_000_000, Number.MAX_SAFE_INTEGER])("%d is an instant, as its schema says", (ms) => {
  expect(toEpochMs(ms)).toBe(EpochMs.parse(ms))
})

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("%d is none, as its schema says", (ms) => {
  expect(() => toEpochMs(ms)).toThrow(RangeError)
  expect(EpochMs.safeParse(ms).success).toBe(false)
})

test("what is a fraction of a millisecond after an instant is an instant", () => {
  expect(after(EpochMs.parse(10), 0.6)).toBe(11)
  expect(() => after(EpochMs.parse(10), -11)).toThrow(RangeError)
})
