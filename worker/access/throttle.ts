/** Slows down the guessing of passwords and set-up codes. Counts live in libSQL: a restart forgives nothing. */
import { LoopError } from "../../core/errors.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import { usernameKey } from "../../adapters/store/access.ts"
import { countAttempt, settleAttempt } from "../../adapters/store/login-attempts.ts"
import type { EdgeDeps } from "../deps.ts"
import { addressKey } from "../http/address.ts"

/** How long a key's count lasts. */
export const throttleWindowMs = 15 * 60 * 1000
/**
 * Failures that a window allows. One address against one name gets few; the name as a whole gets more, so that one
 * stranger cannot lock its owner out; what many addresses together may try in a day is still hopeless.
 */
export const allowedFailures = { pair: 10, address: 30, name: 100 } as const

export interface Attempt {
  /** It was right: its own count goes, and the name starts afresh. Other guesses from the address stay counted. */
  succeeded(): Promise<void>
}
type Throttled = Pick<EdgeDeps, "libsql" | "now">

/**
 * Counts a login before it is judged.
 * @throws LoopError `too_many_logins`, which tells nothing of whether the name exists; `database_unavailable`
 */
export async function beginLogin(deps: Throttled, address: string, username: string): Promise<Attempt> {
  const from = addressKey(address)
  // Hashed, because people type passwords into the field of the name.
  const name = sha256Hex(usernameKey(username))
  const keys = { address: `address:${from}`, pair: `pair:${name}:${from}`, name: `name:${name}` }
  await count(deps, [
    { key: keys.address, limit: allowedFailures.address },
    { key: keys.pair, limit: allowedFailures.pair },
  ])
  // Only now: what was refused above must not add to the count that bars the name's owner.
  await count(deps, [{ key: keys.name, limit: allowedFailures.name }])
  return {
    succeeded: () => settleAttempt(deps.libsql, { forgiven: [keys.pair, keys.name], uncounted: [keys.address] }),
  }
}

/**
 * Counts an attempt at the set-up code before it is judged.
 * @throws LoopError `too_many_logins`, `database_unavailable`
 */
export async function beginSetUp(deps: Throttled, address: string): Promise<Attempt> {
  const key = `setup:${addressKey(address)}`
  await count(deps, [{ key, limit: allowedFailures.address }])
  return { succeeded: () => settleAttempt(deps.libsql, { forgiven: [key], uncounted: [] }) }
}

async function count(deps: Throttled, limits: readonly { key: string; limit: number }[]): Promise<void> {
  const now = deps.now()
  const keys = limits.map(({ key }) => key)
  const counts = await countAttempt(deps.libsql, keys, now, throttleWindowMs)
  const waits = counts.flatMap(({ attempts, windowStartedAt }, at) =>
    attempts > (limits[at]?.limit ?? 0) ? [windowStartedAt + throttleWindowMs - now] : [],
  )
  if (waits.length === 0) return
  throw new LoopError("too_many_logins", { retryAfterSeconds: Math.max(1, Math.ceil(Math.max(...waits) / 1_000)) })
}
