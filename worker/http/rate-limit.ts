/**
 * Counts requests by key and says who has to wait. In memory and bounded: the key that was used longest ago makes room.
 * On Cloudflare each isolate counts for itself, so a limit there bounds what one place of the network passes on.
 */
import { LoopError } from "../../core/errors.ts"
import type { EpochMs } from "../../core/units.ts"

const windowMs = 60_000

export type Verdict = { status: "allowed" } | { status: "limited"; retryAfterSeconds: number }

export interface RateLimiter {
  /** Counts one request of `key`, unless it is limited. */
  take(key: string, perMinute: number, now: EpochMs): Verdict
  /** The verdict without counting. */
  check(key: string, perMinute: number, now: EpochMs): Verdict
  /** How many keys it remembers. */
  size(): number
}

interface Window {
  startedAt: number
  count: number
  /** Count of the window before this one. */
  before: number
}

/**
 * A sliding window of one minute, kept as two counts: the last window weighs as much as is left of it. Exact for who
 * starts fresh, and no burst of twice the limit passes where two windows meet.
 */
export function createRateLimiter(maxKeys: number): RateLimiter {
  const windows = new Map<string, Window>()

  const current = (key: string, now: EpochMs): Window => {
    const found = windows.get(key)
    const age = found === undefined ? Number.POSITIVE_INFINITY : now - found.startedAt
    // A clock that was set back must not keep anyone out until it catches up.
    if (found === undefined || age < 0 || age >= 2 * windowMs) return { startedAt: now, count: 0, before: 0 }
    return age < windowMs ? found : { startedAt: found.startedAt + windowMs, count: 0, before: found.count }
  }

  const keep = (key: string, window: Window) => {
    windows.delete(key)
    windows.set(key, window)
    const [oldest] = windows.keys()
    if (windows.size > maxKeys && oldest !== undefined) windows.delete(oldest)
  }

  const judge = (window: Window, perMinute: number, now: EpochMs): Verdict => {
    const elapsed = now - window.startedAt
    const weight = 1 - elapsed / windowMs
    if (window.before * weight + window.count + 1 <= perMinute) return { status: "allowed" }
    return { status: "limited", retryAfterSeconds: Math.max(1, Math.ceil(waitMs(window, perMinute, elapsed) / 1_000)) }
  }

  return {
    take(key, perMinute, now) {
      const window = current(key, now)
      const verdict = judge(window, perMinute, now)
      if (verdict.status === "allowed") window.count += 1
      keep(key, window)
      return verdict
    },
    check: (key, perMinute, now) => judge(current(key, now), perMinute, now),
    size: () => windows.size,
  }
}

/** @throws LoopError `too_many_requests` when the verdict is to wait */
export function requireRoom(verdict: Verdict): void {
  if (verdict.status === "limited") {
    throw new LoopError("too_many_requests", { retryAfterSeconds: verdict.retryAfterSeconds })
  }
}

/** How long until the weighted count has room for one more, if nothing else comes. */
function waitMs(window: Window, perMinute: number, elapsed: number): number {
  const room = perMinute - 1
  if (window.count <= room) return windowMs * (1 - (room - window.count) / window.before) - elapsed
  return windowMs - elapsed + windowMs * (1 - room / window.count)
}
