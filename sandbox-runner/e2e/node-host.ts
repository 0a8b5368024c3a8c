/** The one-machine host under test: the program of `npm start`, with the kit's tool. */
import { join } from "node:path"
import { createProgram } from "../testkit/program.ts"
import { isSqldFile, startSqld } from "../testkit/sqld.ts"
import type { E2eHost } from "./host.ts"
import { bytesIn, rowsIn } from "./stored-texts.ts"

const program = join(import.meta.dirname, "../testkit/gateway-with-test-tools.ts")
const setupCode = "set-up-code-of-the-test"
/** A first start builds the page. */
const startLimitMs = 60_000

/** @param database - `embedded` as by default, or a libSQL server of its own */
export function nodeHost(database: "embedded" | "server"): E2eHost {
  return {
    name: `Node, libSQL ${database}`,
    async prepare(settings) {
      const sqld = database === "server" ? await startSqld() : undefined
      const gateway = await createProgram({
        name: "gateway",
        port: undefined,
        healthPath: "/api/health",
        startLimitMs,
        command: ({ port, directory }) => ({
          command: process.execPath,
          args: [program],
          // Elsewhere than the repository, so that a developer's .env is not read.
          cwd: directory,
          env: {
            PORT: String(port),
            DATA_DIR: join(directory, "data"),
            SETUP_CODE: setupCode,
            PUBLIC_URL: `http://127.0.0.1:${port}`,
            ...(sqld === undefined ? {} : { LIBSQL_URL: sqld.url }),
            ...settings,
          },
        }),
      })
      return {
        ...gateway,
        setupCode,
        storedTexts: async () => [
          ...(await bytesIn(gateway.directory)),
          ...(sqld === undefined ? [] : await rowsIn(sqld.directory, isSqldFile, (file) => !isSqldFile(file))),
        ],
        setupLink() {
          const link = /Set it up\s+(http\S+)/.exec(gateway.output())?.[1]
          if (link === undefined) throw new Error(`no set-up link was printed:\n${gateway.output()}`)
          return link
        },
        async dispose() {
          await gateway.dispose()
          await sqld?.stop()
        },
      }
    },
  }
}
