/** Alarms of the Node host over time: restarts, failures, crowds and distant days. */
import { afterEach, beforeEach, expect, test } from "vitest"
import { openProbeHost, type ProbeHost } from "../../testkit/probe-host.ts"

let host: ProbeHost
const dayMs = 24 * 60 * 60_000

beforeEach(async () => {
  host = await openProbeHost()
})
afterEach(() => host.close())

const call = (id: string, method: string, input: unknown = {}) => host.objects.reach("channel", id).call(method, input)
const alarmsOf = async (id: string) => (await call(id, "get", "alarms")) ?? 0

test("an alarm survives a restart and runs at its time", async () => {
  await call("a", "setAlarm", dayMs)
  await host.restart()
  host.timers.advance(dayMs - 1)
  expect(await alarmsOf("a")).toBe(0)
  host.timers.advance(1)
  await expect.poll(() => alarmsOf("a")).toBe(1)
})

test("who was in the middle of work goes on at the start and not a minute later, in any number", async () => {
  const ids = Array.from({ length: 200 }, (_, n) => `busy ${n}`)
  await Promise.all(ids.map((id) => call(id, "setAlarm", 60_000)))
  await call("later", "setAlarm", 60_001)
  await host.restart()
  await expect.poll(async () => (await Promise.all(ids.map(alarmsOf))).every((ran) => ran === 1)).toBe(true)
  expect(await alarmsOf("later")).toBe(0)
})

test("only what an earlier process left runs early, and once", async () => {
  await call("left", "setAlarm", 30_000)
  await host.restart()
  await expect.poll(() => alarmsOf("left")).toBe(1)
  await call("left", "setAlarm", 30_000)
  await call("new", "setAlarm", 30_000)
  host.timers.advance(29_999)
  expect([await alarmsOf("left"), await alarmsOf("new")]).toEqual([1, 0])
  host.timers.advance(1)
  await expect.poll(async () => [await alarmsOf("left"), await alarmsOf("new")]).toEqual([2, 1])
})

test("what came due while the process was away runs at the start", async () => {
  await call("a", "setAlarm", 60_000)
  await host.objects.close()
  host.timers.advance(dayMs)
  await host.restart()
  await expect.poll(() => alarmsOf("a")).toBe(1)
})

test("an alarm beyond the 24.8 days of setTimeout runs on its day", async () => {
  await call("a", "setAlarm", 40 * dayMs)
  host.timers.advance(40 * dayMs - 1)
  expect(await alarmsOf("a")).toBe(0)
  host.timers.advance(1)
  await expect.poll(() => alarmsOf("a")).toBe(1)
})

test("10,000 alarms need one timer", async () => {
  await Promise.all(Array.from({ length: 10_000 }, (_, n) => call(`crowd ${n}`, "setAlarm", 60_000 + n)))
  // One for the alarms, one for idle objects.
  expect(host.timers.count()).toBeLessThanOrEqual(2)
})

test("a crowd that is due at once all runs, at most 64 at the same time", async () => {
  await host.close()
  let running = 0
  let most = 0
  let ran = 0
  host = await openProbeHost({
    create: (_, port) => ({
      call: async () => port.setAlarm(port.now()),
      stream: () => new ReadableStream(),
      async alarm() {
        running += 1
        most = Math.max(most, running)
        await port.blobs.get("none")
        running -= 1
        ran += 1
      },
    }),
  })
  await Promise.all(Array.from({ length: 300 }, (_, n) => call(`crowd ${n}`, "go")))
  await expect.poll(() => ran).toBe(300)
  expect(most).toBe(64)
})

test("an alarm that fails rests longer each time, up to a minute, and is logged", async () => {
  await call("a", "put", { key: "alarm fails", value: true })
  await call("a", "setAlarm", 0)
  await expect.poll(() => alarmsOf("a")).toBe(1)
  let ran = 1
  for (const restMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    host.timers.advance(restMs - 1)
    expect(await alarmsOf("a")).toBe(ran)
    host.timers.advance(1)
    ran += 1
    await expect.poll(() => alarmsOf("a")).toBe(ran)
  }
  expect(host.log.filter(({ during }) => during === "alarm")).toHaveLength(ran)
})

test("a failing alarm does not hold back another object's", async () => {
  await call("bad", "put", { key: "alarm fails", value: true })
  await call("bad", "setAlarm", 0)
  await expect.poll(() => alarmsOf("bad")).toBe(1)
  await call("good", "setAlarm", 0)
  await expect.poll(() => alarmsOf("good")).toBe(1)
  expect(await alarmsOf("bad")).toBe(1)
})

test("set to the same instant by its own run, it runs again", async () => {
  await call("a", "put", { key: "alarm again after", value: 0 })
  await call("a", "setAlarm", 0)
  await expect.poll(() => alarmsOf("a")).toBe(2)
})

test("a run that never ends keeps only its own object's alarm", async () => {
  await host.close()
  const ran: string[] = []
  host = await openProbeHost({
    create: (_, port) => ({
      call: async () => port.setAlarm(port.now()),
      stream: () => new ReadableStream(),
      async alarm() {
        ran.push(port.id)
        if (port.id === "stuck") await new Promise(() => {})
      },
    }),
  })
  await call("stuck", "go")
  await call("free", "go")
  await expect.poll(() => ran).toEqual(["stuck", "free"])
})
