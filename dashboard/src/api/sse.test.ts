/** What the event-stream reader promises, whatever the network does to its pieces. */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { toSse } from "../../../core/loop/event.ts"
import { createSseParser, readLoopEvents, toLoopEvent } from "./sse.ts"

const parseAll = (text: string) => createSseParser()(text)

describe("createSseParser", () => {
  test("a message needs its blank line", () => {
    const parse = createSseParser()
    expect(parse("event: a\ndata: 1\n")).toEqual([])
    expect(parse("\n")).toEqual([{ event: "a", data: "1" }])
  })

  test.each([
    ["several data lines join by a line feed", "data: a\ndata: b\n\n", [{ event: "message", data: "a\nb" }]],
    ["comments are skipped", ": hello\n\ndata: a\n\n", [{ event: "message", data: "a" }]],
    ["one leading space is dropped, not two", "data:  a\n\n", [{ event: "message", data: " a" }]],
    ["a colon in the value stays", "data: a: b\n\n", [{ event: "message", data: "a: b" }]],
    ["an event without data is dropped", "event: a\n\n", []],
    ["a byte order mark is skipped", "\uFEFFdata: a\n\n", [{ event: "message", data: "a" }]],
    ["an id with NUL is ignored", "id: a\0b\ndata: a\n\n", [{ event: "message", data: "a" }]],
    [
      "an id belongs to its own message only",
      "id: 1.2\ndata: a\n\ndata: b\n\n",
      [
        { event: "message", data: "a", id: "1.2" },
        { event: "message", data: "b" },
      ],
    ],
  ])("%s", (_name, text, expected) => {
    expect(parseAll(text)).toEqual(expected)
  })

  test("any line end and any cut into pieces give the same messages", () => {
    const text = fc.string({ unit: fc.constantFrom("a", ":", " ", "é", "😀", "x") })
    const message = fc.record({ event: fc.constantFrom("done", "x"), data: fc.array(text, { minLength: 1 }) })
    fc.assert(
      fc.property(
        fc.array(message),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.array(fc.nat({ max: 400 })),
        (messages, end, cuts) => {
          const lines = messages.flatMap((m) => [`event: ${m.event}`, ...m.data.map((d) => `data: ${d}`), ""])
          const wire = lines.map((line) => line + end).join("")
          const edges = [0, ...cuts.map((cut) => Math.min(cut, wire.length)).sort((a, b) => a - b), wire.length]
          const parse = createSseParser()
          const got = edges.flatMap((edge, index) => parse(wire.slice(edge, edges[index + 1] ?? wire.length)))
          // A last CR waits for what may follow it; the next piece lets it go.
          const late = parse(":\n")
          const expected = messages.map((m) => ({ event: m.event, data: m.data.join("\n") }))
          expect([...got, ...late]).toEqual(expected)
        },
      ),
    )
  })
})

test("an event of a newer gateway and broken JSON are passed over", () => {
  expect(toLoopEvent({ event: "confetti", data: "{}" })).toBeUndefined()
  expect(toLoopEvent({ event: "done", data: "{" })).toBeUndefined()
  expect(toLoopEvent({ event: "done", data: '{"turn_id":"t"}', id: "1.1" })).toEqual({
    event: { event: "done", data: { turn_id: "t" } },
    id: "1.1",
  })
})

test("a character cut in two by the network arrives whole", async () => {
  const bytes = new TextEncoder().encode(toSse({ event: "assistant_delta", data: { text: "naïve 😀" } }, "1.1"))
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
      controller.close()
    },
  })
  let pieces = 0
  const got = []
  for await (const received of readLoopEvents(body, () => (pieces += 1))) got.push(received)
  expect(got).toEqual([{ event: { event: "assistant_delta", data: { text: "naïve 😀" } }, id: "1.1" }])
  expect(pieces).toBe(bytes.length)
})
