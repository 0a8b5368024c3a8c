/** The Worker in `wrangler dev`, local only, as a child process group: workerd with its objects on disk. */
import { writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { createProgram, type Program } from "./program.ts"

export interface WranglerProcessOptions {
  /** The wrangler configuration; the repository's when absent. */
  readonly config?: string
  /** Variables and secrets of the Worker. A developer's .env and .dev.vars are not read. */
  readonly vars?: Readonly<Record<string, string>>
  readonly port?: number
  /** What answers 2xx once the Worker runs. */
  readonly healthPath?: string
}

const repository = join(import.meta.dirname, "../..")
/** Bundling and workerd's start, on a busy machine. */
const startLimitMs = 90_000

/**
 * No metrics, no reports, no look for a newer version (the banner does it), no fetch of request.cf: nothing leaves loopback. Its
 * compiled code is kept, since tests start it 60 times (measured: 0.3 s of CPU each).
 */
export const wranglerEnv = {
  CI: "1",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  X_LOCAL_EXPLORER: "false",
  NODE_COMPILE_CACHE: join(repository, "node_modules/.cache/wrangler"),
}

/** Prepares `wrangler dev` without starting it. */
export async function createWranglerProcess(options: WranglerProcessOptions = {}): Promise<Program> {
  const { config = join(repository, "wrangler.toml"), vars = {}, healthPath = "/api/health" } = options
  return createProgram({
    name: "wrangler",
    port: options.port,
    healthPath,
    startLimitMs,
    async command({ port, directory }) {
      const envFile = join(directory, "vars.env")
      await writeFile(envFile, Object.entries(vars).map(dotenvLine).join(""), { mode: 0o600 })
      return {
        command: process.execPath,
        args: [
          join(repository, "node_modules/wrangler/bin/wrangler.js"),
          "dev",
          `--config=${config}`,
          `--env-file=${envFile}`,
          "--local",
          "--ip=127.0.0.1",
          `--port=${port}`,
          "--inspector-port=0",
          `--persist-to=${join(directory, "state")}`,
          "--show-interactive-dev-session=false",
        ],
        cwd: dirname(config),
        env: { ...wranglerEnv, HOME: directory, WRANGLER_REGISTRY_PATH: join(directory, "registry") },
      }
    },
  })
}

/** Starts `wrangler dev` and waits until the Worker answers. */
export async function startWranglerProcess(options: WranglerProcessOptions = {}): Promise<Program> {
  const worker = await createWranglerProcess(options)
  try {
    await worker.start()
  } catch (error) {
    await worker.dispose()
    throw error
  }
  return worker
}

function dotenvLine([name, value]: [string, string]): string {
  const quote = ["'", '"', "`"].find((mark) => !value.includes(mark))
  if (quote === undefined) throw new Error(`${name} holds every kind of quotation mark: an env file cannot carry it`)
  return `${name}=${quote}${value}${quote}\n`
}
