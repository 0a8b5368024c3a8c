/** The audit trail over a real database: what was written shows when it was touched. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { type AuditEvent, sealRow, trailStart } from "../core/access/audit.ts"
import { LoopError } from "../core/errors.ts"
import { EpochMs } from "../core/units.ts"
import { createAuditTrail } from "./audit-trail.ts"
import { listAuditRows } from "./store/audit.ts"
import { openEmbedded } from "./store/embedded.ts"
import type { Libsql } from "./store/libsql.ts"
import { migrate } from "./store/migrate.ts"
import { at } from "./store/samples.ts"

const key = new Uint8Array(32).fill(1)
let libsql: Libsql
let close: () => Promise<void>
let isAway = false
/** Says "it failed" of a write that was done. */
let losesAnswers = false
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "audit-"))
  const opened = await openEmbedded(join(folder, "gateway.db"))
  if (opened.status !== "open") throw new Error(opened.message)
  isAway = false
  losesAnswers = false
  const gone = () => new LoopError("database_unavailable")
  libsql = {
    ...opened.libsql,
    read: async (statements) => {
      if (isAway) throw gone()
      return opened.libsql.read(statements)
    },
    write: async (statements) => {
      if (isAway) throw gone()
      const answers = await opened.libsql.write(statements)
      if (losesAnswers) throw gone()
      return answers
    },
  }
  await migrate(libsql, at(0))
  close = async () => {
    await opened.close()
    await rm(folder, { recursive: true })
  }
})
afterEach(() => close())

const open = (secret = key) => {
  const works: Promise<void>[] = []
  const failures: number[] = []
  const trail = createAuditTrail({
    libsql,
    key: secret,
    background: (work) => void works.push(work),
    log: ({ waiting }) => void failures.push(Number(waiting)),
  })
  const settle = async () => {
    while (works.length > 0) await works.shift()
  }
  return { ...trail, settle, failures }
}
const event = (number: number, changes: Partial<AuditEvent> = {}): AuditEvent => ({
  at: EpochMs.parse(1_790_000_000_000 + number),
  action: "login",
  actorId: `user-${number}`,
  actorName: "Ada",
  credential: "cookie",
  targetKind: null,
  targetId: null,
  requestId: `r${number}`,
  address: "192.0.2.1",
  details: { number },
  ...changes,
})
const run = (sql: string, ...args: (string | number)[]) => libsql.write([{ sql, args }])
const write = async (count: number) => {
  const trail = open()
  for (let number = 1; number <= count; number += 1) trail.record(event(number))
  await trail.settle()
  return trail
}
const stored = async () => (await listAuditRows(libsql, { limit: 1_000 })).rows.toReversed()

describe("what happened", () => {
  test("is written in its order, without gaps, and found intact", async () => {
    const trail = await write(250)
    const rows = await stored()
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 250 }, (_, place) => place + 1))
    expect(rows.map(({ requestId }) => requestId).slice(0, 3)).toEqual(["r1", "r2", "r3"])
    expect(await trail.verify()).toEqual({ status: "intact", events: 250 })
  })

  test("an empty trail is intact", async () => {
    expect(await open().verify()).toEqual({ status: "intact", events: 0 })
  })

  test("of several writers at once forms one trail", async () => {
    const writers = [open(), open(), open()]
    for (let number = 1; number <= 30; number += 1)
      for (const [place, writer] of writers.entries()) writer.record(event(number, { requestId: `${place}-${number}` }))
    await Promise.all(writers.map(({ settle }) => settle()))
    expect(writers.flatMap(({ failures }) => failures)).toEqual([])
    expect(await stored()).toHaveLength(90)
    expect(await open().verify()).toEqual({ status: "intact", events: 90 })
  })

  test("while the database is away waits, and is written with the next event", async () => {
    const trail = open()
    isAway = true
    trail.record(event(1))
    await trail.settle()
    expect(trail.failures).toEqual([1])
    isAway = false
    trail.record(event(2))
    await trail.settle()
    expect((await stored()).map(({ requestId }) => requestId)).toEqual(["r1", "r2"])
    expect(await trail.verify()).toEqual({ status: "intact", events: 2 })
  })

  test("whose write was done and its answer lost is not written twice", async () => {
    const trail = open()
    losesAnswers = true
    trail.record(event(1))
    await trail.settle()
    losesAnswers = false
    trail.record(event(2))
    await trail.settle()
    expect((await stored()).map(({ requestId }) => requestId)).toEqual(["r1", "r2"])
  })
})

