/** What is learned from a few examples. */
import { expect, test } from "vitest"
import { classify, encode } from "../core/routing/classifier.ts"
import { featuresOf, tiers } from "../core/routing/features.ts"
import { tierOf } from "../core/routing/score.ts"
import { learn } from "./learn.ts"

const texts = {
  cheap: ["hello there", "thank you", "what time is it", "remind me at nine"],
  middle: ["write a letter to my aunt", "explain how a fridge works", "summarise this page", "a menu for sunday"],
  strong: ["prove that e is irrational", "design a search engine", "derive the heat equation", "find the deadlock"],
} as const
const examples = Array.from({ length: 10 }, () =>
  tiers.flatMap((tier) => texts[tier].map((text) => ({ encoded: encode(featuresOf(text, false, undefined)), tier }))),
).flat()

test("examples are known again, and learning them twice gives the same weights", () => {
  const weights = learn(examples)
  for (const { encoded, tier } of examples) expect(tierOf(classify(encoded, weights))).toBe(tier)
  expect(learn(examples)).toEqual(weights)
})
