/**
 * `npm run runner`: a runner on any machine that can reach its gateway. It dials out and listens on nothing. SIGTERM, or an order
 * from the gateway, lets it end what it has; a second signal ends it at once.
 */
import { randomBytes } from "node:crypto"
import { loadEnvFile } from "node:process"
import { createLog, describeFailure } from "../../core/log.ts"
import type { RunnerOrder } from "../../core/runner/fleet.ts"
import { parseEnvironment, RunnerConfig } from "../config.ts"
import { openDataDirectory } from "../host/data-directory.ts"
import { StartProblem } from "../host/start-problem.ts"
import { machineClock } from "../link/clock.ts"
import type { LinkNews } from "../link/link.ts"
import { openRunner } from "../link/runner.ts"
import { socketDial } from "../link/socket-wire.ts"
import type { RunnerWorker } from "../runner-worker.ts"
import { createWorkers, slotsOf } from "../workers.ts"
import packageJson from "../../package.json" with { type: "json" }

/** What runs gets so long to end before it is interrupted: less than service managers wait before they kill (90 s of systemd). */
const drainMs = 60_000

export interface CompanionOptions {
  /** In place of those of this machine. */
  readonly workers?: readonly RunnerWorker[]
}

/** Runs the runner as this process, with exit code 1 and one line on a start that cannot be. */
export async function runCompanion(options: CompanionOptions = {}): Promise<void> {
  try {
    await start(readConfig(), options)
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}

async function start(config: RunnerConfig, options: CompanionOptions): Promise<void> {
  const directory = openDataDirectory(config.DATA_DIR)
  const now = () => machineClock.now()
  const log = createLog({ least: config.LOG_LEVEL, now, write: (_, line) => process.stderr.write(`${line}\n`) })
  let isEnding = false
  const end = (how: RunnerOrder) => {
    if (isEnding) return
    isEnding = true
    const drained = Promise.race([runner.drain(), new Promise((resolve) => setTimeout(resolve, drainMs))])
    void drained
      .then(() => runner.close())
      .then(() => {
        directory.release()
        if (how === "restart") becomeAnew()
        process.exit(0)
      })
  }
  const runner = await openRunner({
    directory: directory.path,
    version: packageJson.version,
    slots: slotsOf(config),
    workers: options.workers ?? createWorkers(config, { ...placeOf(config, directory.path), log }),
    dial: () => socketDial(config.GATEWAY_URL, config.RUNNER_TOKEN),
    clock: machineClock,
    randomBytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)),
    tell: (news) => print(sentenceOf(news, config.GATEWAY_URL)),
    log: (during, error) => log({ level: "error", event: "runner_failed", during, failure: describeFailure(error) }),
    onOrder(order) {
      print(order === "restart" ? "The gateway orders a restart." : "The gateway orders the end.")
      end(order)
    },
  })
  const stop = () => {
    if (isEnding) process.exit(1)
    print("Ending what runs. Stop again to end at once.")
    end("shutdown")
  }
  process.on("SIGTERM", stop)
  process.on("SIGINT", stop)
  print(`Runner ${runner.id}, ${packageJson.version}`)
  for (const problem of await runner.problems()) print(problem)
  runner.start()
}

function placeOf({ GATEWAY_URL }: RunnerConfig, directory: string) {
  return { directory, ownOrigins: [new URL(GATEWAY_URL).origin] }
}

/** The same program in the same process, from its beginning: nobody has to start it again. */
function becomeAnew(): void {
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], process.env)
}

function readConfig(): RunnerConfig {
  try {
    loadEnvFile(".env")
  } catch {
    // There is none: the environment alone counts.
  }
  const parsed = parseEnvironment(RunnerConfig, process.env)
  if (parsed.status === "ok") return parsed.config
  throw new StartProblem(parsed.problems.join("; "))
}

function sentenceOf(news: LinkNews, gateway: string): string {
  switch (news.event) {
    case "linked":
      return `Linked to ${gateway}: ${news.granted.length === 0 ? "allowed nothing" : news.granted.join(", ")}`
    case "lost":
      return `The link is lost, and is tried again: ${news.message}`
    case "unreachable":
      return `${gateway} does not answer, and is tried again: ${news.message}`
    case "refused":
      return `The gateway refuses this runner: ${news.message}`
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

if (import.meta.main) await runCompanion()
