/** Erases a conversation from the database: its rows, its part of the full-text index, and their bytes. */
import * as z from "zod"
import type { ConversationId, EpochMs } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { erasedIdHash } from "./projection.ts"
import { constant } from "./query.ts"

/** One batch deletes no more entries, so that it stays short for the event loop, which an embedded database blocks. */
const entriesAtOnce = 200

/** An embedded database answers before anything but promises had its turn: without this, batch after batch would hold up everyone. */
const othersTurn = () => new Promise<void>((resolve) => setTimeout(resolve, 0))

const remember = constant(
  `insert into erased_conversations (id_hash, last_turn, last_version, erased_at) values (?, ?, ?, ?)
   on conflict (id_hash) do update set last_turn = max(last_turn, excluded.last_turn),
     last_version = max(last_version, excluded.last_version), erased_at = excluded.erased_at`,
)
const deleteTurns = constant("delete from turns where conversation_id = ?")
const deleteApprovals = constant("delete from approvals where conversation_id = ?")
const deleteDeliveries = constant("delete from deliveries where conversation_id = ?")
// The id of a call begins with that of its turn, and that with the conversation's: "`" is the character behind "_".
const deleteModelCalls = constant(
  "delete from model_calls where id >= 'turn_' || ?1 || '_' and id < 'turn_' || ?1 || '`'",
)
const deleteConversation = constant("delete from conversations where id = ?")
const deleteBudget = constant("delete from conversation_budgets where conversation_id = ?")
const deleteMessages = constant(
  `delete from messages where seq in (select seq from messages where conversation_id = ? limit ${entriesAtOnce}) returning 1`,
)

/**
 * From the first batch on, lists no longer show the conversation and nothing that its object still sends is written; only the
 * digest of its id and two numbers stay. What its model calls used stays counted, in sums. May be repeated, and must be after a
 * failure: it then goes on where it ended.
 * @param life - the highest numbers that the erased life of the conversation gave, or more
 * @throws LoopError `database_unavailable`
 */
export async function eraseConversation(
  libsql: Libsql,
  id: ConversationId,
  life: { readonly lastTurn: number; readonly lastVersion: number },
  now: EpochMs,
): Promise<void> {
  await libsql.write([
    remember(erasedIdHash(id), life.lastTurn, life.lastVersion, now),
    deleteConversation(id),
    deleteBudget(id),
    deleteTurns(id),
    deleteDeliveries(id),
    deleteApprovals(id),
    deleteModelCalls(id),
  ])
  for (;;) {
    const [deleted] = await libsql.write([deleteMessages(id)])
    if ((deleted?.rows.length ?? 0) < entriesAtOnce) break
    await othersTurn()
  }
  await rewriteSearch(libsql)
  await libsql.scrub()
}

// The index only notes what was deleted until its parts are merged (sqlite.org/fts5.html 6.8). A negative number of pages makes
// one part of all that are there now; later calls go on with it. Not `optimize`, which blocks until all is done, and not
// `secure-delete`: SQLite 3.45, which libSQL is made of, leaves a damaged index when a page of it empties (tried 2026-11-21).
const beginMerge = constant("insert into message_search (message_search, rank) values ('merge', -?)")
const goOnMerging = constant("insert into message_search (message_search, rank) values ('merge', ?)")
const countChanges = constant("select total_changes() as changes")
const countPages = constant("select count(*) as pages from message_search_data")
const Pages = z.object({ pages: z.number().int() })
const Changes = z.object({ changes: z.number().int() })
/** About 400 KB of the index, which others wait for. */
const pagesAtOnce = 100

/** Writes the full-text index anew without what was deleted, a little at a time. */
async function rewriteSearch(libsql: Libsql): Promise<void> {
  const [size] = await libsql.read([countPages()])
  // What others write meanwhile is merged along: twice the index is more than enough for what was there before.
  const mostMerges = 10 + (2 * Pages.parse(size?.rows[0]).pages) / pagesAtOnce
  let merge = beginMerge
  for (let merges = 0; merges < mostMerges; merges += 1) {
    const [before, , after] = await libsql.write([countChanges(), merge(pagesAtOnce), countChanges()])
    merge = goOnMerging
    // One change is the statement itself.
    if (Changes.parse(after?.rows[0]).changes - Changes.parse(before?.rows[0]).changes < 2) return
    await othersTurn()
  }
}

const selectErased = constant("select last_turn, last_version from erased_conversations where id_hash = ?")
const Erased = z.object({ last_turn: z.number().int(), last_version: z.number().int() })

/** The statement whose answer {@link parseErased} reads. */
export const erasedStatement = (id: ConversationId) => selectErased(erasedIdHash(id))

/** The highest numbers of erased lives; zeros when there are none. */
export function parseErased(answer: { readonly rows: readonly unknown[] } | undefined): {
  lastTurn: number
  lastVersion: number
} {
  const row = answer?.rows[0]
  if (row === undefined) return { lastTurn: 0, lastVersion: 0 }
  const { last_turn: lastTurn, last_version: lastVersion } = Erased.parse(row)
  return { lastTurn, lastVersion }
}
