/**
 * Tells from the features of a message how likely each tier is. A linear model over all features, and a few hidden units over the
 * signs for what only a combination of them says. Its weights are learned by `scripts/train-scorer.ts` from `training/`.
 */
import { kindOf, tiers, type Features, type Tier } from "./features.ts"

/** Each feature falls into one of so many places by its hash. */
export const linearPlaces = 1 << 17
/** For the hidden units, which look at signs only. */
export const hiddenPlaces = 1 << 11
export const hiddenUnits = 16

/** All rows are of one place each: `tiers.length` weights, or `hiddenUnits`. */
export interface Weights {
  readonly linear: ArrayLike<number>
  readonly hidden: ArrayLike<number>
  /** What one step of `linear`, and of `hidden`, is worth. */
  readonly linearStep: number
  readonly hiddenStep: number
  readonly bias: ArrayLike<number>
  readonly hiddenBias: ArrayLike<number>
  /** A row of `tiers.length` for each hidden unit. */
  readonly output: ArrayLike<number>
}

/** How likely each tier is; they sum to 1. */
export type Likelihoods = Readonly<Record<Tier, number>>

/** Where features are, and what they are worth there: what the sums run over. */
export interface Encoded {
  readonly linear: readonly (readonly [place: number, value: number])[]
  readonly hidden: readonly (readonly [place: number, value: number])[]
}

export function encode({ signs, spellings }: Features): Encoded {
  const linear = new Map<number, number>()
  const hidden = new Map<number, number>()
  const add = (sums: Map<number, number>, place: number, value: number) =>
    sums.set(place, (sums.get(place) ?? 0) + value)
  for (const [name, value] of signs) {
    add(linear, hashOf(name) % linearPlaces, value)
    add(hidden, hashOf(`hidden ${name}`) % hiddenPlaces, value)
  }
  for (const [name, value] of spellings) add(linear, hashOf(name) % linearPlaces, value)
  return { linear: [...linear], hidden: [...hidden] }
}

export function classify(encoded: Encoded, weights: Weights): Likelihoods {
  const sums = Array.from(weights.bias)
  const width = tiers.length
  for (const [place, value] of encoded.linear)
    for (let tier = 0; tier < width; tier += 1)
      sums[tier] = (sums[tier] ?? 0) + (weights.linear[place * width + tier] ?? 0) * weights.linearStep * value
  activationsOf(encoded, weights).forEach((activation, unit) => {
    for (let tier = 0; tier < width; tier += 1)
      sums[tier] = (sums[tier] ?? 0) + activation * (weights.output[unit * width + tier] ?? 0)
  })
  return softmax(sums)
}

/** Of each hidden unit, -1 to 1. */
export function activationsOf({ hidden }: Encoded, weights: Weights): number[] {
  const sums = Array.from(weights.hiddenBias)
  for (const [place, value] of hidden)
    for (let unit = 0; unit < hiddenUnits; unit += 1)
      sums[unit] = (sums[unit] ?? 0) + (weights.hidden[place * hiddenUnits + unit] ?? 0) * weights.hiddenStep * value
  return sums.map((sum) => Math.tanh(sum))
}

function softmax(sums: readonly number[]): Likelihoods {
  const highest = Math.max(...sums)
  const [cheap = 0, middle = 0, strong = 0] = sums.map((sum) => Math.exp(sum - highest))
  const total = cheap + middle + strong
  return { cheap: cheap / total, middle: middle / total, strong: strong / total }
}

/** Kinds of words that spoke for the tier, the most telling first, without those that hardly counted. */
export function kindsFor(tier: Tier, { signs }: Features, weights: Weights): string[] {
  const at = tiers.indexOf(tier)
  const votes = new Map<string, number>()
  for (const [name, value] of signs) {
    const kind = kindOf(name)
    if (kind === undefined) continue
    const row = tiers.map((_, index) => weights.linear[(hashOf(name) % linearPlaces) * tiers.length + index] ?? 0)
    const mean = row.reduce((sum, weight) => sum + weight, 0) / row.length
    votes.set(kind, (votes.get(kind) ?? 0) + ((row[at] ?? 0) - mean) * value)
  }
  const most = Math.max(0, ...votes.values())
  return [...votes]
    .filter(([, vote]) => vote > 0 && vote >= most / 3)
    .toSorted(([, a], [, b]) => b - a)
    .map(([kind]) => kind)
}

/** FNV-1a over UTF-16 code units, with its high bits mixed into the low ones, which are what is used. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < name.length; index += 1) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 12)) >>> 0
}
