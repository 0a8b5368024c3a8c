/**
 * Projected rows as statements: the same few for any number of rows, and harmless when they come again. Rows of an erased
 * life of a conversation are passed over: they may still be on their way when its last byte is gone.
 */
import { type Column, getTableColumns, getTableName } from "drizzle-orm"
import type { SQLiteTable } from "drizzle-orm/sqlite-core"
import type { Projection } from "../../core/projection.ts"
import { type ConversationId, type TurnId, turnNumber } from "../../core/units.ts"
import { sha256Hex } from "../digest.ts"
import { type Statement, storable } from "./statement.ts"
import { approvals, conversations, deliveries, messages, modelCalls, turns } from "./schema.ts"

/** A server takes no argument above some megabytes, so that more rows than this need a second statement for their table. */
const maxArgumentChars = 2_000_000

const writeConversations = writer(conversations, "newer_wins", "last_version")
const writeMessages = writer(messages, "first_stays", "last_turn")
const writeTurns = writer(turns, "newer_wins", "last_turn")
const writeModelCalls = writer(modelCalls, "first_stays", "last_turn")
const writeDeliveries = writer(deliveries, "newer_wins", "last_turn")
const writeApprovals = writer(approvals, "newer_wins", "last_turn")

/** The write batch that projects the rows; empty for no rows. */
export function projectionStatements(rows: Projection): Statement[] {
  const hashes = new Map<ConversationId, string>()
  const hashOf = (id: ConversationId) => {
    const hash = hashes.get(id) ?? erasedIdHash(id)
    hashes.set(id, hash)
    return hash
  }
  const ofTurn = <R extends { conversationId: ConversationId; turnId: TurnId }>(row: R) =>
    ({ row, idHash: hashOf(row.conversationId), number: turnNumber(row.turnId) }) satisfies Numbered
  return [
    ...writeConversations(rows.conversations.map((row) => ({ row, idHash: hashOf(row.id), number: row.version }))),
    ...writeMessages(rows.messages.map(ofTurn)),
    ...writeTurns(rows.turns.map((row) => ({ row, idHash: hashOf(row.conversationId), number: turnNumber(row.id) }))),
    ...writeModelCalls(rows.modelCalls.map(ofTurn)),
    ...writeDeliveries(rows.deliveries.map(ofTurn)),
    ...writeApprovals(rows.approvals.map(ofTurn)),
  ]
}

/** By this an erased conversation is remembered: its id itself is gone. */
export function erasedIdHash(id: ConversationId): string {
  return sha256Hex(`erased\n${id}`)
}

/** All the rows as one. */
export function mergeProjections(parts: readonly Projection[]): Projection {
  return {
    conversations: parts.flatMap((part) => part.conversations),
    messages: parts.flatMap((part) => part.messages),
    turns: parts.flatMap((part) => part.turns),
    modelCalls: parts.flatMap((part) => part.modelCalls),
    deliveries: parts.flatMap((part) => part.deliveries),
    approvals: parts.flatMap((part) => part.approvals),
  }
}

/** A row with its place in the life of its conversation: the version, or the number of the turn. */
interface Numbered {
  readonly row: Readonly<Record<string, unknown>>
  readonly idHash: string
  readonly number: number
}

/**
 * Writes rows that travel as one JSON argument, each an array in the order of the columns, and then its place. The text never
 * changes, so that a server's cache of prepared statements serves it. `newer_wins`: an older version never replaces a newer
 * one. `first_stays`: rows are immutable. Only a repeated id is passed over: any other conflict is an error.
 */
function writer(
  table: SQLiteTable,
  repeated: "newer_wins" | "first_stays",
  lastErased: "last_version" | "last_turn",
): (rows: readonly Numbered[]) => Statement[] {
  const columns = Object.entries(getTableColumns(table))
  const names = columns.map(([, column]) => column.name)
  const values = names.map((_, position) => `value ->> ${position}`)
  const changes = names.filter((name) => name !== "id").map((name) => `${name} = excluded.${name}`)
  const onConflict =
    repeated === "first_stays"
      ? "do nothing"
      : `do update set ${changes.join(", ")} where excluded.version >= ${getTableName(table)}.version`
  const erased = `select 1 from erased_conversations where id_hash = value ->> ${names.length} and value ->> ${names.length + 1} <= ${lastErased}`
  const sql = `insert into ${getTableName(table)} (${names.join(", ")}) select ${values.join(", ")} from json_each(?) where not exists (${erased}) on conflict (id) ${onConflict}`
  return (rows) => {
    const encoded = rows.map(({ row, idHash, number }) =>
      JSON.stringify([...columns.map(([key, column]) => toColumn(column, row[key])), idHash, number]),
    )
    return toArguments(encoded).map((argument) => ({ sql, args: [argument] }))
  }
}

/** The rows as few JSON arrays, none much above `maxArgumentChars` unless a single row is. */
function toArguments(encodedRows: readonly string[]): string[] {
  const groups: string[][] = []
  let room = 0
  for (const row of encodedRows) {
    if (row.length > room) {
      groups.push([])
      room = maxArgumentChars
    }
    groups.at(-1)?.push(row)
    room -= row.length
  }
  return groups.map((group) => `[${group.join(",")}]`)
}

/** A JSON column's value is a text here already: its escapes are one level deeper, and safe. */
function toColumn(column: Column, value: unknown): unknown {
  return value === null || value === undefined ? null : storable(column.mapToDriverValue(value))
}
