/** Runners that come, stay, go and come back: which are taken for present, and what that does to the commands that they hold. */
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { RunnerId } from "../../core/runner/command.ts"
import { deadAfterMs, graceMs, helloWithinMs, lostAfterMs } from "../../core/runner/fleet.ts"
import { linkClose, linkProtocol } from "../../core/runner/link.ts"
import { after } from "../../core/units.ts"
import { beat, begin, failureOf, finish, inOther, lose } from "../testing/runner-desk.ts"
import { echoed, hello, openRunnerHarness, resultOf, type RunnerHarness, runnerId } from "../testing/runner-harness.ts"

let harness: RunnerHarness
beforeEach(async () => {
  harness = await openRunnerHarness()
})
afterEach(() => harness.close())

describe("a lost connection", () => {
  test("takes nothing from a runner that comes back in time: it goes on where its output ended", async () => {
    const runner = await harness.link()
    const { id } = await harness.submit()
    await begin(runner)
    runner.say({ type: "output", id, offset: 0, stream: "stdout", text: "one " })
    await runner.hear("confirm_output")
    await lose(harness, runner)
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
    await lose(harness, a)
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
    await lose(harness, a)
    const b = await harness.link({ id: runnerId("b") })
    await harness.pass(lostAfterMs - 5_000)
    expect(await harness.statusOf(id)).toBe("running")
    await harness.pass(10_000)
    expect(await failureOf(harness, id)).toBe("interrupted")
    expect(b.unheard).toEqual([])
  })

  test("of a runner that comes back without its journal ends what it had as interrupted", async () => {
    const a = await harness.link()
    const { id } = await harness.submit()
    await begin(a)
    await lose(harness, a)
    await harness.link({ held: [] })
    expect(await failureOf(harness, id)).toBe("interrupted")
  })

  test("before the command arrived lets the same runner have it again", async () => {
    const a = await harness.link()
    const { id } = await harness.submit()
    await a.hear("command")
    await lose(harness, a)
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
  })

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
    expect(await failureOf(harness, id)).toBe("interrupted")
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
    await lose(harness, a, runnerId("b"))
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
    await lose(harness, own)
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
    await lose(harness, old)
    const anew = await harness.link({ id: runnerId("b") }, { via: "memory" })
    const { id } = await harness.submit()
    expect(await begin(anew)).toBe(id)
    expect((await harness.hub.call("list", {})).runners.map((one) => one.id)).toEqual([runnerId("b")])
  })
})
