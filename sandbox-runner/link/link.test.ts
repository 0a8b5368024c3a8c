/** A runner against gateways of every kind: what it does once, what it keeps, and when it comes back. */
import { randomBytes } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { type Command, CommandId, type CommandOutcome } from "../../core/runner/command.ts"
import { deadAfterMs, heartbeatMs } from "../../core/runner/fleet.ts"
import { linkProtocol, maxUnconfirmedOutput } from "../../core/runner/link.ts"
import { after, ConversationId } from "../../core/units.ts"
import type { RunnerWorker } from "../runner-worker.ts"
import { createEchoWorker, type EchoWorker } from "../testkit/echo-worker.ts"
import { type FakeGateway, type FakeLink, startFakeGateway } from "../testkit/fake-gateway.ts"
import { manualTimers, type ManualTimers } from "../testkit/manual-timers.ts"
import { createWaiters } from "../testkit/waiters.ts"
import type { LinkNews } from "./link.ts"
import { type OpenRunner, openRunner } from "./runner.ts"
import { socketDial } from "./socket-wire.ts"

const token = `la_${"0".repeat(48)}`
let gateway: FakeGateway
let directory: string
let clock: ManualTimers
let worker: EchoWorker
let runner: OpenRunner
let news: LinkNews[]
const waiters = createWaiters()

async function open(workers: readonly RunnerWorker[] = [worker]): Promise<OpenRunner> {
  runner = await openRunner({
    directory,
    version: "0.1.0",
    slots: 4,
    workers,
    dial: () => socketDial(gateway.url, token),
    clock,
    randomBytes: (size) => new Uint8Array(randomBytes(size)),
    tell(one) {
      news.push(one)
      waiters.notify()
    },
    log: () => {},
    onOrder: () => {},
  })
  runner.start()
  return runner
}

beforeEach(async () => {
  gateway = await startFakeGateway()
  directory = mkdtempSync(join(tmpdir(), "runner-"))
  clock = manualTimers()
  worker = createEchoWorker()
  news = []
})
afterEach(async () => {
  await runner.close()
  await gateway.close()
  rmSync(directory, { recursive: true, force: true })
})

let made = 0
function command(argv: string[], workspace = "a"): Command {
  made += 1
  const conversationId = ConversationId.parse(`loop_${workspace.repeat(32)}`)
  return {
    id: CommandId.parse(`cmd_${String(made).padStart(24, "0")}`),
    work: {
      kind: "sandbox.run",
      workspace: conversationId,
      program: { form: "argv", argv },
      stdin: "",
      timeoutMs: 60_000,
    },
    conversationId,
    correlationId: null,
    createdAt: clock.now(),
    expiresAt: after(clock.now(), 60_000),
  }
}

async function linked(): Promise<FakeLink> {
  const link = await gateway.link()
  const before = linkedTimes()
  await link.welcome()
  await waiters.until("the runner to be linked", () => (linkedTimes() > before ? true : undefined))
  return link
}
const linkedTimes = () => news.filter(({ event }) => event === "linked").length

/** Time passes while the gateway answers heartbeats. */
async function pass(link: FakeLink, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= heartbeatMs) {
    clock.advance(heartbeatMs)
    await link.hear("heartbeat")
    link.say({ type: "heartbeat" })
    const id = CommandId.parse("cmd_nothing")
    link.say({
      type: "command",
      command: { ...command(["echo"]), id, work: { kind: "browser.erase", profile: workspaceA } },
    })
    await link.hear("handed_back", id)
  }
}
const workspaceA = ConversationId.parse(`loop_${"a".repeat(32)}`)

async function begin(link: FakeLink, one: Command): Promise<CommandId> {
  link.say({ type: "command", command: one })
  await link.hear("accepted", one.id)
  link.say({ type: "start", id: one.id })
  await link.hear("running", one.id)
  return one.id
}

async function resultOf(link: FakeLink, id: CommandId): Promise<CommandOutcome> {
  let text = ""
  for (;;) {
    const { part, index, count } = await link.hear("result", id)
    text += part
    if (index === count - 1) return JSON.parse(text)
  }
}

