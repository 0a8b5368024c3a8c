/** How fast a bot may speak: Telegram's limits kept from our side, and its `retry_after` honoured, also after a restart. */
import { after, EpochMs, toEpochMs } from "../../core/units.ts"
import type { OrderedStore } from "../host.ts"

/**
 * Telegram asks for one message a second in a chat with short bursts, 20 a minute in a group, 30 a second in all (Bot API
 * FAQ, "My bot is hitting limits"). A burst is what may go at once after a rest.
 */
const rates = {
  account: { burst: 30, everyMs: 1_000 / 30 },
  person: { burst: 3, everyMs: 1_000 },
  group: { burst: 5, everyMs: 4_000 },
} as const
type Rate = (typeof rates)[keyof typeof rates]

/** Chats whose allowance is remembered; the rest have long had all of it again. */
const maxBuckets = 1_000
const holdPrefix = "hold/"
const accountHold = "account"

interface Bucket {
  left: number
  at: EpochMs
}

export class Pace {
  readonly #storage: OrderedStore
  /** In memory alone: after a restart Telegram itself says when it is too much. */
  readonly #buckets = new Map<string, Bucket>()
  readonly #holds: Map<string, EpochMs>

  constructor(storage: OrderedStore) {
    this.#storage = storage
    const stored = storage.list({ prefix: holdPrefix })
    this.#holds = new Map(stored.map(([key, until]) => [key.slice(holdPrefix.length), EpochMs.parse(until)]))
  }

  /** Milliseconds until Telegram may be asked again for this chat; 0 when it may be now. */
  holdMs(chatId: number, now: EpochMs): number {
    let longest = 0
    for (const name of [accountHold, String(chatId)]) {
      const until = this.#holds.get(name)
      if (until === undefined) continue
      if (until > now) longest = Math.max(longest, until - now)
      else this.#release(name)
    }
    return longest
  }

  /** Takes a message's place, and answers 0; or how many milliseconds until there is one. */
  take(chatId: number, now: EpochMs): number {
    const held = this.holdMs(chatId, now)
    if (held > 0) return held
    // Telegram's groups and channels have negative numbers.
    const chat = this.#refill(String(chatId), chatId < 0 ? rates.group : rates.person, now)
    const account = this.#refill(accountHold, rates.account, now)
    const waitMs = Math.max(missing(chat, chatId < 0 ? rates.group : rates.person), missing(account, rates.account))
    if (waitMs > 0) return Math.ceil(waitMs)
    chat.left -= 1
    account.left -= 1
    return 0
  }

  /** Telegram asked to wait. While two chats must, all do: then it is the account that was too fast. */
  hold(chatId: number, retryAfterMs: number, now: EpochMs): void {
    const others = [...this.#holds].filter(([name, until]) => name !== String(chatId) && until > now)
    for (const name of others.length > 0 ? [accountHold, String(chatId)] : [String(chatId)]) {
      const until = toEpochMs(Math.max(after(now, retryAfterMs), this.#holds.get(name) ?? 0))
      this.#holds.set(name, until)
      this.#storage.put(holdPrefix + name, until)
    }
  }

  #release(name: string): void {
    this.#holds.delete(name)
    this.#storage.delete(holdPrefix + name)
  }

  #refill(name: string, rate: Rate, now: EpochMs): Bucket {
    const known = this.#buckets.get(name)
    const left = known === undefined ? rate.burst : Math.min(rate.burst, known.left + (now - known.at) / rate.everyMs)
    const bucket = { left, at: now }
    this.#buckets.delete(name)
    this.#buckets.set(name, bucket)
    if (this.#buckets.size > maxBuckets)
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest)
        break
      }
    return bucket
  }
}

const missing = (bucket: Bucket, rate: Rate) => (bucket.left >= 1 ? 0 : (1 - bucket.left) * rate.everyMs)
