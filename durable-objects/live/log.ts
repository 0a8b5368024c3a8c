/** The newest events of the feed, numbered for good, for readers who were away for a moment. Kept while someone watches. */
import * as z from "zod"
import { Scope } from "../../core/access/scope.ts"
import { LiveSeq, scopeOfLive, type LiveEvent } from "../../core/live/event.ts"
import { after, EpochMs, toRfc3339 } from "../../core/units.ts"
import { maxSocketBufferBytes, type OrderedStore } from "../host.ts"

const State = z.object({
  /** The newest number. */
  seq: LiveSeq,
  /** Who has all up to here, or further, can be told the rest. */
  floor: LiveSeq,
  /** Nobody watched at last: events went by without a number. */
  isBlind: z.boolean(),
  /** Events are kept until then at least, for those who were cut off. */
  watchedUntil: EpochMs,
})
type State = z.infer<typeof State>

/** What is kept of an event: its frame, ready to send, and what decides who gets it. */
const Entry = z.object({ at: EpochMs, scope: Scope, frame: z.string() })
export type LoggedEvent = z.infer<typeof Entry>

const encoder = new TextEncoder()
const keptEvents = 1_000
const keptMs = 24 * 60 * 60_000
/** After the last reader was seen, events are kept this long for its return. */
const interestMs = 15 * 60_000
/** What is missed must fit a socket's buffer; else reading the lists anew is quicker. */
const maxReplayBytes = maxSocketBufferBytes - 16 * 1024
/** How many more outdated events one step removes than it adds. */
const prunedBeyond = 10

export class LiveLog {
  readonly #storage: OrderedStore
  #state: State

  constructor(storage: OrderedStore) {
    this.#storage = storage
    const stored = storage.get("state")
    this.#state =
      stored === undefined ? { seq: 0, floor: 0, isBlind: true, watchedUntil: EpochMs.parse(0) } : State.parse(stored)
  }

  get seq(): number {
    return this.#state.seq
  }

  get isBlind(): boolean {
    return this.#state.isBlind
  }

  get watchedUntil(): EpochMs {
    return this.#state.watchedUntil
  }

  /** Someone watches. Written once in a while only. */
  watch(now: EpochMs): void {
    const { isBlind, watchedUntil } = this.#state
    if (isBlind || watchedUntil < after(now, interestMs / 2)) {
      this.#save({ isBlind: false, watchedUntil: after(now, interestMs) })
    }
  }

  /** Nobody watches: what was kept is of use to no one, and what comes next is not kept. A later reader has a gap. */
  goBlind(): void {
    if (this.#state.isBlind) return
    const seq = this.#state.seq + 1
    this.#storage.deleteRange({ prefix: "e/" })
    this.#save({ seq, floor: seq, isBlind: true })
  }

  /** Numbers and keeps events. @returns their frames */
  append(events: readonly LiveEvent[], now: EpochMs): LoggedEvent[] {
    let { seq } = this.#state
    const at = toRfc3339(now)
    const logged = events.map((one) => {
      seq += 1
      const entry = { at: now, scope: scopeOfLive(one.event), frame: JSON.stringify({ seq, at, ...one }) }
      this.#storage.put(keyOf(seq), entry)
      return entry
    })
    this.#save({ seq, floor: this.#prune(seq, now, events.length + prunedBeyond) })
    return logged
  }

  /** What someone missed who has all up to `seq`; undefined when that is no longer known, or too much. */
  since(seq: number, now: EpochMs): LoggedEvent[] | undefined {
    if (seq < this.#state.floor || seq > this.#state.seq) return undefined
    const entries = this.#storage.list({ start: keyOf(seq + 1), end: lastKey }).map(([, value]) => Entry.parse(value))
    const isOld = entries[0] !== undefined && entries[0].at < now - keptMs
    const sizeBytes = entries.reduce((sum, { frame }) => sum + encoder.encode(frame).length, 0)
    return isOld || sizeBytes > maxReplayBytes ? undefined : entries
  }

  /** @returns the new floor */
  #prune(seq: number, now: EpochMs, limit: number): number {
    let { floor } = this.#state
    for (const [key, value] of this.#storage.list({ prefix: "e/", limit })) {
      const number = Number(key.slice(2))
      if (number > seq - keptEvents && Entry.parse(value).at >= now - keptMs) break
      this.#storage.delete(key)
      floor = number
    }
    return floor
  }

  #save(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change }
    this.#storage.put("state", this.#state)
  }
}

const keyOf = (seq: number) => `e/${String(seq).padStart(16, "0")}`
const lastKey = "e0"
