/** Questions to people, as objects recorded them. */
import { and, desc, eq, sql } from "drizzle-orm"
import * as z from "zod"
import { LoopError } from "../../core/errors.ts"
import { ApprovalRow } from "../../core/projection.ts"
import type { ChoiceId, ConversationId, TurnId } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { cutPage, type ListOptions } from "./page.ts"
import { build, constant, parseRow, parseRows, statement } from "./query.ts"
import type { Page } from "./rows.ts"
import { approvals } from "./schema.ts"

export interface ApprovalListOptions extends ListOptions<ChoiceId> {
  readonly status?: ApprovalRow["status"] | undefined
  readonly conversationId?: ConversationId | undefined
  readonly turnId?: TurnId | undefined
}

/** The newest first. @throws LoopError `invalid_cursor` when `after` names none */
export async function listApprovals(libsql: Libsql, options: ApprovalListOptions): Promise<Page<ApprovalRow>> {
  const { limit, after, status, conversationId, turnId } = options
  const { requestedAt, id } = approvals
  const cursor = build
    .select({ requestedAt, id })
    .from(approvals)
    .where(eq(id, after ?? ""))
  const [found, place] = await libsql.read([
    statement(
      build
        .select()
        .from(approvals)
        .where(
          and(
            status === undefined ? undefined : eq(approvals.status, status),
            conversationId === undefined ? undefined : eq(approvals.conversationId, conversationId),
            turnId === undefined ? undefined : eq(approvals.turnId, turnId),
            after === undefined ? undefined : sql`(${requestedAt}, ${id}) < (${cursor})`,
          ),
        )
        .orderBy(desc(requestedAt), desc(id))
        .limit(limit + 1),
    ),
    statement(cursor),
  ])
  if (after !== undefined && place?.rows.length !== 1) throw new LoopError("invalid_cursor")
  return cutPage(parseRows(approvals, ApprovalRow, found), limit)
}

const selectApproval = constant("select * from approvals where id = ?")

export async function findApproval(libsql: Libsql, id: ChoiceId): Promise<ApprovalRow | undefined> {
  const [found] = await libsql.read([selectApproval(id)])
  return parseRow(approvals, ApprovalRow, found)
}

const countByStatus = constant("select status, count(*) as total from approvals group by status")
const Count = z.object({ status: ApprovalRow.shape.status, total: z.number().int() })

/** How many there are of each status; a status without any is absent. */
export async function countApprovals(libsql: Libsql): Promise<z.infer<typeof Count>[]> {
  const [found] = await libsql.read([countByStatus()])
  return z.array(Count).parse(found?.rows ?? [])
}
