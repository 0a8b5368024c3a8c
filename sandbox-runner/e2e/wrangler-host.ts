/** Cloudflare's host under test: the bundle that would be deployed, with the kit's tool, in `wrangler dev` beside a real sqld. */
import { readFile, rm, writeFile, mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openRemote } from "../../adapters/store/remote.ts"
import { migrate } from "../../adapters/store/migrate.ts"
import { EpochMs } from "../../core/units.ts"
import { spawnChild } from "../testkit/child.ts"
import { isSqldFile, startSqld } from "../testkit/sqld.ts"
import { createWranglerProcess, wranglerEnv } from "../testkit/wrangler-process.ts"
import type { E2eHost, Settings } from "./host.ts"
import { rowsIn } from "./stored-texts.ts"

const repository = join(import.meta.dirname, "../..")
const entry = join(import.meta.dirname, "../testkit/worker/worker-with-test-tools.ts")
const setupCode = "set-up-code-of-the-test"

export const wranglerHost: E2eHost = {
  name: "wrangler dev",
  async prepare(settings) {
    const sqld = await startSqld()
    await prepareDatabase(sqld.url)
    const directory = await mkdtemp(join(tmpdir(), "loop-worker-"))
    const vars: Settings = settings
    Object.assign(vars, { SETUP_CODE: setupCode, LIBSQL_URL: sqld.url, ...settings })
    const worker = await createWranglerProcess({ config: await bundle(directory), vars })
    vars.PUBLIC_URL ??= worker.url
    return {
      ...worker,
      setupCode,
      // The emulator also notes each object's name, and what was asked of it, in places of its own.
      storedTexts: async () => [
        ...(await rowsIn(join(worker.directory, "state/v3/do"), isDatabase, (file) =>
          file.endsWith("metadata.sqlite"),
        )),
        ...(await rowsIn(join(worker.directory, "state/v3/r2"), isDatabase)),
        ...(await rowsIn(sqld.directory, isSqldFile, (file) => !isSqldFile(file))),
      ],
      // What `npm run deploy` prints.
      setupLink: () => `${worker.url}/setup#code=${setupCode}`,
      async dispose() {
        await worker.dispose()
        await sqld.stop()
        await rm(directory, { recursive: true, force: true })
      },
    }
  },
}

const isDatabase = (file: string) => file.endsWith(".sqlite")

/** As a deployment does before the Worker runs. */
async function prepareDatabase(url: string): Promise<void> {
  const remote = openRemote({ url, fetch: (request) => fetch(request) })
  if (remote.status === "invalid") throw new Error(remote.message)
  await migrate(remote.libsql, EpochMs.parse(Date.now()))
}

/**
 * Bundles once, by the repository's own configuration, so that every start runs the same code, as after a deployment.
 * @returns the configuration of the bundle
 */
async function bundle(directory: string): Promise<string> {
  const config = join(directory, "wrangler.toml")
  const bundled = join(directory, "bundled.toml")
  const text = (await readFile(join(repository, "wrangler.toml"), "utf8")).replace(
    /^directory = "(.+)"/m,
    (_, path: string) => `directory = "${join(repository, path)}"`,
  )
  const withMain = (main: string) => text.replace(/^main = .*$/m, `main = "${main}"`)
  await writeFile(config, withMain(entry))
  await writeFile(bundled, withMain("out/worker-with-test-tools.js").replace(/^main/m, "no_bundle = true\nmain"))
  const wrangler = spawnChild({
    command: process.execPath,
    args: [
      join(repository, "node_modules/wrangler/bin/wrangler.js"),
      "deploy",
      "--dry-run",
      `--config=${config}`,
      `--outdir=${join(directory, "out")}`,
    ],
    cwd: directory,
    env: { ...wranglerEnv, HOME: directory },
  })
  if ((await wrangler.exited) !== 0) throw new Error(`the Worker could not be bundled:\n${wrangler.output()}`)
  return bundled
}
