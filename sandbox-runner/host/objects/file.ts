/** Opens the objects' SQLite file for this process alone. What is wrong with it is told in one line, and nothing is changed. */
import { DatabaseSync } from "node:sqlite"

export interface ObjectFile {
  readonly db: DatabaseSync
  close(): void
}

/** Grows with the tables; a file from a later version is refused rather than misread. */
const schemaVersion = 1

/**
 * The key is an object's kind and id; rows stand in the order of their keys' bytes (SQLite's BINARY collation on UTF-8).
 * `version` tells an alarm set anew from the one that runs.
 */
const schema = `
  CREATE TABLE kv (object TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (object, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE alarms (object TEXT PRIMARY KEY, at INTEGER NOT NULL, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX alarms_by_time ON alarms (at);
  PRAGMA user_version = ${schemaVersion};
`

/** @throws Error whose message is one line for the operator */
export function openObjectFile(path: string): ObjectFile {
  const lock = claim(path)
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path)
    prepare(db, path)
    const opened = db
    return {
      db,
      close() {
        opened.close()
        lock.close()
      },
    }
  } catch (error) {
    db?.close()
    lock.close()
    throw error
  }
}

/**
 * Two processes over one file would each believe that its objects are the only ones. The claim is a lock on a file beside
 * it, which the system drops when the process dies; the objects' file itself stays free for an online backup.
 */
function claim(path: string): DatabaseSync {
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(`${path}.lock`)
    lock.exec("BEGIN EXCLUSIVE")
    return lock
  } catch (error) {
    lock?.close()
    if (sqliteCode(error) === sqliteBusy) {
      throw new Error(`${path} is in use: another gateway runs on this DATA_DIR.`, { cause: error })
    }
    throw new Error(`${path} cannot be opened: ${complaintOf(error)}.`, { cause: error })
  }
}

function prepare(db: DatabaseSync, path: string): void {
  let version: number
  try {
    // FULL: a commit returns after the disk has it. The size limit keeps a burst's log from staying for ever.
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216")
    version = Number(db.prepare("PRAGMA user_version").get()?.user_version)
    if (version === 0) db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`)
  } catch (error) {
    throw new Error(
      `${path} cannot be used: ${complaintOf(error)}. It may be damaged, or the disk full or read-only.`,
      {
        cause: error,
      },
    )
  }
  if (version > schemaVersion) {
    throw new Error(`${path} was written by a later version of the gateway: start that version, or restore a backup.`)
  }
}

/** SQLITE_BUSY (sqlite.org/rescode.html). */
const sqliteBusy = 5

function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode : undefined
}

function complaintOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
