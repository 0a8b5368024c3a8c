/** The link to gateways of every kind: lost, slow, hostile; and when a runner comes back to it. */
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { CommandId } from "../../core/runner/command.ts"
import { deadAfterMs, heartbeatMs } from "../../core/runner/fleet.ts"
import { linkProtocol } from "../../core/runner/link.ts"
import { begin, createRunnerStage, lines, resultOf } from "../testkit/runner-stage.ts"

const stage = createRunnerStage()
const { open, command, linked, pass, files, untilTold, again } = stage
beforeEach(() => stage.set())
afterEach(() => stage.clear())

describe("a lost link", () => {
  test("stops no command: its result follows when the link is back", async () => {
    await open()
    const link = await linked()
    const path = join(stage.directory, "lines")
    const id = await begin(link, command(["append-and-wait", path, "x"]))
    await expect.poll(() => lines(path)).toEqual(["x"])
    link.drop()
    await untilTold("lost")
    await again(2)
    const back = await stage.gateway.link()
    expect((await back.welcome([{ id, offset: 0 }])).held).toEqual([{ id, status: "running" }])
    await back.hear("running")
    back.say({ type: "cancel", id, reason: "" })
    expect(await resultOf(back, id)).toEqual({ status: "canceled" })
  })

  test("is dialled again with growing pauses that differ, and at once after a link that lasted", async () => {
    stage.gateway.refuseWith = 500
    await open()
    const pauses: number[] = []
    for (let connections = 1; connections <= 8; connections += 1) {
      await expect.poll(() => stage.gateway.connections).toBe(connections)
      await expect.poll(() => stage.clock.count()).toBe(1)
      let waited = 0
      while (stage.clock.count() === 1 && waited < 120_000) {
        stage.clock.advance(100)
        waited += 100
      }
      pauses.push(waited)
    }
    expect(pauses[0]).toBeLessThanOrEqual(2_100)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(30_100)
    expect(pauses.at(-1)).toBeGreaterThan(10_000)
  })

  test("by a gateway that refuses the token is told once, and tried again slowly", async () => {
    stage.gateway.refuseWith = 401
    await open()
    expect(await untilTold("refused")).toMatchObject({ message: expect.stringContaining("RUNNER_TOKEN") })
    stage.clock.advance(25_000)
    expect(stage.gateway.connections).toBe(1)
    await again(2)
    await again(3)
    expect(stage.news).toHaveLength(1)
  })

  test("by a gateway of another version is told with a sentence", async () => {
    await open()
    const link = await stage.gateway.link()
    await link.hear("hello")
    link.say({ type: "refused", code: "protocol", message: "Update the runner." })
    expect(await untilTold("refused")).toEqual({ event: "refused", message: "Update the runner." })
    await link.closed
    await again(2)
    const other = await stage.gateway.link()
    await other.hear("hello")
    other.say({ type: "welcome", protocol: linkProtocol + 1, granted: [], yours: [] })
    await stage.waiters.until("the sentence", () =>
      stage.news.find(
        (one) => one.event === "refused" && one.message.endsWith("Update the runner.") && one.message.length > 20,
      ),
    )
    await other.closed
  })

  test("of which nothing is heard is given up, half-open or not", async () => {
    await open()
    const link = await linked()
    await untilTold("linked")
    link.freeze()
    stage.clock.advance(heartbeatMs)
    stage.clock.advance(deadAfterMs)
    await untilTold("lost")
    await again(2)
  })

  test("stays with a gateway that answers its heartbeats", async () => {
    await open()
    const link = await linked()
    await pass(link, 8 * heartbeatMs)
    expect(link.isOpen).toBe(true)
    expect(stage.gateway.connections).toBe(1)
  })
})

describe("a hostile gateway", () => {
  test.each([
    ["no JSON", "{"],
    ["a frame of no known type", JSON.stringify({ type: "format_disk" })],
    ["bytes", new Uint8Array([1, 2])],
    ["a command with an id that leads elsewhere", JSON.stringify({ type: "start", id: "../../etc/passwd" })],
    [
      "a command whose work is none",
      JSON.stringify({ type: "command", command: { id: "cmd_a", work: { kind: "host.run" } } }),
    ],
    ["a frame above the limit", "x".repeat(1_200_000)],
  ])("loses its runner for %s, and nothing is done", async (_, data) => {
    await open()
    const link = await linked()
    await untilTold("linked")
    link.raw(data)
    await link.closed
    await untilTold("lost")
    expect(stage.worker.done).toEqual([])
    expect(files()).toEqual([])
  })

  test("that speaks before its welcome is left", async () => {
    await open()
    const link = await stage.gateway.link()
    await link.hear("hello")
    link.say({ type: "command", command: command(["echo"]) })
    await link.closed
    expect(files()).toEqual([])
  })

  test("that never says welcome is left", async () => {
    await open()
    const link = await stage.gateway.link()
    await link.hear("hello")
    await expect.poll(() => stage.clock.count()).toBeGreaterThan(0)
    stage.clock.advance(15_000)
    await link.closed
  })

  test("that welcomes and hangs up is not dialled in a hurry", async () => {
    await open()
    for (let connections = 1; connections < 6; connections += 1) {
      const link = await linked()
      await untilTold("linked")
      link.drop()
      await expect.poll(() => stage.clock.count()).toBe(1)
      await again(connections + 1)
    }
    const last = await linked()
    last.drop()
    await expect.poll(() => stage.clock.count()).toBe(1)
    stage.clock.advance(10_000)
    expect(stage.gateway.connections).toBe(6)
  })

  test("that starts, confirms and cancels what does not exist changes nothing", async () => {
    await open()
    const link = await linked()
    const id = CommandId.parse("cmd_unknown")
    link.say({ type: "start", id })
    link.say({ type: "confirm", id })
    link.say({ type: "cancel", id, reason: "" })
    link.say({ type: "confirm_output", id, offset: 1_000_000 })
    await resultOf(link, await begin(link, command(["echo"])))
    expect(stage.worker.done).toHaveLength(1)
  })

  test("that sends more than a runner holds gets the rest back", async () => {
    await open()
    const link = await linked()
    for (let sent = 0; sent < 1_003; sent += 1) link.say({ type: "command", command: command(["echo"]) })
    await link.hear("handed_back")
    await link.hear("handed_back")
    await link.hear("handed_back")
    expect(files()).toHaveLength(1_000)
  })
})
