/** Conversations and their transcripts, as the projections of their objects left them. */
import { type SQL, and, asc, desc, eq, sql } from "drizzle-orm"
import * as z from "zod"
import { MessageSource } from "../../core/channel/message.ts"
import { LoopError } from "../../core/errors.ts"
import { ConversationRow, MessageRow, TurnRow } from "../../core/projection.ts"
import { positionsPerTurn } from "../../core/turn/project.ts"
import type { ConversationId, UserId } from "../../core/units.ts"
import { activityCondition, type ConversationFilters, conversationCondition } from "./conversation-filters.ts"
import { erasedStatement, parseErased } from "./erasure.ts"
import type { Libsql } from "./libsql.ts"
import { cutPage } from "./page.ts"
import { build, constant, parseRow, parseRows, statement } from "./query.ts"
import type { Page } from "./rows.ts"
import { conversations, messages, turns } from "./schema.ts"
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
 * Every conversation of any kind that the filters let through, the one with the newest activity first.
 * @throws LoopError `invalid_cursor` when a cursor names no conversation
 */
export function listConversations(
  libsql: Libsql,
  options: ConversationListOptions & ConversationFilters,
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

const turnsOfNewest = constant(
  `select * from turns where id in (
     select turn_id from messages where conversation_id = ?1 and position < ?2 order by position desc limit ?3
   ) order by started_at`,
)

/**
 * The newest entries of a transcript before the position `before`, in their order, and the turns that they are of. `hasMore`: there
 * are older ones.
 */
export async function listMessages(
  libsql: Libsql,
  conversationId: ConversationId,
  options: { readonly limit: number; readonly before?: number | undefined },
): Promise<Page<MessageRow> & { turns: TurnRow[] }> {
  const { limit, before = Number.MAX_SAFE_INTEGER } = options
  const [found, foundTurns] = await libsql.read([
    newestMessages(conversationId, before, limit + 1),
    turnsOfNewest(conversationId, before, limit + 1),
  ])
  const page = toTranscript(found, limit)
  const ids = new Set(page.rows.map(({ turnId }) => turnId))
  return { ...page, turns: parseRows(turns, TurnRow, foundTurns).filter(({ id }) => ids.has(id)) }
}

const messagesFrom = constant(
  `select * from (
     select *, count(*) over () as asked, row_number() over oldest as place,
       sum(octet_length(blocks) + octet_length(text)) over oldest as bytes
     from (select * from messages where conversation_id = ?1 and position > ?2 order by position limit ?3)
     window oldest as (order by position)
   ) where bytes <= ${maxPageBytes} or place = 1 order by position desc`,
)

/** The entries of a transcript behind the position `after`, in their order. `hasMore`: there are newer ones. */
export async function listMessagesFrom(
  libsql: Libsql,
  conversationId: ConversationId,
  options: { readonly limit: number; readonly after: number },
): Promise<Page<MessageRow>> {
  const { limit, after } = options
  const [found] = await libsql.read([messagesFrom(conversationId, after, limit)])
  const page = toTranscript(found, limit)
  return { rows: page.rows, hasMore: page.hasMore || page.rows.length === limit }
}

const messageOf = constant("select * from messages where conversation_id = ?1 and id = ?2")

/** One entry of a conversation's transcript. */
export async function findMessage(
  libsql: Libsql,
  conversationId: ConversationId,
  id: string,
): Promise<MessageRow | undefined> {
  const [found] = await libsql.read([messageOf(conversationId, id)])
  return parseRow(messages, MessageRow, found)
}

const toolResultOf = constant(
  `select * from messages where conversation_id = ?1 and position >= ?2 and role = 'user' and instr(blocks, ?3) > 0
   order by position desc limit 1`,
)
/** Further back nobody looks for an output: each entry on the way is read. */
const searchedTurns = 1_000

/** The newest entry that holds the result of a call, if one of the newest turns does. @param of - `callId` as journals have it */
export async function findToolResult(
  libsql: Libsql,
  conversationId: ConversationId,
  of: { readonly callId: string; readonly newestTurn: number },
): Promise<MessageRow | undefined> {
  const first = Math.max(0, of.newestTurn - searchedTurns) * positionsPerTurn
  const named = `"toolUseId":${JSON.stringify(of.callId)}`
  const [found] = await libsql.read([toolResultOf(conversationId, first, named)])
  return parseRow(messages, MessageRow, found)
}

const selectChatSource = constant(
  `select source from messages where conversation_id = ? and source ->> 'channelId' is not null
   order by position desc limit 1`,
)
const SourceColumn = z.object({ source: z.string() })

/** Where the conversation's newest message from a channel came from; undefined when none did. */
export async function findChatSource(
  libsql: Libsql,
  conversationId: ConversationId,
): Promise<MessageSource | undefined> {
  const [found] = await libsql.read([selectChatSource(conversationId)])
  const row = found?.rows[0]
  return row === undefined ? undefined : MessageSource.parse(JSON.parse(SourceColumn.parse(row).source))
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
  /** Null: the database does not know the conversation, or no longer. */
  readonly conversation: ConversationRow | null
  /** The newest, in their order. */
  readonly messages: MessageRow[]
  /** Above the number of every turn that the database knows of, or knew before it was erased. */
  readonly nextTurn: number
  /** The same for versions of the conversation's row. */
  readonly nextVersion: number
}

/** What a lost object needs to go on, and a new one to begin. */
export async function recall(libsql: Libsql, conversationId: ConversationId, limit: number): Promise<Recalled> {
  const [found, newest, last, erased] = await libsql.read([
    selectConversation(conversationId),
    newestMessages(conversationId, Number.MAX_SAFE_INTEGER, limit),
    lastTurn(conversationId),
    erasedStatement(conversationId),
  ])
  const conversation = parseRow(conversations, ConversationRow, found) ?? null
  const before = parseErased(erased)
  return {
    conversation,
    messages: toTranscript(newest, limit).rows,
    nextTurn: Math.max(LastTurn.parse(last?.rows[0]).number, before.lastTurn) + 1,
    nextVersion: Math.max(conversation?.version ?? 0, before.lastVersion) + 1,
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
  options: ConversationListOptions & ConversationFilters,
): Promise<Page<ConversationRow>> {
  const { limit, after, before } = options
  const { lastActivityAt, id } = conversations
  const shown = and(conversationCondition(options), activityCondition(options))
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
        .where(and(whose, shown, behind, ahead))
        .orderBy(...order)
        .limit(limit + 1),
    ),
    ...cursors.map((cursor) => statement(build.select({ id }).from(conversations).where(cursorRow(cursor)))),
  ])
  if (places.some((answer) => answer.rows.length !== 1)) throw new LoopError("invalid_cursor")
  const page = cutPage(parseRows(conversations, ConversationRow, found), limit)
  return backwards ? { rows: page.rows.toReversed(), hasMore: page.hasMore } : page
}
