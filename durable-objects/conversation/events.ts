/** Live events: numbered, kept 24 hours where they are steps, never kept where they are text deltas. */
import { EventId, type LoopEvent } from "../../core/loop/event.ts"
import { foldTurn, pendingChoice, pendingChoices, textSeparator, turnText } from "../../core/turn/fold.ts"
import type { ObjectHost } from "../host.ts"
import { Readers, type Reader } from "./readers.ts"
import type { InboxRecord } from "./records.ts"
import type { ConversationState, Turn } from "./state.ts"

export class LiveEvents {
  readonly #host: ObjectHost
  readonly #state: ConversationState
  readonly #readers = new Readers()
  /** False until this incarnation has begun a segment of its own: an earlier one may have used any number of it. */
  #segmentIsOurs = false
  #next = 0
  /** What the running model call has streamed so far, separator included. */
  #partial = ""

  constructor(host: ObjectHost, state: ConversationState) {
    this.#host = host
    this.#state = state
  }

  /** Starts a new numbering. @returns the segment's number */
  beginSegment(): number {
    const segment = this.#state.require().segment + 1
    this.#state.change({ segment }, "internal")
    this.#segmentIsOurs = true
    this.#next = 0
    return segment
  }

  /** A step: stored, so that a reader who returns gets it. */
  step(turn: Turn, event: LoopEvent): void {
    const id = this.#nextId()
    this.#state.storeEvent(id, turn.number, this.#host.now(), event)
    this.#readers.publish(turn.number, event, id)
  }

  /** Text as the model writes it; the blank line that parts two answers of a turn comes with the first piece. */
  delta(turn: Turn, text: string): void {
    if (text === "") return
    const separator = this.#partial === "" ? textSeparator(foldTurn(turn.events)) : ""
    this.#partial += separator + text
    this.#publish(turn, { event: "assistant_delta", data: { text: separator + text } })
  }

  thinking(turn: Turn, text: string): void {
    if (text !== "") this.#publish(turn, { event: "thinking_delta", data: { text } })
  }

  /** The running call is over and in the journal: readers whose deltas add up to something else get the whole text. */
  settleText(turn: Turn, before: string): void {
    const streamed = before + this.#partial
    this.#partial = ""
    const text = turnText(foldTurn(turn.events))
    if (streamed !== text) this.#publish(turn, snapshotOf(turn, text))
  }

  /** Text of the turn as its readers have seen it. */
  textSoFar(turn: Turn): string {
    return turnText(foldTurn(turn.events)) + this.#partial
  }

  /** Ends every reader's stream, and begins anew for a conversation that may come later. */
  end(): void {
    this.#readers.closeAll()
    this.#segmentIsOurs = false
    this.#partial = ""
  }

  assign(externalIds: ReadonlySet<string>, turn: number): void {
    this.#readers.assign(externalIds, turn)
  }

  /**
   * Opens a stream of one message's turn, or of all turns.
   * @param lastEventId - what the reader has; step events behind it come first
   */
  watch(externalId: string | undefined, lastEventId: EventId | undefined): ReadableStream<Uint8Array> {
    return this.#readers.open(externalId, (reader) => {
      if (externalId === undefined) this.#beginWatch(reader, lastEventId)
      else this.#beginMessage(reader, externalId, lastEventId)
    })
  }

  #beginWatch(reader: Reader, lastEventId: EventId | undefined): void {
    if (lastEventId !== undefined && this.#replay(reader, null, lastEventId) === "ended") return
    this.#introduce(reader)
    if (lastEventId === undefined) this.#askAgain(reader)
  }

  /** A reader who joins a waiting turn gets the open questions whole, not an id alone. */
  #askAgain(reader: Reader): void {
    const turn = this.#state.openTurn
    const asked = turn === undefined ? [] : pendingChoices(foldTurn(turn.events))
    const open = new Set<string>(asked.map(({ choiceId }) => choiceId))
    if (open.size === 0) return
    for (const { id, event } of this.#state.eventsAfter(this.#state.require().turnSegment, undefined)) {
      if (event.event === "requires_choice" && open.has(event.data.choice_id)) reader.send(event, id)
    }
  }

  #beginMessage(reader: Reader, externalId: string, lastEventId: EventId | undefined): void {
    const record = this.#state.inbox(externalId)
    if (record === undefined) return reader.close()
    if (record.turn === null) {
      const position = this.#state.queue.findIndex((entry) => entry.sequence === record.queued) + 1
      return reader.send({ event: "queued", data: { position: Math.max(1, position) } })
    }
    reader.turn = record.turn.number
    if (this.#replay(reader, record.turn, lastEventId) === "ended") return
    // The reader has the turn's last event already, or it is no longer kept.
    if (this.#state.openTurn?.number !== reader.turn) return reader.close()
    this.#introduce(reader)
  }

  /** Sends stored step events; before the end of a turn comes its text, in one piece. */
  #replay(reader: Reader, turn: InboxRecord["turn"], lastEventId: EventId | undefined): "ended" | "open" {
    for (const { id, turn: of, event } of this.#state.eventsAfter(turn?.segment ?? 0, lastEventId)) {
      if (turn !== null && of !== turn.number) break
      if (event.event === "done" || event.event === "interrupted" || event.event === "error") {
        const text = this.#state.ended(of)?.text ?? ""
        if (lastEventId !== undefined) reader.send(snapshotEvent(this.#state.turnId(of), text, null))
        else if (text !== "") reader.send({ event: "assistant_delta", data: { text } })
        reader.send(event, id)
        return "ended"
      }
      reader.send(event, id)
    }
    return "open"
  }

  /** Shows a running turn to a reader who joins it. */
  #introduce(reader: Reader): void {
    const turn = this.#state.openTurn
    if (turn === undefined || (reader.turn !== null && reader.turn !== turn.number)) return
    const snapshot = snapshotOf(turn, this.textSoFar(turn))
    const isFresh = snapshot.data.assistant_text_so_far === "" && snapshot.data.pending_choice_id === null
    if (reader.turn === null || !isFresh) reader.send(snapshot)
  }

  #publish(turn: Turn, event: LoopEvent): void {
    if (this.#readers.size > 0) this.#readers.publish(turn.number, event, this.#nextId())
  }

  #nextId(): EventId {
    if (!this.#segmentIsOurs) this.beginSegment()
    this.#next += 1
    return EventId.parse(`${this.#state.require().segment}.${this.#next}`)
  }
}

function snapshotOf(turn: Turn, text: string) {
  return snapshotEvent(turn.id, text, pendingChoice(foldTurn(turn.events))?.choiceId ?? null)
}

function snapshotEvent(turnId: string, text: string, choiceId: string | null) {
  const data = { turn_id: turnId, assistant_text_so_far: text, pending_choice_id: choiceId }
  return { event: "snapshot" as const, data }
}
