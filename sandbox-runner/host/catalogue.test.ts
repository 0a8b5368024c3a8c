/** The operator's models.json over the shipped one. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { findModel } from "../../core/catalogue/catalogue.ts"
import { readCatalogue } from "./catalogue.ts"

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "models-"))
})
afterEach(() => rmSync(folder, { recursive: true }))
const directory = { file: (name: string) => join(folder, name) }
const entry = {
  name: "gpt-6-sol",
  provider: "openai",
  contextWindow: 10,
  maxOutputTokens: 5,
  abilities: { tools: true, images: true, thinking: true, caching: true },
  prices: { input: 7, output: 7, cacheRead: 7, cacheWrite: 7 },
  retiresAt: null,
}
const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

test("without a file of the operator's the shipped models are known", () => {
  expect(findModel(readCatalogue(directory, undefined), "gpt-6-sol")?.prices?.input).toBe(2_000_000)
})

test("a file in DATA_DIR changes the models that it names, and no others", () => {
  write("models.json", JSON.stringify({ models: [entry] }))
  const catalogue = readCatalogue(directory, undefined)
  expect(findModel(catalogue, "gpt-6-sol")?.prices?.input).toBe(7)
  expect(findModel(catalogue, "claude-haiku-5-5")?.prices?.input).toBe(100_000)
})

test("a named file stands in place of the one in DATA_DIR", () => {
  write("models.json", "{")
  write("other.json", JSON.stringify({ models: [entry] }))
  expect(findModel(readCatalogue(directory, join(folder, "other.json")), "gpt-6-sol")?.prices?.input).toBe(7)
})

test("a file with a mistake stops the start with its path and place", () => {
  write("models.json", JSON.stringify({ models: [{ ...entry, prices: { ...entry.prices, input: 0.1 } }] }))
  expect(() => readCatalogue(directory, undefined)).toThrow(
    new RegExp(`${join(folder, "models.json")} cannot be used.*models\\[0\\]\\.prices\\.input: `),
  )
})

test("a named file that is not there stops the start", () => {
  expect(() => readCatalogue(directory, join(folder, "none.json"))).toThrow(/none\.json cannot be read \(ENOENT\)/)
})
