/**
 * A new embedded database with today's schema, in a file of its own. The migrations run once for a file of tests and are copied
 * from then on: applied anew they cost each database 25 ms of computing and one wait for the disk after the other.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openEmbedded, type OpenedDatabase } from "../../adapters/store/embedded.ts"
import { migrate } from "../../adapters/store/migrate.ts"
import { EpochMs } from "../../core/units.ts"
import { openScrubber } from "../../sandbox-runner/host/gaps.ts"

type Opened = Extract<OpenedDatabase, { status: "open" }>

let template: Promise<Uint8Array> | undefined

/** @param path - absolute, of no file yet */
export async function openMigrated(path: string): Promise<Opened> {
  await writeFile(path, await (template ??= makeTemplate()))
  return open(path)
}

async function makeTemplate(): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), "template-"))
  const path = join(directory, "gateway.db")
  const database = await open(path)
  await migrate(database.libsql, EpochMs.parse(0))
  await database.close()
  const bytes = await readFile(path)
  await rm(directory, { recursive: true })
  return bytes
}

async function open(path: string): Promise<Opened> {
  const opened = await openEmbedded(path, openScrubber)
  if (opened.status !== "open") throw new Error(opened.message)
  return opened
}
