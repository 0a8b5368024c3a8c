/** How an object's values stand in its store: as JSON text under keys in UTF-8 order, the same on both hosts. */
import { LoopError } from "../core/errors.ts"
import { maxStoredBytes, type KeyRange } from "./host.ts"

const encoder = new TextEncoder()
/** UTF-16 code units become at most three bytes of UTF-8 each. */
const maxBytesPerUnit = 3
const firstSurrogate = 0xd800
const lastSurrogate = 0xdfff
const lastCodePoint = 0x10ffff

/**
 * The text to store: a copy of `value`, as JSON.stringify writes it.
 * @throws LoopError `storage_value_too_large`; TypeError for what JSON cannot hold and for keys that UTF-8 cannot hold
 */
export function encodeStored(key: string, value: unknown): string {
  checkKey(key)
  const text: unknown = JSON.stringify(value)
  if (typeof text !== "string") throw new TypeError(`no JSON value under the key ${JSON.stringify(key)}`)
  const units = key.length + text.length
  if (units * maxBytesPerUnit > maxStoredBytes) {
    const sizeBytes = units > maxStoredBytes ? units : encoder.encode(key).length + encoder.encode(text).length
    if (sizeBytes > maxStoredBytes)
      throw new LoopError("storage_value_too_large", { key: key.slice(0, 200), sizeBytes })
  }
  return text
}

/** The value of a stored text. */
export function decodeStored(text: string): unknown {
  return JSON.parse(text)
}

/** Refuses keys with half a surrogate pair: UTF-8 has no place for them, so that two of them would become one key. */
export function checkKey(key: string): void {
  if (/\p{Surrogate}/u.test(key)) throw new TypeError(`a key with half a surrogate pair: ${JSON.stringify(key)}`)
}

/** The range as `[start, end)`; an absent end means all from `start` on. */
export function toBounds(range: KeyRange): { start: string; end: string | undefined } {
  if ("prefix" in range) {
    checkKey(range.prefix)
    return { start: range.prefix, end: endOfPrefix(range.prefix) }
  }
  checkKey(range.start)
  checkKey(range.end)
  return range
}

/** The least string that stands behind all strings with the prefix: UTF-8's order is that of code points. */
function endOfPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  while (points.length > 0) {
    const last = points.pop() ?? 0
    if (last === lastCodePoint) continue
    const next = last + 1 === firstSurrogate ? lastSurrogate + 1 : last + 1
    return String.fromCodePoint(...points, next)
  }
  return undefined
}

/**
 * Runs `fn` for a host's `transaction`.
 * @throws TypeError when `fn` is asynchronous: what it does after its first await would stand outside
 */
export function runSynchronously<T>(fn: () => T): T {
  const result = fn()
  if (result instanceof Promise) {
    result.catch(() => {})
    throw new TypeError("a transaction must not await")
  }
  return result
}
