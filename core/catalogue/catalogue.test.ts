/** What a models.json may say, and what is known of a model by its name. */
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { findModel, mergeCatalogues, type ModelEntry, parseCatalogue } from "./catalogue.ts"

const shipped = parseCatalogue(readFileSync("models.json", "utf8"))
const catalogue = shipped.status === "ok" ? shipped.catalogue : []
const entry: ModelEntry = {
  name: "gpt-own",
  provider: "openai",
  contextWindow: 8_000,
  maxOutputTokens: 1_000,
  abilities: { tools: true, images: false, thinking: false, caching: false },
  prices: { input: 1, output: 2, cacheRead: 0, cacheWrite: 1 },
  retiresAt: null,
}
const problemsOf = (value: unknown) => {
  const parsed = parseCatalogue(typeof value === "string" ? value : JSON.stringify(value))
  return parsed.status === "invalid" ? parsed.problems : []
}

test("the shipped file is valid and knows the models that the documentation names", () => {
  expect(shipped).toMatchObject({ status: "ok" })
  for (const name of ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "gpt-6-sol", "gpt-6-luna"])
    expect(findModel(catalogue, name)?.prices, name).not.toBeNull()
})

test("the shipped tiers grow dearer with their strength", () => {
  const prices = ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"].map(
    (name) => findModel(catalogue, name)?.prices?.output ?? 0,
  )
  expect(prices).toEqual(prices.toSorted((a, b) => a - b))
  expect(new Set(prices).size).toBe(3)
})

describe("a model is found", () => {
  test.each([
    ["claude-haiku-5-5", "claude-haiku-5-5", 100_000],
    [" claude-haiku-5-5 ", "claude-haiku-5-5", 100_000],
    ["claude-haiku-5-5-20261007", "claude-haiku-5-5-20261007", 100_000],
    ["gpt-6-sol-2026-09-22", "gpt-6-sol-2026-09-22", 2_000_000],
    ["ollama/llama4:8b", "ollama/llama4:8b", 0],
  ])("%j", (asked, name, input) => {
    expect(findModel(catalogue, asked)).toMatchObject({ name, prices: { input } })
  })

  test.each(["gpt-9", "claude-haiku-5-5-turbo", "claude-haiku", "anthropic/claude-haiku-5-5", ""])(
    "%j only where it is listed",
    (asked) => {
      expect(findModel(catalogue, asked)).toBeUndefined()
    },
  )

  test("by its own entry rather than by a pattern, and by the longest pattern", () => {
    const all = (price: number) => ({ input: price, output: price, cacheRead: price, cacheWrite: price })
    const own = [
      { ...entry, name: "gpt-*", prices: all(1) },
      { ...entry, name: "gpt-own*", prices: all(2) },
      { ...entry, name: "gpt-own", prices: all(3) },
    ]
    expect(["gpt-x", "gpt-own-x", "gpt-own"].map((name) => findModel(own, name)?.prices?.input)).toEqual([1, 2, 3])
  })
})

test("an operator's entry takes the place of the shipped one, and the others stay", () => {
  const own = { ...entry, name: "gpt-6-sol", prices: null }
  const merged = mergeCatalogues(catalogue, [own])
  expect(merged).toHaveLength(catalogue.length)
  expect(findModel(merged, "gpt-6-sol")).toEqual(own)
  expect(findModel(merged, "gpt-6-luna")).toEqual(findModel(catalogue, "gpt-6-luna"))
})

describe("a mistake in the file is named with its place", () => {
  test.each([
    ["models[0].prices.input", { ...entry, prices: { ...entry.prices, input: 0.5 } }],
    ["models[0].prices.output", { ...entry, prices: { ...entry.prices, output: -1 } }],
    ["models[0].prices.input", { ...entry, prices: { ...entry.prices, input: "2" } }],
    ["models[0].provider", { ...entry, name: "claude-x" }],
    ["models[0]", { ...entry, price: 1 }],
    ["models[0].name", { ...entry, name: " " }],
    ["models[0].retiresAt", { ...entry, retiresAt: "soon" }],
    ["models[0].longPrompt", { ...entry, prices: null, longPrompt: { aboveInputTokens: 1, prices: entry.prices } }],
  ])("%s", (place, model) => {
    const [problem] = problemsOf({ models: [model] })
    expect(problem?.startsWith(`${place}: `), problem).toBe(true)
  })

  test("also when it is no JSON, no list, or says a name twice", () => {
    expect(problemsOf("{")).toHaveLength(1)
    expect(problemsOf("null")[0]).toMatch(/^file: /)
    expect(problemsOf({ models: {} })[0]).toMatch(/^models: /)
    expect(problemsOf({ models: [entry, entry] })[0]).toBe("models[1].name: gpt-own is there twice")
  })
})
