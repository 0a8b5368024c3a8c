/** Who gets a command, once, and what becomes of it: in the order of its conversation, over crashes and leaps of the clock. */
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { findCommand } from "../../adapters/store/commands.ts"
import { after, ConversationId } from "../../core/units.ts"
import { beat, begin, failureOf, finish, inOther, inThird, other, third } from "../testing/runner-desk.ts"
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

describe("a command", () => {
  test("goes from pending over accepted and running to its end, and its conversation is told once", async () => {
    const { id } = await harness.submit()
    expect(await harness.statusOf(id)).toBe("pending")
    const runner = await harness.link()
    const { command } = await runner.hear("command")
    expect(command.work).toEqual(echo)
    expect(await harness.statusOf(id)).toBe("pending")
    runner.say({ type: "accepted", id })
    await runner.hear("start")
    expect(await harness.statusOf(id)).toBe("accepted")
    runner.say({ type: "running", id })
    runner.say({ type: "output", id, offset: 0, stream: "stdout", text: "hi\n" })
    await runner.hear("confirm_output")
    const view = await harness.hub.call("show", { commandId: id })
    expect(view).toMatchObject({ status: "running", runnerId: runnerId("a"), output: { stdout: "hi\n" } })
    await finish(runner, id)
    expect(await harness.outcomeOf(id)).toEqual(echoed)
    await harness.until("the conversation to be told", () => harness.told[0])
    await harness.pass(120_000)
    expect(harness.told).toEqual([{ to: conversationId, commandId: id, outcome: echoed }])
    expect(harness.live.flatMap((one) => (one.event.startsWith("command.") ? one.event : []))).toEqual([
      "command.pending",
      "command.accepted",
      "command.running",
      "command.succeeded",
    ])
  })

  test("is one however often it is submitted, and answers how it is", async () => {
    const command = harness.command()
    const runner = await harness.link()
    expect(await harness.hub.call("submit", command)).toEqual({ status: "pending" })
    const id = await begin(runner)
    await harness.until("it to run", () => harness.live.find((one) => one.event === "command.running"))
    expect(await harness.hub.call("submit", command)).toEqual({ status: "running" })
    await finish(runner, id)
    expect(await harness.hub.call("submit", command)).toEqual({ status: "ended", outcome: echoed })
    expect(runner.unheard.filter(({ type }) => type === "command")).toEqual([])
  })

  test("that nobody takes until it expires fails as never begun", async () => {
    const { id } = await harness.submit()
    await harness.pass(61_000)
    expect(await failureOf(harness, id)).toBe("runner_away")
    expect(await harness.until("the news", () => harness.told[0])).toMatchObject({ commandId: id })
  })

  test("that is accepted after its time is not begun", async () => {
    const runner = await harness.link()
    const { id } = await harness.submit({ expiresAt: after(harness.time.now(), 5_000) })
    await runner.hear("command")
    harness.time.advance(6_000)
    runner.say({ type: "accepted", id })
    await runner.hear("confirm")
    expect(await failureOf(harness, id)).toBe("runner_away")
    expect(runner.unheard.map(({ type }) => type)).not.toContain("start")
  })

  test("too large for a frame is rejected at once", async () => {
    const script = "x".repeat(200_000)
    const argv = Array.from({ length: 10 }, () => script.slice(0, 100_000))
    const command = harness.command({ work: { ...echo, program: { form: "argv", argv } } })
    for (const _ of [1, 2])
      expect(await harness.hub.call("submit", command)).toMatchObject({
        status: "ended",
        outcome: { status: "rejected" },
      })
  })

  test("that is large waits until the one before it has arrived", async () => {
    const runner = await harness.link({ slots: 5 })
    const argv = Array.from({ length: 4 }, () => "x".repeat(40_000))
    const large = (workspace: ConversationId) => ({ ...echo, workspace, program: { form: "argv" as const, argv } })
    const first = await harness.submit({ conversationId: other, work: large(other) })
    const second = await harness.submit({ conversationId: third, work: large(third) })
    expect((await runner.hear("command")).command.id).toBe(first.id)
    await beat(runner)
    expect(runner.unheard).toEqual([])
    runner.say({ type: "accepted", id: first.id })
    expect((await runner.hear("command")).command.id).toBe(second.id)
  })

  test("waits for its turn in its conversation's workspace, while others go on", async () => {
    const runner = await harness.link({ slots: 5 })
    const first = await harness.submit()
    const second = await harness.submit()
    const elsewhere = await harness.submit(inOther)
    expect(await begin(runner)).toBe(first.id)
    expect(await begin(runner)).toBe(elsewhere.id)
    await finish(runner, first.id)
    expect(await begin(runner)).toBe(second.id)
  })

  test("waits while its runner's slots are taken", async () => {
    const runner = await harness.link({ slots: 1 })
    const first = await harness.submit()
    const second = await harness.submit(inOther)
    await begin(runner)
    expect(await harness.statusOf(second.id)).toBe("pending")
    await finish(runner, first.id)
    expect(await begin(runner)).toBe(second.id)
  })

  test("goes to the runner with the most room, and then to the one that has its workspace", async () => {
    const a = await harness.link({ id: runnerId("a"), slots: 4 })
    const b = await harness.link({ id: runnerId("b"), slots: 4 })
    const first = await harness.submit()
    await begin(a)
    const second = await harness.submit(inOther)
    await begin(b)
    await finish(a, first.id)
    await finish(b, second.id)
    // Both are idle: without a workspace the first would get it.
    const again = await harness.submit(inOther)
    expect(await begin(b)).toBe(again.id)
  })

  test("goes to a runner that can do it", async () => {
    const browser = await harness.link({ id: runnerId("a"), capabilities: ["browser"] })
    const sandbox = await harness.link({ id: runnerId("b"), capabilities: ["sandbox"] })
    const { id } = await harness.submit()
    expect(await begin(sandbox)).toBe(id)
    expect(browser.unheard).toEqual([])
    expect(await harness.hub.call("available", {})).toEqual({ capabilities: ["sandbox", "browser"] })
  })

  test("called back before it began is canceled and never begins", async () => {
    const { id } = await harness.submit()
    await harness.hub.call("cancel", { commandId: id, reason: "no" })
    const runner = await harness.link()
    const next = await harness.submit()
    expect(await begin(runner)).toBe(next.id)
    expect((await harness.outcomeOf(id)).status).toBe("canceled")
  })

  test("called back while offered does not start, whatever the runner says", async () => {
    const runner = await harness.link()
    const { id } = await harness.submit()
    await runner.hear("command")
    await harness.hub.call("cancel", { commandId: id, reason: "no" })
    await runner.hear("cancel")
    runner.say({ type: "accepted", id })
    await runner.hear("confirm")
    runner.say(resultOf(id, echoed))
    await runner.hear("confirm")
    expect((await harness.outcomeOf(id)).status).toBe("canceled")
  })

  test("called back while it runs ends as its runner says", async () => {
    const runner = await harness.link()
    const { id } = await harness.submit()
    await begin(runner)
    await harness.hub.call("cancel", { commandId: id, reason: "no" })
    await runner.hear("cancel")
    expect(await harness.statusOf(id)).toBe("running")
    await finish(runner, id, { status: "canceled" })
    expect((await harness.outcomeOf(id)).status).toBe("canceled")
  })

  test("given back goes to another, and is rejected when nobody takes it", async () => {
    const a = await harness.link({ id: runnerId("a") })
    const { id } = await harness.submit()
    await a.hear("command")
    a.say({ type: "heartbeat", capabilities: hello().capabilities, isDraining: true })
    a.say({ type: "handed_back", id, reason: "It is draining." })
    const b = await harness.link({ id: runnerId("b") })
    await b.hear("command")
    b.say({ type: "handed_back", id, reason: "no" })
    await b.hear("command")
    b.say({ type: "handed_back", id, reason: "no" })
    await harness.until("its end", () => harness.told[0])
    expect(await harness.outcomeOf(id)).toEqual({ status: "rejected", reason: "No runner takes it: no" })
  })

  test("with a result in many parts has it whole", async () => {
    const runner = await harness.link()
    const { id } = await harness.submit()
    await begin(runner)
    const base = echoed.status === "succeeded" ? echoed.result : undefined
    const outcome = { status: "succeeded", result: { ...base, stdout: '"é\\\n'.repeat(100_000) } }
    const text = JSON.stringify(outcome)
    const count = Math.ceil(text.length / 150_000)
    for (let index = 0; index < count; index += 1)
      runner.say({ type: "result", id, index, count, part: text.slice(index * 150_000, (index + 1) * 150_000) })
    await runner.hear("confirm")
    expect(await harness.outcomeOf(id)).toEqual(outcome)
  })

  test("is on record with who did it and how it ended", async () => {
    const runner = await harness.link()
    const { id } = await harness.submit({ correlationId: "job 7" })
    await begin(runner)
    await finish(runner, id)
    await harness.pass(3_000)
    expect(await findCommand(harness.libsql, id)).toMatchObject({
      status: "succeeded",
      kind: "sandbox.run",
      runnerId: runnerId("a"),
      correlationId: "job 7",
    })
  })

  test("is recorded and told when database and conversation are back", async () => {
    const runner = await harness.link()
    harness.databaseIsAway = true
    harness.onTold = () => {
      throw new Error("not now")
    }
    const { id } = await harness.submit()
    await begin(runner)
    await finish(runner, id)
    await harness.pass(20_000)
    expect(harness.told).toEqual([])
    harness.databaseIsAway = false
    harness.onTold = () => {}
    await harness.pass(70_000)
    expect(harness.told).toHaveLength(1)
    expect(await findCommand(harness.libsql, id)).toMatchObject({ status: "succeeded" })
  })
})

