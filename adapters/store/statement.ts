/** Statements and answers as they travel, and what a text in them may hold. */

export type SqlValue = string | number | null
export interface Statement {
  readonly sql: string
  readonly args: readonly SqlValue[]
}
/** One statement's answer; columns by their names in the database. */
export interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/**
 * The value with U+FFFD for what the database cannot hold in a text. Half of a surrogate pair that reached it inside JSON
 * would end the process of the embedded database when it is read again; a NUL would end the text (both measured on
 * @libsql/client 0.18.0), and a server refuses the request.
 */
export function storable<V>(value: V): V | string {
  return typeof value === "string" ? value.replace(/[\0\p{Surrogate}]/gu, "\u{FFFD}") : value
}