const codeOf = (outcome: CommandOutcome) => (outcome.status === "failed" ? outcome.failure.code : outcome.status)
const files = () => readdirSync(join(directory, "commands"))
const lines = (path: string) => readFileSync(path, "utf8").split("\n").filter(Boolean)
const untilTold = (event: LinkNews["event"]) =>
  waiters.until(`news ${event}`, () => news.find((one) => one.event === event))
/** Lets the pause before the next dial pass. */
const again = async (connections: number): Promise<void> => {
  clock.advance(60_000)
  await expect.poll(() => gateway.connections).toBe(connections)
}

describe("a runner", () => {
  test("says hello with its token in a header, and serves what it is told", async () => {
    await open()
    const link = await gateway.link()
    expect(link.headers.authorization).toBe(`Bearer ${token}`)
    const hello = await link.welcome()
    expect(hello).toMatchObject({ protocol: linkProtocol, runnerId: runner.id, slots: 4, held: [], isDraining: false })
    expect(hello.capabilities).toEqual([{ name: "sandbox", status: "ok", problem: null }])
    const id = await begin(link, command(["echo", "hi"]))
    expect(await link.hear("output")).toEqual({ type: "output", id, offset: 0, stream: "stdout", text: "hi\n" })
    expect(await resultOf(link, id)).toMatchObject({ status: "succeeded", result: { stdout: "hi\n", exitCode: 0 } })
  })

  test("keeps its name over restarts", async () => {
    await open()
    const { id } = runner
    await runner.close()
    await open()
    expect(runner.id).toBe(id)
  })

  test("begins nothing before it is told to, and nothing twice", async () => {
    await open()
    const link = await linked()
    const one = command(["echo", "once"])
    for (const _ of [1, 2, 3]) link.say({ type: "command", command: one })
    for (const _ of [1, 2, 3]) await link.hear("accepted")
    expect(worker.done).toEqual([])
    expect(files()).toEqual([`${one.id}.json`])
    for (const _ of [1, 2, 3]) link.say({ type: "start", id: one.id })
    const first = await resultOf(link, one.id)
    link.say({ type: "command", command: one })
    expect(await resultOf(link, one.id)).toEqual(first)
    link.say({ type: "confirm", id: one.id })
    link.say({ type: "command", command: one })
    expect(await resultOf(link, one.id)).toEqual(first)
    expect(worker.done).toHaveLength(1)
  })

  test("does two commands of one workspace one after the other, and others beside them", async () => {
    await open()
    const link = await linked()
    const path = join(directory, "lines")
    const first = await begin(link, command(["append-and-wait", path, "first"]))
    await expect.poll(() => lines(path)).toEqual(["first"])
    await begin(link, command(["append", path, "second"]))
    const beside = await begin(link, command(["append", path, "beside"], "b"))
    await resultOf(link, beside)
    expect(lines(path)).toEqual(["first", "beside"])
    link.say({ type: "cancel", id: first, reason: "" })
    expect(await resultOf(link, first)).toEqual({ status: "canceled" })
    await expect.poll(() => lines(path)).toEqual(["first", "beside", "second"])
  })

  test("says what its workers lack, and waits for none that does not say", async () => {
    const lacking: RunnerWorker = {
      ...createEchoWorker(),
      state: async () => ({ status: "unavailable", problem: "Start Docker." }),
    }
    const silent: RunnerWorker = { ...createEchoWorker(), capability: "browser", state: () => new Promise(() => {}) }
    await open([lacking])
    expect(await runner.problems()).toEqual(["Start Docker."])
    const hello = await (await gateway.link()).welcome()
    expect(hello.capabilities).toEqual([{ name: "sandbox", status: "unavailable", problem: "Start Docker." }])
    await runner.close()
    await open([lacking, silent])
    const problems = runner.problems()
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(2_000)
    expect(await problems).toEqual(["Start Docker."])
  })

  test("gives back what it cannot do", async () => {
    await open([])
    const link = await linked()
    const one = command(["echo"])
    link.say({ type: "command", command: one })
    expect(await link.hear("handed_back")).toMatchObject({ id: one.id, reason: "It cannot do that." })
    expect(files()).toEqual([])
  })

  test("that cannot write to its disk does nothing, says so, and lives on", async () => {
    await open()
    const link = await linked()
    const taken = command(["echo"])
    link.say({ type: "command", command: taken })
    await link.hear("accepted")
    rmSync(join(directory, "commands"), { recursive: true })
    link.say({ type: "start", id: taken.id })
    expect(await link.hear("handed_back", taken.id)).toMatchObject({ reason: "It cannot write to its disk." })
    const next = command(["echo"])
    link.say({ type: "command", command: next })
    await link.hear("handed_back", next.id)
    expect(worker.done).toEqual([])
    expect(link.isOpen).toBe(true)
  })

  test("called back before it began says canceled, and never begins", async () => {
    await open()
    const link = await linked()
    const one = command(["echo"])
    link.say({ type: "command", command: one })
    await link.hear("accepted")
    link.say({ type: "cancel", id: one.id, reason: "" })
    expect(await resultOf(link, one.id)).toEqual({ status: "canceled" })
    link.say({ type: "start", id: one.id })
    const next = await begin(link, command(["echo"]))
    await resultOf(link, next)
    expect(worker.done).toHaveLength(1)
  })

  test("ends work that does not end, and says so", async () => {
    await open()
    const link = await linked()
    const id = await begin(link, command(["ignore"]))
    await expect.poll(() => worker.done.length).toBe(1)
    await pass(link, 60_000 + 30_000 + 15_000)
    expect(await resultOf(link, id)).toEqual({ status: "timed_out" })
  })

  async function relink(id: CommandId): Promise<FakeLink> {
    const link = await gateway.link()
    await link.welcome([{ id, offset: 0 }])
    return link
  }

  test("lives on when a worker breaks its promise", async () => {
    await open()
    const link = await linked()
    expect(codeOf(await resultOf(link, await begin(link, command(["break"]))))).toBe("internal")
    expect((await resultOf(link, await begin(link, command(["echo"])))).status).toBe("succeeded")
  })

  test("lets its program wait for a gateway that confirms no output, and no longer than it is linked", async () => {
    await open()
    const link = await linked()
    const id = await begin(link, command(["flood", "400000"]))
    let offset = 0
    while (offset <= maxUnconfirmedOutput) {
      const frame = await link.hear("output")
      offset = frame.offset + frame.text.length
    }
    link.say({ type: "heartbeat" })
    expect(link.unheard.filter(({ type }) => type === "output")).toEqual([])
    link.say({ type: "confirm_output", id, offset })
    const next = await link.hear("output")
    expect(next.offset).toBe(offset)
    link.drop()
    await again(2)
    const back = await relink(id)
    expect(await resultOf(back, id)).toMatchObject({ status: "succeeded" })
  })

  test("sends a large result in parts", async () => {
    const large: RunnerWorker = {
      ...worker,
      state: async () => ({ status: "ok" }),
      close: async () => {},
      run: async () => ({
        status: "succeeded",
        result: {
          kind: "sandbox.run",
          exitCode: 0,
          stdout: "é😀".repeat(200_000),
          stderr: "",
          stdoutCutBytes: 0,
          stderrCutBytes: 0,
          durationMs: 1,
        },
      }),
    }
    await open([large])
    const link = await linked()
    const outcome = await resultOf(link, await begin(link, command(["any"])))
    expect(outcome).toMatchObject({ result: { stdout: "é😀".repeat(200_000) } })
  })

  test("erases with a workspace what its commands gave", async () => {
    await open()
    const link = await linked()
    const id = await begin(link, command(["echo", "secret"]))
    await resultOf(link, id)
    link.say({ type: "confirm", id })
    const late = await begin(link, command(["echo", "secret"]))
    await resultOf(link, late)
    const erase = command(["-"])
    await resultOf(link, await begin(link, { ...erase, work: { kind: "sandbox.erase", workspace: workspaceA } }))
    link.say({ type: "confirm", id: late })
    link.say({ type: "confirm", id: erase.id })
    await expect.poll(() => files()).toEqual([`${erase.id}.json`])
    expect(
      files()
        .map((name) => readFileSync(join(directory, "commands", name), "utf8"))
        .join(),
    ).not.toContain("secret")
  })
})

