/** The embedded database's file: durable settings, and what is said of a file that is no database. */
import { mkdir, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { openEmbedded } from "./embedded.ts"
import type { Libsql } from "./libsql.ts"
import { migrate } from "./migrate.ts"
import { at, loop, projection } from "./samples.ts"

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "embedded-"))
  path = join(folder, "gateway.db")
})
afterEach(() => rm(folder, { recursive: true }))

async function withDatabase<T>(use: (libsql: Libsql) => Promise<T>): Promise<T> {
  const opened = await openEmbedded(path)
  if (opened.status !== "open") throw new Error(opened.message)
  try {
    return await use(opened.libsql)
  } finally {
    await opened.close()
  }
}

/** A database of `loops` loops. */
function fill(loops: number): Promise<void> {
  return withDatabase(async (libsql) => {
    await migrate(libsql, at(0))
    const title = "x".repeat(10_000)
    const conversations = Array.from({ length: loops }, (_, number) => loop(number, { title }))
    await libsql.project(projection({ conversations }))
  })
}

async function overwrite(position: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "r+")
  await file.write(bytes, 0, bytes.length, position)
  await file.close()
}

test("what was written is there after a new start", async () => {
  await fill(3)
  const answers = await withDatabase((libsql) =>
    libsql.read([{ sql: "select count(*) as loops from conversations", args: [] }]),
  )
  expect(answers[0]?.rows[0]).toEqual({ loops: 3 })
})

test("a closed database is one whole file", async () => {
  await fill(50)
  expect((await stat(path)).size).toBeGreaterThan(500_000)
  expect((await stat(`${path}-wal`)).size).toBe(0)
})

test("commits are synced, and the log is written ahead", async () => {
  const answers = await withDatabase((libsql) =>
    libsql.read([
      { sql: "pragma synchronous", args: [] },
      { sql: "pragma journal_mode", args: [] },
      { sql: "pragma busy_timeout", args: [] },
    ]),
  )
  expect(answers.map(({ rows }) => Object.values(rows[0] ?? {})[0])).toEqual([2, "wal", 5_000])
})

test("a batch that fails leaves nothing behind, and its statements serve the next one", async () => {
  await withDatabase(async (libsql) => {
    const insert = (value: number) => ({ sql: "insert into numbers values (?) returning value", args: [value] })
    await libsql.write([{ sql: "create table numbers (value integer primary key) strict", args: [] }])
    await libsql.write([insert(1)])
    await expect(libsql.write([insert(2), insert(1)])).rejects.toMatchObject({ code: "database_unavailable" })
    expect(await libsql.write([insert(2), insert(3)])).toEqual([{ rows: [{ value: 2 }] }, { rows: [{ value: 3 }] }])
  })
})

test("a statement is answered by the table as it is now", async () => {
  await withDatabase(async (libsql) => {
    const select = { sql: "select * from growing", args: [] }
    await libsql.write([{ sql: "create table growing as select 1 as first", args: [] }])
    expect(await libsql.read([select])).toEqual([{ rows: [{ first: 1 }] }])
    await libsql.write([{ sql: "alter table growing add column second integer default 2", args: [] }])
    expect(await libsql.read([select])).toEqual([{ rows: [{ first: 1, second: 2 }] }])
  })
})

test("a closed database refuses, and ends nothing", async () => {
  const closed = await withDatabase(async (libsql) => libsql)
  await expect(closed.read([{ sql: "select 1", args: [] }])).rejects.toMatchObject({ code: "database_unavailable" })
})

async function refused(): Promise<unknown> {
  const opened = await openEmbedded(path)
  if (opened.status === "open") await opened.close()
  return opened
}

describe("a file that is no sound database", () => {
  const damaged = { status: "damaged", message: expect.stringContaining("Put it aside and restore it from a backup.") }

  test("text in its place is told as damage, and stays as it is", async () => {
    await writeFile(path, "these are not pages\n".repeat(500))
    expect(await refused()).toMatchObject(damaged)
    expect(await readFile(path, "utf8")).toContain("these are not pages")
  })

  test("a file that was cut off is damaged", async () => {
    await fill(100)
    await truncate(path, 100_000)
    expect(await refused()).toMatchObject(damaged)
  })

  test("an overwritten schema is damage", async () => {
    await fill(1)
    await overwrite(100, Buffer.alloc(3_000, 7))
    expect(await refused()).toMatchObject(damaged)
  })

  test("overwritten pages in the middle of a small database are damage", async () => {
    await fill(200)
    await overwrite(4096 * 100, Buffer.alloc(4096 * 40, 7))
    expect(await refused()).toMatchObject(damaged)
  })

  test("a large database is checked where nothing works without it", async () => {
    await fill(2_000)
    const root = await withDatabase((libsql) =>
      libsql.read([{ sql: "select rootpage as page from sqlite_schema where name = 'users'", args: [] }]),
    )
    await overwrite(4096 * (Number(root[0]?.rows[0]?.page) - 1), Buffer.alloc(4096, 7))
    expect(await refused()).toMatchObject(damaged)
  })

  test("a folder in its place is unreadable", async () => {
    await mkdir(path)
    expect(await refused()).toEqual({
      status: "unreadable",
      message: `The database ${path} is not usable: it cannot be opened. Check its owner and its disk.`,
    })
  })

  test("a folder that is not there is unreadable", async () => {
    path = join(folder, "missing", "gateway.db")
    expect(await refused()).toMatchObject({ status: "unreadable" })
  })
})
