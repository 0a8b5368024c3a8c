/** Migrations: bundled as generated, whole or not at all, once. */
import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { getTableColumns, getTableName, is } from "drizzle-orm"
import { SQLiteTable } from "drizzle-orm/sqlite-core"
import { afterEach, beforeEach, expect, test } from "vitest"
import { readMigrations } from "../../scripts/generate-migrations.ts"
import { openEmbedded, type OpenedDatabase } from "./embedded.ts"
import type { Libsql } from "./libsql.ts"
import { migrate } from "./migrate.ts"
import { migrations } from "./migrations.ts"
import { at } from "./samples.ts"
import * as schema from "./schema.ts"

let folder: string
let opened: OpenedDatabase[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "migrate-"))
})
afterEach(async () => {
  for (const database of opened) if (database.status === "open") await database.close()
  opened = []
  await rm(folder, { recursive: true })
})

async function openDatabase(): Promise<Libsql> {
  const database = await openEmbedded(join(folder, "gateway.db"))
  opened.push(database)
  if (database.status !== "open") throw new Error(database.message)
  return database.libsql
}

async function select(libsql: Libsql, sql: string): Promise<unknown[]> {
  const [answer] = await libsql.read([{ sql, args: [] }])
  return (answer?.rows ?? []).map((row) => ({ ...row }))
}

test("the bundled migrations are the generated ones", () => {
  expect(migrations).toEqual(readMigrations())
})

test("migrated tables have the columns of the schema", async () => {
  const libsql = await openDatabase()
  await migrate(libsql, at(0))
  for (const table of Object.values(schema)) {
    if (!is(table, SQLiteTable)) throw new Error("the schema exports tables")
    const columns = Object.values(getTableColumns(table)).map(({ name }) => ({ name }))
    expect(await select(libsql, `select name from pragma_table_info('${getTableName(table)}')`)).toEqual(columns)
  }
})

test("a second start applies nothing", async () => {
  const libsql = await openDatabase()
  expect(await migrate(libsql, at(1))).toEqual({ status: "current", applied: migrations.map(({ id }) => id) })
  expect(await migrate(libsql, at(2))).toEqual({ status: "current", applied: [] })
  const records = migrations.map(({ id }) => ({ id, applied_at: at(1) }))
  expect(await select(libsql, "select * from migrations")).toEqual(records)
})

const first = { id: "1", statements: ["create table a (x)", "insert into a values (1)"] }
const second = { id: "2", statements: ["insert into a values (2)", "insert into missing values (1)"] }

test("a migration that fails leaves nothing of itself, and keeps those before it", async () => {
  const libsql = await openDatabase()
  await expect(migrate(libsql, at(0), [first, second])).rejects.toMatchObject({ code: "database_unavailable" })
  expect(await select(libsql, "select * from a")).toEqual([{ x: 1 }])
  const repaired = { id: "2", statements: ["insert into a values (2)"] }
  expect(await migrate(libsql, at(0), [first, repaired])).toEqual({ status: "current", applied: ["2"] })
  expect(await select(libsql, "select * from a")).toEqual([{ x: 1 }, { x: 2 }])
})

test("a database of a newer version is left as it is", async () => {
  const libsql = await openDatabase()
  const newer = { id: "2", statements: ["create table b (x)"] }
  await migrate(libsql, at(0), [first, newer])
  expect(await migrate(libsql, at(0), [first])).toEqual({ status: "newer", unknown: ["2"] })
})

test("two connections that migrate at once apply each migration once", async () => {
  const [one, other] = [await openDatabase(), await openDatabase()]
  const both = await Promise.all([migrate(one, at(0), [first]), migrate(other, at(0), [first])])
  expect(both.flatMap((result) => (result.status === "current" ? result.applied : []))).toEqual(["1"])
  expect(await select(one, "select * from a")).toEqual([{ x: 1 }])
})

test("several processes that migrate at once all end with the present schema", async () => {
  const script = `
    import { openEmbedded } from ${JSON.stringify(import.meta.resolve("./embedded.ts"))}
    import { migrate } from ${JSON.stringify(import.meta.resolve("./migrate.ts"))}
    const { libsql, close } = await openEmbedded(${JSON.stringify(join(folder, "gateway.db"))})
    console.log(JSON.stringify(await migrate(libsql, 1790000000000)))
    await close()`
  const root = fileURLToPath(new URL("../../", import.meta.url))
  const start = () => promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { cwd: root })
  const ended = await Promise.all([start(), start(), start()])
  const applied = ended.map(({ stdout }) => JSON.parse(stdout)).filter((result) => result.applied.length > 0)
  expect(applied).toEqual([{ status: "current", applied: migrations.map(({ id }) => id) }])
})
