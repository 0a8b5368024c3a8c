/** What is left of an erased conversation in the files of the embedded database: nothing. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate as nextTurn } from "node:timers/promises"
import { afterEach, beforeEach, expect, test } from "vitest"
import { openScrubber } from "../../sandbox-runner/host/gaps.ts"
import { openEmbedded, type OpenedDatabase } from "./embedded.ts"
import { eraseConversation } from "./erasure.ts"
import type { Libsql } from "./libsql.ts"
import { migrate } from "./migrate.ts"
import { at, delivery, loop, loopId, message, modelCall, projection, turn } from "./samples.ts"

let folder: string
let database: OpenedDatabase & { status: "open" }
let libsql: Libsql
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "erasure-"))
  await open()
  await migrate(libsql, at(0))
})
afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

async function open(): Promise<void> {
  const opened = await openEmbedded(join(folder, "gateway.db"), openScrubber)
  if (opened.status !== "open") throw new Error(opened.message)
  database = opened
  libsql = opened.libsql
}

/** Which of the words stand anywhere in the database's files, in whatever case. */
async function left(words: readonly string[]): Promise<string[]> {
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))))
  const texts = files.map((bytes) => bytes.toString("latin1").toLowerCase())
  return words.filter((word) => texts.some((text) => text.includes(word.toLowerCase())))
}

const lastWords = [
  "qxvsecretword",
  "zzjhidden",
  "kwqmetadata",
  "wvxtoolinput",
  "jjqtitle",
  "xqreason",
  loopId(1).slice(5),
]

function secret(turns: number) {
  const numbers = Array.from({ length: turns }, (_, index) => index + 1)
  return projection({
    conversations: [loop(1, { title: "jjqtitle", metadata: { kwqmetadata: "kwqmetadata" }, turnCount: turns })],
    messages: numbers.flatMap((number) => [
      message(1, number, 0, `qxvsecretword number ${number} of them`),
      {
        ...message(1, number, 1, `zzjhidden ${"and much more text ".repeat(number % 7 === 0 ? 2_000 : 3)}`),
        role: "assistant" as const,
        blocks: [{ type: "tool_use" as const, id: "t", name: "x", input: { wvxtoolinput: number } }],
      },
    ]),
    turns: numbers.map((number) => turn(1, number, { status: "failed", errorCode: "x", errorMessage: "xqreason" })),
    modelCalls: numbers.map((number) => modelCall(1, number, 1)),
    deliveries: numbers.map((number) => delivery(1, number, { reason: "xqreason" })),
  })
}
const others = (from: number, count: number) =>
  projection({
    conversations: Array.from({ length: count }, (_, index) => loop(from + index)),
    messages: Array.from({ length: count }, (_, index) =>
      message(from + index, 1, 0, `other words ${index} of others`),
    ),
  })
const erase = () => eraseConversation(libsql, loopId(1), { lastTurn: 500, lastVersion: 9 }, at(9))

test("no byte of it, in the file, its log or its index; and the file is sound", async () => {
  await libsql.project(others(2, 50))
  await libsql.project(secret(120))
  for (let round = 0; round < 20; round += 1) await libsql.project(others(100 + round * 50, 50))
  expect(await left(lastWords)).toEqual(lastWords)
  await erase()
  expect(await left(lastWords)).toEqual([])
  await database.close()
  expect(await left(lastWords)).toEqual([])
  await open()
  const [sound, count] = await libsql.read([
    { sql: "pragma integrity_check", args: [] },
    { sql: "select count(*) as n from message_search where message_search match 'text : other'", args: [] },
  ])
  expect(sound?.rows).toEqual([{ integrity_check: "ok" }])
  expect(count?.rows[0]).toMatchObject({ n: 1_050 })
})

test("not even while others write", async () => {
  await libsql.project(secret(60))
  const over = new AbortController()
  const writing = (async () => {
    for (let round = 0; !over.signal.aborted; round += 1) {
      await libsql.project(others(2 + round * 5, 5))
      // The database itself never lets anything but promises go on.
      await nextTurn()
    }
  })()
  await erase()
  over.abort()
  await writing
  expect(await left(lastWords)).toEqual([])
})

test("the only conversation leaves a sound and empty file", async () => {
  await libsql.project(secret(1))
  await erase()
  expect(await left(lastWords)).toEqual([])
  await database.close()
  await open()
  await libsql.project(others(2, 1))
})

test("holds nobody up from one step to the next", async () => {
  await libsql.project(secret(240))
  const over = new AbortController()
  let turns = 0
  const others = (async () => {
    for (; !over.signal.aborted; turns += 1) await nextTurn()
  })()
  await eraseConversation({ ...libsql, scrub: async () => {} }, loopId(1), { lastTurn: 500, lastVersion: 9 }, at(9))
  over.abort()
  await others
  // 480 entries are three steps, and the index has at least one.
  expect(turns).toBeGreaterThanOrEqual(3)
})