describe("what has ended", () => {
  test("is forgotten a day later, but not before its conversation knows", async () => {
    harness.onTold = () => {
      throw new Error("not now")
    }
    const runner = await harness.link()
    const kept = await harness.submit()
    await begin(runner)
    await finish(runner, kept.id)
    harness.time.advance(25 * 3_600_000)
    await harness.pass(2_000)
    expect(await harness.statusOf(kept.id)).toBe("succeeded")
    expect(await harness.hub.call("submit", kept)).toEqual({ status: "ended", outcome: echoed })
    harness.onTold = () => {}
    await harness.pass(61_000)
    expect(harness.told).toHaveLength(1)
    harness.time.advance(25 * 3_600_000)
    await harness.pass(2_000)
    await expect(harness.statusOf(kept.id)).rejects.toMatchObject({ code: "command_not_found" })
  })
})

describe("a clock that leaps", () => {
  test("forward a year ends what waits and nothing twice", async () => {
    const a = await harness.link()
    const running = await harness.submit()
    await begin(a)
    const waiting = await harness.submit()
    harness.time.advance(365 * 24 * 3_600_000)
    await harness.pass(2_000)
    expect(await failureOf(harness, waiting.id)).toBe("runner_away")
    const again = await harness.link({ held: [{ id: running.id, status: "running" }] })
    const next = await harness.submit(inThird)
    expect(await begin(again)).toBe(next.id)
  })
})
