/** Turns of all conversations, and what they sent. */
import { type SQL, and, desc, eq, gte, lt, sql } from "drizzle-orm"
import * as z from "zod"
import { LoopError } from "../../core/errors.ts"
import { DeliveryRow, TurnRow } from "../../core/projection.ts"
import type { ConversationId, EpochMs, GroupId, TurnId } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { type ListOptions, cutPage } from "./page.ts"
import { build, constant, parseRows, statement } from "./query.ts"
import type { Page } from "./rows.ts"
import { deliveries, turns } from "./schema.ts"

export interface RunListOptions extends ListOptions<TurnId> {
  readonly status?: TurnRow["status"] | undefined
  readonly conversationId?: ConversationId | undefined
  readonly groupId?: GroupId | undefined
  /** Begun at or after this instant. */
  readonly from?: EpochMs | undefined
  /** Begun before this instant. */
  readonly to?: EpochMs | undefined
}

/** The one that began last first. @throws LoopError `invalid_cursor` when `after` names no turn */
export async function listRuns(libsql: Libsql, options: RunListOptions): Promise<Page<TurnRow>> {
  const { limit, after } = options
  const { startedAt, id } = turns
  const cursor = build
    .select({ startedAt, id })
    .from(turns)
    .where(eq(id, after ?? ""))
  const [found, place] = await libsql.read([
    statement(
      build
        .select()
        .from(turns)
        .where(and(runCondition(options), after === undefined ? undefined : sql`(${startedAt}, ${id}) < (${cursor})`))
        .orderBy(desc(startedAt), desc(id))
        .limit(limit + 1),
    ),
    statement(cursor),
  ])
  if (after !== undefined && place?.rows.length !== 1) throw new LoopError("invalid_cursor")
  return cutPage(parseRows(turns, TurnRow, found), limit)
}

function runCondition({ status, conversationId, groupId, from, to }: RunListOptions): SQL | undefined {
  return and(
    status === undefined ? undefined : eq(turns.status, status),
    // Repeats what the index of the few that are not done is limited to.
    status === undefined || status === "done" ? undefined : sql`${turns.status} <> 'done'`,
    conversationId === undefined ? undefined : eq(turns.conversationId, conversationId),
    groupId === undefined ? undefined : eq(turns.groupId, groupId),
    from === undefined ? undefined : gte(turns.startedAt, from),
    to === undefined ? undefined : lt(turns.startedAt, to),
  )
}

const turnsFrom = constant(
  `select * from turns where conversation_id = ?1 and (started_at, id) > (?2, ?3) order by started_at, id limit ?4`,
)

/** The turns of a conversation behind another, oldest first. */
export async function listTurnsFrom(
  libsql: Libsql,
  conversationId: ConversationId,
  options: { readonly limit: number; readonly after: Pick<TurnRow, "startedAt" | "id"> | undefined },
): Promise<TurnRow[]> {
  const { limit, after } = options
  const [found] = await libsql.read([turnsFrom(conversationId, after?.startedAt ?? 0, after?.id ?? "", limit)])
  return parseRows(turns, TurnRow, found)
}

const deliveriesFrom = constant(
  `select * from deliveries where conversation_id = ?1 and (created_at, id) > (?2, ?3) order by created_at, id limit ?4`,
)

/** What a conversation sent behind another part, oldest first. */
export async function listDeliveriesFrom(
  libsql: Libsql,
  conversationId: ConversationId,
  options: { readonly limit: number; readonly after: Pick<DeliveryRow, "createdAt" | "id"> | undefined },
): Promise<DeliveryRow[]> {
  const { limit, after } = options
  const [found] = await libsql.read([deliveriesFrom(conversationId, after?.createdAt ?? 0, after?.id ?? "", limit)])
  return parseRows(deliveries, DeliveryRow, found)
}

const countByStatus = constant(
  `select status, count(*) as runs, max(started_at) as last from turns where group_id = ? and started_at >= ? group by status`,
)
const Count = z.object({ status: TurnRow.shape.status, runs: z.number().int(), last: TurnRow.shape.startedAt })

/** How many of a group's turns began at or after `from`, by what they are now. */
export async function countRuns(libsql: Libsql, groupId: GroupId, from: EpochMs): Promise<z.infer<typeof Count>[]> {
  const [found] = await libsql.read([countByStatus(groupId, from)])
  return z.array(Count).parse(found?.rows ?? [])
}
