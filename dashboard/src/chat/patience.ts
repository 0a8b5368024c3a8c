/** Waiting between attempts: longer each time, cut short when the network or the person comes back. */

const firstWaitMs = 500
const longestWaitMs = 15_000

export interface Patience {
  /** Waits before the next attempt; at once after `reset`. `leastMs` is what the gateway asked for. */
  wait(leastMs: number | null): Promise<void>
  /** The last attempt worked. */
  reset(): void
  /** Ends every wait now. */
  hurry(): void
}

/** @param spread - a number in [0, 1) that keeps many pages from returning at the same instant */
export function createPatience(spread: () => number): Patience {
  let attempts = 0
  const waiting = new Set<() => void>()
  return {
    async wait(leastMs) {
      const base = Math.min(firstWaitMs * 2 ** attempts, longestWaitMs)
      attempts = Math.min(attempts + 1, 10)
      const ms = Math.max(base * (0.75 + spread() / 2), leastMs ?? 0)
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer)
          waiting.delete(end)
          resolve()
        }
        const timer = setTimeout(end, ms)
        waiting.add(end)
      })
    },
    reset() {
      attempts = 0
    },
    hurry() {
      attempts = 0
      waiting.forEach((end) => end())
    },
  }
}
