/** Finds conversations by what was said in them, with the full-text index over messages (sqlite.org/fts5.html). */
import { type SQL, and, sql } from "drizzle-orm"
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core"
import * as z from "zod"
import { ConversationRow } from "../../core/projection.ts"
import { EpochMs } from "../../core/units.ts"
import { type ConversationFilters, conversationCondition } from "./conversation-filters.ts"
import type { Libsql } from "./libsql.ts"
import { parseRows, statement } from "./query.ts"
import { conversations } from "./schema.ts"
import type { Answer } from "./statement.ts"

/**
 * So many of the newest matching messages are looked at for one answer: a search for a word that is everywhere must cost no
 * more than one for a rare word (measured with 1,000,000 messages: see `npm run bench`).
 */
const examinedNewest = 2_000
const examinedBest = 5_000
const snippetTokens = 24
/** Noncharacters (Unicode 23.7): they stand in no text that is meant to be read. */
const matchBegins = "\u{FDD0}"
const matchEnds = "\u{FDD1}"

export interface SearchOptions extends ConversationFilters {
  /** As {@link import("../../core/conversations/search-query.ts").toSearchQuery} makes it. */
  readonly query: string
  readonly order: "newest" | "best"
  readonly limit: number
  /** Where the stretch before ended. */
  readonly after?: number | undefined
}

export interface Found {
  readonly conversation: ConversationRow
  readonly match: {
    readonly messageId: string
    readonly role: "user" | "assistant"
    readonly createdAt: EpochMs
    /** The place in the message, with what matched marked. */
    readonly snippet: { readonly text: string; readonly isMatch: boolean }[]
  }
}

export interface FoundPage {
  readonly rows: Found[]
  /** Null: nothing more. A page may be short, even empty, though more follows. */
  readonly next: number | null
}

/**
 * Each conversation once, by its newest matching message, or by its best one. The filters of time are about the message. `best`
 * ranks the newest 5,000 matching messages.
 */
export async function searchConversations(libsql: Libsql, options: SearchOptions): Promise<FoundPage> {
  return options.order === "newest" ? searchNewest(libsql, options) : searchBest(libsql, options)
}

async function searchNewest(libsql: Libsql, options: SearchOptions): Promise<FoundPage> {
  const { query, limit, after = Number.MAX_SAFE_INTEGER } = options
  const inTime = messageCondition(options)
  const candidates = sql`select rowid as seq, 0 as score from message_search where message_search match ${query}
    and rowid < ${after} order by rowid desc limit ${examinedNewest}`
  const hits = sql`select max(messages.seq) as seq, messages.conversation_id from candidates
    cross join messages on messages.seq = candidates.seq where ${inTime} group by messages.conversation_id`
  // In the page's order, so that no more of them are asked about than the page needs.
  const shown = sql`select hits.seq as place, hits.seq, ${conversationColumns} from (${hits}) as hits
    cross join conversations on conversations.id = hits.conversation_id
    where ${conversationCondition(options) ?? sql`true`} order by hits.seq desc limit ${examinedNewest}`
  // Conversations that an earlier stretch has told of: they match again behind the cursor.
  const told = sql`select 1 from message_search as told cross join messages on messages.seq = told.rowid
    where told.message_search match '(' || ${query} || ') AND conversation_id : "' || substr(found.id, 6) || '"'
      and told.rowid >= ${after} and ${inTime}`
  const isNew = options.after === undefined ? sql`true` : sql`not exists (${told})`
  const page = sql`select * from (${shown}) as found where ${isNew} limit ${limit + 1}`
  const { found, examined, last } = await read(libsql, { candidates, page, query, order: sql`place desc` })
  const rows = found.slice(0, limit)
  const next = found.length > limit ? (rows.at(-1)?.place ?? null) : examined === examinedNewest ? last : null
  return { rows, next }
}

