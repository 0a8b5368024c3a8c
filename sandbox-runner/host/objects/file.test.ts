/** The objects' file when it is damaged, too new or out of reach: refused, and left as it is. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterEach, beforeEach, expect, test } from "vitest"
import { openObjectFile } from "./file.ts"

let directory: string
let path: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "object-file-"))
  path = join(directory, "objects.db")
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

test("a file that is no database is refused and left as it is", () => {
  writeFileSync(path, "not a database, but someone's only copy of something".repeat(100))
  const before = readFileSync(path)
  expect(() => openObjectFile(path)).toThrow("file is not a database")
  expect(readFileSync(path)).toEqual(before)
})

test("a file of a later version is refused", () => {
  openObjectFile(path).close()
  const db = new DatabaseSync(path)
  db.exec("PRAGMA user_version = 2")
  db.close()
  expect(() => openObjectFile(path)).toThrow("it was written by a later version")
})

test("a file with damaged pages is refused and left as it is", () => {
  const db = openObjectFile(path)
  const put = db.prepare("INSERT INTO kv VALUES (?, 'key', ?)")
  for (let n = 0; n < 200; n += 1) put.run(`object ${n}`, "value ".repeat(100))
  db.close()
  const damaged = readFileSync(path)
  damaged.fill(0xa5, 3 * 4_096, 3 * 4_096 + 2_048)
  writeFileSync(path, damaged)
  expect(() => openObjectFile(path)).toThrow("it is damaged")
  expect(readFileSync(path)).toEqual(damaged)
})

test("a refused file is not held", () => {
  writeFileSync(path, "x".repeat(5_000))
  expect(() => openObjectFile(path)).toThrow("not a database")
  rmSync(path)
  openObjectFile(path).close()
})

test("a directory that is not there is refused", () => {
  expect(() => openObjectFile(join(directory, "absent", "objects.db"))).toThrow("unable to open database file")
})

test("every commit is synced before it returns", () => {
  const db = openObjectFile(path)
  // 2 is FULL (sqlite.org/pragma.html#pragma_synchronous).
  expect(db.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 })
  expect(db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" })
  db.close()
})
