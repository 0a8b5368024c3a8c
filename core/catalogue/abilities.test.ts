/** Who may be asked when a message has pictures or an agent has tools, and what a call goes without where nobody can. */
import { describe, expect, test } from "vitest"
import type { PlacedLink } from "../model/chain.ts"
import { ableLinks, lacking, nearestFit, tellLacks, type Needs } from "./abilities.ts"
import { checkCatalogue } from "./catalogue.ts"

const entry = (name: string, images: boolean, tools: boolean) => ({
  name,
  provider: "openai",
  contextWindow: null,
  maxOutputTokens: null,
  abilities: { tools, images, thinking: false, caching: false },
  prices: null,
  retiresAt: null,
})
const read = checkCatalogue({
  models: [
    entry("all", true, true),
    entry("blind", false, true),
    entry("idle", true, false),
    entry("none", false, false),
  ],
})
const catalogue = read.status === "ok" ? read.catalogue : []
const chain = (...models: string[]): PlacedLink[] =>
  models.map((model, place) => ({
    place,
    link: { label: model, provider: "openai", model, key: "environment", maxRetries: 0, timeoutMs: 1 },
  }))
const asked: Needs = { images: "asked", tools: true }
const earlier: Needs = { images: "earlier", tools: true }
const pick = (models: string[], needs: Needs, isNamed = false) => {
  const able = ableLinks(catalogue, chain(...models), needs, { isNamed })
  return able.status === "unable" ? "unable" : [able.links.map(({ place }) => place), able.lacks]
}

test("a model that the catalogue does not know can all of it", () => {
  expect(lacking(catalogue, "new-model", asked)).toEqual([])
  expect(lacking(catalogue, "none", asked)).toEqual(["images", "tools"])
  expect(lacking(catalogue, "none", { images: "none", tools: false })).toEqual([])
  expect(tellLacks(["images", "tools"])).toBe("cannot read pictures or call tools")
})

describe("of a chain", () => {
  test.each<[string, string[], Needs, ReturnType<typeof pick>]>([
    ["those that can are asked, in their order", ["blind", "all", "none", "all"], asked, [[1, 3], []]],
    ["a message without pictures is for all", ["blind", "all"], { images: "none", tools: true }, [[0, 1], []]],
    ["one without tools reads the picture when nobody has both", ["blind", "idle"], asked, [[1], ["tools"]]],
    ["nobody guesses at a picture that is asked about", ["blind", "none"], asked, "unable"],
    ["an earlier picture is gone without, before tools are", ["idle", "blind"], earlier, [[1], ["images"]]],
    ["an agent whose models have no tools still answers", ["none"], earlier, [[0], ["images", "tools"]]],
  ])("%s", (_, models, needs, picked) => {
    expect(pick(models, needs)).toEqual(picked)
  })

  test("a model that a person named is not passed over for want of tools, but for a picture", () => {
    expect(pick(["idle", "all"], { images: "none", tools: true }, true)).toEqual([[0], ["tools"]])
    expect(pick(["blind", "all"], asked, true)).toEqual([[1], []])
  })
})

test("of tiers the nearest above is taken, else the nearest below, else none is better", () => {
  const nearest = (tiers: string[], chosen: number) =>
    nearestFit(tiers, chosen, (model) => lacking(catalogue, model, asked).length)
  expect(nearest(["all", "blind", "blind", "all"], 1)).toBe(3)
  expect(nearest(["all", "idle", "blind"], 2)).toBe(0)
  expect(nearest(["blind", "all", "blind"], 2)).toBe(1)
  expect(nearest(["blind", "blind"], 1)).toBe(1)
})