async function searchBest(libsql: Libsql, options: SearchOptions): Promise<FoundPage> {
  const { query, limit, after = 0 } = options
  const candidates = sql`select rowid as seq, rank as score from message_search where message_search match ${query}
    order by rowid desc limit ${examinedBest}`
  // The bare column is that of the row with the least score (sqlite.org/lang_select.html 2.5).
  const hits = sql`select min(score) as score, messages.seq, messages.conversation_id from candidates
    cross join messages on messages.seq = candidates.seq where ${messageCondition(options)} group by messages.conversation_id`
  const page = sql`select row_number() over (order by score, hits.seq desc) as place, hits.seq, ${conversationColumns}
    from (${hits}) as hits cross join conversations on conversations.id = hits.conversation_id
    where ${conversationCondition(options) ?? sql`true`} order by score, hits.seq desc limit ${limit + 1} offset ${after}`
  const { found } = await read(libsql, { candidates, page, query, order: sql`place` })
  return { rows: found.slice(0, limit), next: found.length > limit ? after + limit : null }
}

const conversationColumns = sql.raw("conversations.*")
const dialect = new SQLiteSyncDialect()

function toStatement(query: SQL) {
  return statement({ toSQL: () => dialect.sqlToQuery(query) })
}

function messageCondition({ from, to }: ConversationFilters): SQL {
  const conditions = and(
    from === undefined ? undefined : sql`messages.created_at >= ${from}`,
    to === undefined ? undefined : sql`messages.created_at < ${to}`,
  )
  return conditions ?? sql`true`
}

/**
 * One statement that looks into the index twice: for the candidates, and once over the stretch that holds the page, for its
 * snippets. To look up each row of the page by itself would begin the search anew for each. Every `cross join` keeps the
 * planner, which does not know how few rows the left side has, from scanning a table (sqlite.org/optoverview.html 8.2).
 */
async function read(
  libsql: Libsql,
  { candidates, page, query, order }: { candidates: SQL; page: SQL; query: string; order: SQL },
): Promise<{ found: (Found & { place: number })[]; examined: number; last: number | null }> {
  const [answer] = await libsql.read([
    toStatement(sql`with candidates as materialized (${candidates}), page as materialized (${page}),
      shown as (
        select page.*, messages.id as message_id, messages.role as message_role, messages.created_at as message_created_at,
          snippet(message_search, 0, ${matchBegins}, ${matchEnds}, '…', ${sql.raw(String(snippetTokens))}) as snippet
        from message_search cross join page on page.seq = message_search.rowid
        cross join messages on messages.seq = page.seq
        where message_search.message_search match ${query}
          and message_search.rowid between (select min(seq) from page) and (select max(seq) from page)
      )
      select examined, last, shown.* from (select count(*) as examined, min(seq) as last from candidates)
      left join shown on true order by ${order}`),
  ])
  const { examined, last } = Examined.parse(answer?.rows[0])
  return { found: toFound({ rows: answer?.rows.filter(({ id }) => id !== null) ?? [] }), examined, last }
}

const Examined = z.object({ examined: z.number().int(), last: z.number().int().nullable() })
const Match = z.object({
  place: z.number().int(),
  message_id: z.string(),
  message_role: z.enum(["user", "assistant"]),
  message_created_at: EpochMs,
  snippet: z.string(),
})

function toFound(answer: Answer): (Found & { place: number })[] {
  const rows = parseRows(conversations, ConversationRow, answer)
  return z
    .array(Match)
    .parse(answer.rows)
    .flatMap(({ place, message_id, message_role, message_created_at, snippet }, index) => {
      const conversation = rows[index]
      const match = {
        messageId: message_id,
        role: message_role,
        createdAt: message_created_at,
        snippet: toParts(snippet),
      }
      return conversation === undefined ? [] : [{ place, conversation, match }]
    })
}

function toParts(snippet: string): { text: string; isMatch: boolean }[] {
  return snippet
    .split(new RegExp(`(${matchBegins}[^${matchEnds}]*${matchEnds})`, "u"))
    .map((part) => ({
      isMatch: part.startsWith(matchBegins),
      text: part.replaceAll(matchBegins, "").replaceAll(matchEnds, ""),
    }))
    .filter(({ text }) => text !== "")
}
