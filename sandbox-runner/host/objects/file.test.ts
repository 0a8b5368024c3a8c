/** The objects' file when it is taken, damaged, too new or out of reach: one line for the operator, and nothing lost. */
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

test("a second opening is refused while the first lasts, and allowed after it", () => {
  const first = openObjectFile(path)
  expect(() => openObjectFile(path)).toThrow(`${path} is in use: another gateway runs on this DATA_DIR.`)
  first.close()
  openObjectFile(path).close()
})

test("a file that is no database is refused and left as it is", () => {
  writeFileSync(path, "not a database, but someone's only copy of something".repeat(100))
  const before = readFileSync(path)
  expect(() => openObjectFile(path)).toThrow(/objects\.db cannot be used: .*not a database/)
  expect(readFileSync(path)).toEqual(before)
})

test("a file of a later version is refused", () => {
  openObjectFile(path).close()
  const db = new DatabaseSync(path)
  db.exec("PRAGMA user_version = 2")
  db.close()
  expect(() => openObjectFile(path)).toThrow("was written by a later version")
})

test("a refused file is not held", () => {
  writeFileSync(path, "x".repeat(5_000))
  expect(() => openObjectFile(path)).toThrow("not a database")
  rmSync(path)
  openObjectFile(path).close()
})

test("a directory that is not there, or where a file stands, is one line", () => {
  expect(() => openObjectFile(join(directory, "absent", "objects.db"))).toThrow(/cannot be opened: .*unable to open/)
})

test("every commit is synced before it returns", () => {
  const file = openObjectFile(path)
  // 2 is FULL (sqlite.org/pragma.html#pragma_synchronous).
  expect(file.db.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 })
  expect(file.db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" })
  file.close()
})
