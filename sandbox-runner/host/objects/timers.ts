/** Time as the object host takes it: from outside, so that tests move it by hand. */
import { type EpochMs, toEpochMs } from "../../../core/units.ts"

export interface Timers {
  now(): EpochMs
  /** Calls `fire` once after `delayMs`, at most `maxDelayMs`. @returns cancels it; harmless afterwards */
  start(delayMs: number, fire: () => void): () => void
}

/** `setTimeout` takes a larger delay for 1 ms. */
export const maxDelayMs = 2 ** 31 - 1

export const systemTimers: Timers = {
  now: () => toEpochMs(Date.now()),
  start(delayMs, fire) {
    const timer = setTimeout(fire, Math.min(delayMs, maxDelayMs))
    return () => clearTimeout(timer)
  },
}

/** One timer that always stands at the earliest instant it was asked for. */
export class EarliestTimer {
  readonly #timers: Timers
  readonly #fire: () => void
  #armed: { at: number; cancel: () => void } | undefined

  constructor(timers: Timers, fire: () => void) {
    this.#timers = timers
    this.#fire = fire
  }

  /** Fires at `at`, or before, when it already stands at an earlier instant. */
  armBy(at: number): void {
    if (this.#armed !== undefined && this.#armed.at <= at) return
    this.cancel()
    const cancel = this.#timers.start(Math.max(0, at - this.#timers.now()), () => {
      this.#armed = undefined
      this.#fire()
    })
    this.#armed = { at, cancel }
  }

  cancel(): void {
    this.#armed?.cancel()
    this.#armed = undefined
  }
}
