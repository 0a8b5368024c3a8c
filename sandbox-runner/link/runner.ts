/** A runner: its name, its journal, its workers and its link, as one. The same for a companion and within the gateway. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { hostname } from "node:os"
import { join } from "node:path"
import { RunnerId } from "../../core/runner/command.ts"
import type { RunnerOrder } from "../../core/runner/fleet.ts"
import { toHex } from "../../core/units.ts"
import type { RunnerWorker } from "../runner-worker.ts"
import type { Clock } from "./clock.ts"
import { Desk } from "./desk.ts"
import { Journal } from "./journal.ts"
import { Link, type LinkNews } from "./link.ts"
import type { Dial } from "./wire.ts"

export interface RunnerOptions {
  /** Of its own: for its name and its journal. */
  readonly directory: string
  readonly version: string
  /** How many commands it does at once. */
  readonly slots: number
  readonly workers: readonly RunnerWorker[]
  /** Given the runner's name. */
  readonly dial: (runnerId: RunnerId) => Dial
  readonly clock: Clock
  readonly randomBytes: (sizeBytes: number) => Uint8Array
  readonly tell: (news: LinkNews) => void
  readonly log: (during: string, error: unknown) => void
  readonly onOrder: (order: RunnerOrder) => void
}

export interface OpenRunner {
  readonly id: RunnerId
  start(): void
  readonly isLinked: boolean
  /** What its workers lack, in sentences for the operator; a worker that does not say so soon is passed over. */
  problems(): Promise<string[]>
  /** Takes nothing new, and resolves when what it had is done and the gateway knows. */
  drain(): Promise<void>
  /** Ends what runs, then the link and the workers. */
  close(): Promise<void>
}

const problemsWithinMs = 2_000

/** Opens what it has on its disk. What had begun when it died is interrupted from now on. */
export async function openRunner(options: RunnerOptions): Promise<OpenRunner> {
  const { directory, workers, clock } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const id = await nameOf(directory, options.randomBytes)
  const { journal, found } = await Journal.open(join(directory, "commands"), clock.now())
  const desk = new Desk({ journal, workers, clock, log: options.log, say: (frame) => link.say(frame) }, found)
  const facts = {
    hostname: hostname().slice(0, 255) || "unknown",
    platform: `${process.platform} ${process.arch}`,
    version: options.version,
    slots: options.slots,
  }
  const random = () => (options.randomBytes(1)[0] ?? 0) / 256
  const { tell, onOrder } = options
  const link = new Link({ runnerId: id, facts, workers, dial: options.dial(id), clock, random, tell, onOrder }, desk)
  return {
    id,
    start: () => link.start(),
    get isLinked() {
      return link.isLinked
    },
    async problems() {
      const found = workers.map(async (worker) => {
        const late = new Promise<undefined>((resolve) => void clock.start(problemsWithinMs, () => resolve(undefined)))
        const state = await Promise.race([worker.state().catch(() => undefined), late])
        return state?.status === "unavailable" ? [state.problem] : []
      })
      return (await Promise.all(found)).flat()
    },
    async drain() {
      const drained = desk.drain()
      await link.beat()
      await drained
    },
    async close() {
      await desk.stop()
      link.stop()
      await Promise.all(workers.map((worker) => worker.close()))
    },
  }
}

/** The runner's name, made at its first start. */
async function nameOf(directory: string, randomBytes: RunnerOptions["randomBytes"]): Promise<RunnerId> {
  const path = join(directory, "runner-id")
  const known = RunnerId.safeParse((await readFile(path, "utf8").catch(() => "")).trim()).data
  if (known !== undefined) return known
  const id = RunnerId.parse(`run_${toHex(randomBytes(12))}`)
  await writeFile(`${path}.new`, `${id}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return id
}
