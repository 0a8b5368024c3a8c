/** Reads text/event-stream (WHATWG HTML 9.2.6) as it arrives, in pieces of any size, and knows the loop API's events. */
import { LoopEvent } from "../../../core/loop/event.ts"

export interface SseMessage {
  readonly event: string
  readonly data: string
  /** The id that the event carried itself; absent when it had none. */
  readonly id?: string
}

/** Takes the next piece of text and returns the messages that it completed. */
export type SseParser = (piece: string) => SseMessage[]

/** A parser for one stream. Line ends may be LF, CRLF or CR, and may fall on the border of two pieces. */
export function createSseParser(): SseParser {
  let rest = ""
  let first = true
  let event = ""
  let data: string[] = []
  let id: string | undefined

  const takeField = (line: string) => {
    const colon = line.indexOf(":")
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "")
    if (field === "event") event = value
    else if (field === "data") data.push(value)
    else if (field === "id" && !value.includes("\0")) id = value
  }

  const finish = (): SseMessage[] => {
    const message = {
      event: event === "" ? "message" : event,
      data: data.join("\n"),
      ...(id === undefined ? {} : { id }),
    }
    const complete = data.length > 0
    event = ""
    data = []
    id = undefined
    return complete ? [message] : []
  }

  return (piece) => {
    let text = rest + piece
    if (first && text !== "") {
      first = false
      text = text.replace(/^\uFEFF/, "")
    }
    // A CR at the very end may be the first half of a CRLF: it waits for the next piece.
    const held = text.endsWith("\r") ? "\r" : ""
    const lines = text.slice(0, text.length - held.length).split(/\r\n|\n|\r/)
    rest = (lines.pop() ?? "") + held
    return lines.flatMap((line) => {
      if (line === "") return finish()
      takeField(line)
      return []
    })
  }
}

export interface ReceivedEvent {
  readonly event: LoopEvent
  readonly id?: string
}

/** The loop event in a message; undefined for one that this page does not know, which a newer gateway may send. */
export function toLoopEvent(message: SseMessage): ReceivedEvent | undefined {
  let data: unknown
  try {
    data = JSON.parse(message.data)
  } catch {
    return undefined
  }
  const parsed = LoopEvent.safeParse({ event: message.event, data })
  if (!parsed.success) return undefined
  return { event: parsed.data, ...(message.id === undefined ? {} : { id: message.id }) }
}

/**
 * The events of a response body, until it ends.
 * @param onBytes - called for each piece, also for pings, so that silence can be noticed
 */
export async function* readLoopEvents(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<ReceivedEvent, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const parse = createSseParser()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      onBytes()
      for (const message of parse(decoder.decode(value, { stream: true }))) {
        const received = toLoopEvent(message)
        if (received) yield received
      }
    }
  } finally {
    reader.releaseLock()
  }
}
