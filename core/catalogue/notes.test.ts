/** That nobody learns of an unknown price or a withdrawn model by the bill or by silence. */
import { expect, test } from "vitest"
import type { ModelEntry } from "./catalogue.ts"
import { noteOnModel, pricedTooLow } from "./notes.ts"

const entry: ModelEntry = {
  name: "one",
  provider: "openai",
  contextWindow: null,
  maxOutputTokens: null,
  abilities: { tools: true, images: true, thinking: true, caching: true },
  prices: { input: 2_000_000, output: 10_000_000, cacheRead: 0, cacheWrite: 1_000 },
  retiresAt: "2027-01-31",
}

test("a model whose price is known says nothing until the day on which it may be withdrawn", () => {
  expect(noteOnModel([entry], "one", "2027-01-30")).toBeNull()
  expect(noteOnModel([entry], "one", "2027-01-31")).toBe(
    "The provider of one may withdraw it since 2027-01-31. Choose another model.",
  )
  expect(noteOnModel([{ ...entry, retiresAt: null }], "one", "2099-01-01")).toBeNull()
})

test("a price that nobody knows is told, listed or not", () => {
  const note =
    /^The price of \S+ is unknown: its cost is not counted, and where a limit in dollars binds it is not called\./
  expect(noteOnModel([entry], "two", "2026-01-01")).toMatch(note)
  expect(noteOnModel([{ ...entry, prices: null }], "one", "2026-01-01")).toMatch(note)
})

test("prices in dollars where millionths are meant are found, in either tier, and free is no such price", () => {
  const dear = { input: 1_000_000, output: 1_000_000, cacheRead: 0, cacheWrite: 0 }
  const inDollars = { input: 2, output: 10, cacheRead: 0, cacheWrite: 0 }
  expect(
    pricedTooLow([
      entry,
      { ...entry, name: "dollars", prices: inDollars },
      { ...entry, name: "long", prices: dear, longPrompt: { aboveInputTokens: 5, prices: inDollars } },
      { ...entry, name: "free", prices: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } },
      { ...entry, name: "unknown", prices: null },
    ]),
  ).toEqual(["dollars", "long"])
})
