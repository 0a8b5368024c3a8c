/** Group commit of projections, and the gate before the database, over a real embedded one. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate as afterTick } from "node:timers/promises"
import { afterEach, beforeEach, expect, test } from "vitest"
import type { Projection } from "../../core/projection.ts"
import { LoopError } from "../../core/errors.ts"
import { coalesceProjections } from "./coalesce.ts"
import { openEmbedded, type OpenedDatabase } from "./embedded.ts"
import { type Libsql, gateLibsql } from "./libsql.ts"
import { migrate } from "./migrate.ts"
import { at, loop, message, projection } from "./samples.ts"

let folder: string
let opened: OpenedDatabase
let batches: Projection[]
/** The embedded database, which notes each projection that reaches it. */
let libsql: Libsql
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "coalesce-"))
  opened = await openEmbedded(join(folder, "gateway.db"))
  if (opened.status !== "open") throw new Error(opened.message)
  const database = opened.libsql
  await migrate(database, at(0))
  batches = []
  libsql = {
    ...database,
    project: (rows) => {
      batches.push(rows)
      return database.project(rows)
    },
  }
})
afterEach(async () => {
  if (opened.status === "open") await opened.close()
  await rm(folder, { recursive: true })
})

const long = (number: number) => projection({ messages: [message(number, 1, 0, "x".repeat(1_500_000))] })
const one = (number: number) => projection({ conversations: [loop(number)], messages: [message(number, 1, 0)] })
/** A row that no table takes, as a fault in the code would make it. */
const poisoned: Projection = JSON.parse(JSON.stringify(one(666)).replaceAll('"user"', "null"))

function latch(): { opened: Promise<void>; open: () => void } {
  const waiting: (() => void)[] = []
  const opened = new Promise<void>((resolve) => {
    waiting.push(resolve)
  })
  return { opened, open: () => waiting.forEach((resolve) => resolve()) }
}

async function storedLoops(): Promise<number[]> {
  const [answer] = await libsql.read([{ sql: "select turn_count, id from conversations order by id", args: [] }])
  return (answer?.rows ?? []).map(({ id }) => Number.parseInt(String(id).slice(5), 16))
}

test("projections of one tick are one batch", async () => {
  const together = coalesceProjections(libsql, afterTick)
  await Promise.all([1, 2, 3, 4, 5].map((number) => together.project(one(number))))
  expect(batches).toHaveLength(1)
  expect(await storedLoops()).toEqual([1, 2, 3, 4, 5])
})

test("what arrives while a batch runs is the next batch", async () => {
  const first = latch()
  const slow: Libsql = {
    ...libsql,
    project: async (rows) => {
      await libsql.project(rows)
      if (batches.length === 1) await first.opened
    },
  }
  const together = coalesceProjections(slow, afterTick)
  const begun = together.project(one(1))
  await afterTick()
  const later = [2, 3].map((number) => together.project(one(number)))
  await afterTick()
  expect(batches).toHaveLength(1)
  first.open()
  await Promise.all([begun, ...later])
  expect(batches.map(({ conversations }) => conversations.length)).toEqual([1, 2])
})

test("a poisoned row fails for its own caller alone", async () => {
  const together = coalesceProjections(libsql, afterTick)
  const settled = await Promise.allSettled([one(1), poisoned, one(2)].map((rows) => together.project(rows)))
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"])
  expect(await storedLoops()).toEqual([1, 2])
  await together.project(one(3))
  expect(await storedLoops()).toEqual([1, 2, 3])
})

test("a database that does not answer is waited for twice, however many wait", async () => {
  const asked: (() => void)[] = []
  const silent: Libsql = {
    ...libsql,
    project: () =>
      new Promise((_, reject) => {
        asked.push(() => reject(new LoopError("database_unavailable")))
      }),
  }
  const together = coalesceProjections(silent, afterTick)
  const settled = Promise.allSettled([1, 2, 3].map((number) => together.project(one(number))))
  const timeOut = () => asked.splice(0).forEach((giveUp) => giveUp())
  await afterTick()
  expect(asked).toHaveLength(1)
  timeOut()
  await afterTick()
  expect(asked).toHaveLength(3)
  timeOut()
  expect((await settled).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"])
})

test("a poisoned row that comes alone fails once", async () => {
  const together = coalesceProjections(libsql, afterTick)
  await expect(together.project(poisoned)).rejects.toMatchObject({ code: "database_unavailable" })
  expect(batches).toHaveLength(1)
})

test("a flood is written in several batches, all of it", async () => {
  const together = coalesceProjections(libsql, afterTick)
  const numbers = Array.from({ length: 450 }, (_, index) => index + 1)
  await Promise.all(numbers.map((number) => together.project(one(number))))
  expect(batches.map(({ conversations }) => conversations.length)).toEqual([200, 200, 50])
  expect(await storedLoops()).toEqual(numbers)
})

test("very long messages are not gathered without bound", async () => {
  const together = coalesceProjections(libsql, afterTick)
  await Promise.all([1, 2, 3, 4, 5].map((number) => together.project(long(number))))
  expect(batches.map(({ messages }) => messages.length)).toEqual([2, 2, 1])
})

test("nothing reaches the database before its gate opens", async () => {
  const gate = latch()
  const gated = gateLibsql(libsql, (work) => gate.opened.then(work))
  const projected = gated.project(one(1))
  const written = gated.write([{ sql: "insert into instance (key, value) values ('a', 'b')", args: [] }])
  await afterTick()
  expect(await storedLoops()).toEqual([])
  gate.open()
  await Promise.all([projected, written])
  const [read] = await gated.read([{ sql: "select value from instance", args: [] }])
  expect(read?.rows[0]).toEqual({ value: "b" })
  expect(await storedLoops()).toEqual([1])
})

test("a gate that fails lets nothing through", async () => {
  const gated = gateLibsql(libsql, () => Promise.reject(new LoopError("storage_failed")))
  await expect(gated.project(one(1))).rejects.toMatchObject({ code: "storage_failed" })
  expect(batches).toEqual([])
})
