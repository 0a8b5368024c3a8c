/** Learns the weights of a classifier of `core/routing/classifier.ts` from examples. The same examples always give the same weights. */
import {
  activationsOf,
  classify,
  type Encoded,
  hiddenPlaces,
  hiddenUnits,
  linearPlaces,
  type Weights,
} from "../core/routing/classifier.ts"
import { type Tier, tiers } from "../core/routing/features.ts"

const epochs = 20
const rate = 0.08
/** Of the features of a message so many are left out each time that it is looked at, so that none is relied on alone. */
const leftOut = 0.4
const shrink = 1e-4

export interface Example {
  readonly encoded: Encoded
  readonly tier: Tier
}

/** Mulberry32: a fixed seed, so that the weights can be made again. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Numbers that are learned, each with its own rate: AdaGrad (Duchi, Hazan, Singer 2011). */
class Learned {
  readonly values: Float32Array
  readonly #squares: Float32Array

  constructor(values: Float32Array) {
    this.values = values
    this.#squares = new Float32Array(values.length).fill(1e-2)
  }

  get(at: number): number {
    return this.values[at] ?? 0
  }

  step(at: number, gradient: number, speed: number): void {
    const whole = gradient + shrink * this.get(at)
    const squares = (this.#squares[at] ?? 0) + whole * whole
    this.#squares[at] = squares
    this.values[at] = this.get(at) - (speed * whole) / Math.sqrt(squares)
  }
}

/** Descends the log loss, one message after the other, in another order each time. */
export function learn(examples: readonly Example[]): Weights {
  const random = randomFrom(1)
  const around = (size: number, spread: number) => Float32Array.from({ length: size }, () => (random() - 0.5) * spread)
  const width = tiers.length
  const linear = new Learned(new Float32Array(linearPlaces * width))
  const hidden = new Learned(around(hiddenPlaces * hiddenUnits, 0.1))
  const output = new Learned(around(hiddenUnits * width, 0.5))
  const bias = new Float32Array(width)
  const hiddenBias = new Float32Array(hiddenUnits)
  const weights: Weights = {
    linear: linear.values,
    hidden: hidden.values,
    linearStep: 1,
    hiddenStep: 1,
    bias,
    hiddenBias,
    output: output.values,
  }
  const order = examples.slice()
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const speed = rate * (1 - (0.9 * epoch) / epochs)
    shuffle(order, random)
    for (const example of order) {
      const seen = withoutSome(example.encoded, random)
      const likely = classify(seen, weights)
      const errors = tiers.map((tier) => likely[tier] - (tier === example.tier ? 1 : 0))
      const activations = activationsOf(seen, weights)
      const unitErrors = activations.map(
        (activation, unit) =>
          (1 - activation ** 2) *
          errors.reduce((sum, error, tier) => sum + error * (weights.output[unit * width + tier] ?? 0), 0),
      )
      activations.forEach((activation, unit) =>
        errors.forEach((error, tier) => output.step(unit * width + tier, error * activation, speed)),
      )
      // Few numbers, met by every message: a tenth of the speed.
      unitErrors.forEach((error, unit) => (hiddenBias[unit] = (hiddenBias[unit] ?? 0) - (speed / 10) * error))
      errors.forEach((error, tier) => (bias[tier] = (bias[tier] ?? 0) - (speed / 10) * error))
      for (const [place, value] of seen.linear)
        errors.forEach((error, tier) => linear.step(place * width + tier, error * value, speed))
      for (const [place, value] of seen.hidden)
        unitErrors.forEach((error, unit) => hidden.step(place * hiddenUnits + unit, error * value, speed))
    }
  }
  return weights
}

function withoutSome({ linear, hidden }: Encoded, random: () => number): Encoded {
  const keep = (all: Encoded["linear"]) =>
    all.filter(() => random() >= leftOut).map(([place, value]) => [place, value / (1 - leftOut)] as const)
  return { linear: keep(linear), hidden: keep(hidden) }
}

/** Fisher and Yates. */
function shuffle(all: Example[], random: () => number): void {
  for (let last = all.length - 1; last > 0; last -= 1) {
    const at = Math.floor(random() * (last + 1))
    const [a, b] = [all[last], all[at]]
    if (a === undefined || b === undefined) continue
    all[last] = b
    all[at] = a
  }
}
