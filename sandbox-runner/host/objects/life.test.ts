/** When objects come into memory, when they leave it, and how the host ends. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { isLoopError } from "../../../core/errors.ts"
import { openProbeHost, type ProbeHost } from "../../testkit/probe-host.ts"

let host: ProbeHost

beforeEach(async () => {
  host = await openProbeHost()
})
afterEach(() => host.close())

const call = (id: string, method: string, input: unknown = {}) => host.objects.reach("channel", id).call(method, input)
const inMemory = () => host.objects.stats().objects
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "answered",
    (error: unknown) => (isLoopError(error) ? error.code : String(error)),
  )

describe("an object leaves memory", () => {
  test("10 s after its last event, not before", async () => {
    await call("a", "life")
    host.timers.advance(9_000)
    await call("a", "life")
    host.timers.advance(9_999)
    expect(inMemory()).toBe(1)
    host.timers.advance(1)
    expect(inMemory()).toBe(0)
    expect(await call("a", "life")).toBe(2)
  })

  test("not while a call runs in it", async () => {
    const waiting = call("a", "wait", "w")
    host.timers.advance(120_000)
    expect(await call("a", "free", "w")).toBe(true)
    await waiting
    host.timers.advance(11_000)
    expect(inMemory()).toBe(0)
  })

  test("not while kept work runs, but after 15 minutes all the same", async () => {
    await call("a", "keep", "w")
    host.timers.advance(14 * 60_000)
    expect(await call("a", "life")).toBe(1)
    host.timers.advance(60_000 + 10_000)
    expect(inMemory()).toBe(0)
  })

  test("not while a stream is open; a closed one frees it", async () => {
    const reader = (await host.objects.reach("channel", "a").stream("count", { chunks: 9 })).getReader()
    await reader.read()
    host.timers.advance(120_000)
    expect(inMemory()).toBe(1)
    await reader.cancel()
    host.timers.advance(10_000)
    expect(inMemory()).toBe(0)
  })

  test("each at its own time", async () => {
    await call("early", "life")
    host.timers.advance(5_000)
    await call("late", "life")
    host.timers.advance(5_000)
    expect(inMemory()).toBe(1)
    host.timers.advance(5_000)
    expect(inMemory()).toBe(0)
  })

  test("and 10,000 that were touched once give their memory back", async () => {
    setFlagsFromString("--expose-gc")
    const collect: unknown = runInNewContext("gc")
    const heapMb = () => {
      if (typeof collect === "function") collect()
      return process.memoryUsage().heapUsed / 1_000_000
    }
    const touch = async (from: number) => {
      for (let n = from; n < from + 10_000; n += 500) {
        await Promise.all(Array.from({ length: 500 }, (_, k) => call(`crowd ${n + k}`, "put", { key: "k", value: n })))
      }
    }
    await touch(0)
    host.timers.advance(20_000)
    const before = heapMb()
    await touch(10_000)
    expect(inMemory()).toBe(10_000)
    const full = heapMb()
    host.timers.advance(20_000)
    expect(inMemory()).toBe(0)
    expect(heapMb() - before).toBeLessThan(2)
    expect(full - before).toBeGreaterThan(5)
  })
})

describe("eviction", () => {
  test("ends what runs with peer_unavailable and keeps what was written", async () => {
    const waiting = codeOf(call("a", "wait", "w"))
    const writing = codeOf(call("a", "put", { key: "k", value: 1 }))
    await host.objects.evict("channel", "a")
    expect(await waiting).toBe("peer_unavailable")
    expect(["answered", "peer_unavailable"]).toContain(await writing)
    expect(await call("a", "get", "k")).toBe(1)
    expect(await call("a", "life")).toBe(2)
  })
})

describe("an object that cannot be made", () => {
  test("is internal for its caller, logged, and tried anew the next time", async () => {
    await host.close()
    let failures = 1
    host = await openProbeHost({
      create: () => {
        if (failures-- > 0) throw new Error("no such part")
        return { call: async () => "made", stream: () => new ReadableStream(), alarm: async () => {} }
      },
    })
    expect(await codeOf(call("a", "any"))).toBe("internal")
    expect(host.log).toMatchObject([{ object: "channel/a", error: { message: "no such part" } }])
    expect(await call("a", "any")).toBe("made")
  })
})

describe("closing", () => {
  test("refuses new calls and streams with shutting_down", async () => {
    await call("a", "life")
    const closing = host.objects.close()
    expect(await codeOf(call("a", "life"))).toBe("shutting_down")
    expect(await codeOf(host.objects.reach("channel", "a").stream("count", { chunks: 1 }))).toBe("shutting_down")
    expect(await codeOf(host.objects.peers("channel", "a").call("refresh", {}))).toBe("shutting_down")
    await closing
    expect(await codeOf(call("a", "life"))).toBe("shutting_down")
  })

  test("waits for what runs", async () => {
    const waiting = call("a", "tell", { id: "b", secret: "", body: "last words" })
    await host.objects.close()
    expect(await waiting).toEqual({ status: "answered", answer: { status: "accepted" } })
    await host.restart()
    expect(await call("b", "get", "heard")).toBe("last words")
  })

  test("waits no longer than its limit, then ends calls, kept work and streams", async () => {
    const waiting = codeOf(call("a", "wait", "for ever"))
    await call("b", "keep", "for ever")
    const reader = (await host.objects.reach("channel", "c").stream("count", { chunks: 9 })).getReader()
    await reader.read()
    const closing = host.objects.close(5_000)
    host.timers.advance(5_000)
    await closing
    expect(await waiting).toBe("shutting_down")
    expect(await codeOf(reader.read())).toBe("shutting_down")
  })

  test("does not wait for open streams", async () => {
    const reader = (await host.objects.reach("channel", "c").stream("count", { chunks: 9 })).getReader()
    await reader.read()
    await host.objects.close()
    expect(await codeOf(reader.read())).toBe("shutting_down")
  })

  test("leaves no timer behind", async () => {
    await call("a", "setAlarm", 60_000)
    await host.objects.close()
    expect(host.timers.count()).toBe(0)
  })
})
