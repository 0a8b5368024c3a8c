/**
 * What this conversation asks of the Ledger before its model calls, and owes it after them. A debt is written with the journal
 * entry that makes it, and told until the Ledger has answered: a call that a crash cut off is charged once, and never forgotten.
 */
import { isLoopError } from "../../core/errors.ts"
import { type CallId, type ReserveAnswer, type ReserveRequest, SettleRequest } from "../../core/budget/reserve.ts"
import { after, type EpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import { keys } from "./records.ts"

/** How a call ended, as far as anyone knows. */
export type Ending = Pick<SettleRequest, "usage" | "costMicroUsd" | "health">

/** Before a Ledger that did not answer is asked again. */
const retryMs = 2_000

export class Spending {
  readonly #host: ObjectHost
  /** Debts by their call; those that run are told at their end. */
  readonly #owed = new Map<string, SettleRequest>()
  readonly #running = new Set<string>()
  /** What this life asked the Ledger for and did not begin; of an answer, whether something is held for it. */
  readonly #asks = new Map<CallId, "asking" | "held" | "answered" | "unanswered">()
  #telling: Promise<void> | undefined
  #retryAt: EpochMs | null = null

  constructor(host: ObjectHost) {
    this.#host = host
    // Whatever an earlier life of this object left: what ran then has no known end.
    for (const [, value] of host.storage.list({ prefix: keys.owedAll })) {
      const debt = SettleRequest.parse(value)
      this.#owed.set(debt.callId, debt)
    }
  }

  /** When the Ledger is to be told again; null when nothing is owed, or it is being told: whoever tells it looks again. */
  get dueAt(): EpochMs | null {
    if (this.#telling !== undefined) return null
    return this.#owed.size > this.#running.size ? (this.#retryAt ?? this.#host.now()) : null
  }

  /**
   * Asks whether a call may be made, once all that is over has been told.
   * @returns undefined when the Ledger does not answer
   */
  async reserve(request: ReserveRequest): Promise<ReserveAnswer | undefined> {
    await this.tell()
    const { callId } = request
    this.#asks.set(callId, "asking")
    try {
      const answer = await this.#host.peer("ledger", "main").call("reserve", request)
      this.#asks.set(callId, answer.status === "allowed" ? "held" : "answered")
      return answer
    } catch (error) {
      this.#asks.set(callId, "unanswered")
      if (isAway(error)) return undefined
      throw error
    }
  }

  /** In the same step as the journal's word that the call starts. */
  begin(callId: CallId, groupId: SettleRequest["groupId"]): void {
    this.#running.add(callId)
    this.#asks.delete(callId)
    this.#write({ callId, started: true, usage: null, costMicroUsd: null, health: null, groupId })
  }

  /** In the same step as the journal's word of the call's end. */
  end(callId: CallId, ending: Ending): void {
    const debt = this.#owed.get(callId)
    this.#running.delete(callId)
    if (debt !== undefined) this.#write({ ...debt, ...ending })
    this.#retryAt = null
  }

  /** The call ended without a word in the journal: it was stopped, and nobody knows what it cost. */
  drop(callId: CallId): void {
    this.#running.delete(callId)
  }

  /** A reservation for a call that is not made after all. */
  giveBack(callId: CallId): void {
    this.#asks.delete(callId)
    this.#write({ callId, started: false, usage: null, costMicroUsd: null, health: null })
  }

  /**
   * Whoever worked at calls has stopped, by whatever way. What still runs has lost its end and is charged at its worst case; what
   * was allowed and never began is given back. After a mistake of ours nothing is held until this object leaves memory.
   */
  letGo(): void {
    this.#running.clear()
    for (const [callId, ask] of this.#asks) if (ask === "held") this.giveBack(callId)
  }

  /**
   * A call that will never begin, in a turn that ends. What may be held for it is given back: the answer was lost, or an earlier
   * life of this object had it.
   */
  abandon(callId: CallId, { isOfEarlierLife }: { isOfEarlierLife: boolean }): void {
    const ask = this.#asks.get(callId)
    if (ask === "unanswered" || (ask === undefined && isOfEarlierLife)) this.giveBack(callId)
    if (ask !== "asking") this.#asks.delete(callId)
  }

  /** Tells the Ledger of all calls that are over; keeps what it did not answer. */
  tell(): Promise<void> {
    this.#telling ??= this.#tellAll().finally(() => (this.#telling = undefined))
    return this.#telling
  }

  /** Forgets everything in memory: the host erases what is stored. */
  forget(): void {
    this.#owed.clear()
    this.#running.clear()
    this.#asks.clear()
  }

  async #tellAll(): Promise<void> {
    for (const debt of this.#owed.values()) {
      if (this.#running.has(debt.callId)) continue
      try {
        await this.#host.peer("ledger", "main").call("settle", debt)
      } catch (error) {
        if (!isAway(error)) throw error
        this.#retryAt = after(this.#host.now(), retryMs)
        return
      }
      this.#owed.delete(debt.callId)
      this.#host.storage.delete(keys.owed(debt.callId))
    }
    this.#retryAt = null
  }

  #write(debt: SettleRequest): void {
    this.#owed.set(debt.callId, debt)
    this.#host.storage.put(keys.owed(debt.callId), debt)
  }
}

function isAway(error: unknown): boolean {
  return isLoopError(error) && (error.code === "peer_unavailable" || error.code === "database_unavailable")
}
