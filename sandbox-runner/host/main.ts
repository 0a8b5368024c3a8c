/** The gateway on this machine, from the environment and `.env`, until SIGTERM or SIGINT: `npm start`, by start.js. */
import { loadEnvFile } from "node:process"
import { createLog, type Log } from "../../core/log.ts"
import { toEpochMs } from "../../core/units.ts"
import { parseEnvironment } from "../../durable-objects/config.ts"
import { NodeConfig } from "../config.ts"
import { banner } from "./banner.ts"
import { loadFast, rememberLoaded } from "./fast-load.js"
import { goOnSmall } from "./go-on-small.ts"
import type { Gateway, GatewayOptions } from "./gateway.ts"
import { StartProblem, systemCode } from "./start-problem.ts"

/** A stop that takes longer than this is cut short: all that matters is durable already. */
const longestStopMs = 10_000

/** Runs the gateway as this process, with exit code 1 and one line on a start that cannot be. */
export async function runGateway(
  options: Pick<GatewayOptions, "tools" | "workers" | "buildsPage"> = {},
): Promise<void> {
  try {
    loadFast()
    const config = readConfig()
    if (config.EDGE_MODE) await goOnSmall(() => import("./gateway.ts"))
    const { startGateway } = await import("./gateway.ts")
    const gateway = await startGateway({ ...options, config, log: openLog(config), say: print })
    stopOnSignal(gateway)
    print(banner(gateway.started))
    rememberLoaded({ staysSmall: config.EDGE_MODE })
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}

function readConfig(): NodeConfig {
  try {
    loadEnvFile(".env")
  } catch (error) {
    // Where there is none the environment alone counts.
    const code = systemCode(error)
    if (code !== "ENOENT")
      throw new StartProblem(
        `.env cannot be read (${code ?? "unknown"}). Make it a file that this user may read, or remove it.`,
        { cause: error },
      )
  }
  const parsed = parseEnvironment(NodeConfig, process.env)
  if (parsed.status === "ok") return parsed.config
  throw new StartProblem(parsed.problems.join("; "))
}

function stopOnSignal(gateway: Gateway): void {
  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    setTimeout(() => process.exit(0), longestStopMs).unref()
    void gateway.close().then(() => process.exit(0))
  }
  process.on("SIGTERM", stop)
  process.on("SIGINT", stop)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function openLog({ LOG_LEVEL: least }: NodeConfig): Log {
  const now = () => toEpochMs(Date.now())
  return createLog({ least, now, write: (_, line) => process.stderr.write(`${line}\n`) })
}
