/** The time that a runner goes by, so that tests can move it. */
import { type EpochMs, toEpochMs } from "../../core/units.ts"

export interface Clock {
  now(): EpochMs
  /** Calls `fire` after that long, unless the returned function is called before. */
  start(delayMs: number, fire: () => void): () => void
}

export const machineClock: Clock = {
  now: () => toEpochMs(Date.now()),
  start(delayMs, fire) {
    const timer = setTimeout(fire, delayMs)
    return () => clearTimeout(timer)
  },
}
