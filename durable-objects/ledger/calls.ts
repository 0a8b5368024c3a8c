/** The model calls that the Ledger knows: those in flight, those that wait for room, and for a day or two those that are over. */
import * as z from "zod"
import { erasedIdHash } from "../../adapters/store/projection.ts"
import { Amount, Begun } from "../../core/budget/account.ts"
import { CallId, CallPrice, longestWaitMs, ReserveRequest } from "../../core/budget/reserve.ts"
import { Usage } from "../../core/model/call.ts"
import { after, ConversationId, EpochMs, GroupId, toEpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"

/** A call in flight and what is held back for it. */
export const Reservation = z.object({
  conversationId: ConversationId,
  groupId: GroupId.nullable(),
  provider: z.string(),
  /** Its place among the candidates. */
  candidate: z.number().int(),
  inputTokens: z.number().int(),
  maxOutputTokens: z.number().int(),
  price: CallPrice.nullable(),
  worst: Amount,
  begun: Begun,
  leaseEndsAt: EpochMs,
})
export type Reservation = z.infer<typeof Reservation>

/** A call that was charged. `isSwept`: nobody had said what it took; who says it late is still heard. */
export const Settled = z.object({
  groupId: GroupId.nullable(),
  price: CallPrice.nullable(),
  begun: Begun,
  charged: Amount,
  usage: Usage,
  isSwept: z.boolean(),
})
export type Settled = z.infer<typeof Settled>

const Waiter = z.object({ request: ReserveRequest, since: EpochMs })
export type Waiter = z.infer<typeof Waiter>

const dayMs = 24 * 60 * 60_000

export class Calls {
  readonly #host: ObjectHost
  /** The oldest first. */
  readonly #inFlight: Map<CallId, Reservation>
  /** In the order of asking. */
  readonly #waiting: Map<CallId, Waiter>
  /** Of what is over, nothing from before this day is kept. */
  #oldestDay: string | undefined

  constructor(host: ObjectHost) {
    this.#host = host
    const calls = host.storage
      .list({ prefix: "call/" })
      .map(([key, value]) => [idOf(key), Reservation.parse(value)] as const)
    this.#inFlight = new Map(calls.toSorted(([, a], [, b]) => a.leaseEndsAt - b.leaseEndsAt))
    const asks = host.storage.list({ prefix: "ask/" }).map(([key, value]) => [idOf(key), Waiter.parse(value)] as const)
    this.#waiting = new Map(asks.toSorted(([, a], [, b]) => a.since - b.since))
  }

  /** When a lease or a place in line ends; null: none stands. */
  get dueAt(): EpochMs | null {
    const [lease] = this.#inFlight.values()
    const [waiter] = this.#waiting.values()
    const due = [lease?.leaseEndsAt, waiter && staleAt(waiter)].filter((at) => at !== undefined)
    return due.length === 0 ? null : toEpochMs(Math.min(...due))
  }

  inFlight(callId: CallId): Reservation | undefined {
    return this.#inFlight.get(callId)
  }

  /** Those whose lease is over, or all of a conversation. */
  *overdue(of: { conversationId: ConversationId } | { now: EpochMs }): Generator<[CallId, Reservation]> {
    for (const [callId, call] of this.#inFlight)
      if ("now" in of ? call.leaseEndsAt <= of.now : call.conversationId === of.conversationId) yield [callId, call]
  }

  begin(callId: CallId, call: Reservation): void {
    this.leaveLine(callId)
    this.#inFlight.set(callId, call)
    this.#host.storage.put(`call/${callId}`, call)
  }

  /** The call is over, or what is known of its end changed. */
  end(callId: CallId, settled: Settled): void {
    if (this.#inFlight.delete(callId)) this.#host.storage.delete(`call/${callId}`)
    const [today, yesterday] = this.#days
    this.#host.storage.delete(`done/${yesterday}/${callId}`)
    this.#host.storage.put(`done/${today}/${callId}`, settled)
    if (this.#oldestDay === yesterday) return
    this.#oldestDay = yesterday
    this.#host.storage.deleteRange({ start: "done/", end: `done/${yesterday}/` })
  }

  /** Nothing is held for the call any more, and it is not over either. */
  drop(callId: CallId): void {
    if (this.#inFlight.delete(callId)) this.#host.storage.delete(`call/${callId}`)
  }

  /** The call has not begun after all. */
  reopen(callId: CallId): void {
    for (const day of this.#days) this.#host.storage.delete(`done/${day}/${callId}`)
  }

  settled(callId: CallId): Settled | undefined {
    return Settled.optional().parse(this.#recall(callId))
  }

  /** In the order of asking. */
  get line(): Iterable<Waiter> {
    return this.#waiting.values()
  }

  get isAnyoneInLine(): boolean {
    return this.#waiting.size > 0
  }

  /** Takes a place in line, or keeps the one it has. @returns since when it waits */
  waitInLine(request: ReserveRequest): EpochMs {
    const known = this.#waiting.get(request.callId)
    if (known !== undefined) return known.since
    const waiter = { request, since: this.#host.now() }
    this.#waiting.set(request.callId, waiter)
    this.#host.storage.put(`ask/${request.callId}`, waiter)
    return waiter.since
  }

  leaveLine(callId: CallId): void {
    if (this.#waiting.delete(callId)) this.#host.storage.delete(`ask/${callId}`)
  }

  /** Lets go of askers that came back no more. */
  dropStale(): void {
    const now = this.#host.now()
    for (const [callId, waiter] of this.#waiting) if (staleAt(waiter) <= now) this.leaveLine(callId)
  }

  /** Nothing that names the conversation stays; a digest tells for a day that whoever speaks for it comes too late. */
  forget(conversationId: ConversationId): void {
    for (const [callId, { request }] of this.#waiting)
      if (request.conversationId === conversationId) this.leaveLine(callId)
    for (const day of this.#days) this.#host.storage.deleteRange({ prefix: `done/${day}/turn_${conversationId}_` })
    this.#host.storage.put(`done/${this.#days[0]}/${goneKey(conversationId)}`, true)
  }

  isForgotten(conversationId: ConversationId): boolean {
    return this.#recall(goneKey(conversationId)) !== undefined
  }

  /** The conversation begins another life. */
  welcome(conversationId: ConversationId): void {
    for (const day of this.#days) this.#host.storage.delete(`done/${day}/${goneKey(conversationId)}`)
  }

  #recall(key: string): unknown {
    const [today, yesterday] = this.#days
    return this.#host.storage.get(`done/${today}/${key}`) ?? this.#host.storage.get(`done/${yesterday}/${key}`)
  }

  get #days(): readonly [today: string, yesterday: string] {
    const today = Math.floor(this.#host.now() / dayMs)
    const name = (day: number) => String(day).padStart(6, "0")
    return [name(today), name(today - 1)]
  }
}

/** Whoever waits is told to be refused before that, and has a minute to come. */
function staleAt({ since }: Waiter): EpochMs {
  return after(since, 2 * longestWaitMs)
}

function goneKey(conversationId: ConversationId): string {
  return `gone_${erasedIdHash(conversationId)}`
}

function idOf(key: string): CallId {
  return CallId.parse(key.slice(key.indexOf("/") + 1))
}
