/** The scorer's weights are what its messages teach, and no message that it is held to is among them. */
import { readFileSync } from "node:fs"
import * as z from "zod"
import { expect, test } from "vitest"
import trained from "../core/routing/trained.json" with { type: "json" }
import { digestOf, readTraining } from "./train-scorer.ts"

const Messages = z.object({ messages: z.array(z.object({ text: z.string() })) })
const textsOf = (name: string) =>
  Messages.parse(
    JSON.parse(readFileSync(new URL(`../core/routing/${name}.json`, import.meta.url), "utf8")),
  ).messages.map(({ text }) => text)

test("the weights were learned from these messages, read as they are read now", () => {
  expect(digestOf(readTraining()), "npm run train-scorer").toBe(trained.learnedFrom)
})

test("longer messages that the scorer is held to are not among those that it learned from", () => {
  // "Thanks!" is what anybody says.
  const isTelling = (text: string) => text.length > 25
  const learned = new Set(readTraining().map(({ text }) => text.trim().toLowerCase()))
  const held = ["labelled-messages", "held-out-messages"].flatMap(textsOf).filter(isTelling)
  expect(held.filter((text) => learned.has(text.trim().toLowerCase()))).toEqual([])
})
