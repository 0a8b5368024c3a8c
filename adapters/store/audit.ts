/** Rows of the audit trail. They are added and read; nothing here changes or deletes one. */
import { and, desc, eq, gte, lt, lte } from "drizzle-orm"
import * as z from "zod"
import { AuditHead, AuditRow } from "../../core/access/audit.ts"
import type { EpochMs } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { cutPage } from "./page.ts"
import { build, constant, parseRow, parseRows, statement } from "./query.ts"
import type { Page } from "./rows.ts"
import { auditEvents } from "./schema.ts"
import type { Statement } from "./statement.ts"

const StoredHead = AuditHead.extend({ seal: z.string() })
export type StoredHead = z.infer<typeof StoredHead>
const headKey = "audit_head"

const selectLast = constant("select * from audit_events order by seq desc limit 1")
const selectHead = constant("select value from instance where key = ?")
const Value = z.object({ value: z.string() })

/** The row that the next one is sealed to; undefined at the beginning. */
export async function lastAuditRow(libsql: Libsql): Promise<AuditRow | undefined> {
  const [found] = await libsql.read([selectLast()])
  return parseRow(auditEvents, AuditRow, found)
}

const writeHead = constant(
  `insert into instance (key, value) select ?1, ?2 where exists (select 1 from audit_events where seq = ?3 and mac = ?4)
   on conflict (key) do update set value = excluded.value`,
)
const selectOwn = constant("select 1 from audit_events where seq = ? and mac = ?")
// Refused as a whole when another writer was first: its row has the same number.
const insertRow = constant(
  `insert into audit_events (seq, at, action, actor_id, actor_name, credential, target_kind, target_id, request_id, address, details, mac)
   select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
   where (select coalesce(max(seq), 0) from audit_events) = ? - 1`,
)

/** Adds rows behind the last one, all or none. `behind`: another writer was first; read the last row again. */
export async function appendAuditRows(
  libsql: Libsql,
  rows: readonly AuditRow[],
  head: StoredHead,
): Promise<{ status: "appended" | "behind" }> {
  const inserts = rows.map((row): Statement => {
    const { seq, at, action, actorId, actorName, credential, targetKind, targetId, requestId, address } = row
    const fields = [seq, at, action, actorId, actorName, credential, targetKind, targetId, requestId, address]
    return insertRow(...fields, JSON.stringify(row.details), row.mac, seq)
  })
  const answers = await libsql.write([
    ...inserts,
    writeHead(headKey, JSON.stringify(head), head.seq, head.mac),
    selectOwn(head.seq, head.mac),
  ])
  return { status: answers.at(-1)?.rows.length === 1 ? "appended" : "behind" }
}

export interface AuditFilters {
  readonly limit: number
  /** Only rows before this one. */
  readonly before?: number | undefined
  readonly action?: string | undefined
  readonly actorId?: string | undefined
  readonly targetId?: string | undefined
  readonly from?: EpochMs | undefined
  readonly until?: EpochMs | undefined
}

/** The newest first. */
export async function listAuditRows(libsql: Libsql, filters: AuditFilters): Promise<Page<AuditRow>> {
  const { limit, before, action, actorId, targetId, from, until } = filters
  const { seq, at } = auditEvents
  const where = and(
    before === undefined ? undefined : lt(seq, before),
    action === undefined ? undefined : eq(auditEvents.action, action),
    actorId === undefined ? undefined : eq(auditEvents.actorId, actorId),
    targetId === undefined ? undefined : eq(auditEvents.targetId, targetId),
    from === undefined ? undefined : gte(at, from),
    until === undefined ? undefined : lte(at, until),
  )
  const [found] = await libsql.read([
    statement(
      build
        .select()
        .from(auditEvents)
        .where(where)
        .orderBy(desc(seq))
        .limit(limit + 1),
    ),
  ])
  return cutPage(parseRows(auditEvents, AuditRow, found), limit)
}

const selectBehind = constant("select * from audit_events where seq > ? order by seq limit ?")

/** Rows behind a number in their order, and the head as it is at the same moment. */
export async function readTrail(
  libsql: Libsql,
  behind: number,
  limit: number,
): Promise<{ rows: AuditRow[]; head: StoredHead | undefined }> {
  const [found, head] = await libsql.read([selectBehind(behind, limit), selectHead(headKey)])
  const value = head?.rows[0] === undefined ? undefined : Value.parse(head.rows[0]).value
  return {
    rows: parseRows(auditEvents, AuditRow, found),
    head: value === undefined ? undefined : StoredHead.parse(JSON.parse(value)),
  }
}
