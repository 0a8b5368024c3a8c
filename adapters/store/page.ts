/** Lists in stretches. A cursor is the id of a row, so that it stays valid when rows come and go around it. */
import { asc, sql } from "drizzle-orm"
import type { AnySQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core"
import * as z from "zod"
import { LoopError } from "../../core/errors.ts"
import type { Libsql } from "./libsql.ts"
import { build, parseRows, statement } from "./query.ts"
import type { Page } from "./rows.ts"

export interface ListOptions<Id extends string> {
  /** At least 1; the caller bounds it. */
  readonly limit: number
  /** The last row of the stretch before. */
  readonly after?: Id | undefined
}

/** All rows of a list, stretch by stretch. */
export async function readAll<Id extends string, Row extends { readonly id: Id }>(
  list: (after: Id | undefined) => Promise<Page<Row>>,
): Promise<Row[]> {
  const all: Row[] = []
  for (;;) {
    const { rows, hasMore } = await list(all.at(-1)?.id)
    all.push(...rows)
    if (!hasMore || rows.length === 0) return all
  }
}

type CreatedTable = SQLiteTable & { readonly id: AnySQLiteColumn; readonly createdAt: AnySQLiteColumn }

/**
 * A table's rows in the order of their creation.
 * @throws LoopError `invalid_cursor` when `after` names no row
 */
export async function listByCreation<S extends z.ZodType>(
  libsql: Libsql,
  table: CreatedTable,
  schema: S,
  options: ListOptions<string>,
): Promise<Page<z.infer<S>>> {
  const { limit, after } = options
  const cursor = sql`select ${table.createdAt}, ${table.id} from ${table} where ${table.id} = ${after ?? null}`
  const beyond = after === undefined ? undefined : sql`(${table.createdAt}, ${table.id}) > (${cursor})`
  const [page, found] = await libsql.read([
    statement(
      build
        .select()
        .from(table)
        .where(beyond)
        .orderBy(asc(table.createdAt), asc(table.id))
        .limit(limit + 1),
    ),
    statement(
      build
        .select({ id: table.id })
        .from(table)
        .where(sql`${table.id} = ${after ?? null}`),
    ),
  ])
  if (after !== undefined && found?.rows.length !== 1) throw new LoopError("invalid_cursor")
  return cutPage(parseRows(table, schema, page), limit)
}

/** A page of the `limit` first of rows that were read one beyond it. */
export function cutPage<Row>(rows: readonly Row[], limit: number): Page<Row> {
  return { rows: rows.slice(0, limit), hasMore: rows.length > limit }
}
