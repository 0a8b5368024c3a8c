/** A runner at its work: what it does once, what it keeps over its death, and how it ends. */
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { CommandId } from "../../core/runner/command.ts"
import { linkProtocol, maxUnconfirmedOutput } from "../../core/runner/link.ts"
import type { RunnerWorker } from "../runner-worker.ts"
import { createEchoWorker } from "../testkit/echo-worker.ts"
import type { FakeLink } from "../testkit/fake-gateway.ts"
import { begin, codeOf, createRunnerStage, lines, resultOf, token, workspaceA } from "../testkit/runner-stage.ts"

const stage = createRunnerStage()
const { open, command, linked, pass, files, again } = stage
beforeEach(() => stage.set())
afterEach(() => stage.clear())

describe("a runner", () => {
  test("says hello with its token in a header, and serves what it is told", async () => {
    await open()
    const link = await stage.gateway.link()
    expect(link.headers.authorization).toBe(`Bearer ${token}`)
    const hello = await link.welcome()
    expect(hello).toMatchObject({
      protocol: linkProtocol,
      runnerId: stage.runner.id,
      slots: 4,
      held: [],
      isDraining: false,
    })
    expect(hello.capabilities).toEqual([{ name: "sandbox", status: "ok", problem: null }])
    const id = await begin(link, command(["echo", "hi"]))
    expect(await link.hear("output")).toEqual({ type: "output", id, offset: 0, stream: "stdout", text: "hi\n" })
    expect(await resultOf(link, id)).toMatchObject({ status: "succeeded", result: { stdout: "hi\n", exitCode: 0 } })
  })

  test("keeps its name over restarts", async () => {
    await open()
    const { id } = stage.runner
    await stage.runner.close()
    await open()
    expect(stage.runner.id).toBe(id)
  })

  test("begins nothing before it is told to, and nothing twice", async () => {
    await open()
    const link = await linked()
    const one = command(["echo", "once"])
    for (const _ of [1, 2, 3]) link.say({ type: "command", command: one })
    for (const _ of [1, 2, 3]) await link.hear("accepted")
    expect(stage.worker.done).toEqual([])
    expect(files()).toEqual([`${one.id}.json`])
    for (const _ of [1, 2, 3]) link.say({ type: "start", id: one.id })
    const first = await resultOf(link, one.id)
    link.say({ type: "command", command: one })
    expect(await resultOf(link, one.id)).toEqual(first)
    link.say({ type: "confirm", id: one.id })
    link.say({ type: "command", command: one })
    expect(await resultOf(link, one.id)).toEqual(first)
    expect(stage.worker.done).toHaveLength(1)
  })

  test("does two commands of one workspace one after the other, and others beside them", async () => {
    await open()
    const link = await linked()
    const path = join(stage.directory, "lines")
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
    expect(await stage.runner.problems()).toEqual(["Start Docker."])
    const hello = await (await stage.gateway.link()).welcome()
    expect(hello.capabilities).toEqual([{ name: "sandbox", status: "unavailable", problem: "Start Docker." }])
    await stage.runner.close()
    await open([lacking, silent])
    const problems = stage.runner.problems()
    await new Promise((resolve) => setImmediate(resolve))
    stage.clock.advance(2_000)
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
    rmSync(join(stage.directory, "commands"), { recursive: true })
    link.say({ type: "start", id: taken.id })
    expect(await link.hear("handed_back", taken.id)).toMatchObject({ reason: "It cannot write to its disk." })
    const next = command(["echo"])
    link.say({ type: "command", command: next })
    await link.hear("handed_back", next.id)
    expect(stage.worker.done).toEqual([])
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
    expect(stage.worker.done).toHaveLength(1)
  })

  test("ends work that does not end, and says so", async () => {
    await open()
    const link = await linked()
    const id = await begin(link, command(["ignore"]))
    await expect.poll(() => stage.worker.done.length).toBe(1)
    await pass(link, 60_000 + 30_000 + 15_000)
    expect(await resultOf(link, id)).toEqual({ status: "timed_out" })
  })

  async function relink(id: CommandId): Promise<FakeLink> {
    const link = await stage.gateway.link()
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
      ...stage.worker,
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
        .map((name) => readFileSync(join(stage.directory, "commands", name), "utf8"))
        .join(),
    ).not.toContain("secret")
  })
})

describe("a runner that dies", () => {
  /** As if the process had been killed: its files stay as they are. */
  const die = async () => {
    const copies = files().map((name) => [name, readFileSync(join(stage.directory, "commands", name))] as const)
    await stage.runner.close()
    for (const [name, bytes] of copies) writeFileSync(join(stage.directory, "commands", name), bytes)
  }

  test("while it did something says that it was interrupted", async () => {
    await open()
    const link = await linked()
    const id = await begin(link, command(["append-and-wait", join(stage.directory, "lines"), "x"]))
    await die()
    await open()
    const back = await stage.gateway.link()
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
    const back = await stage.gateway.link()
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
    const back = await stage.gateway.link()
    await back.welcome([{ id, offset: 0 }])
    expect(await resultOf(back, id)).toMatchObject({ result: { stdout: "kept\n" } })
    await expect.poll(() => files()).toEqual([`${id}.json`])
  })

  test("with a file that cannot be read takes the command as interrupted", async () => {
    await open()
    const link = await linked()
    const id = await begin(link, command(["append-and-wait", join(stage.directory, "lines"), "x"]))
    await die()
    writeFileSync(join(stage.directory, "commands", `${id}.json`), "{torn")
    writeFileSync(join(stage.directory, "commands", `${id}.json.new`), "{")
    await open()
    const back = await stage.gateway.link()
    await back.welcome([{ id, offset: 0 }])
    expect(codeOf(await resultOf(back, id))).toBe("interrupted")
    expect(files()).toEqual([`${id}.json`])
  })
})

describe("the end", () => {
  test("lets what runs end, gives back what has not begun, and takes nothing new", async () => {
    await open()
    const link = await linked()
    const path = join(stage.directory, "lines")
    const id = await begin(link, command(["append-and-wait", path, "x"]))
    const waiting = command(["echo"])
    link.say({ type: "command", command: waiting })
    await link.hear("accepted")
    let isDrained = false
    const drained = stage.runner.drain().then(() => (isDrained = true))
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
    expect(stage.worker.done).toHaveLength(1)
  })

  test("that does not wait leaves what ran as interrupted, and tells so", async () => {
    await open()
    const link = await linked()
    const path = join(stage.directory, "lines")
    const id = await begin(link, command(["append-and-wait", path, "x"]))
    await expect.poll(() => lines(path)).toEqual(["x"])
    await stage.runner.close()
    expect(codeOf(await resultOf(link, id))).toBe("interrupted")
    await link.closed
  })
})
