/** The RunnerHub against runners that may be anything, and conversations that are erased. */
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { findCommand } from "../../adapters/store/commands.ts"
import { graceMs, overdueMs } from "../../core/runner/fleet.ts"
import { linkClose, maxOutputFrame } from "../../core/runner/link.ts"
import { beat, begin, failureOf, finish, lose } from "../testing/runner-desk.ts"
import {
  conversationId,
  echo,
  echoed,
  hello,
  openRunnerHarness,
  resultOf,
  type RunnerHarness,
  runnerId,
} from "../testing/runner-harness.ts"

let harness: RunnerHarness
beforeEach(async () => {
  harness = await openRunnerHarness()
})
afterEach(() => harness.close())

describe("a hostile runner", () => {
  test.each([
    ["no JSON", "{"],
    ["a frame of no known type", JSON.stringify({ type: "become_admin" })],
    ["bytes", new Uint8Array([1, 2, 3])],
    ["a second hello", JSON.stringify(hello())],
    [
      "output longer than a frame may be",
      JSON.stringify({
        type: "output",
        id: "cmd_a",
        offset: 0,
        stream: "stdout",
        text: "x".repeat(maxOutputFrame + 1),
      }),
    ],
    ["an id that is none", JSON.stringify({ type: "accepted", id: "../../etc" })],
  ])("is closed for %s", async (_, data) => {
    const a = await harness.link()
    a.raw(data)
    expect((await a.closed).code).toBe(linkClose.invalid.code)
  })

  test("is closed for a frame above the limit", async () => {
    const a = await harness.link()
    a.raw("x".repeat(1_100_000))
    expect((await a.closed).code).toBe(1009)
  })

  test("is closed for speaking before its hello", async () => {
    const a = await harness.dial()
    a.raw(JSON.stringify({ type: "accepted", id: "cmd_a" }))
    expect((await a.closed).code).toBe(linkClose.invalid.code)
  })

  test("cannot be another runner of this process", async () => {
    const a = await harness.dial({ via: "memory" }, runnerId("a"))
    a.say(hello({ id: runnerId("b") }))
    expect(await a.hear("refused")).toMatchObject({ code: "invalid" })
  })

  test("changes nothing of a command that another has", async () => {
    const a = await harness.link({ id: runnerId("a") })
    const thief = await harness.link({ id: runnerId("b") })
    const { id } = await harness.submit()
    await begin(a)
    thief.say({ type: "output", id, offset: 0, stream: "stdout", text: "forged" })
    await thief.hear("confirm")
    thief.say({ type: "handed_back", id, reason: "" })
    thief.say(resultOf(id, { status: "canceled" }))
    await thief.hear("confirm")
    const view = await harness.hub.call("show", { commandId: id })
    expect(view).toMatchObject({ status: "running", runnerId: runnerId("a"), output: { stdout: "" } })
  })

  test("ends its command as unreadable with a result that is none, or of other work", async () => {
    const a = await harness.link({ slots: 3 })
    const first = await harness.submit()
    await begin(a)
    a.say({ type: "result", id: first.id, index: 0, count: 1, part: "{nonsense" })
    await a.hear("confirm")
    expect(await failureOf(harness, first.id)).toBe("internal")
    const second = await harness.submit()
    await begin(a)
    await finish(a, second.id, { status: "succeeded", result: { kind: "browser.erase" } })
    expect(await failureOf(harness, second.id)).toBe("internal")
  })

  test("gets no result out of parts with a gap", async () => {
    const a = await harness.link()
    const { id } = await harness.submit()
    await begin(a)
    a.say({ type: "result", id, index: 1, count: 2, part: "}" })
    a.say({ type: "result", id, index: 0, count: 3, part: "{" })
    a.say({ type: "heartbeat", capabilities: [], isDraining: false })
    await a.hear("heartbeat")
    expect(await harness.statusOf(id)).toBe("running")
  })

  test("that never ends a command loses it after its time", async () => {
    const a = await harness.link()
    const { id } = await harness.submit()
    await begin(a)
    for (let passed = 0; passed < echo.timeoutMs + overdueMs + 100_000; passed += 30_000) {
      await harness.pass(30_000)
      await beat(a)
    }
    expect((await harness.outcomeOf(id)).status).toBe("timed_out")
  })

  test("is not asked for results that it repeats after their end", async () => {
    const a = await harness.link()
    const { id } = await harness.submit()
    await begin(a)
    await finish(a, id)
    await finish(a, id, { status: "canceled" })
    expect(await harness.outcomeOf(id)).toEqual(echoed)
  })
})

describe("an erased conversation", () => {
  test("leaves no command, is called back, and its runners erase what they have of it", async () => {
    const a = await harness.link({ slots: 3 })
    const done = await harness.submit()
    await begin(a)
    await finish(a, done.id)
    const running = await harness.submit()
    await begin(a)
    await harness.pass(3_000)
    await harness.hub.call("forget", { conversationId })
    expect((await a.hear("cancel")).id).toBe(running.id)
    const { command } = await a.hear("command")
    expect(command.work).toEqual({ kind: "sandbox.erase", workspace: conversationId })
    await expect(harness.hub.call("show", { commandId: done.id })).rejects.toMatchObject({ code: "command_not_found" })
    expect(await findCommand(harness.libsql, done.id)).toBeUndefined()
    a.say({ type: "accepted", id: command.id })
    await a.hear("start")
    a.say(resultOf(running.id, echoed))
    await a.hear("confirm")
    await finish(a, command.id, { status: "succeeded", result: { kind: "sandbox.erase" } })
    await harness.pass(70_000)
    expect(a.unheard.map(({ type }) => type)).not.toContain("command")
    expect(await findCommand(harness.libsql, running.id)).toBeUndefined()
  })

  test("is erased on a runner that was away, and again where that failed", async () => {
    const a = await harness.link()
    const { id } = await harness.submit()
    await begin(a)
    await finish(a, id)
    await lose(harness, a)
    await harness.hub.call("forget", { conversationId })
    await harness.pass(300_000)
    const again = await harness.link()
    const first = await begin(again)
    await finish(again, first, { status: "failed", failure: { code: "unavailable", message: "" } })
    await beat(again)
    await harness.pass(30_000)
    await beat(again)
    await harness.pass(31_000)
    expect(await begin(again)).not.toBe(first)
  })

  test("whose runner is away can begin anew on another", async () => {
    const a = await harness.link({ id: runnerId("a") })
    const { id } = await harness.submit()
    await begin(a)
    await finish(a, id)
    await lose(harness, a)
    await harness.hub.call("forget", { conversationId })
    await harness.pass(graceMs + 1_000)
    const b = await harness.link({ id: runnerId("b") })
    const fresh = await harness.submit()
    expect(await begin(b)).toBe(fresh.id)
  })
})
