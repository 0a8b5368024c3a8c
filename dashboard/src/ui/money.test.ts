/** That no money is shown as none. */
import { expect, test } from "vitest"
import { showMoney } from "./money.ts"

test.each([
  [0, "$0.00"],
  [1, "$0.000001"],
  [99, "$0.000099"],
  [100, "$0.0001"],
  [12_368, "$0.0124"],
  [500_000, "$0.50"],
  [1_500_000, "$1.50"],
  [1_234_567_890, "$1,234.57"],
])("%i millionths are %s", (microUsd, shown) => {
  expect(showMoney(microUsd)).toBe(shown)
})
