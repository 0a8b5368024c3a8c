/** One contract over both kinds of database: the embedded file and a real libSQL server. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { accessSuite } from "./access.suite.ts"
import { approvalSuite } from "./approvals.suite.ts"
import { startSqld } from "../../sandbox-runner/testkit/sqld.ts"
import { openEmbedded } from "./embedded.ts"
import type { Libsql } from "./libsql.ts"
import { migrate } from "./migrate.ts"
import { openRemote } from "./remote.ts"
import { peopleSuite } from "./people.suite.ts"
import { at, message, projection } from "./samples.ts"
import { runnerSuite } from "./runners.suite.ts"
import { searchSuite } from "./search.suite.ts"
import { settingsSuite } from "./settings.suite.ts"
import { transcriptSuite } from "./transcripts.suite.ts"
import { budgetsSuite } from "./budgets.suite.ts"
import { usageSuite } from "./usage.suite.ts"

interface Started {
  readonly libsql: Libsql
  stop(): Promise<void>
}

async function startEmbedded(): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), "store-"))
  const opened = await openEmbedded(join(folder, "gateway #1 100%.db"))
  if (opened.status !== "open") throw new Error(opened.message)
  const stop = async () => {
    await opened.close()
    await rm(folder, { recursive: true })
  }
  return { libsql: opened.libsql, stop }
}

async function startServer(): Promise<Started> {
  const sqld = await startSqld()
  const opened = openRemote({ url: sqld.url, fetch: (request) => fetch(request) })
  if (opened.status !== "open") throw new Error(opened.message)
  return { libsql: opened.libsql, stop: () => sqld.stop() }
}

describe.each([
  ["an embedded file", startEmbedded],
  ["a libSQL server", startServer],
])("%s", (_name, start) => {
  let started: Started
  const database = () => started.libsql
  beforeAll(async () => {
    started = await start()
    await migrate(database(), at(0))
  })
  afterAll(() => started.stop())
  beforeEach(async () => {
    const [tables] = await database().read([
      { sql: "select name from sqlite_schema where type = 'table' and name not in ('migrations')", args: [] },
    ])
    const names = (tables?.rows ?? [])
      .map(({ name }) => String(name))
      // The full-text index follows its messages.
      .filter((name) => !/^(sqlite|libsql|_|message_search)/.test(name))
    await database().write(names.map((name) => ({ sql: `delete from ${name}`, args: [] })))
  })

  accessSuite(database)
  peopleSuite(database)
  runnerSuite(database)
  settingsSuite(database)
  transcriptSuite(database)
  searchSuite(database)
  usageSuite(database)
  budgetsSuite(database)
  approvalSuite(database)

  test("a batch is done whole or not at all", async () => {
    const insert = { sql: "insert into instance (key, value) values (?, ?)", args: ["a", "b"] }
    await expect(database().write([insert, insert])).rejects.toMatchObject({ code: "database_unavailable" })
    const [left] = await database().read([{ sql: "select * from instance", args: [] }])
    expect(left?.rows).toEqual([])
    await database().write([insert])
  })

  test("a failure tells what broke and never an argument", async () => {
    const secret = "hunter2-secret"
    const failing = [
      { sql: "insert into nowhere values (?)", args: [secret] },
      { sql: "insert into instance (key, value) values (?1, null)", args: [secret] },
      { sql: "select ?1 as a, ?2 as b, abs(-9223372036854775808)", args: [secret, secret] },
      { sql: "select json_extract(?1, '$.a')", args: [secret] },
    ]
    for (const statement of failing) {
      const error: unknown = await database()
        .write([statement])
        .catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: "database_unavailable", details: {} })
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret)
    }
    const poisoned = { ...message(1, 1, 0, secret), role: null }
    const rows = projection({ messages: [message(1, 1, 1, secret)] })
    const error: unknown = await database()
      .project(JSON.parse(JSON.stringify({ ...rows, messages: [...rows.messages, poisoned] })))
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: "database_unavailable" })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret)
    expect(inspect(error, { depth: 10 })).toContain("messages.role")
  })
})
