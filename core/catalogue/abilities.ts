/**
 * What a call asks of its model beyond text, and which of several models can do it. A model that the catalogue does not know is
 * taken to be able: its provider will say. Pure.
 */
import type { PlacedLink } from "../model/chain.ts"
import { findModel, type Catalogue } from "./catalogue.ts"

export type Ability = "images" | "tools"

export interface Needs {
  /** `asked`: the person's newest words are about them. `earlier`: the conversation still shows some, and words can stand for them. */
  readonly images: "none" | "earlier" | "asked"
  readonly tools: boolean
}

/** What the model lacks of what the call needs. */
export function lacking(catalogue: Catalogue, model: string, needs: Needs): Ability[] {
  const abilities = findModel(catalogue, model)?.abilities
  if (abilities === undefined) return []
  const lacks: Ability[] = []
  if (needs.images !== "none" && !abilities.images) lacks.push("images")
  if (needs.tools && !abilities.tools) lacks.push("tools")
  return lacks
}

/** How ill a model suits a call: 0 where it can all of it. */
export function illFit(lacks: readonly Ability[], needs: Needs): number {
  const images = lacks.includes("images") ? (needs.images === "asked" ? 4 : 1) : 0
  return images + (lacks.includes("tools") ? 2 : 0)
}

/** `cannot read pictures`, as it stands in a sentence behind the model's name. */
export function tellLacks(lacks: readonly Ability[]): string {
  const can = lacks.map((ability) => (ability === "images" ? "read pictures" : "call tools"))
  return `cannot ${can.join(" or ")}`
}

/**
 * The model among several that suits best: the chosen one, then those behind it, then those before it, the nearest first.
 * @param chosen - its place
 */
export function nearestFit(models: readonly string[], chosen: number, fitOf: (model: string) => number): number {
  const before = [...models.keys()].slice(0, chosen).toReversed()
  const order = [chosen, ...[...models.keys()].slice(chosen + 1), ...before]
  return order.reduce((best, place) => {
    const [is, was] = [models[place], models[best]]
    return is !== undefined && was !== undefined && fitOf(is) < fitOf(was) ? place : best
  }, chosen)
}

export type AbleLinks =
  /** All lack the same; the call goes without it. */
  | { readonly status: "able"; readonly links: readonly PlacedLink[]; readonly lacks: readonly Ability[] }
  /** Pictures are asked about, and none of the links can read them. */
  | { readonly status: "unable" }

/**
 * The links that may be asked, in their order: those that suit best.
 * @param options - `isNamed`: a person chose the chain's first model by name, and is not given another for want of tools
 */
export function ableLinks(
  catalogue: Catalogue,
  links: readonly PlacedLink[],
  needs: Needs,
  { isNamed }: { readonly isNamed: boolean },
): AbleLinks {
  const judged = links
    .map((placed) => {
      const lacks = lacking(catalogue, placed.link.model, needs)
      const counted = isNamed && placed.place === 0 ? lacks.filter((ability) => ability !== "tools") : lacks
      return { placed, lacks, fit: illFit(counted, needs) }
    })
    .filter(({ lacks }) => needs.images !== "asked" || !lacks.includes("images"))
  const best = Math.min(...judged.map(({ fit }) => fit))
  const first = judged.find(({ fit }) => fit === best)
  if (first === undefined) return { status: "unable" }
  const alike = judged.filter(({ fit, lacks }) => fit === best && lacks.join() === first.lacks.join())
  return { status: "able", links: alike.map(({ placed }) => placed), lacks: first.lacks }
}
