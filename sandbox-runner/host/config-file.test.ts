import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { randomBytes } from "node:crypto"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { findGroupByName } from "../../adapters/store/agents.ts"
import { listAuditRows } from "../../adapters/store/audit.ts"
import { readOwnership } from "../../adapters/store/ownership.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { openMigrated } from "../../durable-objects/testing/migrated-database.ts"
import { createVault } from "../../adapters/vault.ts"
import type { LogEntry } from "../../core/log.ts"
import { EpochMs } from "../../core/units.ts"
import { Config, parseEnvironment } from "../../durable-objects/config.ts"
import { createAuditor } from "../../worker/access/audit.ts"
import { createFakeObjects } from "../../worker/testing/fake-objects.ts"
import { type ConfigFile, followConfigFile } from "./config-file.ts"

let directory: string
let libsql: Libsql
let logs: LogEntry[]
let followed: ConfigFile | undefined
let close: () => Promise<void>
let waiting: (() => void)[]
let written: Promise<void>[]

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "config-file-"))
  const opened = await openMigrated(join(directory, "gateway.db"))
  libsql = opened.libsql
  close = () => opened.close()
  logs = []
  waiting = []
  written = []
})
afterEach(async () => {
  await followed?.close()
  followed = undefined
  await close()
  rmSync(directory, { recursive: true })
})

const now = () => EpochMs.parse(1_790_000_000_000)
const path = () => join(directory, "loop-gateway.yaml")
const log = (entry: LogEntry) => {
  logs.push(entry)
  for (const look of waiting) look()
}
async function follow(
  environment: Record<string, string> = {},
  isNamed = false,
  settings: Record<string, string> = {},
): Promise<ConfigFile> {
  const random = (size: number) => new Uint8Array(randomBytes(size))
  const vault = createVault(new Uint8Array(randomBytes(32)))
  const parsed = parseEnvironment(Config, settings)
  if (parsed.status === "invalid") throw new Error(parsed.problems.join())
  const { config } = parsed
  const objects = createFakeObjects(now)
  const background = (work: Promise<void>) => void written.push(work)
  const deps = { config, libsql, vault, peers: objects.peers, now, random, background, log }
  const audit = createAuditor(deps)
  return (followed = await followConfigFile({ deps, path: path(), isNamed, environment, audit, log }))
}
const nextOf = (event: string) => {
  const count = logs.filter((entry) => entry.event === event).length
  return new Promise<LogEntry>((resolve) => {
    waiting.push(() => {
      const found = logs.filter((entry) => entry.event === event)[count]
      if (found !== undefined) resolve(found)
    })
  })
}

test("a file that is there at the start is applied before the start goes on", async () => {
  writeFileSync(path(), "groups:\n  - name: support\n")
  const file = await follow()
  expect(await findGroupByName(libsql, "support")).toBeDefined()
  expect(file.health()).toEqual({ status: "ok", hint: null, mistakes: [] })
})

test("edge mode reads it at the start, and does not follow it", async () => {
  writeFileSync(path(), "groups:\n  - name: support\n")
  const small = await follow({}, false, { EDGE_MODE: "true" })
  expect(await findGroupByName(libsql, "support")).toBeDefined()
  // Hears of each change later than one that was there before it.
  await follow()
  const refused = nextOf("config_file_invalid")
  writeFileSync(path(), "groups: 7\n")
  await refused
  await small.settled()
  expect(small.health()).toMatchObject({ status: "ok" })
  await small.close()
})

test("what it changes is noted in the trail by its name", async () => {
  writeFileSync(path(), "groups:\n  - name: support\nsettings: { timeZone: UTC }\n")
  await follow()
  await Promise.all(written)
  const { rows } = await listAuditRows(libsql, { limit: 10 })
  expect(rows.map(({ action, actorName, details }) => [action, actorName, details])).toEqual([
    ["settings_changed", "loop-gateway.yaml", { source: "file", fields: "timeZone" }],
    ["group_created", "loop-gateway.yaml", { source: "file" }],
  ])
})

test("a change in place, and another file in its place, are applied by themselves", async () => {
  writeFileSync(path(), "groups: []\n")
  await follow()
  const first = nextOf("config_file_applied")
  writeFileSync(path(), "groups:\n  - name: a\n")
  expect(await first).toMatchObject({ created: "group a" })
  const second = nextOf("config_file_applied")
  writeFileSync(join(directory, "new.yaml"), "groups:\n  - name: a\n  - name: b\n")
  renameSync(join(directory, "new.yaml"), path())
  expect(await second).toMatchObject({ created: "group b", unchanged: 1 })
})

test("a bad file changes nothing, and log and health say where it is wrong", async () => {
  writeFileSync(path(), "groups:\n  - name: a\n")
  const file = await follow()
  const told = nextOf("config_file_invalid")
  writeFileSync(path(), "groups:\n  - name: b\n    colour: red\n")
  expect(await told).toMatchObject({ level: "error", line: 3, column: 5, place: "groups[0].colour" })
  await file.settled()
  expect(file.health()).toMatchObject({ status: "degraded", mistakes: [{ line: 3, path: "groups[0].colour" }] })
  expect(await findGroupByName(libsql, "a")).toBeDefined()
  expect(await findGroupByName(libsql, "b")).toBeUndefined()
  const healed = nextOf("config_file_applied")
  writeFileSync(path(), "groups:\n  - name: a\n")
  await healed
  await file.settled()
  expect(file.health()).toMatchObject({ status: "ok" })
})

test("a secret comes from the environment, and its absence is told by its name", async () => {
  writeFileSync(path(), "groups:\n  - name: a\n    apiKey: ${A_KEY}\n")
  const file = await follow()
  expect(file.health()?.mistakes).toMatchObject([{ line: 3, column: 13, path: "groups[0].apiKey" }])
  await file.close()
  await follow({ A_KEY: "sk-a" })
  expect((await findGroupByName(libsql, "a"))?.apiKeySealed).toBeTypeOf("string")
})

test("without its file, what it owned stays and belongs to the API again", async () => {
  writeFileSync(path(), "groups:\n  - name: a\n")
  const file = await follow()
  await file.close()
  expect(await readOwnership(libsql)).toMatchObject({ source: "machine", groups: [{ name: "a" }] })
  rmSync(path())
  expect((await follow()).health()).toBeUndefined()
  expect(await readOwnership(libsql)).toMatchObject({ source: "api", groups: [] })
  expect(await findGroupByName(libsql, "a")).toBeDefined()
})

test("a named file that is missing is a problem that health tells", async () => {
  expect((await follow({}, true)).health()).toMatchObject({ status: "degraded" })
})
