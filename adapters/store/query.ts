/** Statements written with the schema's names and types, and their answers read back through a row's zod schema. */
import { type Table, getTableColumns } from "drizzle-orm"
import { drizzle } from "drizzle-orm/sqlite-proxy"
import * as z from "zod"
import { LoopError } from "../../core/errors.ts"
import type { Answer, SqlValue, Statement } from "./statement.ts"

/** Writes statements and runs none: `statement(...)` them into a batch. */
export const build = drizzle(() => Promise.reject(new LoopError("internal")))

const SqlValues = z.array(z.union([z.string(), z.number(), z.null()]))

/** A built query as a statement of a batch. */
export function statement(query: { toSQL(): { sql: string; params: unknown[] } }): Statement {
  const { sql, params } = query.toSQL()
  return { sql, args: SqlValues.parse(params) }
}

/** A statement whose text never changes. */
export function constant(sql: string): (...args: readonly SqlValue[]) => Statement {
  return (...args) => ({ sql, args })
}

/**
 * The rows of an answer that has all of a table's columns.
 * @throws LoopError `internal` when the database holds what the schema refuses; the cause names fields, never values
 */
export function parseRows<S extends z.ZodType>(table: Table, schema: S, answer: Answer | undefined): z.infer<S>[] {
  const columns = Object.entries(getTableColumns(table))
  return (answer?.rows ?? []).map((row) => {
    const entries = columns.map(([key, column]) => {
      const value = row[column.name]
      return [key, value === null || value === undefined ? null : fromColumn(column, value)]
    })
    const parsed = schema.safeParse(Object.fromEntries(entries))
    if (parsed.success) return parsed.data
    const fields = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ")
    throw new LoopError("internal", {}, { cause: new Error(`a stored row is not valid in ${fields}`) })
  })
}

/** The one row of an answer, where there is one. */
export function parseRow<S extends z.ZodType>(
  table: Table,
  schema: S,
  answer: Answer | undefined,
): z.infer<S> | undefined {
  return parseRows(table, schema, answer)[0]
}

/** Undefined, which every schema refuses, for a value that its column cannot hold. */
function fromColumn(column: { mapFromDriverValue(value: unknown): unknown }, value: unknown): unknown {
  try {
    return column.mapFromDriverValue(value)
  } catch {
    return undefined
  }
}