describe("a trail that was touched", () => {
  const columns = ["at", "action", "actor_id", "actor_name", "credential", "target_id", "request_id", "address"]

  test.each(columns)("shows a change of %s", async (column) => {
    const trail = await write(5)
    await run(
      `update audit_events set ${column} = ? where seq = 3`,
      column === "at" ? 1 : column === "action" ? "logout" : column === "credential" ? "token" : "other",
    )
    expect(await trail.verify()).toEqual({ status: "broken", seq: 3, reason: "changed" })
  })

  test("shows a change of details and of a seal", async () => {
    const trail = await write(5)
    await run(`update audit_events set details = '{"number":9}' where seq = 2`)
    expect(await trail.verify()).toEqual({ status: "broken", seq: 2, reason: "changed" })
    await run(`update audit_events set details = '{"number":2}' where seq = 2`)
    expect(await trail.verify()).toMatchObject({ status: "intact" })
    await run("update audit_events set mac = 'x' where seq = 4")
    expect(await trail.verify()).toEqual({ status: "broken", seq: 4, reason: "changed" })
  })

  test("shows a row that is gone, and one that is gone from the end", async () => {
    const trail = await write(5)
    await run("delete from audit_events where seq = 2")
    expect(await trail.verify()).toEqual({ status: "broken", seq: 2, reason: "missing" })
    await run("delete from audit_events where seq > 1")
    expect(await trail.verify()).toEqual({ status: "broken", seq: 2, reason: "cut_off" })
    await run("delete from audit_events")
    expect(await trail.verify()).toEqual({ status: "broken", seq: 1, reason: "cut_off" })
  })

  test("shows rows that changed places, and rows numbered anew", async () => {
    const trail = await write(5)
    await run("update audit_events set seq = 99 where seq = 2")
    await run("update audit_events set seq = 2 where seq = 3")
    await run("update audit_events set seq = 3 where seq = 99")
    expect(await trail.verify()).toEqual({ status: "broken", seq: 2, reason: "changed" })
  })

  test("shows a row that was forged without the key, and an end that was moved", async () => {
    const trail = await write(2)
    const [, last] = await stored()
    const forged = { ...event(3), seq: 3 }
    const mac = sealRow((text) => String(text.length), forged, last?.mac ?? trailStart)
    await run(
      "insert into audit_events (seq, at, action, actor_id, actor_name, credential, target_kind, target_id, request_id, address, details, mac) values (3, ?, 'login', 'user-3', 'Ada', 'cookie', null, null, 'r3', '192.0.2.1', '{\"number\":3}', ?)",
      forged.at,
      mac,
    )
    expect(await trail.verify()).toEqual({ status: "broken", seq: 3, reason: "changed" })
    await run("delete from audit_events where seq = 3")
    const head = JSON.stringify({ seq: 1, mac: (await stored())[0]?.mac ?? "", seal: "guessed" })
    await run("update instance set value = ? where key = 'audit_head'", head)
    expect(await trail.verify()).toMatchObject({ status: "broken", reason: "head_changed" })
  })

  test("is none of another key's", async () => {
    await write(3)
    expect(await open(new Uint8Array(32).fill(2)).verify()).toEqual({ status: "broken", seq: 1, reason: "changed" })
  })
})

describe("a list", () => {
  test("goes back by pages, and is filtered", async () => {
    const trail = open()
    trail.record(event(1, { action: "login", actorId: "ada", targetId: "x" }))
    trail.record(event(2, { action: "logout", actorId: "ada" }))
    trail.record(event(3, { action: "login", actorId: "grace", targetId: "y" }))
    await trail.settle()
    const seqs = async (filters: object) =>
      (await listAuditRows(libsql, { limit: 10, ...filters })).rows.map(({ seq }) => seq)
    expect(await seqs({})).toEqual([3, 2, 1])
    expect(await seqs({ action: "login" })).toEqual([3, 1])
    expect(await seqs({ actorId: "ada" })).toEqual([2, 1])
    expect(await seqs({ targetId: "y" })).toEqual([3])
    expect(await seqs({ from: event(2).at, until: event(2).at })).toEqual([2])
    const first = await listAuditRows(libsql, { limit: 2 })
    expect([first.rows.map(({ seq }) => seq), first.hasMore]).toEqual([[3, 2], true])
    expect(await seqs({ before: 2 })).toEqual([1])
  })
})