describe("a runner that dies", () => {
  /** As if the process had been killed: its files stay as they are. */
  const die = async () => {
    const copies = files().map((name) => [name, readFileSync(join(directory, "commands", name))] as const)
    await runner.close()
    for (const [name, bytes] of copies) writeFileSync(join(directory, "commands", name), bytes)
  }

  test("while it did something says that it was interrupted", async () => {
    await open()
    const link = await linked()
    const id = await begin(link, command(["append-and-wait", join(directory, "lines"), "x"]))
    await die()
    await open()
    const back = await gateway.link()
    expect((await back.welcome([{ id, offset: 0 }])).held).toEqual([{ id, status: "ended" }])
    expect(codeOf(await resultOf(back, id))).toBe("interrupted")
  })

  test("before it began still has the command, and begins when it is told to", async () => {
    await open()
    const link = await linked()
    const one = command(["echo", "later"])
    link.say({ type: "command", command: one })
    await link.hear("accepted")
    await die()
    await open()
    const back = await gateway.link()
    expect((await back.welcome([{ id: one.id, offset: 0 }])).held).toEqual([{ id: one.id, status: "accepted" }])
    back.say({ type: "start", id: one.id })
    expect(await resultOf(back, one.id)).toMatchObject({ result: { stdout: "later\n" } })
  })

  test("before the gateway had a result still has it, and drops what nobody wants any more", async () => {
    await open()
    const link = await linked()
    const id = await begin(link, command(["echo", "kept"]))
    await resultOf(link, id)
    const unwanted = command(["echo"])
    link.say({ type: "command", command: unwanted })
    await link.hear("accepted")
    await die()
    await open()
    const back = await gateway.link()
    await back.welcome([{ id, offset: 0 }])
    expect(await resultOf(back, id)).toMatchObject({ result: { stdout: "kept\n" } })
    await expect.poll(() => files()).toEqual([`${id}.json`])
  })

  test("with a file that cannot be read takes the command as interrupted", async () => {
    await open()
    const link = await linked()
    const id = await begin(link, command(["append-and-wait", join(directory, "lines"), "x"]))
    await die()
    writeFileSync(join(directory, "commands", `${id}.json`), "{torn")
    writeFileSync(join(directory, "commands", `${id}.json.new`), "{")
    await open()
    const back = await gateway.link()
    await back.welcome([{ id, offset: 0 }])
    expect(codeOf(await resultOf(back, id))).toBe("interrupted")
    expect(files()).toEqual([`${id}.json`])
  })
})

