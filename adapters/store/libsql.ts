/**
 * What the gateway asks of its database: whole batches, one round trip each. No open transactions, on either host: beside
 * one, the embedded database refuses every other write.
 */
import * as z from "zod"
import { LoopError } from "../../core/errors.ts"
import type { Projection } from "../../core/projection.ts"
import { projectionStatements } from "./projection.ts"
import { type Answer, type SqlValue, type Statement, storable } from "./statement.ts"

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
  /**
   * Leaves no byte of what was deleted before where this side can reach it: not in the file, not in its log. A server's files
   * are out of reach. It may be repeated.
   */
  scrub(): Promise<void>
}

/** A client of a database: runs the statements as one transaction, an answer for each, and rejects when any of them fails. */
export interface Client {
  batch(statements: { sql: string; args: SqlValue[] }[], mode: "read" | "write"): Promise<Answer[]>
}

/**
 * The database behind a client of either host.
 * @param scrub - see {@link Libsql}; what it throws becomes `database_unavailable`
 */
export function libsqlOver(client: Client, scrub: () => Promise<void> = async () => {}): Libsql {
  const batch = async (statements: readonly Statement[], mode: "read" | "write"): Promise<Answer[]> => {
    if (statements.length === 0) return []
    try {
      return await client.batch(
        statements.map(({ sql, args }) => ({ sql, args: args.map(storable) })),
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
    scrub: async () => {
      try {
        await scrub()
      } catch (error) {
        throw databaseUnavailable(error)
      }
    },
  }
}

type Gate = <T>(work: () => Promise<T>) => Promise<T>

/**
 * The same database, where each request is made by `leave`: it decides when, and whether at all.
 * @param look - makes what only reads
 */
export function gateLibsql(libsql: Libsql, leave: Gate, look = leave): Libsql {
  return {
    read: (statements) => look(() => libsql.read(statements)),
    write: (statements) => leave(() => libsql.write(statements)),
    project: (rows) => leave(() => libsql.project(rows)),
    scrub: () => leave(() => libsql.scrub()),
  }
}

const Failure = z.object({ name: z.string(), message: z.string(), cause: z.unknown().optional() })
const Coded = z.object({ code: z.string().regex(/^\w{1,64}$/) })

/**
 * The failure as the log may have it. SQLite's own sentences name tables and columns; a server's or a driver's may repeat
 * what it was sent, so of those only names and codes are kept.
 */
function databaseUnavailable(error: unknown): LoopError {
  const failure = Failure.safeParse(error).data
  const codes = [error, failure?.cause]
    .map((one) => Coded.safeParse(one).data?.code)
    .filter((code) => code !== undefined)
  const complaint = codes[0]?.startsWith("SQLITE_") ? failure?.message : [failure?.name, ...codes].join(" ")
  return new LoopError("database_unavailable", {}, { cause: new Error(complaint) })
}
