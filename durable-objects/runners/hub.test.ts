/** The RunnerHub between conversations and runners that may be anything: who gets a command, once, and what comes of it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { findCommand } from "../../adapters/store/commands.ts"
import type { CommandId, CommandOutcome, RunnerId } from "../../core/runner/command.ts"
import { deadAfterMs, graceMs, helloWithinMs, lostAfterMs, overdueMs } from "../../core/runner/fleet.ts"
import { linkClose, linkProtocol, maxOutputFrame } from "../../core/runner/link.ts"
import { after, ConversationId } from "../../core/units.ts"
import {
  conversationId,
  echo,
  echoed,
  type FakeRunner,
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

const other = ConversationId.parse(`loop_${"d".repeat(32)}`)
const third = ConversationId.parse(`loop_${"e".repeat(32)}`)
const inOther = { conversationId: other, work: { ...echo, workspace: other } } as const
const inThird = { conversationId: third, work: { ...echo, workspace: third } } as const

/** Takes the next command and begins it. */
async function begin(runner: FakeRunner): Promise<CommandId> {
  const { command } = await runner.hear("command")
  runner.say({ type: "accepted", id: command.id })
  await runner.hear("start")
  runner.say({ type: "running", id: command.id })
  await beat(runner)
  return command.id
}

/** A sign of life; what was said before it has arrived too. */
async function beat(runner: FakeRunner, isDraining = false): Promise<void> {
  runner.say({ type: "heartbeat", capabilities: hello().capabilities, isDraining })
  await runner.hear("heartbeat")
}

/** Its connection is lost, and the hub knows. */
async function lose(runner: FakeRunner, id = runnerId("a")): Promise<void> {
  runner.drop()
  await harness.until("it to be away", () => {
    const states = harness.live.flatMap((one) =>
      one.event === "runner:status" && one.data.runnerId === id ? one.data.state : [],
    )
    return states.at(-1) === "offline" ? true : undefined
  })
}

async function finish(runner: FakeRunner, id: CommandId, outcome: CommandOutcome = echoed): Promise<void> {
  runner.say(resultOf(id, outcome))
  await runner.hear("confirm")
}

