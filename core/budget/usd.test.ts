/** Dollars become whole millionths, and come back as they were written. */
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { showUsd, toMicroUsd, toUsd } from "./usd.ts"

test.each([
  [0, 0],
  [0.1, 100_000],
  [0.07, 70_000],
  [1.005, 1_005_000],
  [0.000001, 1],
  [0.00001, 10],
  [0.0000015, null],
  [1e-7, null],
  [1e-12, null],
  [12.5, 12_500_000],
  [1_000_000_000, 1_000_000_000_000_000],
  [1_000_000_000.000001, null],
  [1e21, null],
  [-1, null],
  [Number.NaN, null],
  [Infinity, null],
])("%d dollars are %s millionths", (usd, micro) => {
  expect(toMicroUsd(usd)).toBe(micro)
})

test("every number of millionths comes back from its dollars", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000_000_000_000 }), (micro) => {
      expect(toMicroUsd(toUsd(micro))).toBe(micro)
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  [0, "$0.00"],
  [12_500_000, "$12.50"],
  [1, "$0.000001"],
  [1_234_500, "$1.2345"],
])("%d millionths are shown as %s", (micro, text) => {
  expect(showUsd(micro)).toBe(text)
})
