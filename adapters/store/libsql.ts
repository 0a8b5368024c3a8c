/**
 * What the gateway asks of its database: whole batches, one round trip each. No open transactions, on either host: beside
 * one, the embedded database refuses every other write.
 */
import type { Client } from "@libsql/client"
import type { Projection } from "../../core/projection.ts"
import { LoopError } from "../../core/errors.ts"
import { projectionStatements } from "./projection.ts"

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
 * Every failure is the LoopError `database_unavailable`, and then nothing of the batch was done, or (a lost answer of a
 * remote server) all of it: repeat only what may happen twice.
 */
export interface Libsql {
  /** Reads one state of the database: the statements see no write in between. */
  read(statements: readonly Statement[]): Promise<Answer[]>
  /** All of the statements or none. */
  write(statements: readonly Statement[]): Promise<Answer[]>
  /** Durable when it returns. The same rows may be projected any number of times, and older ones after newer. */
  project(rows: Projection): Promise<void>
}

/** The database behind a client of either host. */
export function libsqlOver(client: Client): Libsql {
  const batch = async (statements: readonly Statement[], mode: "read" | "write"): Promise<Answer[]> => {
    if (statements.length === 0) return []
    try {
      return await client.batch(
        statements.map(({ sql, args }) => ({ sql, args: [...args] })),
        mode,
      )
    } catch (error) {
      throw databaseUnavailable(error)
    }
  }
  const write = (statements: readonly Statement[]) => batch(statements, "write")
  return {
    read: (statements) => batch(statements, "read"),
    write,
    project: async (rows) => {
      await write(projectionStatements(rows))
    },
  }
}

/** The same database, where each request first waits for `gate`. */
export function gateLibsql(libsql: Libsql, gate: () => Promise<void>): Libsql {
  return {
    read: async (statements) => {
      await gate()
      return libsql.read(statements)
    },
    write: async (statements) => {
      await gate()
      return libsql.write(statements)
    },
    project: async (rows) => {
      await gate()
      return libsql.project(rows)
    },
  }
}

/** `cause` names SQLite's or the network's complaint. It repeats neither statements nor their arguments. */
export function databaseUnavailable(error: unknown): LoopError {
  return new LoopError("database_unavailable", {}, { cause: error })
}
