/** Projected rows as statements: the same few for any number of rows, and harmless when they come again. */
import { type Column, getTableColumns, getTableName } from "drizzle-orm"
import type { SQLiteTable } from "drizzle-orm/sqlite-core"
import type { Projection } from "../../core/projection.ts"
import { type Statement, storable } from "./statement.ts"
import { conversations, deliveries, messages, modelCalls, turns } from "./schema.ts"

/** A server takes no argument above some megabytes, so that more rows than this need a second statement for their table. */
const maxArgumentChars = 2_000_000

const writeConversations = writer(conversations, "newer_wins")
const writeMessages = writer(messages, "first_stays")
const writeTurns = writer(turns, "newer_wins")
const writeModelCalls = writer(modelCalls, "first_stays")
const writeDeliveries = writer(deliveries, "newer_wins")

/** The write batch that projects the rows; empty for no rows. */
export function projectionStatements(rows: Projection): Statement[] {
  return [
    ...writeConversations(rows.conversations),
    ...writeMessages(rows.messages),
    ...writeTurns(rows.turns),
    ...writeModelCalls(rows.modelCalls),
    ...writeDeliveries(rows.deliveries),
  ]
}

/** All the rows as one. */
export function mergeProjections(parts: readonly Projection[]): Projection {
  return {
    conversations: parts.flatMap((part) => part.conversations),
    messages: parts.flatMap((part) => part.messages),
    turns: parts.flatMap((part) => part.turns),
    modelCalls: parts.flatMap((part) => part.modelCalls),
    deliveries: parts.flatMap((part) => part.deliveries),
  }
}

/**
 * Writes rows that travel as one JSON argument, each an array in the order of the columns. The text never changes, so that
 * a server's cache of prepared statements serves it. `newer_wins`: an older version never replaces a newer one.
 * `first_stays`: rows are immutable. Only a repeated id is passed over: any other conflict is an error.
 */
function writer(
  table: SQLiteTable,
  repeated: "newer_wins" | "first_stays",
): (rows: readonly Readonly<Record<string, unknown>>[]) => Statement[] {
  const columns = Object.entries(getTableColumns(table))
  const names = columns.map(([, column]) => column.name)
  const values = names.map((_, position) => `value ->> ${position}`)
  const changes = names.filter((name) => name !== "id").map((name) => `${name} = excluded.${name}`)
  const onConflict =
    repeated === "first_stays"
      ? "do nothing"
      : `do update set ${changes.join(", ")} where excluded.version >= ${getTableName(table)}.version`
  const sql = `insert into ${getTableName(table)} (${names.join(", ")}) select ${values.join(", ")} from json_each(?) where true on conflict (id) ${onConflict}`
  return (rows) => {
    const encoded = rows.map((row) => JSON.stringify(columns.map(([key, column]) => toColumn(column, row[key]))))
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
