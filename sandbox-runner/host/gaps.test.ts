/** What SQLite leaves of deleted rows in the gaps of its pages, in both files of one machine: nothing, once it was scrubbed. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setImmediate as nextTurn } from "node:timers/promises"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { openEmbedded } from "../../adapters/store/embedded.ts"
import { goers, mingledRows, rowsOfStayers, stayers, type Row } from "../testkit/mingled-rows.ts"
import { startReading } from "../testkit/reading-process.ts"
import { openScrubber } from "./gaps.ts"
import { ObjectStore } from "./objects/store.ts"

/** One of the files, as far as these tests use it. What is put and erased is durable when that returns. */
interface Rows {
  put(rows: readonly Row[]): Promise<void>
  erase(objects: readonly string[]): Promise<void>
  scrub(): Promise<void>
  close(): Promise<void>
}

async function openObjects(path: string): Promise<Rows> {
  const store = new ObjectStore({ path, onAlarmsChanged() {} })
  const writer = { batch: undefined, lose() {} }
  return {
    async put(rows) {
      for (const row of rows) store.put(writer, ...row)
      store.commit()
    },
    async erase(objects) {
      for (const object of objects) store.deleteRange(writer, object, { start: "", end: undefined })
      store.commit()
    },
    scrub: () => store.scrub(),
    close: () => store.close(),
  }
}

async function openRecord(path: string): Promise<Rows> {
  const opened = await openEmbedded(path, openScrubber)
  if (opened.status !== "open") throw new Error(opened.message)
  const { libsql } = opened
  const write = async (sql: string, all: readonly (readonly string[])[]) =>
    void (await libsql.write(all.map((args) => ({ sql, args: [...args] }))))
  await write(
    "create table if not exists kv (object text, key text, value text, primary key (object, key)) without rowid",
    [[]],
  )
  return {
    put: (rows) => write("insert into kv values (?, ?, ?) on conflict do update set value = excluded.value", rows),
    erase: (objects) =>
      write(
        "delete from kv where object = ?",
        objects.map((object) => [object]),
      ),
    scrub: () => libsql.scrub(),
    close: () => opened.close(),
  }
}

let folder: string
let path: string
let rows: Rows | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gaps-"))
  path = join(folder, "file.db")
})
afterEach(async () => {
  await rows?.close()
  rows = undefined
  rmSync(folder, { recursive: true })
})

/** @returns the rows of who stays */
async function mingle(file: Rows): Promise<Map<string, string>> {
  await file.put(mingledRows)
  return rowsOfStayers()
}

/** Which of the objects stand in the files. */
function left(objects: readonly string[]): string[] {
  const texts = ["", "-wal"]
    .map((end) => `${path}${end}`)
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "latin1"))
  return objects.filter((object) => texts.some((text) => text.includes(object)))
}

/** Closes it; its file is then sound and holds these rows and no others. */
async function expectRows(kept: ReadonlyMap<string, string>): Promise<void> {
  await rows?.close()
  rows = undefined
  const db = new DatabaseSync(path, { readOnly: true })
  expect(db.prepare("pragma integrity_check").get()).toEqual({ integrity_check: "ok" })
  const read = db.prepare("select object, key, value from kv where object <> ''").all()
  db.close()
  const wrong = read.filter((row) => kept.get(`${String(row.object)} ${String(row.key)}`) !== row.value)
  expect({ wrong: wrong.length, rows: read.length }).toEqual({ wrong: 0, rows: kept.size })
}

describe.each([
  ["the objects' file", openObjects],
  ["the record", openRecord],
])("%s", (_, openRows) => {
  const open = async () => {
    const opened = await openRows(path)
    rows = opened
    return opened
  }

  test("keeps bytes of deleted rows in the gaps of its pages, none once it was scrubbed, and all that was not deleted", async () => {
    const file = await open()
    const kept = await mingle(file)
    await file.erase(goers)
    expect(left(goers).length).toBeGreaterThan(0)
    await file.scrub()
    expect(left(goers)).toEqual([])
    // What was in memory does not bring them back.
    const later = stayers.map((object): Row => [object, "z", "written later"])
    await file.put(later)
    for (const [object, key, text] of later) kept.set(`${object} ${key}`, text)
    await expectRows(kept)
    expect(left(goers)).toEqual([])
  })

  test("is written to while it is scrubbed, and who is erased meanwhile is scrubbed too", async () => {
    const file = await open()
    const kept = await mingle(file)
    await file.erase(goers.slice(1))
    const over = new AbortController()
    let rounds = 0
    const writing = (async () => {
      for (; !over.signal.aborted; rounds += 1) {
        const row: Row = [
          stayers[rounds % stayers.length] ?? "",
          `w/${rounds % 9}`,
          "while others are erased ".repeat(1 + (rounds % 70)),
        ]
        await file.put([row])
        kept.set(`${row[0]} ${row[1]}`, row[2])
        await nextTurn()
      }
    })()
    const first = file.scrub()
    await nextTurn()
    await file.erase(goers)
    const second = file.scrub()
    await Promise.all([first, second, file.scrub()])
    over.abort()
    await writing
    expect(rounds).toBeGreaterThan(3)
    await expectRows(kept)
    expect(left(goers)).toEqual([])
  })

  test("that is closed in the middle of it is sound, and is scrubbed the next time", async () => {
    const file = await open()
    const kept = await mingle(file)
    await file.erase(goers)
    const cut = expect(file.scrub()).rejects.toThrow()
    await expectRows(kept)
    await cut
    await (await open()).scrub()
    expect(left(goers)).toEqual([])
    await expectRows(kept)
  })

  test("that another process reads is not said to be scrubbed, and is in the end", async () => {
    const file = await open()
    await mingle(file)
    const endReading = await startReading(path)
    await file.erase(goers)
    await expect(file.scrub()).rejects.toThrow(/storage_failed|database_unavailable/)
    await endReading()
    await file.scrub()
    expect(left(goers)).toEqual([])
  })
})

test("a file whose pages might be mistaken for others is left as it is", async () => {
  const db = new DatabaseSync(path)
  db.exec("pragma auto_vacuum = full; create table kv (object, key, value); insert into kv values (1, 2, 3)")
  db.close()
  const before = readFileSync(path)
  const owner = { holdLog: async () => {}, writeBack: async (start: () => void, end: () => void) => (start(), end()) }
  const scrubber = openScrubber(path, owner)
  await expect(scrubber.scrub()).rejects.toThrow("a file of another form")
  await scrubber.close(async () => {})
  expect(readFileSync(path)).toEqual(before)
})
