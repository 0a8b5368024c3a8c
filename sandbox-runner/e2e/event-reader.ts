/** Reads an event stream of the loop API as any client would (WHATWG HTML 9.2), and checks the form of each event. */
import { endsStream, EventId, LoopEvent } from "../../core/loop/event.ts"

export type ReadEvent = LoopEvent & { readonly id: string | undefined }

export interface EventReader {
  readonly headers: Headers
  /** The next event that is no ping; undefined at the end. */
  next(): Promise<ReadEvent | undefined>
  /** All events up to and with the first of this name. @throws when the stream ends before */
  until(name: LoopEvent["event"]): Promise<ReadEvent[]>
  /** All that is left. @throws when the stream breaks, or goes on after an event that ends it */
  rest(): Promise<ReadEvent[]>
  /** All that still comes from a stream that breaks, as it does with the gateway's death. */
  untilBroken(): Promise<ReadEvent[]>
  /** Leaves, as a closed page does. */
  close(): Promise<void>
}

export function readEvents(response: Response, note: (text: string) => void): EventReader {
  if (response.body === null) throw new Error("the answer has no body")
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let buffered = ""

  const nextBlock = async (): Promise<string | undefined> => {
    for (;;) {
      const end = buffered.indexOf("\n\n")
      if (end >= 0) {
        const block = buffered.slice(0, end)
        buffered = buffered.slice(end + 2)
        return block
      }
      const { done, value } = await reader.read()
      if (done) {
        if (buffered !== "") throw new Error(`the stream ends inside an event: ${buffered}`)
        return undefined
      }
      buffered += value
      note(value)
    }
  }
  const next = async (): Promise<ReadEvent | undefined> => {
    for (;;) {
      const block = await nextBlock()
      if (block === undefined) return undefined
      const event = parseBlock(block)
      if (event.event !== "ping") return event
    }
  }
  const collect = async (into: ReadEvent[], isLast: (event: ReadEvent) => boolean) => {
    for (let event = await next(); event !== undefined; event = await next()) {
      into.push(event)
      if (isLast(event)) return true
    }
    return false
  }
  return {
    headers: response.headers,
    next,
    async until(name) {
      const events: ReadEvent[] = []
      if (await collect(events, ({ event }) => event === name)) return events
      throw new Error(`the stream ended without ${name}: ${JSON.stringify(events)}`)
    },
    async rest() {
      const events: ReadEvent[] = []
      await collect(events, () => false)
      const end = events.findIndex(({ event }) => endsStream(event))
      if (end >= 0 && end < events.length - 1) throw new Error(`the stream goes on: ${JSON.stringify(events)}`)
      return events
    },
    async untilBroken() {
      const events: ReadEvent[] = []
      await collect(events, () => false).catch(() => undefined)
      return events
    },
    close: () => reader.cancel(),
  }
}

function parseBlock(block: string): ReadEvent {
  const fields = new Map(
    block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.replace(/^\w+: /, "")]),
  )
  const id = fields.get("id")
  const event = LoopEvent.parse({ event: fields.get("event"), data: JSON.parse(fields.get("data") ?? "") })
  return { ...event, id: id === undefined ? undefined : EventId.parse(id) }
}

/** The names of events, runs of the same one as one. */
export function outline(events: readonly ReadEvent[]): string[] {
  return events.map(({ event }) => event).filter((name, i, names) => name !== names[i - 1])
}

/** What a reader shows in the end: deltas added up, a snapshot in place of all before it. */
export function shownText(events: readonly ReadEvent[]): string {
  let text = ""
  for (const event of events) {
    if (event.event === "assistant_delta") text += event.data.text
    if (event.event === "snapshot") text = event.data.assistant_text_so_far
  }
  return text
}

/** The position that a client resumes from: of the last event that carried one. */
export function lastId(events: readonly ReadEvent[]): string {
  const id = events.findLast((event) => event.id !== undefined)?.id
  if (id === undefined) throw new Error("no event carried an id")
  return id
}
