/** The database of a one-machine gateway: opened, brought up to date and matched with the key before anything uses it. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import * as z from "zod"
import { sha256Hex } from "../../adapters/digest.ts"
import { openEmbedded } from "../../adapters/store/embedded.ts"
import { claimInstanceValue } from "../../adapters/store/instance.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { migrate } from "../../adapters/store/migrate.ts"
import { migrations } from "../../adapters/store/migrations.ts"
import type { Vault } from "../../adapters/vault.ts"
import { isLoopError } from "../../core/errors.ts"
import { describeFailure } from "../../core/log.ts"
import type { EpochMs } from "../../core/units.ts"
import type { NodeConfig } from "../config.ts"
import type { DataDirectory } from "./data-directory.ts"
import { openScrubber } from "./gaps.ts"
import { StartProblem } from "./start-problem.ts"

export interface Database {
  readonly libsql: Libsql
  /** The libSQL server does not answer now. It did before, and was found to fit: people are served without it. */
  readonly isAway: boolean
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly directory: DataDirectory
  readonly config: Pick<NodeConfig, "LIBSQL_URL" | "LIBSQL_AUTH_TOKEN">
  readonly vault: Vault
  readonly fetch: (request: Request) => Promise<Response>
  readonly now: () => EpochMs
}

/**
 * Opens the file in the directory, or the way to the libSQL server. A server that has never been seen must answer: its address
 * may be wrong. One that this directory has been used with may be away, as after a power cut or while its host has trouble:
 * then the gateway starts all the same, and what is new reaches the server when it is back.
 * @throws StartProblem when it is damaged, does not answer, or belongs to another version or key
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { directory, config } = options
  if (config.LIBSQL_URL === undefined) {
    const opened = await openEmbedded(directory.file("gateway.db"), openScrubber)
    if (opened.status !== "open") throw new StartProblem(opened.message)
    await prepare(opened.libsql, options)
    return { ...opened, isAway: false }
  }
  // Only here, since what speaks with a server takes 4 MB of memory.
  const { openRemote } = await import("../../adapters/store/remote.ts")
  const remote = openRemote({ url: config.LIBSQL_URL, authToken: config.LIBSQL_AUTH_TOKEN, fetch: options.fetch })
  if (remote.status === "invalid") throw new StartProblem(remote.message)
  const { libsql } = remote
  const isAway = (await prepareServer(libsql, config.LIBSQL_URL, options)) === "away"
  return { libsql, isAway, close: () => Promise.resolve() }
}

async function prepareServer(libsql: Libsql, url: string, options: DatabaseOptions): Promise<"ready" | "away"> {
  const file = options.directory.file("libsql.json")
  const isKnown = knows(file, url, options.vault)
  try {
    const checkValue = await prepare(libsql, options)
    remember(file, { address: sha256Hex(url), migration: lastMigration, checkValue })
    return "ready"
  } catch (error) {
    if (isKnown && error instanceof StartProblem && isLoopError(error.cause)) return "away"
    throw error
  }
}

/** Of the server that this directory was used with last: all that a start asks it. */
const KnownServer = z.object({ address: z.string(), migration: z.string(), checkValue: z.string() })

const lastMigration = migrations.at(-1)?.id ?? ""

function knows(file: string, url: string, vault: Vault): boolean {
  if (!existsSync(file)) return false
  try {
    const { address, migration, checkValue } = KnownServer.parse(JSON.parse(readFileSync(file, "utf8")))
    return address === sha256Hex(url) && migration === lastMigration && vault.opens(checkValue)
  } catch {
    return false
  }
}

function remember(file: string, known: z.infer<typeof KnownServer>): void {
  const text = `${JSON.stringify(known)}\n`
  if (existsSync(file) && readFileSync(file, "utf8") === text) return
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true })
  renameSync(`${file}.new`, file)
}

/**
 * Brings the schema up to date and makes sure that this key opens what the database holds.
 * @returns the check value of the key
 */
async function prepare(libsql: Libsql, { vault, now, config }: DatabaseOptions): Promise<string> {
  try {
    const migrated = await migrate(libsql, now())
    if (migrated.status === "newer") {
      throw new StartProblem(
        "The database belongs to a newer version of Loop Gateway. Start that version, or restore an older backup.",
      )
    }
    const checkValue = await claimInstanceValue(libsql, "encryption_check", vault.checkValue())
    if (!vault.opens(checkValue)) {
      throw new StartProblem(
        "ENCRYPTION_KEY is not the key that this database was made with. Bring the old key back: nothing was changed.",
      )
    }
    return checkValue
  } catch (error) {
    if (!isLoopError(error)) throw error
    const { LIBSQL_URL: url } = config
    const [where, check] =
      url === undefined
        ? ["", "the disk under DATA_DIR"]
        : [` at ${new URL(url).host}`, "LIBSQL_URL, LIBSQL_AUTH_TOKEN and that its server runs"]
    throw new StartProblem(`The database does not answer${where} (${describeFailure(error)}). Check ${check}.`, {
      cause: error,
    })
  }
}
