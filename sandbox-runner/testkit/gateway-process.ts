/** The gateway on one machine as a child process group: the real `start.js`, or the same with the kit's tools. */
import { join } from "node:path"
import { createProgram, type Program } from "./program.ts"
import packageJson from "../../package.json" with { type: "json" }

/** Node's own options in `npm start`. */
export const startOptions = packageJson.scripts.start.split(" ").filter((part) => part.startsWith("--"))

export interface GatewayProcessOptions {
  /** Besides PORT, HOST, DATA_DIR and SETUP_CODE, which may be set here too. Nothing else is inherited from the test's own. */
  readonly env?: Readonly<Record<string, string>>
  readonly port?: number
  /** Adds `append_line`, which writes there, and lets the gateway reach it. */
  readonly lineServerUrl?: string
  /** `append_line` asks a person first. */
  readonly appendLineAsksFirst?: boolean
}

export interface GatewayProcess extends Program {
  readonly setupCode: string
  readonly dataDirectory: string
}

const setupCode = "set-up-code-of-the-test"
/** A first start builds the page. */
const startLimitMs = 60_000

/** Prepares a gateway without starting it. */
export async function createGatewayProcess(options: GatewayProcessOptions = {}): Promise<GatewayProcess> {
  const { lineServerUrl, appendLineAsksFirst = false, env = {} } = options
  const main = lineServerUrl === undefined ? "../host/start.js" : "gateway-with-test-tools.ts"
  const program = await createProgram({
    name: "gateway",
    port: options.port,
    healthPath: "/api/health",
    startLimitMs,
    command: ({ port, directory }) => ({
      command: process.execPath,
      args: [...startOptions, join(import.meta.dirname, main)],
      // Elsewhere than the repository, so that a developer's .env is not read.
      cwd: directory,
      env: {
        HOST: "127.0.0.1",
        PORT: String(port),
        DATA_DIR: join(directory, "data"),
        SETUP_CODE: setupCode,
        ...env,
        ...toolEnv(lineServerUrl, appendLineAsksFirst, env.EGRESS_ALLOW_PRIVATE),
      },
    }),
  })
  const dataDirectory = env.DATA_DIR ?? join(program.directory, "data")
  return { ...program, setupCode: env.SETUP_CODE ?? setupCode, dataDirectory }
}

/** Starts a gateway and waits until it answers. */
export async function startGatewayProcess(options: GatewayProcessOptions = {}): Promise<GatewayProcess> {
  const gateway = await createGatewayProcess(options)
  try {
    await gateway.start()
  } catch (error) {
    await gateway.dispose()
    throw error
  }
  return gateway
}

function toolEnv(url: string | undefined, asksFirst: boolean, allowed: string | undefined): Record<string, string> {
  if (url === undefined) return {}
  const { port } = new URL(url)
  return {
    LINE_SERVER_URL: url,
    APPEND_LINE_ASKS_FIRST: String(asksFirst),
    EGRESS_ALLOW_PRIVATE: [allowed, `127.0.0.1/32:${port}`].filter((part) => part).join(","),
  }
}
