/** What is known of models: windows, abilities, prices. Read from models.json; knows no keys and calls nobody. */
import * as z from "zod"
import { Provider, providerOf } from "../model/provider.ts"
import { sayPlainly } from "../plain-words.ts"

/** Micro-dollars per million tokens; at most 10,000 dollars. */
const Price = z.number().int().min(0).max(10_000_000_000)
const TokenCount = z.number().int().min(1).max(1_000_000_000)

/** Each kind of token has one price: `cacheRead` and `cacheWrite` tokens are not paid as `input` again. */
export const ModelPrices = z.strictObject({ input: Price, output: Price, cacheRead: Price, cacheWrite: Price })
export type ModelPrices = z.infer<typeof ModelPrices>

export const ModelEntry = z
  .strictObject({
    /** As agents name it. `<prefix>*` stands for every name that begins so and has no entry of its own. */
    name: z.string().trim().min(1).max(200),
    provider: Provider,
    /** Input and output together; null: not known. */
    contextWindow: TokenCount.nullable(),
    maxOutputTokens: TokenCount.nullable(),
    abilities: z.strictObject({ tools: z.boolean(), images: z.boolean(), thinking: z.boolean(), caching: z.boolean() }),
    /** Null: the price is not known, and nothing that costs can be summed. */
    prices: ModelPrices.nullable(),
    /** What every token of a call costs when its input of all kinds is above the bound. */
    longPrompt: z.strictObject({ aboveInputTokens: TokenCount, prices: ModelPrices }).optional(),
    /** The first day (UTC) on which its provider may withdraw it; null: none was announced. */
    retiresAt: z.iso.date().nullable(),
  })
  .refine(({ name, provider }) => providerOf(name).provider === provider, {
    path: ["provider"],
    error: "is not the one that serves a model of this name",
  })
  .refine(({ prices, longPrompt }) => prices !== null || longPrompt === undefined, {
    path: ["longPrompt"],
    error: "needs prices beside it",
  })
export type ModelEntry = z.infer<typeof ModelEntry>

/** Names are unique. */
export const Catalogue = z.array(ModelEntry).superRefine((entries, context) => {
  const seen = new Set<string>()
  for (const [index, { name }] of entries.entries()) {
    if (seen.has(name)) context.addIssue({ code: "custom", path: [index, "name"], message: `${name} is there twice` })
    seen.add(name)
  }
})
export type Catalogue = readonly ModelEntry[]

const CatalogueFile = z.strictObject({ note: z.string().optional(), models: Catalogue })

export type ReadCatalogue = { status: "ok"; catalogue: Catalogue } | { status: "invalid"; problems: string[] }

/** The text of a models.json, or one line for each mistake in it that says where it stands. */
export function parseCatalogue(text: string): ReadCatalogue {
  const json = parseJson(text)
  return json.status === "invalid" ? { status: "invalid", problems: [json.problem] } : checkCatalogue(json.value)
}

/** The content of a models.json that was read already. */
export function checkCatalogue(value: unknown): ReadCatalogue {
  const parsed = CatalogueFile.safeParse(value, { error: sayPlainly })
  if (parsed.success) return { status: "ok", catalogue: parsed.data.models }
  return { status: "invalid", problems: parsed.error.issues.map(({ path, message }) => `${whereIs(path)}: ${message}`) }
}

/** All models of both; an entry of `own` takes the place of the one with its name. */
export function mergeCatalogues(shipped: Catalogue, own: Catalogue): Catalogue {
  const names = new Set(own.map(({ name }) => name))
  return [...shipped.filter(({ name }) => !names.has(name)), ...own]
}

/**
 * The entry of a model: of its very name, else of the name without a date at its end (`gpt-6-sol-2026-09-22` is priced as
 * `gpt-6-sol`), else the longest `<prefix>*` that fits, under the asked name. Undefined: not known, and neither is its price.
 */
export function findModel(catalogue: Catalogue, name: string): ModelEntry | undefined {
  const asked = name.trim()
  const undated = asked.replace(/-(\d{8}|\d{4}-\d{2}-\d{2})$/, "")
  const exact = catalogue.find((entry) => entry.name === asked) ?? catalogue.find((entry) => entry.name === undated)
  if (exact !== undefined) return exact.name === asked ? exact : { ...exact, name: asked }
  const [fitting] = catalogue
    .filter((entry) => entry.name.endsWith("*") && asked.startsWith(entry.name.slice(0, -1)))
    .toSorted((a, b) => b.name.length - a.name.length)
  return fitting === undefined ? undefined : { ...fitting, name: asked }
}

function parseJson(text: string): { status: "ok"; value: unknown } | { status: "invalid"; problem: string } {
  try {
    return { status: "ok", value: JSON.parse(text) }
  } catch (error) {
    return { status: "invalid", problem: error instanceof Error ? error.message : "is not JSON" }
  }
}

/** `models[2].prices.input`, or `file` for the whole. */
function whereIs(path: readonly PropertyKey[]): string {
  const joined = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("")
  return joined === "" ? "file" : joined.replace(/^\./, "")
}
