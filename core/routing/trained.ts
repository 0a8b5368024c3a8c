/** The learned weights, as they are kept: a printable character for each, so that they need no decoder on any host. */
import type { Weights } from "./classifier.ts"
import trained from "./trained.json" with { type: "json" }

type Packed = Omit<typeof trained, "learnedFrom">

/** Characters from "#" on that JSON writes as they are, but for the one that it escapes. */
const middle = 79
const most = 44
const escaped = "\\"
const instead = "~"

export const weights: Weights = unpack(trained)

function unpack(packed: Packed): Weights {
  return { ...packed, linear: steps(packed.linear), hidden: steps(packed.hidden) }
}

function steps(text: string): Int8Array {
  return Int8Array.from(text, (character) => (character === instead ? escaped : character).charCodeAt(0) - middle)
}

/** Rounds each weight to one of 89 steps. */
export function pack(weights: Weights): Packed {
  const linearStep = stepOf(weights.linear)
  const hiddenStep = stepOf(weights.hidden)
  const rounded = (values: ArrayLike<number>) => Array.from(values, (value) => Number(value.toPrecision(6)))
  return {
    linearStep,
    hiddenStep,
    bias: rounded(weights.bias),
    hiddenBias: rounded(weights.hiddenBias),
    output: rounded(weights.output),
    linear: write(weights.linear, linearStep),
    hidden: write(weights.hidden, hiddenStep),
  }
}

function stepOf(values: ArrayLike<number>): number {
  const highest = Array.from(values).reduce((high, value) => Math.max(high, Math.abs(value)), 0)
  return Number((highest / most).toPrecision(6))
}

function write(values: ArrayLike<number>, step: number): string {
  return Array.from(values, (value) => {
    const character = String.fromCharCode(Math.round(value / step) + middle)
    return character === escaped ? instead : character
  }).join("")
}