describe("a lost link", () => {
  test("stops no command: its result follows when the link is back", async () => {
    await open()
    const link = await linked()
    const path = join(directory, "lines")
    const id = await begin(link, command(["append-and-wait", path, "x"]))
    await expect.poll(() => lines(path)).toEqual(["x"])
    link.drop()
    await untilTold("lost")
    await again(2)
    const back = await gateway.link()
    expect((await back.welcome([{ id, offset: 0 }])).held).toEqual([{ id, status: "running" }])
    await back.hear("running")
    back.say({ type: "cancel", id, reason: "" })
    expect(await resultOf(back, id)).toEqual({ status: "canceled" })
  })

  test("is dialled again with growing pauses that differ, and at once after a link that lasted", async () => {
    gateway.refuseWith = 500
    await open()
    const pauses: number[] = []
    for (let connections = 1; connections <= 8; connections += 1) {
      await expect.poll(() => gateway.connections).toBe(connections)
      await expect.poll(() => clock.count()).toBe(1)
      let waited = 0
      while (clock.count() === 1 && waited < 120_000) {
        clock.advance(100)
        waited += 100
      }
      pauses.push(waited)
    }
    expect(pauses[0]).toBeLessThanOrEqual(2_100)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(30_100)
    expect(pauses.at(-1)).toBeGreaterThan(10_000)
  })

  test("by a gateway that refuses the token is told once, and tried again slowly", async () => {
    gateway.refuseWith = 401
    await open()
    expect(await untilTold("refused")).toMatchObject({ message: expect.stringContaining("RUNNER_TOKEN") })
    clock.advance(25_000)
    expect(gateway.connections).toBe(1)
    await again(2)
    await again(3)
    expect(news).toHaveLength(1)
  })

  test("by a gateway of another version is told with a sentence", async () => {
    await open()
    const link = await gateway.link()
    await link.hear("hello")
    link.say({ type: "refused", code: "protocol", message: "Update the runner." })
    expect(await untilTold("refused")).toEqual({ event: "refused", message: "Update the runner." })
    await link.closed
    await again(2)
    const other = await gateway.link()
    await other.hear("hello")
    other.say({ type: "welcome", protocol: linkProtocol + 1, granted: [], yours: [] })
    await waiters.until("the sentence", () =>
      news.find(
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
    clock.advance(heartbeatMs)
    clock.advance(deadAfterMs)
    await untilTold("lost")
    await again(2)
  })

  test("stays with a gateway that answers its heartbeats", async () => {
    await open()
    const link = await linked()
    await pass(link, 8 * heartbeatMs)
    expect(link.isOpen).toBe(true)
    expect(gateway.connections).toBe(1)
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
    expect(worker.done).toEqual([])
    expect(files()).toEqual([])
  })

  test("that speaks before its welcome is left", async () => {
    await open()
    const link = await gateway.link()
    await link.hear("hello")
    link.say({ type: "command", command: command(["echo"]) })
    await link.closed
    expect(files()).toEqual([])
  })

  test("that never says welcome is left", async () => {
    await open()
    const link = await gateway.link()
    await link.hear("hello")
    await expect.poll(() => clock.count()).toBeGreaterThan(0)
    clock.advance(15_000)
    await link.closed
  })

  test("that welcomes and hangs up is not dialled in a hurry", async () => {
    await open()
    for (let connections = 1; connections < 6; connections += 1) {
      const link = await linked()
      await untilTold("linked")
      link.drop()
      await expect.poll(() => clock.count()).toBe(1)
      await again(connections + 1)
    }
    const last = await linked()
    last.drop()
    await expect.poll(() => clock.count()).toBe(1)
    clock.advance(10_000)
    expect(gateway.connections).toBe(6)
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
    expect(worker.done).toHaveLength(1)
  })

  test("that sends more than a runner holds gets the rest back", async () => {
    await open()
    const link = await linked()
    for (let sent = 0; sent < 1_003; sent += 1) link.say({ type: "command", command: command(["echo"]) })
    await link.hear("handed_back")
    await link.hear("handed_back")
    await link.hear("handed_back")
    expect(files()).toHaveLength(1_000)
  }, 60_000)
})

describe("the end", () => {
  test("lets what runs end, gives back what has not begun, and takes nothing new", async () => {
    await open()
    const link = await linked()
    const path = join(directory, "lines")
    const id = await begin(link, command(["append-and-wait", path, "x"]))
    const waiting = command(["echo"])
    link.say({ type: "command", command: waiting })
    await link.hear("accepted")
    let isDrained = false
    const drained = runner.drain().then(() => (isDrained = true))
    expect(await link.hear("handed_back")).toMatchObject({ id: waiting.id })
    expect(await link.hear("heartbeat")).toMatchObject({ isDraining: true })
    link.say({ type: "command", command: command(["echo"]) })
    expect(await link.hear("handed_back")).toMatchObject({ reason: "It is draining." })
    expect(isDrained).toBe(false)
    link.say({ type: "cancel", id, reason: "" })
    await resultOf(link, id)
    expect(isDrained).toBe(false)
    link.say({ type: "confirm", id })
    await drained
    expect(worker.done).toHaveLength(1)
  })

  test("that does not wait leaves what ran as interrupted, and tells so", async () => {
    await open()
    const link = await linked()
    const path = join(directory, "lines")
    const id = await begin(link, command(["append-and-wait", path, "x"]))
    await expect.poll(() => lines(path)).toEqual(["x"])
    await runner.close()
    expect(codeOf(await resultOf(link, id))).toBe("interrupted")
    await link.closed
  })
})
