/** Finds conversations by what was said in them, with the full-text index over messages (sqlite.org/fts5.html). */
import { type SQL, and, sql } from "drizzle-orm"
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core"
import * as z from "zod"
import { ConversationRow } from "../../core/projection.ts"
import { EpochMs } from "../../core/units.ts"
import { type ConversationFilters, conversationCondition } from "./conversation-filters.ts"
import type { Libsql } from "./libsql.ts"
import { parseRows, statement } from "./query.ts"
import { conversations, messages } from "./schema.ts"

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
  const newest = sql`select rowid as seq from message_search where message_search match ${query} and rowid < ${after}
    order by rowid desc limit ${examinedNewest}`
  const inTime = messageCondition(options)
  // Conversations that an earlier stretch has told of: they match again behind the cursor.
  const told = sql`select 1 from message_search as told join messages on messages.seq = told.rowid
    where told.message_search match '(' || ${query} || ') AND conversation_id : "' || substr(hits.conversation_id, 6) || '"'
      and told.rowid >= ${after} and ${inTime ?? sql`true`}`
  const isFirst = options.after === undefined
  const hits = sql`select max(messages.seq) as seq, messages.conversation_id from (${newest}) as candidates
    join messages on messages.seq = candidates.seq ${inTime === undefined ? sql`` : sql`where ${inTime}`}
    group by messages.conversation_id`
  const page = sql`select hits.seq as place, hits.seq, ${conversationColumns} from (${hits}) as hits
    join conversations on conversations.id = hits.conversation_id
    where ${conversationCondition(options) ?? sql`true`} and ${isFirst ? sql`true` : sql`not exists (${told})`}
    order by hits.seq desc limit ${limit + 1}`
  const [found, examined] = await libsql.read([
    toStatement(withMatches(page, query, sql`place desc`)),
    toStatement(sql`select count(*) as examined, min(seq) as last from (${newest})`),
  ])
  const all = toFound(found)
  const { examined: count, last } = Examined.parse(examined?.rows[0])
  const rows = all.slice(0, limit)
  const next = all.length > limit ? (rows.at(-1)?.place ?? null) : count === examinedNewest ? last : null
  return { rows, next }
}

async function searchBest(libsql: Libsql, options: SearchOptions): Promise<FoundPage> {
  const { query, limit, after = 0 } = options
  const newest = sql`select rowid as seq, rank as score from message_search where message_search match ${query}
    order by rowid desc limit ${examinedBest}`
  const inTime = messageCondition(options)
  // The bare column is that of the row with the least score (sqlite.org/lang_select.html 2.5).
  const hits = sql`select min(score) as score, messages.seq, messages.conversation_id from (${newest}) as candidates
    join messages on messages.seq = candidates.seq ${inTime === undefined ? sql`` : sql`where ${inTime}`}
    group by messages.conversation_id`
  const page = sql`select row_number() over (order by score, hits.seq desc) as place, hits.seq, ${conversationColumns}
    from (${hits}) as hits join conversations on conversations.id = hits.conversation_id
    where ${conversationCondition(options) ?? sql`true`} order by score, hits.seq desc limit ${limit + 1} offset ${after}`
  const [found] = await libsql.read([toStatement(withMatches(page, query, sql`place`))])
  const all = toFound(found)
  return { rows: all.slice(0, limit), next: all.length > limit ? after + limit : null }
}

const conversationColumns = sql.raw("conversations.*")
const dialect = new SQLiteSyncDialect()

function toStatement(query: SQL) {
  return statement({ toSQL: () => dialect.sqlToQuery(query) })
}

function messageCondition({ from, to }: ConversationFilters): SQL | undefined {
  return and(
    from === undefined ? undefined : sql`messages.created_at >= ${from}`,
    to === undefined ? undefined : sql`messages.created_at < ${to}`,
  )
}

/** Snippets are made for the page alone: each reads its whole message. `cross join` keeps the planner to that order. */
function withMatches(page: SQL, query: string, order: SQL): SQL {
  return sql`select page.*, ${messages.id} as message_id, ${messages.role} as message_role,
      ${messages.createdAt} as message_created_at,
      snippet(message_search, 0, ${matchBegins}, ${matchEnds}, '…', ${sql.raw(String(snippetTokens))}) as snippet
    from (${page}) as page cross join message_search on message_search.rowid = page.seq
    cross join messages on messages.seq = page.seq
    where message_search.message_search match ${query} order by ${order}`
}

const Examined = z.object({ examined: z.number().int(), last: z.number().int().nullable() })
const Match = z.object({
  place: z.number().int(),
  message_id: z.string(),
  message_role: z.enum(["user", "assistant"]),
  message_created_at: EpochMs,
  snippet: z.string(),
})

function toFound(answer: Parameters<typeof parseRows>[2]): (Found & { place: number })[] {
  const rows = parseRows(conversations, ConversationRow, answer)
  return z
    .array(Match)
    .parse(answer?.rows ?? [])
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
