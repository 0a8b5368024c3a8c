/** The people and programs that watch a conversation now. Nobody waits for a reader: one that falls behind is closed. */
import { toSse, type EventId, type LoopEvent } from "../../core/loop/event.ts"

/** A reader may be this far behind; it resumes by its last event id. */
const readerBufferBytes = 256 * 1024

export interface Reader {
  /** Wants only the events of this turn; undefined while its message waits in the queue, null for every turn. */
  turn: number | undefined | null
  /** The message whose turn it waits for. */
  readonly externalId: string | undefined
  send(event: LoopEvent, id?: EventId): void
  close(): void
}

export class Readers {
  readonly #open = new Set<Reader>()
  readonly #encoder = new TextEncoder()

  /** Opens a stream; `begin` sends what is already known before live events follow. */
  open(externalId: string | undefined, begin: (reader: Reader) => void): ReadableStream<Uint8Array> {
    let reader: Reader | undefined
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          reader = this.#reader(controller, externalId)
          this.#open.add(reader)
          begin(reader)
        },
        cancel: () => {
          if (reader) this.#open.delete(reader)
        },
      },
      { highWaterMark: readerBufferBytes, size: (chunk) => chunk.byteLength },
    )
  }

  /** Ends every stream: there is nothing left to watch. */
  closeAll(): void {
    for (const reader of this.#open) reader.close()
  }

  get size(): number {
    return this.#open.size
  }

  /** Sends an event of a turn to all who want it. */
  publish(turn: number, event: LoopEvent, id: EventId): void {
    for (const reader of this.#open) if (reader.turn === null || reader.turn === turn) reader.send(event, id)
  }

  /** Tells readers who wait for these messages that their turn is this one. */
  assign(externalIds: ReadonlySet<string>, turn: number): void {
    for (const reader of this.#open) {
      if (reader.externalId !== undefined && externalIds.has(reader.externalId)) reader.turn = turn
    }
  }

  #reader(controller: ReadableStreamDefaultController<Uint8Array>, externalId: string | undefined): Reader {
    const reader: Reader = {
      externalId,
      turn: externalId === undefined ? null : undefined,
      send: (event, id) => {
        if (!this.#open.has(reader)) return
        controller.enqueue(this.#encoder.encode(toSse(event, id)))
        const isBehind = (controller.desiredSize ?? 0) < 0
        if (isBehind || event.event === "done" || event.event === "interrupted" || event.event === "error")
          reader.close()
      },
      close: () => {
        if (this.#open.delete(reader)) controller.close()
      },
    }
    return reader
  }
}
