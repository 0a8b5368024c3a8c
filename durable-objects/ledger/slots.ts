/** Slots for turns that run at the same time. A refused asker waits in line and is woken. */
import * as z from "zod"
import type { Limit } from "../../core/edge-mode.ts"
import { after, ConversationId, EpochMs, TurnId } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"

const Slot = z.object({ conversationId: ConversationId, expiresAt: EpochMs })
type Slot = z.infer<typeof Slot>

/** One who stands in line; a lower place is served first. */
const Waiter = Slot.extend({ turnId: TurnId, place: z.number().int().positive() })
type Waiter = z.infer<typeof Waiter>

/** How many slots there are, as the settings of that version say; null: the default. */
const StoredLimit = z.object({ limit: z.number().int().positive().nullable(), version: z.number().int() })
type StoredLimit = z.infer<typeof StoredLimit>

/** A holder that says nothing for this long has died without a word; holders renew every minute at the latest. */
const slotLeaseMs = 3 * 60_000
/** An asker that does not ask again for this long no longer wants a slot. */
const waiterLeaseMs = 3 * 60_000

export class Slots {
  readonly #host: ObjectHost
  readonly #allowed: Limit
  #set: StoredLimit
  readonly #slots: Map<TurnId, Slot>
  /** In the order of asking. */
  readonly #waiting: Map<TurnId, Waiter>

  constructor(host: ObjectHost, allowed: Limit) {
    this.#host = host
    this.#allowed = allowed
    this.#set = StoredLimit.parse(host.storage.get("limit") ?? { limit: null, version: 0 })
    const stored = host.storage.list({ prefix: "slot/" })
    this.#slots = new Map(stored.map(([key, value]) => [TurnId.parse(key.slice("slot/".length)), Slot.parse(value)]))
    const line = host.storage.list({ prefix: "wait/" }).map(([, value]) => Waiter.parse(value))
    this.#waiting = new Map(line.map((waiter) => [waiter.turnId, waiter]))
  }

  acquire({ turnId, conversationId }: { turnId: TurnId; conversationId: ConversationId }): { granted: boolean } {
    this.#dropExpired()
    const free = this.#limit - this.#slots.size
    const isHolder = this.#slots.has(turnId)
    if (!isHolder && free <= this.#aheadOf(turnId)) {
      this.#wait(turnId, conversationId)
      return { granted: false }
    }
    this.#grant(turnId, conversationId)
    return { granted: true }
  }

  release(turnId: TurnId): void {
    this.#leaveLine(turnId)
    if (this.#slots.delete(turnId)) this.#host.storage.delete(`slot/${turnId}`)
    this.#dropExpired()
    this.#fill()
  }

  setLimit(set: StoredLimit): void {
    if (set.version < this.#set.version) return
    this.#set = set
    this.#host.storage.put("limit", set)
    this.#dropExpired()
    this.#fill()
  }

  /** A turn whose object died may have left its slot to time. */
  forget(conversationId: ConversationId): void {
    for (const [turnId, slot] of [...this.#slots, ...this.#waiting])
      if (slot.conversationId === conversationId) this.release(turnId)
  }

  get #limit(): number {
    return Math.min(this.#allowed.ceiling, this.#set.limit ?? this.#allowed.fallback)
  }

  /** Gives free slots to those who wait. */
  #fill(): void {
    for (const [next, { conversationId }] of this.#waiting) {
      if (this.#slots.size >= this.#limit) break
      this.#grant(next, conversationId)
      this.#host.keepAlive(this.#host.peer("conversation", conversationId).call("wake", { slotFor: next }))
    }
  }

  #grant(turnId: TurnId, conversationId: ConversationId): void {
    const slot = { conversationId, expiresAt: after(this.#host.now(), slotLeaseMs) }
    this.#leaveLine(turnId)
    this.#slots.set(turnId, slot)
    this.#host.storage.put(`slot/${turnId}`, slot)
  }

  /** Takes a place at the end of the line, or keeps the one it has. */
  #wait(turnId: TurnId, conversationId: ConversationId): void {
    const last = [...this.#waiting.values()].at(-1)?.place ?? 0
    const place = this.#waiting.get(turnId)?.place ?? last + 1
    const waiter = { turnId, conversationId, place, expiresAt: after(this.#host.now(), waiterLeaseMs) }
    this.#waiting.set(turnId, waiter)
    this.#host.storage.put(waiterKey(waiter), waiter)
  }

  #leaveLine(turnId: TurnId): void {
    const waiter = this.#waiting.get(turnId)
    if (waiter === undefined) return
    this.#waiting.delete(turnId)
    this.#host.storage.delete(waiterKey(waiter))
  }

  /** How many others stand in line before this turn. */
  #aheadOf(turnId: TurnId): number {
    let ahead = 0
    for (const waiting of this.#waiting.keys()) {
      if (waiting === turnId) return ahead
      ahead += 1
    }
    return ahead
  }

  #dropExpired(): void {
    const now = this.#host.now()
    for (const [turnId, slot] of this.#slots) {
      if (slot.expiresAt > now) continue
      this.#slots.delete(turnId)
      this.#host.storage.delete(`slot/${turnId}`)
    }
    for (const [turnId, waiter] of this.#waiting) if (waiter.expiresAt <= now) this.#leaveLine(turnId)
  }
}

function waiterKey({ place }: Waiter): string {
  return `wait/${String(place).padStart(10, "0")}`
}
