/** Time for tests: stands still until it is moved, and fires what is due on its way. */
import { after, EpochMs } from "../../core/units.ts"
import type { Timers } from "../host/objects/timers.ts"

export interface ManualTimers extends Timers {
  /** Moves time on, firing each timer at its instant. */
  advance(ms: number): void
  /** How many timers stand. */
  count(): number
}

export function manualTimers(start = EpochMs.parse(1_800_000_000_000)): ManualTimers {
  let now = start
  const standing = new Set<{ at: number; fire: () => void }>()
  return {
    now: () => now,
    start(delayMs, fire) {
      const timer = { at: now + delayMs, fire }
      standing.add(timer)
      return () => standing.delete(timer)
    },
    advance(ms) {
      const end = after(now, ms)
      for (;;) {
        const [next] = [...standing].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        standing.delete(next)
        now = EpochMs.parse(Math.max(now, Math.round(next.at)))
        next.fire()
      }
      now = end
    },
    count: () => standing.size,
  }
}
