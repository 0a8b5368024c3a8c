/**
 * What is looked up, with 1,000,000 messages on record: the list, search, and what keeping them findable costs. The database is
 * filled directly, which still takes minutes: only `npm run bench -- --large` does it.
 */
import { mkdtemp, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as z from "zod"
import { openEmbedded } from "../../adapters/store/embedded.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { migrations } from "../../adapters/store/migrations.ts"
import { migrate } from "../../adapters/store/migrate.ts"
import { loop, loopId, message, modelCall, projection, turn } from "../../adapters/store/samples.ts"
import { EpochMs } from "../../core/units.ts"
import type { Program } from "../testkit/program.ts"
import { signIn, type OperatorClient } from "./client.ts"
import { median, ratePerSecond, timeEach } from "./measure.ts"
import { createRealGateway, setupCode } from "./programs.ts"
import { megabytes } from "./speed.ts"
import type { Row } from "./table.ts"

const conversations = 50_000
const turnsEach = 10
/** Conversations that are written in one batch. */
const atOnce = 500
const askedInTurn = 100
const together = 16
const loadMs = 3_000
const rareWord = "quokka"

/** Rows of the table; none unless the bench was asked for the large ones. */
export async function measureRecords(modelUrl: string): Promise<Row[]> {
  if (!process.argv.includes("--large")) return []
  const folder = await mkdtemp(join(tmpdir(), "loop-bench-records-"))
  try {
    const filled = await withDatabase(join(folder, "gateway.db"), fill)
    const env = { DATA_DIR: folder, ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64") }
    return [...(await measureGateway(await createRealGateway(modelUrl, env))), ...filled]
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function measureGateway(program: Program): Promise<Row[]> {
  try {
    await program.start()
    const client = await signIn(program.url, setupCode)
    const ask = (query: string) => () => client.get(`/api/conversations?limit=20${query}`)
    const rows = [
      await measure("list of conversations, 1,000,000 messages on record", ask("")),
      await measure("list of one channel's conversations", ask(`&channelId=chan_${"0".repeat(24)}&archived=false`)),
      await measure("search for a word of 20 messages", ask(`&q=${rareWord}`)),
      await measure("search for a word of every second message", ask("&q=wa")),
      await measure("the same, the best match first", ask("&q=wa&order=best")),
      await measure("search for the beginning of many words", ask("&q=wa*")),
      await measure("search for a phrase of two common words", ask('&q="wa+wi"')),
      await measure("runs, the newest", () => client.get("/api/runs?limit=20")),
      await measure("usage of 90 days, by day", () => client.get("/api/usage/daily?from=2026-08-24&to=2026-11-21")),
    ]
    for (const time of ["the first", "another"]) rows.push(await measureErasing(client, time))
    await client.close()
    return rows
  } finally {
    await program.dispose()
  }
}

/** The first overwrites what all that was written before has left in unused parts of pages. */
async function measureErasing(client: OperatorClient, time: string): Promise<Row> {
  const over = new AbortController()
  let longest = 0
  const others = (async () => {
    while (!over.signal.aborted) {
      const [wait = 0] = await timeEach(() => client.get("/api/conversations?limit=1"), 1)
      longest = Math.max(longest, wait)
    }
  })()
  const id = loopId(time === "the first" ? 7 : 8)
  const [erasing = 0] = await timeEach(() => client.delete(`/api/conversations/${id}`), 1)
  over.abort()
  await others
  return plain(
    `erasing ${time} of 50,000 conversations, and the longest wait of another request meanwhile`,
    `${erasing.toFixed(0)} ms, ${longest.toFixed(0)} ms`,
  )
}

async function measure(what: string, ask: () => Promise<void>): Promise<Row> {
  await timeEach(ask, 10)
  const p50 = median(await timeEach(ask, askedInTurn))
  const rate = await ratePerSecond(
    Array.from({ length: together }, () => ask),
    loadMs,
  )
  return plain(`${what}: p50, requests/s`, `${p50.toFixed(1)} ms, ${rate.toFixed(0)}`)
}

const plain = (what: string, gateway: string): Row => ({
  measure: what,
  gateway,
  floor: "",
  ratio: "",
  aim: "",
  met: null,
})

async function withDatabase<T>(path: string, work: (libsql: Libsql, path: string) => Promise<T>): Promise<T> {
  const opened = await openEmbedded(path)
  if (opened.status !== "open") throw new Error(opened.message)
  try {
    return await work(opened.libsql, path)
  } finally {
    await opened.close()
  }
}

/** Fills the database without its triggers, makes at once what they would have made, and takes the measure of both. */
async function fill(libsql: Libsql, path: string): Promise<Row[]> {
  await migrate(libsql, EpochMs.parse(Date.now()))
  const run = (sql: string) => libsql.write([{ sql, args: [] }])
  // A later migration may have made one anew.
  const triggers = new Map(
    migrations
      .flatMap(({ statements }) => [...statements])
      .flatMap((sql): [string, string][] => {
        const name = /^CREATE TRIGGER `(\w+)`/.exec(sql)?.[1]
        return name === undefined ? [] : [[name, sql]]
      }),
  )
  for (const name of triggers.keys()) await run(`drop trigger ${name}`)
  const words = createWords()
  for (let first = 0; first < conversations; first += atOnce) await libsql.project(written(first, words))
  const bare = (await stat(path)).size
  await run("insert into message_search(message_search) values ('rebuild')")
  await run(
    "insert into model_usage select started_at - started_at % 900000, coalesce(group_id, ''), model, count(*), sum(input_tokens), sum(cache_read_tokens), sum(cache_write_tokens), sum(output_tokens), coalesce(sum(cost_micro_usd), 0), sum(cost_micro_usd is null) from model_calls group by 1, 2, 3",
  )
  const withoutIndex = await timeProjections(libsql, words, 1)
  for (const sql of triggers.values()) await run(sql)
  const withIndex = await timeProjections(libsql, words, 2)
  const index = await libsql.read([{ sql: "select sum(length(block)) as bytes from message_search_data", args: [] }])
  const { bytes } = z.object({ bytes: z.number() }).parse(index[0]?.rows[0])
  return [
    plain("size of the full-text index, and of all else on record", `${megabytes(bytes)}, ${megabytes(bare)}`),
    plain(
      "p50 of a projection of one turn, with the index; without",
      [withIndex, withoutIndex].map((ms) => `${ms.toFixed(2)} ms`).join("; "),
    ),
  ]
}

/** Each projects one more turn of another conversation. */
async function timeProjections(libsql: Libsql, words: () => string, round: number): Promise<number> {
  let number = 0
  const times = await timeEach(() => {
    number += 1
    return libsql.project(writtenTurns([number], [turnsEach + round], words))
  }, 200)
  return median(times)
}

function written(first: number, words: () => string) {
  const numbers = Array.from({ length: atOnce }, (_, index) => first + index)
  const rows = writtenTurns(
    numbers,
    Array.from({ length: turnsEach }, (_, index) => index + 1),
    words,
  )
  return {
    ...rows,
    conversations: numbers.map((number) =>
      loop(number, { turnCount: turnsEach, lastActivityAt: at(number, turnsEach) }),
    ),
  }
}

function writtenTurns(numbers: readonly number[], turns: readonly number[], words: () => string) {
  const pairs = numbers.flatMap((number) => turns.map((place) => [number, place] as const))
  return projection({
    messages: pairs.flatMap(([number, place]) => {
      const rare = number % 2_500 === 0 && place === 1 ? ` ${rareWord}` : ""
      return [0, 1].map((entry) => ({ ...message(number, place, entry, words() + rare), createdAt: at(number, place) }))
    }),
    turns: pairs.map(([number, place]) => turn(number, place, { startedAt: at(number, place) })),
    modelCalls: pairs.map(([number, place]) => ({ ...modelCall(number, place, 1), startedAt: at(number, place) })),
  })
}

/** Over the last 90 days before the bench's own day. */
const lastDay = Date.parse("2026-11-21T00:00:00Z")
const at = (number: number, place: number) =>
  EpochMs.parse(Math.floor(lastDay - ((conversations - number) / conversations) * 90 * 86_400_000 + place * 60_000))

/** Sentences whose words are as unevenly frequent as those of a language (Zipf), the same in every run. */
function createWords(): () => string {
  const syllables = [
    "wa",
    "wi",
    "lo",
    "ne",
    "tor",
    "sa",
    "mi",
    "du",
    "ke",
    "ran",
    "pol",
    "est",
    "ing",
    "va",
    "qu",
    "zo",
  ]
  const vocabulary = Array.from({ length: 30_000 }, (_, index) => {
    let word = ""
    for (let rest = index; word === "" || rest > 0; rest = Math.floor(rest / 16)) word += syllables[rest % 16] ?? ""
    return word
  })
  let seed = 1
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed / 2 ** 31
  }
  return () => Array.from({ length: 15 }, () => vocabulary[Math.floor(vocabulary.length ** random()) - 1]).join(" ")
}
