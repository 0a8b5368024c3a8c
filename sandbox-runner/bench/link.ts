/** What the way to a runner and back costs: from asking for a command that does nothing until its conversation is told of its end. */
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openEmbedded } from "../../adapters/store/embedded.ts"
import { migrate } from "../../adapters/store/migrate.ts"
import { type Command, CommandId } from "../../core/runner/command.ts"
import { after, ConversationId, EpochMs } from "../../core/units.ts"
import type { HostedObject } from "../../durable-objects/host.ts"
import { RunnerHub } from "../../durable-objects/runners/hub.ts"
import { memoryDial } from "../host/memory-link.ts"
import { openObjectHost } from "../host/objects/objects.ts"
import { machineClock } from "../link/clock.ts"
import { openRunner } from "../link/runner.ts"
import { createEchoWorker } from "../testkit/echo-worker.ts"
import { createWaiters } from "../testkit/waiters.ts"
import { median, quantile, timeEach } from "./measure.ts"
import type { Row } from "./table.ts"

const warmUp = 30
const runs = 200
const conversationId = ConversationId.parse(`loop_${"b".repeat(32)}`)
const now = () => EpochMs.parse(Date.now())

/** Hub, link, journal and worker of one process, with every fsync that they make: four of the journal, and the hub's own. */
export async function measureLink(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), "bench-link-"))
  const database = await openEmbedded(join(directory, "gateway.db"))
  if (database.status !== "open") throw new Error(database.message)
  await migrate(database.libsql, now())
  const waiters = createWaiters()
  const told = new Set<string>()
  const noteTaker: HostedObject = {
    async call(_, input) {
      told.add(String(Object(input).commandId))
      waiters.notify()
      return {}
    },
    stream: () => new ReadableStream(),
    alarm: async () => {},
  }
  const objects = openObjectHost({
    path: join(directory, "objects.db"),
    blobDirectory: join(directory, "blobs"),
    libsql: database.libsql,
    fetch: { operator: (request) => fetch(request), agent: (request) => fetch(request) },
    create: (kind, host) => (kind === "runners" ? new RunnerHub(host, {}) : noteTaker),
    log: ({ error }) => process.stderr.write(`${String(error)}\n`),
  })
  const runner = await openRunner({
    directory: join(directory, "runner"),
    version: "bench",
    slots: 4,
    workers: [createEchoWorker()],
    dial: (id) => memoryDial(objects, id),
    clock: machineClock,
    randomBytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)),
    tell: waiters.notify,
    log: (_, error) => process.stderr.write(`${String(error)}\n`),
    onOrder: () => {},
  })
  try {
    runner.start()
    await waiters.until("the link", () => (runner.isLinked ? true : undefined))
    const roundTrip = async () => {
      const command = newCommand()
      await objects.peers("runners", "main").call("submit", command)
      await waiters.until("the news", () => (told.has(command.id) ? true : undefined))
    }
    await timeEach(roundTrip, warmUp)
    const times = await timeEach(roundTrip, runs)
    const gateway = `${median(times).toFixed(1)} ms (${quantile(times, 0.99).toFixed(1)} ms)`
    return [
      {
        measure: "tool round trip through the runner link, p50 (p99)",
        gateway,
        floor: "",
        ratio: "",
        aim: "",
        met: null,
      },
    ]
  } finally {
    await runner.close()
    await objects.close(0)
    await database.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function newCommand(): Command {
  return {
    id: CommandId.parse(`cmd_${randomBytes(12).toString("hex")}`),
    work: {
      kind: "sandbox.run",
      workspace: conversationId,
      program: { form: "argv", argv: ["echo", "hi"] },
      stdin: "",
      timeoutMs: 5_000,
    },
    conversationId,
    correlationId: null,
    createdAt: now(),
    expiresAt: after(now(), 60_000),
  }
}
