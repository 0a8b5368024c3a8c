/** Waiting for a condition that events make true: looked at on each event, never by polling. */

/** Longest wait for anything in a test unless it says otherwise; below the test runner's own limit, so that ours names the cause. */
export const defaultWaitMs = 20_000

interface Waiter {
  look(): void
  fail(reason: Error): void
}

export interface Waiters {
  /** Resolves with the first value that `find` returns which is not undefined; rejects with `what` when time runs out. */
  until<T>(what: string, find: () => T | undefined, timeoutMs?: number): Promise<T>
  /** Something changed: every waiter looks again. */
  readonly notify: () => void
  /** Rejects all that still wait. */
  close(reason: string): void
}

export function createWaiters(): Waiters {
  const waiting = new Set<Waiter>()
  return {
    until<T>(what: string, find: () => T | undefined, timeoutMs = defaultWaitMs) {
      const found = find()
      if (found !== undefined) return Promise.resolve(found)
      return new Promise<T>((resolve, reject) => {
        const timer = setTimeout(() => waiter.fail(new Error(`waited ${timeoutMs} ms for ${what}`)), timeoutMs)
        const waiter: Waiter = {
          look() {
            const value = find()
            if (value === undefined) return
            clearTimeout(timer)
            waiting.delete(waiter)
            resolve(value)
          },
          fail(reason) {
            clearTimeout(timer)
            waiting.delete(waiter)
            reject(reason)
          },
        }
        waiting.add(waiter)
      })
    },
    notify() {
      for (const waiter of waiting) waiter.look()
    },
    close(reason) {
      for (const waiter of waiting) waiter.fail(new Error(reason))
    },
  }
}
