/**
 * A conversation's stored state and its mirror in memory. Every change is written at once and synchronously: what stands
 * between two awaits is one atomic step, and when the host loses a commit it drops this mirror with the object.
 */
import type { EventId, LoopEvent } from "../../core/loop/event.ts"
import { InboundMessage } from "../../core/channel/message.ts"
import type { Message } from "../../core/model/message.ts"
import { Summary } from "../../core/turn/context.ts"
import { TurnEvent } from "../../core/turn/event.ts"
import { TurnPolicy } from "../../core/turn/policy.ts"
import { newestWithin } from "../../core/turn/transcript.ts"
import { ConversationId, TurnId, type EpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import { deleteLarge, listLarge, putLarge } from "../large-values.ts"
import { expireClaims } from "./claims.ts"
import { EndedTurn, InboxRecord, keys, Meta, OutboxRow, StoredEvent } from "./records.ts"

export interface Turn {
  readonly number: number
  readonly id: TurnId
  readonly events: TurnEvent[]
}

export interface Queued {
  readonly sequence: number
  readonly message: InboundMessage
}

/** More than the step events of a usual turn. */
const eventsPerPage = 50

export class ConversationState {
  readonly #host: ObjectHost
  readonly #onEvent: (meta: Meta, turn: Turn, event: TurnEvent) => void
  /** Undefined until it is asked for. */
  #policy: TurnPolicy | undefined
  /** Undefined until the conversation exists. */
  meta: Meta | undefined
  /** The retained journals, oldest first; the last one may be open. */
  readonly turns: Turn[] = []
  readonly queue: Queued[] = []
  /** In order of sending; sent and failed rows stay until libSQL knows of them. */
  readonly outbox: OutboxRow[] = []

  /** @param onEvent - told of each event as it is appended to its turn */
  constructor(host: ObjectHost, onEvent: (meta: Meta, turn: Turn, event: TurnEvent) => void = () => {}) {
    this.#host = host
    this.#onEvent = onEvent
    const meta = host.storage.get(keys.meta)
    if (meta === undefined) return
    this.meta = Meta.parse(meta)
    for (const [key, value] of listLarge(host.storage, "j/")) {
      const number = Number(key.split("/")[1])
      const last = this.turns.at(-1)
      if (last?.number === number) last.events.push(TurnEvent.parse(value))
      else this.turns.push({ number, id: this.turnId(number), events: [TurnEvent.parse(value)] })
    }
    for (const [key, value] of listLarge(host.storage, "q/")) {
      this.queue.push({ sequence: Number(key.slice(2)), message: InboundMessage.parse(value) })
    }
    for (const [, value] of host.storage.list({ prefix: "o/" })) this.outbox.push(OutboxRow.parse(value))
  }

  create(meta: Meta): void {
    this.meta = meta
    this.#host.storage.put(keys.meta, meta)
  }

  /** Changes the conversation; `row` says whether its row in libSQL changes too. */
  change(part: Partial<Meta>, row: "row" | "internal"): Meta {
    const before = this.require()
    const version = Math.max(part.version ?? 0, row === "row" ? before.version + 1 : before.version)
    const meta = { ...before, ...part, version }
    this.create(meta)
    return meta
  }

  /** Also of a conversation that is yet to begin. */
  get id(): ConversationId {
    return this.meta?.id ?? ConversationId.parse(this.#host.id)
  }

  /** The conversation, where it is known to exist. */
  require(): Meta {
    if (this.meta === undefined) throw new Error("the conversation does not exist yet")
    return this.meta
  }

  turnId(number: number): TurnId {
    return TurnId.parse(`turn_${this.require().id}_${number}`)
  }

  /** The turn that has not ended, if there is one. */
  get openTurn(): Turn | undefined {
    const last = this.turns.at(-1)
    const end = last?.events.at(-1)?.type
    return end === "turn_ended" || end === "history_recalled" ? undefined : last
  }

  isOpen(turn: Turn): boolean {
    return this.openTurn?.number === turn.number
  }

  append(turn: Turn, event: TurnEvent): void {
    putLarge(this.#host.storage, keys.journal(turn.number, turn.events.length), event)
    turn.events.push(event)
    this.#onEvent(this.require(), turn, event)
  }

  /** Opens the next turn with these messages, in memory and storage. */
  openNextTurn(messages: [InboundMessage, ...InboundMessage[]], now: EpochMs): Turn {
    const { turn: before } = this.require()
    const turn: Turn = { number: before + 1, id: this.turnId(before + 1), events: [] }
    this.turns.push(turn)
    this.change({ turn: turn.number, lastActivityAt: now }, "row")
    this.append(turn, { type: "turn_started", messages, at: now })
    return turn
  }

  /** Puts history that libSQL has into a turn of its own, before all that this object knows. */
  remember(number: number, { messages, marks }: { messages: Message[]; marks: string[] }, now: EpochMs): void {
    if (number < 1 || messages.length === 0) return
    const turn: Turn = { number, id: this.turnId(number), events: [] }
    this.turns.unshift(turn)
    this.append(turn, { type: "history_recalled", messages, marks, at: now })
    const { projected } = this.require()
    if (projected.turn <= number) this.change({ projected: { turn: number, index: 1 } }, "internal")
  }

  /** Puts what was said elsewhere before a new conversation: each question with its answer is a turn, so that trimming fits. */
  begin(messages: readonly Message[], now: EpochMs): void {
    for (const [index, message] of messages.entries()) {
      const isAnswer = message.role === "assistant" && index > 0
      const last = isAnswer ? this.turns.at(-1) : undefined
      const number = this.require().turn + (last === undefined ? 1 : 0)
      const turn = last ?? { number, id: this.turnId(number), events: [] }
      if (last === undefined) {
        this.turns.push(turn)
        this.change({ turn: number }, "row")
      }
      this.append(turn, { type: "history_recalled", messages: [message], isNew: true, at: now })
    }
  }

  recordEnd(turn: Turn, end: EndedTurn): void {
    putLarge(this.#host.storage, keys.ended(turn.number), end)
  }

  ended(turn: number): EndedTurn | undefined {
    const [found] = listLarge(this.#host.storage, keys.ended(turn))
    return found === undefined ? undefined : EndedTurn.parse(found[1])
  }

  inbox(externalId: string): InboxRecord | undefined {
    const value = this.#host.storage.get(keys.inbox(externalId))
    return value === undefined ? undefined : InboxRecord.parse(value)
  }

  recordInbox(externalId: string, record: InboxRecord): void {
    this.#host.storage.put(keys.inbox(externalId), record)
  }

  enqueue(message: InboundMessage): Queued {
    const meta = this.require()
    const entry = { sequence: meta.nextQueued, message }
    this.change({ nextQueued: meta.nextQueued + 1 }, "internal")
    putLarge(this.#host.storage, keys.queued(entry.sequence), message)
    this.queue.push(entry)
    return entry
  }

  /** Takes entries out of the queue into the newest turn and tells the inbox so. */
  dequeue(entries: readonly Queued[]): void {
    const { turn: number, turnSegment: segment } = this.require()
    for (const { sequence, message } of entries) {
      deleteLarge(this.#host.storage, keys.queued(sequence))
      this.recordInbox(message.externalId, {
        at: message.receivedAt,
        bodyHash: message.bodyHash ?? null,
        queued: sequence,
        turn: { number, segment },
      })
    }
    const taken = new Set(entries.map((entry) => entry.sequence))
    this.queue.splice(0, this.queue.length, ...this.queue.filter((entry) => !taken.has(entry.sequence)))
  }

  storeEvent(id: EventId, turn: number, at: EpochMs, event: LoopEvent): void {
    this.#host.storage.put(keys.event(id), { id, turn, at, event } satisfies StoredEvent)
  }

  /**
   * Stored step events of a segment and all later ones, behind `id`, oldest first. Read a few at a time: a day's events are
   * many, and most who ask need only the first ones.
   */
  *eventsAfter(segment: number, id: EventId | undefined): Generator<StoredEvent> {
    const first = keys.eventsFrom(segment)
    const behind = id === undefined ? first : `${keys.event(id)}\u0000`
    let start = behind > first ? behind : first
    for (;;) {
      const page = this.#host.storage.list({ start, end: "e0", limit: eventsPerPage })
      for (const [, value] of page) yield StoredEvent.parse(value)
      const last = page.at(-1)
      if (last === undefined || page.length < eventsPerPage) return
      start = `${last[0]}\u0000`
    }
  }

  savePolicy(policy: TurnPolicy): void {
    if (this.lastPolicy()?.version === policy.version) return
    this.#host.storage.deleteRange({ prefix: "p/" })
    this.#host.storage.put(keys.policy(policy.version), policy)
    this.#policy = policy
  }

  /** The policy of the newest segment: the only one that is kept. */
  lastPolicy(): TurnPolicy | undefined {
    if (this.#policy !== undefined) return this.#policy
    const [newest] = this.#host.storage.list({ prefix: "p/", limit: 1 })
    if (newest !== undefined) this.#policy = TurnPolicy.parse(newest[1])
    return this.#policy
  }

  /** Stands in place of older turns in what models are shown. */
  get summary(): Summary | undefined {
    return Summary.optional().parse(this.#host.storage.get(keys.summary))
  }

  saveSummary(summary: Summary): void {
    this.#host.storage.put(keys.summary, summary)
  }

  /** Forgets everything in memory: the host erases what is stored. */
  forget(): void {
    this.meta = undefined
    this.#policy = undefined
    this.turns.length = 0
    this.queue.length = 0
    this.outbox.length = 0
  }

  saveOutgoing(row: OutboxRow): void {
    const index = this.outbox.findIndex((known) => known.sequence === row.sequence)
    if (index < 0) this.outbox.push(row)
    else this.outbox[index] = row
    this.#host.storage.put(keys.outgoing(row.sequence), row)
  }

  dropOutgoing(row: OutboxRow): void {
    this.outbox.splice(this.outbox.indexOf(row), 1)
    this.#host.storage.delete(keys.outgoing(row.sequence))
  }

  /** Forgets journals that libSQL has and no model call of `historyMessages` messages needs. */
  pruneTurns(historyMessages: number): void {
    const { projected } = this.require()
    const needed = newestWithin(
      this.turns.map((turn) => turn.events),
      historyMessages,
    ).length
    const surplus = Math.max(0, this.turns.length - Math.max(1, needed))
    for (const turn of this.turns.slice(0, surplus)) {
      if (turn.number >= projected.turn) return
      this.#host.storage.deleteRange({ prefix: keys.journalOf(turn.number) })
      this.turns.shift()
    }
  }

  /**
   * Forgets step events, ended turns and ids made of an Idempotency-Key from before `eventsBefore`, and all other inbox
   * ids from before `inboxBefore`.
   * @returns true when anything is left to expire later
   */
  expire(eventsBefore: EpochMs, inboxBefore: EpochMs): boolean {
    const { storage } = this.#host
    let left = 0
    for (const [key, value] of storage.list({ prefix: "e/" })) {
      if (StoredEvent.parse(value).at < eventsBefore) storage.delete(key)
      else left += 1
    }
    for (const [key, value] of listLarge(storage, "t/")) {
      if (EndedTurn.parse(value).at < eventsBefore) deleteLarge(storage, key)
      else left += 1
    }
    for (const [key, value] of storage.list({ prefix: "in/" })) {
      const before = key.startsWith("in/idem:") ? eventsBefore : inboxBefore
      if (InboxRecord.parse(value).at < before) storage.delete(key)
      else left += 1
    }
    left += expireClaims(storage, eventsBefore)
    return left > 0
  }
}
