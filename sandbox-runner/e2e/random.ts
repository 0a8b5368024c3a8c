/** Chance that can be had again: the same seed gives the same numbers (mulberry32). */

export interface Random {
  /** At least 0 and below 1. */
  next(): number
  /** A whole number of at least 0 and below `end`. */
  below(end: number): number
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { next, below: (end) => Math.floor(next() * end) }
}

/** The seed of this run: `SEED` in the environment, to have a run again, or a new one. */
export function seedOfRun(): number {
  const given = Number(process.env.SEED ?? "")
  return Number.isInteger(given) && given > 0 ? given : (Date.now() % 1_000_000) + 1
}
