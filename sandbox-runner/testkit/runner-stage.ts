/** A runner on a stage: its own directory, a clock moved by hand, workers that echo, and a gateway that says what the test says. */
import { randomBytes } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect } from "vitest"
import { type Command, CommandId, type CommandOutcome } from "../../core/runner/command.ts"
import { heartbeatMs } from "../../core/runner/fleet.ts"
import { after, ConversationId } from "../../core/units.ts"
import type { LinkNews } from "../link/link.ts"
import { type OpenRunner, openRunner } from "../link/runner.ts"
import { socketDial } from "../link/socket-wire.ts"
import type { RunnerWorker } from "../runner-worker.ts"
import { createEchoWorker, type EchoWorker } from "./echo-worker.ts"
import { type FakeGateway, type FakeLink, startFakeGateway } from "./fake-gateway.ts"
import { manualTimers, type ManualTimers } from "./manual-timers.ts"
import { createWaiters } from "./waiters.ts"

export const token = `la_${"0".repeat(48)}`
export const workspaceA = ConversationId.parse(`loop_${"a".repeat(32)}`)

/** One a file of tests; each test sets it and clears it away. */
export function createRunnerStage() {
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

  /** A link that was welcomed, and the runner knows. */
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

  const files = () => readdirSync(join(directory, "commands"))
  const untilTold = (event: LinkNews["event"]) =>
    waiters.until(`news ${event}`, () => news.find((one) => one.event === event))
  /** Lets the pause before the next dial pass. */
  const again = async (connections: number): Promise<void> => {
    clock.advance(60_000)
    await expect.poll(() => gateway.connections).toBe(connections)
  }
  return {
    get gateway() {
      return gateway
    },
    get directory() {
      return directory
    },
    get clock() {
      return clock
    },
    get worker() {
      return worker
    },
    /** The one that was opened last. */
    get runner() {
      return runner
    },
    get news() {
      return news
    },
    waiters,
    set: async () => {
      gateway = await startFakeGateway()
      directory = mkdtempSync(join(tmpdir(), "runner-"))
      clock = manualTimers()
      worker = createEchoWorker()
      news = []
    },
    clear: async () => {
      await runner.close()
      await gateway.close()
      rmSync(directory, { recursive: true, force: true })
    },
    open,
    command,
    linked,
    pass,
    files,
    untilTold,
    again,
  }
}

/** The gateway gives the command and tells it to start. */
export async function begin(link: FakeLink, one: Command): Promise<CommandId> {
  link.say({ type: "command", command: one })
  await link.hear("accepted", one.id)
  link.say({ type: "start", id: one.id })
  await link.hear("running", one.id)
  return one.id
}

/** As it came, whole or in parts. */
export async function resultOf(link: FakeLink, id: CommandId): Promise<CommandOutcome> {
  let text = ""
  for (;;) {
    const { part, index, count } = await link.hear("result", id)
    text += part
    if (index === count - 1) return JSON.parse(text)
  }
}

/** The code of a failure, or else the status. */
export const codeOf = (outcome: CommandOutcome) => (outcome.status === "failed" ? outcome.failure.code : outcome.status)
export const lines = (path: string) => readFileSync(path, "utf8").split("\n").filter(Boolean)
