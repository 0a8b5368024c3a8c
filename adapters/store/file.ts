/**
 * One connection to a database file. Each statement is prepared once, since preparing takes longer than most statements: a policy is
 * read in a tenth of the processor time that it takes through `@libsql/client`, which prepares anew each time (measured).
 */
import Database from "libsql"
import type { Client } from "./libsql.ts"
import type { Answer, SqlValue } from "./statement.ts"

export interface FileClient extends Client {
  /** Runs one statement by itself, prepared anew: some PRAGMAs act when they are prepared. */
  execute(sql: string): Promise<Answer>
  /** Harmless when it is closed. */
  close(): void
}

/** More than there are; only filters are put together as they are asked for. */
const maxPrepared = 200

/**
 * @param busyTimeoutMs - how long a statement waits for another process that holds the file
 * @throws what SQLite says
 */
export function openFile(path: string, busyTimeoutMs: number): FileClient {
  const db = new Database(path, { timeout: busyTimeoutMs })
  const prepared = new Map<string, ReturnType<typeof db.prepare>>()

  const prepareOnce = (sql: string) => {
    const statement = prepared.get(sql) ?? db.prepare(sql)
    prepared.set(sql, statement)
    const [oldest] = prepared.keys()
    if (prepared.size > maxPrepared && oldest !== undefined) prepared.delete(oldest)
    return statement
  }

  const answer = (statement: ReturnType<typeof db.prepare>, args: SqlValue[] = []): Answer => {
    if (statement.reader) return { rows: statement.all(args).filter(isRow) }
    statement.run(args)
    return { rows: [] }
  }

  const rollBack = () => {
    try {
      // A full disk or an I/O error has done it already.
      if (db.inTransaction) answer(prepareOnce("rollback"))
    } catch {
      // The next batch begins with another try.
    }
  }

  return {
    execute: async (sql) => answer(db.prepare(sql)),
    async batch(statements, mode) {
      // Asked of a closed file, what follows would end the process.
      if (!db.open) throw new Error("the database is closed")
      rollBack()
      answer(prepareOnce(mode === "read" ? "begin transaction readonly" : "begin immediate"))
      try {
        const answers = statements.map(({ sql, args }) => answer(prepareOnce(sql), args))
        answer(prepareOnce("commit"))
        return answers
      } catch (error) {
        rollBack()
        throw error
      }
    },
    close() {
      if (db.open) db.close()
    },
  }
}

function isRow(row: unknown): row is Record<string, unknown> {
  return typeof row === "object" && row !== null
}
