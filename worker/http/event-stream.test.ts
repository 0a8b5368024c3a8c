import { describe, expect, test } from "vitest"
import { LoopError } from "../../core/errors.ts"
import { withPings } from "./event-stream.ts"

const ping = "event: ping\ndata: {}\n\n"
const encoder = new TextEncoder()

function open() {
  let source: ReadableStreamDefaultController<Uint8Array> | undefined
  let cancelled: unknown
  const timers = new Set<() => void>()
  const stream = withPings(
    new ReadableStream<Uint8Array>({
      start: (controller) => void (source = controller),
      cancel: (reason) => void (cancelled = reason),
    }),
    (_, tick) => {
      timers.add(tick)
      return () => timers.delete(tick)
    },
  )
  const reader = stream.getReader()
  return {
    reader,
    timers,
    tick: () => timers.forEach((tick) => tick()),
    send: (text: string) => source?.enqueue(encoder.encode(text)),
    end: () => source?.close(),
    fail: (error: unknown) => source?.error(error),
    read: async () => new TextDecoder().decode((await reader.read()).value),
    wasCancelled: () => cancelled,
  }
}

describe("pings", () => {
  test("come while nothing else does", async () => {
    const { tick, read } = open()
    tick()
    expect(await read()).toBe(ping)
    tick()
    expect(await read()).toBe(ping)
  })

  test("never come inside an event, however it is cut", async () => {
    const { send, tick, read } = open()
    send("event: done\nda")
    expect(await read()).toBe("event: done\nda")
    tick()
    send("ta: {}\n")
    expect(await read()).toBe("ta: {}\n")
    tick()
    send("\n")
    expect(await read()).toBe("\n")
    expect(await read()).toBe(ping)
  })

  test("do not pile up before a reader that never reads", async () => {
    const { reader, send, end, tick } = open()
    for (let time = 0; time < 10_000; time += 1) tick()
    send("event: a\ndata: {}\n\n")
    end()
    let text = ""
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += new TextDecoder().decode(part.value)
    }
    expect(text.split(ping)).toHaveLength(3)
    expect(text.replaceAll(ping, "")).toBe("event: a\ndata: {}\n\n")
  })

  test("end with the stream", async () => {
    const { reader, timers, end } = open()
    end()
    expect((await reader.read()).done).toBe(true)
    expect(timers.size).toBe(0)
  })
})

describe("a source that fails", () => {
  test("ends the stream with an error that tells what is public", async () => {
    const { reader, read, fail, timers } = open()
    fail(new LoopError("shutting_down", {}, { cause: new Error("private") }))
    expect(await read()).toBe(
      'event: error\ndata: {"code":"shutting_down","message":"The gateway is restarting. Try again."}\n\n',
    )
    expect((await reader.read()).done).toBe(true)
    expect(timers.size).toBe(0)
  })

  test("of unknown reason tells nothing of it", async () => {
    const { read, fail } = open()
    fail(new Error("private"))
    expect(await read()).toContain('"code":"peer_unavailable"')
  })

  test("in the middle of an event just ends it", async () => {
    const { reader, send, read, fail } = open()
    send("event: don")
    await read()
    fail(new Error("private"))
    expect((await reader.read()).done).toBe(true)
  })
})

test("a reader that leaves ends the watching", async () => {
  const { reader, timers, wasCancelled } = open()
  await reader.cancel("gone")
  expect(wasCancelled()).toBe("gone")
  expect(timers.size).toBe(0)
})
