/** Conversations and their transcripts, as the projections of their objects left them. */
import { type SQL, and, asc, desc, eq, isNotNull, isNull, sql } from "drizzle-orm"
import * as z from "zod"
import { LoopError } from "../../core/errors.ts"
import { ConversationRow, MessageRow } from "../../core/projection.ts"
import type { ConversationId, UserId } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { cutPage } from "./page.ts"
import { build, constant, parseRow, parseRows, statement } from "./query.ts"
import type { Page } from "./rows.ts"
import { conversations, messages } from "./schema.ts"
import type { Answer } from "./statement.ts"

export interface ConversationListOptions {
  /** At least 1; the caller bounds it. */
  readonly limit: number
  /** Rows behind this one: with less recent activity. */
  readonly after?: ConversationId | undefined
  /** Rows ahead of this one, the nearest. The page still begins with the newest. */
  readonly before?: ConversationId | undefined
}

/**
 * A person's own loops, open or archived, the one with the newest activity first.
 * @throws LoopError `invalid_cursor` when a cursor names no loop of that person
 */
export function listLoops(
  libsql: Libsql,
  ownerId: UserId,
  options: ConversationListOptions & { readonly archived: boolean },
): Promise<Page<ConversationRow>> {
  return listByActivity(libsql, eq(conversations.ownerId, ownerId), options)
}

/**
 * Every conversation of any kind, the one with the newest activity first. Without `archived`, both open and archived.
 * @throws LoopError `invalid_cursor` when a cursor names no conversation
 */
export function listConversations(
  libsql: Libsql,
  options: ConversationListOptions & { readonly archived?: boolean | undefined },
): Promise<Page<ConversationRow>> {
  return listByActivity(libsql, undefined, options)
}

const selectConversation = constant("select * from conversations where id = ?")

export async function findConversation(
  libsql: Libsql,
  conversationId: ConversationId,
): Promise<ConversationRow | undefined> {
  const [found] = await libsql.read([selectConversation(conversationId)])
  return parseRow(conversations, ConversationRow, found)
}

/** A server refuses answers above 10 MB (sqld's default), so a page of long entries ends early; one entry always fits. */
const maxPageBytes = 4_000_000

// Both sums run over the page alone: `asked` is how many entries it would have without the bound on bytes.
const newestMessages = constant(
  `select * from (
     select *, count(*) over () as asked, row_number() over newest as place,
       sum(octet_length(blocks) + octet_length(text)) over newest as bytes
     from (select * from messages where conversation_id = ?1 and position < ?2 order by position desc limit ?3)
     window newest as (order by position desc)
   ) where bytes <= ${maxPageBytes} or place = 1 order by position desc`,
)
const Asked = z.object({ asked: z.number().int() })

/** The newest entries of a transcript before the position `before`, in their order. `hasMore`: there are older ones. */
export async function listMessages(
  libsql: Libsql,
  conversationId: ConversationId,
  options: { readonly limit: number; readonly before?: number | undefined },
): Promise<Page<MessageRow>> {
  const { limit, before = Number.MAX_SAFE_INTEGER } = options
  const [found] = await libsql.read([newestMessages(conversationId, before, limit + 1)])
  return toTranscript(found, limit)
}

// A turn's number is the last part of its id and the upper part of its messages' positions.
const lastTurn = constant(
  `select max(
     coalesce((select turn_count from conversations where id = ?1), 0),
     coalesce((select max(position) from messages where conversation_id = ?1), 0) / 100000,
     coalesce((select max(cast(substr(id, length('turn_' || ?1 || '_') + 1) as integer)) from turns
       where conversation_id = ?1), 0)
   ) as number`,
)
const LastTurn = z.object({ number: z.number().int().nonnegative() })

export interface Recalled {
  readonly conversation: ConversationRow
  /** The newest, in their order. */
  readonly messages: MessageRow[]
  /** Above the number of every turn that the database knows of. */
  readonly nextTurn: number
}

/** What a lost object needs to go on; undefined when the database does not know the conversation. */
export async function recall(
  libsql: Libsql,
  conversationId: ConversationId,
  limit: number,
): Promise<Recalled | undefined> {
  const [found, newest, last] = await libsql.read([
    selectConversation(conversationId),
    newestMessages(conversationId, Number.MAX_SAFE_INTEGER, limit),
    lastTurn(conversationId),
  ])
  const conversation = parseRow(conversations, ConversationRow, found)
  if (!conversation) return undefined
  return {
    conversation,
    messages: toTranscript(newest, limit).rows,
    nextTurn: LastTurn.parse(last?.rows[0]).number + 1,
  }
}

function toTranscript(answer: Answer | undefined, limit: number): Page<MessageRow> {
  const found = parseRows(messages, MessageRow, answer)
  const rows = found.slice(0, limit)
  const asked = answer?.rows[0] === undefined ? 0 : Asked.parse(answer.rows[0]).asked
  return { rows: rows.toReversed(), hasMore: asked > rows.length }
}

async function listByActivity(
  libsql: Libsql,
  whose: SQL | undefined,
  options: ConversationListOptions & { readonly archived?: boolean | undefined },
): Promise<Page<ConversationRow>> {
  const { limit, after, before, archived } = options
  const { lastActivityAt, id, archivedAt } = conversations
  const state = archived === undefined ? undefined : archived ? isNotNull(archivedAt) : isNull(archivedAt)
  // A cursor stays a position when its loop was archived or reopened meanwhile.
  const cursorRow = (cursor: ConversationId) => and(eq(id, cursor), whose)
  const at = (cursor: ConversationId) =>
    build.select({ lastActivityAt, id }).from(conversations).where(cursorRow(cursor))
  const place = sql`(${lastActivityAt}, ${id})`
  const behind = after === undefined ? undefined : sql`${place} < (${at(after)})`
  const ahead = before === undefined ? undefined : sql`${place} > (${at(before)})`
  const backwards = before !== undefined && after === undefined
  const order = backwards ? [asc(lastActivityAt), asc(id)] : [desc(lastActivityAt), desc(id)]
  const cursors = [after, before].filter((cursor) => cursor !== undefined)
  const [found, ...places] = await libsql.read([
    statement(
      build
        .select()
        .from(conversations)
        .where(and(whose, state, behind, ahead))
        .orderBy(...order)
        .limit(limit + 1),
    ),
    ...cursors.map((cursor) => statement(build.select({ id }).from(conversations).where(cursorRow(cursor)))),
  ])
  if (places.some((answer) => answer.rows.length !== 1)) throw new LoopError("invalid_cursor")
  const page = cutPage(parseRows(conversations, ConversationRow, found), limit)
  return backwards ? { rows: page.rows.toReversed(), hasMore: page.hasMore } : page
}
