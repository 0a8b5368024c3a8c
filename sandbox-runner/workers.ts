/** What a runner can do on this machine: the one place where its workers are made. */
import { parseAllowance } from "../core/egress/address.ts"
import type { Log } from "../core/log.ts"
import { createBrowserWorker } from "./browser/worker.ts"
import type { WorkersConfig } from "./config.ts"
import { createDockerWorker } from "./docker/worker.ts"
import type { RunnerWorker } from "./runner-worker.ts"

export interface WorkersPlace {
  /** Of the runner alone. */
  readonly directory: string
  /** The gateway's own addresses, closed to pages. */
  readonly ownOrigins: readonly string[]
  readonly ownPort?: number
  readonly log: Log
}

const noSandboxHint =
  "CHROMIUM_NO_SANDBOX=true: a weakness in Chromium gives a page all that its user may do. Better allow user namespaces."

/** Makes them. None has an effect outside before its first command, but for the removal of what an earlier life left. */
export function createWorkers(config: WorkersConfig, place: WorkersPlace): RunnerWorker[] {
  const { directory, ownOrigins, ownPort, log } = place
  if (config.CHROMIUM_NO_SANDBOX) log({ level: "warn", event: "chromium_without_sandbox", hint: noSandboxHint })
  const browser = createBrowserWorker({
    chromium: {
      path: config.CHROMIUM_PATH,
      ...(config.CHROMIUM_USER === undefined ? {} : { user: config.CHROMIUM_USER }),
      noSandbox: config.CHROMIUM_NO_SANDBOX,
    },
    directory: `${directory}/browser`,
    maxOpen: config.MAX_OPEN_BROWSERS,
    allowances: config.EGRESS_ALLOW_PRIVATE.flatMap((entry) => parseAllowance(entry) ?? []),
    ownOrigins,
    ...(ownPort === undefined ? {} : { ownPort }),
    log,
  })
  if (!config.AGENT_CONTAINER_MODE) return [browser]
  const docker = createDockerWorker({
    dockerHost: config.DOCKER_HOST,
    image: config.AGENT_IMAGE,
    maxConcurrent: config.MAX_CONCURRENT_CONTAINERS,
    timeoutMs: config.CONTAINER_TIMEOUT_MS,
    dataDir: directory,
  })
  return [docker, browser]
}

/** Commands at once: as many as containers and browsers. */
export function slotsOf(config: WorkersConfig): number {
  return config.MAX_OPEN_BROWSERS + (config.AGENT_CONTAINER_MODE ? config.MAX_CONCURRENT_CONTAINERS : 0)
}
