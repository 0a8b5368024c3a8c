/** The programs under measurement, each a process of its own with its own directory. */
import { join } from "node:path"
import { freePort } from "../testkit/port.ts"
import { startOptions } from "../testkit/gateway-process.ts"
import { createProgram, type Program } from "../testkit/program.ts"
import { connectGateway, type GatewayClient } from "./client.ts"
import { Counters } from "./counters.ts"

export interface BenchGateway {
  readonly program: Program
  readonly client: GatewayClient
  /** Collects garbage first. */
  counters(): Promise<Counters>
}

export const setupCode = "set-up-code-of-the-bench"
/** A first start builds the page. */
const startLimitMs = 120_000
const here = import.meta.dirname
const node = process.execPath

export function createModel(): Promise<Program> {
  return createProgram({
    name: "bench-model",
    port: undefined,
    healthPath: "/v1/models",
    startLimitMs,
    command: ({ port, directory }) => ({
      command: node,
      args: [join(here, "model.ts"), String(port)],
      cwd: directory,
      env: {},
    }),
  })
}

export function createFloor(modelUrl: string, commitDelayMs = 0): Promise<Program> {
  return createProgram({
    name: "bench-floor",
    port: undefined,
    healthPath: "/",
    startLimitMs,
    command: ({ port, directory }) => ({
      command: node,
      args: [join(here, "floor.ts"), String(port), modelUrl, directory, String(commitDelayMs)],
      cwd: directory,
      env: {},
    }),
  })
}

/**
 * What `npm start` runs, to the letter.
 * @param env - besides what every gateway of the bench has
 * @param processes - the file of a control group that it enters first
 */
export function createRealGateway(
  modelUrl: string,
  env: Readonly<Record<string, string>> = {},
  processes?: string,
): Promise<Program> {
  const start = [node, ...startOptions, join(here, "../host/start.js")]
  const entering = ["/bin/sh", "-c", `echo $$ > "$0" && exec "$@"`, processes ?? "", ...start]
  const [command = "", ...args] = processes === undefined ? start : entering
  return createProgram({
    name: "bench-gateway",
    port: undefined,
    healthPath: "/api/health",
    startLimitMs,
    command: ({ port, directory }) => ({
      command,
      args,
      cwd: directory,
      env: { ...gatewayEnv(modelUrl, port, directory), ...env },
    }),
  })
}

/** The same with counters and, where asked for, a slow disk or a libSQL server; started and set up. */
export async function startBenchGateway(
  modelUrl: string,
  options: {
    readonly commitDelayMs?: number
    readonly libsqlUrl?: string
    readonly environment?: Readonly<Record<string, string>>
  } = {},
): Promise<BenchGateway> {
  const controlPort = await freePort()
  const program = await createProgram({
    name: "bench-gateway",
    port: undefined,
    healthPath: "/api/health",
    startLimitMs,
    command: ({ port, directory }) => ({
      command: node,
      args: [...startOptions, "--expose-gc", join(here, "start-gateway.js")],
      cwd: directory,
      env: {
        ...gatewayEnv(modelUrl, port, directory),
        BENCH_CONTROL_PORT: String(controlPort),
        BENCH_COMMIT_DELAY_MS: String(options.commitDelayMs ?? 0),
        ...(options.libsqlUrl === undefined ? {} : { LIBSQL_URL: options.libsqlUrl }),
        ...options.environment,
      },
    }),
  })
  await program.start()
  return {
    program,
    client: await connectGateway(program.url, setupCode),
    async counters() {
      const response = await fetch(`http://127.0.0.1:${controlPort}/`)
      return Counters.parse(await response.json())
    },
  }
}

function gatewayEnv(modelUrl: string, port: number, directory: string): Record<string, string> {
  return {
    HOST: "127.0.0.1",
    PORT: String(port),
    DATA_DIR: join(directory, "data"),
    SETUP_CODE: setupCode,
    OPENAI_API_KEY: "bench",
    OPENAI_BASE_URL: `${modelUrl}/v1`,
    DEFAULT_MODEL: "gpt-bench",
    // The bench is one caller who asks as often as it can.
    RATE_LIMIT_PER_MINUTE: "1000000",
    TOKEN_RATE_LIMIT_PER_MINUTE: "1000000",
  }
}
