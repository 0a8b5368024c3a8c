/**
 * What goes out to a person on a channel: each part is a row with a state, sent in order, tried again until it is sent or
 * finally refused. An attempt whose outcome was lost is repeated and marked: the platform has no idempotency key.
 */
import type { OutgoingPart, SendOutcome } from "../../core/channel/outgoing.ts"
import { isLoopError } from "../../core/errors.ts"
import type { DeliveryRow } from "../../core/projection.ts"
import { after, type ChannelId, type EpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { OutboxRow } from "./records.ts"
import type { ConversationState, Turn } from "./state.ts"

/** Attempts whose outcome is unknown or that were put off, before a part is given up: over 12 hours at the longest pause. */
const maxAttempts = 30
/** Attempts of one part that may each have reached the person: bounds how often a part can repeat. */
const maxUnknownAttempts = 3
const longestPauseMs = 30 * 60_000

export class Outbox {
  readonly #host: ObjectHost
  readonly #state: ConversationState
  readonly #onOver: (row: OutboxRow) => void
  #delivering: Promise<void> | undefined

  /** @param onOver - told of each part that was sent or given up, in the same step */
  constructor(host: ObjectHost, state: ConversationState, onOver: (row: OutboxRow) => void = () => {}) {
    this.#host = host
    this.#state = state
    this.#onOver = onOver
    for (const row of state.outbox) {
      if (row.status === "sending") this.#save(row, this.#afterUnknown(row, "The gateway stopped while it was sent."))
    }
  }

  /** @param name - tells the parts from others of the turn @returns their ids */
  add(
    turn: Pick<Turn, "id">,
    channelId: ChannelId,
    parts: readonly (OutgoingPart & { readonly fallback?: OutgoingPart })[],
    name = "part",
  ): string[] {
    const now = this.#host.now()
    return parts.map(({ fallback, ...part }, index) => {
      const { nextOutgoing: sequence } = this.#state.require()
      this.#state.change({ nextOutgoing: sequence + 1 }, "internal")
      const id = `${turn.id}.${name}.${index}`
      this.#state.saveOutgoing({
        id,
        sequence,
        turnId: turn.id,
        channelId,
        part,
        needs: fallback === undefined ? null : `${turn.id}.${name}.${index - 1}`,
        fallback: fallback ?? null,
        status: "pending",
        attempts: 0,
        unknownAttempts: 0,
        maybeRepeated: false,
        externalId: null,
        reason: null,
        nextAttemptAt: now,
        createdAt: now,
        updatedAt: now,
        version: 0,
        projectedVersion: -1,
      })
      return id
    })
  }

  /** A part that nobody need see any more; one that is being sent is left alone. */
  withdraw(id: string): void {
    const row = this.#state.outbox.find((known) => known.id === id)
    if (row?.status === "pending") this.#save(row, { status: "failed", reason: "No longer needed." })
  }

  /** Whether a part of this name has yet to be sent. */
  hasWaiting(name: string): boolean {
    return this.#state.outbox.some(({ id, status }) => status === "pending" && id.includes(`.${name}.`))
  }

  /** When the next attempt is due; null when nothing waits or a delivery runs. */
  get dueAt(): EpochMs | null {
    return this.#delivering === undefined ? this.#nextAttemptAt : null
  }

  /** Sends nothing more of what waits. */
  drop(): void {
    for (const row of this.#state.outbox.toReversed()) this.#state.dropOutgoing(row)
  }

  get isEmpty(): boolean {
    return this.#next() === undefined
  }

  get #nextAttemptAt(): EpochMs | null {
    return this.#next()?.nextAttemptAt ?? null
  }

  /** Rows in a state that libSQL does not know of yet. */
  get deliveries(): DeliveryRow[] {
    const { id } = this.#state.require()
    return this.#state.outbox.filter(isNews).map((row) => ({
      id: row.id,
      conversationId: id,
      turnId: row.turnId,
      channelId: row.channelId,
      status: row.status === "sending" ? "pending" : row.status,
      attempts: row.attempts,
      maybeRepeated: row.maybeRepeated,
      externalId: row.externalId,
      reason: row.reason,
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
      version: row.version,
    }))
  }

  get hasNews(): boolean {
    return this.#state.outbox.some(isNews)
  }

  /** libSQL has these versions: rows that are over are forgotten. */
  markProjected(deliveries: readonly DeliveryRow[]): void {
    for (const { id, version } of deliveries) {
      const row = this.#state.outbox.find((known) => known.id === id)
      if (row === undefined) continue
      const isOver = row.status === "sent" || row.status === "failed"
      if (isOver && row.version === version) this.#state.dropOutgoing(row)
      else this.#state.saveOutgoing({ ...row, projectedVersion: version })
    }
  }

  /** Sends what is due, in order, one part at a time; a second caller joins the first. */
  deliver(): Promise<void> {
    this.#delivering ??= this.#deliverDue().finally(() => {
      this.#delivering = undefined
    })
    return this.#delivering
  }

  async #deliverDue(): Promise<void> {
    for (;;) {
      const row = this.#next()
      if (row === undefined || row.nextAttemptAt > this.#host.now()) return
      const sending = this.#save(row, { status: "sending", attempts: row.attempts + 1 })
      const outcome = await this.#send(sending)
      // Erased meanwhile: nothing of it may be written again.
      if (!this.#state.outbox.some(({ id }) => id === sending.id)) return
      this.#save(sending, this.#afterOutcome(sending, outcome))
    }
  }

  async #send(row: OutboxRow): Promise<SendOutcome> {
    try {
      return await this.#host.peer("channel", row.channelId).call("send", row.part)
    } catch (error) {
      // Refused by code before anything left; any other failure may have come after it.
      const isBefore = isLoopError(error) && (error.code === "channel_not_found" || error.code === "peer_unavailable")
      if (isBefore && error.code === "channel_not_found")
        return { status: "refused", reason: "The channel was deleted." }
      if (isBefore) return { status: "later", retryAfterMs: 1_000, reason: "The channel did not answer." }
      return { status: "unknown", reason: "The channel broke off while sending." }
    }
  }

  #afterOutcome(row: OutboxRow, outcome: SendOutcome): Partial<OutboxRow> {
    switch (outcome.status) {
      case "sent":
        return { status: "sent", externalId: outcome.externalId, reason: null }
      case "refused":
        return { status: "failed", reason: outcome.reason }
      case "unknown":
        return this.#afterUnknown(row, outcome.reason)
      case "later":
        return this.#afterPause(row, outcome.reason, outcome.retryAfterMs)
    }
  }

  #afterUnknown(row: OutboxRow, reason: string): Partial<OutboxRow> {
    const unknownAttempts = row.unknownAttempts + 1
    const marked = { unknownAttempts, maybeRepeated: true }
    if (unknownAttempts < maxUnknownAttempts) return { ...this.#afterPause(row, reason, 0), ...marked }
    return { status: "failed", reason: `${reason} It may or may not have arrived.`, ...marked }
  }

  #afterPause(row: OutboxRow, reason: string, retryAfterMs: number): Partial<OutboxRow> {
    if (row.attempts >= maxAttempts) return { status: "failed", reason }
    const pauseMs = Math.min(longestPauseMs, Math.max(retryAfterMs, 1_000 * 2 ** (row.attempts - 1)))
    return { status: "pending", reason, nextAttemptAt: after(this.#host.now(), pauseMs) }
  }

  #save(row: OutboxRow, change: Partial<OutboxRow>): OutboxRow {
    const saved = { ...row, ...change, updatedAt: this.#host.now(), version: row.version + 1 }
    this.#state.saveOutgoing(saved)
    if (saved.status === "failed") this.#replaceBehind(saved)
    if (saved.status === "sent" || saved.status === "failed") this.#onOver(saved)
    return saved
  }

  /** What needed a file that will never be there says so instead, in the same step. */
  #replaceBehind({ id }: OutboxRow): void {
    const row = this.#state.outbox.find((known) => known.needs === id && known.status === "pending")
    if (row === undefined || row.fallback === null) return
    this.#state.saveOutgoing({ ...row, part: row.fallback, needs: null, fallback: null })
  }

  #next(): OutboxRow | undefined {
    return this.#state.outbox.find((row) => row.status === "pending" || row.status === "sending")
  }
}

function isNews(row: OutboxRow): boolean {
  return row.version > row.projectedVersion
}