const failureOf = async (id: CommandId) => {
  const outcome = await harness.outcomeOf(id)
  return outcome.status === "failed" ? outcome.failure.code : outcome.status
}

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
    expect(await failureOf(id)).toBe("runner_away")
    expect(await harness.until("the news", () => harness.told[0])).toMatchObject({ commandId: id })
  })

  test("that is accepted after its time is not begun", async () => {
    const runner = await harness.link()
    const { id } = await harness.submit({ expiresAt: after(harness.time.now(), 5_000) })
    await runner.hear("command")
    harness.time.advance(6_000)
    runner.say({ type: "accepted", id })
    await runner.hear("confirm")
    expect(await failureOf(id)).toBe("runner_away")
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

describe("a lost connection", () => {
  test("takes nothing from a runner that comes back in time: it goes on where its output ended", async () => {
    const runner = await harness.link()
    const { id } = await harness.submit()
    await begin(runner)
    runner.say({ type: "output", id, offset: 0, stream: "stdout", text: "one " })
    await runner.hear("confirm_output")
    await lose(runner)
    const again = await harness.dial()
    again.say(hello({ held: [{ id, status: "running" }] }))
    expect(await again.hear("welcome")).toMatchObject({ yours: [{ id, offset: 4 }] })
    again.say({ type: "output", id, offset: 2, stream: "stdout", text: "e two" })
    expect(await again.hear("confirm_output")).toMatchObject({ offset: 7 })
    expect((await harness.hub.call("show", { commandId: id })).output.stdout).toBe("one two")
    await finish(again, id)
    expect(await harness.outcomeOf(id)).toEqual(echoed)
  })

  test("gives what was only offered to another after a while, and the first may no longer begin it", async () => {
    const a = await harness.link({ id: runnerId("a") })
    const { id } = await harness.submit({ expiresAt: after(harness.time.now(), 600_000) })
    await a.hear("command")
    await lose(a)
    const b = await harness.link({ id: runnerId("b") })
    expect(b.unheard).toEqual([])
    await harness.pass(graceMs + 2_000)
    expect((await b.hear("command")).command.id).toBe(id)
    const late = await harness.dial(undefined, runnerId("a"))
    late.say(hello({ id: runnerId("a"), held: [{ id, status: "accepted" }] }))
    expect(await late.hear("welcome")).toMatchObject({ yours: [] })
    late.say({ type: "running", id })
    late.say(resultOf(id, { status: "canceled" }))
    await late.hear("confirm")
    b.say({ type: "accepted", id })
    await b.hear("start")
    await finish(b, id)
    expect(await harness.outcomeOf(id)).toEqual(echoed)
  })

  test("leaves what was accepted where it is, until the runner says or is away for too long", async () => {
    const a = await harness.link({ id: runnerId("a") })
    const { id } = await harness.submit()
    await begin(a)
    await lose(a)
    const b = await harness.link({ id: runnerId("b") })
    await harness.pass(lostAfterMs - 5_000)
    expect(await harness.statusOf(id)).toBe("running")
    await harness.pass(10_000)
    expect(await failureOf(id)).toBe("interrupted")
    expect(b.unheard).toEqual([])
  }, 60_000)

  test("of a runner that comes back without its journal ends what it had as interrupted", async () => {
    const a = await harness.link()
    const { id } = await harness.submit()
    await begin(a)
    await lose(a)
    await harness.link({ held: [] })
    expect(await failureOf(id)).toBe("interrupted")
  })

  test("before the command arrived lets the same runner have it again", async () => {
    const a = await harness.link()
    const { id } = await harness.submit()
    await a.hear("command")
    await lose(a)
    const again = await harness.link()
    expect(await begin(again)).toBe(id)
  })

  test("of the gateway itself is survived by commands, runners and leases", async () => {
    const a = await harness.link()
    const { id } = await harness.submit()
    const waiting = await harness.submit()
    await begin(a)
    await harness.restart()
    await a.closed
    expect(await harness.statusOf(id)).toBe("running")
    const again = await harness.link({ held: [{ id, status: "running" }] })
    await finish(again, id)
    expect(await begin(again)).toBe(waiting.id)
  })

  test("whose runner connects again before it is noticed is closed, and the new one counts", async () => {
    const a = await harness.link()
    const again = await harness.link()
    expect((await a.closed).code).toBe(linkClose.replaced.code)
    const { id } = await harness.submit()
    expect(await begin(again)).toBe(id)
  })
})

describe("a runner", () => {
  test("that is gone before it was welcomed is not taken for a present one", async () => {
    const token = await harness.addToken()
    const { id } = await harness.submit()
    const brief = await harness.dial({ via: "token", token })
    const release = harness.holdDatabase()
    brief.say(hello())
    await harness.until("the hub to ask the database", () => (harness.isHolding ? true : undefined))
    brief.drop()
    await expect.poll(() => harness.objects.stats().sockets).toBe(0)
    release()
    await harness.pass(2_000)
    expect((await harness.hub.call("list", {})).runners).toEqual([])
    expect(await begin(await harness.link({}, { via: "token", token }))).toBe(id)
  })

  test("that says nothing for too long is stale, gets nothing, and is closed", async () => {
    const a = await harness.link({}, { via: "token", token: await harness.addToken() })
    harness.time.advance(deadAfterMs + 1)
    expect((await a.closed).code).toBe(linkClose.silent.code)
    const { runners } = await harness.hub.call("list", {})
    expect(runners).toMatchObject([{ state: "offline", isBuiltIn: false, hostname: "pi" }])
  })

  test("of the gateway's own process cannot be silent, and costs no alarm", async () => {
    await harness.link({}, { via: "memory" })
    await harness.pass(deadAfterMs * 2)
    expect((await harness.hub.call("list", {})).runners).toMatchObject([{ state: "online", isBuiltIn: true }])
  })

  test("that sends its heartbeats stays, and is answered", async () => {
    const a = await harness.link({}, { via: "token", token: await harness.addToken() })
    for (let minute = 0; minute < 1.5; minute += 0.25) {
      await harness.pass(15_000)
      await beat(a)
    }
    expect((await harness.hub.call("list", {})).runners).toMatchObject([{ state: "online" }])
  }, 60_000)

  test("that never says hello is closed", async () => {
    const silent = await harness.dial({ via: "token", token: await harness.addToken() })
    harness.time.advance(helloWithinMs + 1)
    expect((await silent.closed).code).toBe(linkClose.silent.code)
  })

  test("of another version is refused with a sentence that says whom to update", async () => {
    const old = await harness.dial()
    old.raw(JSON.stringify({ type: "hello", protocol: 0, words: "of another age" }))
    expect(await old.hear("refused")).toMatchObject({
      code: "protocol",
      message: expect.stringContaining("Update the runner"),
    })
    expect((await old.closed).code).toBe(linkClose.refused.code)
    const newer = await harness.dial()
    newer.say(hello({ protocol: linkProtocol + 1 }))
    expect(await newer.hear("refused")).toMatchObject({ message: expect.stringContaining("Update the gateway") })
  })

  test("is bound to its token by the first use, and may do what the token grants", async () => {
    const token = await harness.addToken(["browser"])
    const via = { via: "token", token } as const
    const a = await harness.dial(via)
    a.say(hello({ id: runnerId("a") }))
    expect(await a.hear("welcome")).toMatchObject({ granted: ["browser"] })
    expect(await harness.hub.call("available", {})).toEqual({ capabilities: ["browser"] })
    const thief = await harness.dial(via)
    thief.say(hello({ id: runnerId("b") }))
    expect(await thief.hear("refused")).toMatchObject({ code: "token_bound" })
    const usurper = await harness.dial({ via: "token", token: await harness.addToken() })
    usurper.say(hello({ id: runnerId("a") }))
    expect(await usurper.hear("refused")).toMatchObject({ code: "runner_taken" })
    // What it cannot do it does not get by saying so.
    await beat(a)
    expect(await harness.hub.call("available", {})).toEqual({ capabilities: ["browser"] })
  })

  test("with a new token goes on once the old one is over", async () => {
    const old = await harness.addToken()
    const a = await harness.link({}, { via: "token", token: old })
    await old.revoke()
    await harness.hub.call("recheck", {})
    expect(await a.hear("refused")).toMatchObject({ code: "token" })
    expect(await harness.refusalOf(old)).toBe("invalid_token")
    await harness.link({}, { via: "token", token: await harness.addToken() })
    expect((await harness.hub.call("list", {})).runners).toMatchObject([{ state: "online", isBuiltIn: false }])
  })

  test("whose token is over gets no command, ten seconds after that at the latest", async () => {
    const token = await harness.addToken()
    const a = await harness.link({}, { via: "token", token })
    await token.revoke()
    harness.time.advance(10_000)
    const { id } = await harness.submit()
    expect((await a.closed).code).toBe(linkClose.refused.code)
    expect(a.unheard.map(({ type }) => type)).toEqual(["refused"])
    expect(await harness.statusOf(id)).toBe("pending")
  })

  test("whose token was just looked at gets its command at once, and also long after", async () => {
    const a = await harness.link({}, { via: "token", token: await harness.addToken() })
    const first = await harness.submit()
    expect(await begin(a)).toBe(first.id)
    await finish(a, first.id)
    harness.time.advance(30_000)
    const second = await harness.submit()
    expect(await begin(a)).toBe(second.id)
  })

  test("that is revoked is refused, and what it ran is interrupted", async () => {
    const token = await harness.addToken()
    const a = await harness.link({}, { via: "token", token })
    const { id } = await harness.submit()
    await begin(a)
    await harness.hub.call("revoke", { runnerId: runnerId("a") })
    expect(await a.hear("refused")).toMatchObject({ code: "revoked" })
    expect(await failureOf(id)).toBe("interrupted")
    expect(await harness.refusalOf(token)).toBe("invalid_token")
    expect((await harness.hub.call("list", {})).runners).toMatchObject([{ state: "revoked" }])
  })

  test("is told to restart, unless it is the gateway itself", async () => {
    const a = await harness.link({ id: runnerId("b") }, { via: "token", token: await harness.addToken() })
    await harness.hub.call("order", { runnerId: runnerId("b"), order: "restart" })
    expect(await a.hear("order")).toEqual({ type: "order", order: "restart" })
    await harness.link({ id: runnerId("a") }, { via: "memory" })
    const order = (id: RunnerId) => harness.hub.call("order", { runnerId: id, order: "shutdown" })
    await expect(order(runnerId("a"))).rejects.toMatchObject({ code: "runner_built_in" })
    await expect(order(runnerId("c"))).rejects.toMatchObject({ code: "runner_not_found" })
    await lose(a, runnerId("b"))
    await expect(order(runnerId("b"))).rejects.toMatchObject({ code: "runner_away" })
  })

  test("that drains gets nothing new and ends what it has", async () => {
    const a = await harness.link()
    const { id } = await harness.submit()
    await begin(a)
    await beat(a, true)
    await harness.submit(inOther)
    await finish(a, id)
    expect(a.unheard.map(({ type }) => type)).not.toContain("command")
    expect((await harness.hub.call("list", {})).runners).toMatchObject([{ state: "draining" }])
  })
})

describe("the gateway's own runner", () => {
  test("counts as there while its process starts, however long the gateway was stopped", async () => {
    const own = await harness.link({ id: runnerId("a") }, { via: "memory" })
    await lose(own)
    harness.time.advance(24 * 3_600_000)
    expect(await harness.hub.call("available", {})).toEqual({ capabilities: ["sandbox", "browser"] })
    const { id } = await harness.submit()
    expect(await begin(await harness.link({ id: runnerId("a") }, { via: "memory" }))).toBe(id)
  })

  test("under a new name takes the place of the old one, which nobody waits for", async () => {
    const old = await harness.link({ id: runnerId("a") }, { via: "memory" })
    const done = await harness.submit()
    await begin(old)
    await finish(old, done.id)
    await lose(old)
    const anew = await harness.link({ id: runnerId("b") }, { via: "memory" })
    const { id } = await harness.submit()
    expect(await begin(anew)).toBe(id)
    expect((await harness.hub.call("list", {})).runners.map((one) => one.id)).toEqual([runnerId("b")])
  })
})

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
    expect(await failureOf(first.id)).toBe("internal")
    const second = await harness.submit()
    await begin(a)
    await finish(a, second.id, { status: "succeeded", result: { kind: "browser.erase" } })
    expect(await failureOf(second.id)).toBe("internal")
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
  }, 60_000)

  test("is not asked for results that it repeats after their end", async () => {
    const a = await harness.link()
    const { id } = await harness.submit()
    await begin(a)
    await finish(a, id)
    await finish(a, id, { status: "canceled" })
    expect(await harness.outcomeOf(id)).toEqual(echoed)
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
    expect(await failureOf(waiting.id)).toBe("runner_away")
    const again = await harness.link({ held: [{ id: running.id, status: "running" }] })
    const next = await harness.submit(inThird)
    expect(await begin(again)).toBe(next.id)
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
    await lose(a)
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
  }, 60_000)

  test("whose runner is away can begin anew on another", async () => {
    const a = await harness.link({ id: runnerId("a") })
    const { id } = await harness.submit()
    await begin(a)
    await finish(a, id)
    await lose(a)
    await harness.hub.call("forget", { conversationId })
    await harness.pass(graceMs + 1_000)
    const b = await harness.link({ id: runnerId("b") })
    const fresh = await harness.submit()
    expect(await begin(b)).toBe(fresh.id)
  })
})
