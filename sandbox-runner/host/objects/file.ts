/**
 * Opens the objects' SQLite file. The caller holds the lock of the directory that it lies in: two processes over one file
 * would each believe that its objects are the only ones.
 */
import { DatabaseSync } from "node:sqlite"

/** Grows with the tables; a file from a later version is refused rather than misread. */
const schemaVersion = 1

/**
 * `object` is an object's kind and id; rows stand in the order of their keys' bytes (SQLite's BINARY collation on UTF-8).
 * `version` tells an alarm set anew from the one that runs.
 */
const schema = `
  CREATE TABLE kv (object TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (object, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE alarms (object TEXT PRIMARY KEY, at INTEGER NOT NULL, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX alarms_by_time ON alarms (at);
  PRAGMA user_version = ${schemaVersion};
`

/**
 * A file up to this size is checked whole at the start. Of a larger one only the alarms are, without which nobody wakes: what
 * is damaged elsewhere is refused when it is read.
 */
const wholeCheckBytes = 16_000_000

/** @throws Error that says what is wrong with the file, which is then left as it is */
export function openObjectFile(path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  try {
    // FULL: a commit returns after the disk has it. The size limit keeps a burst's log from staying for ever. What is deleted
    // is overwritten: else its bytes would stay in free pages until chance reuses them.
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216")
    db.exec("PRAGMA secure_delete = ON")
    const version = Number(db.prepare("PRAGMA user_version").get()?.user_version)
    if (version === 0) db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`)
    if (version > schemaVersion) throw new Error("it was written by a later version of the gateway")
    const complaint = findDamage(db)
    if (complaint !== undefined) throw new Error(`it is damaged (${complaint})`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** SQLite's first complaint, or nothing. */
function findDamage(db: DatabaseSync): string | undefined {
  const size = db.prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()").get()
  const what = Number(size?.bytes) <= wholeCheckBytes ? "1" : "alarms"
  const complaint = String(db.prepare(`PRAGMA quick_check(${what})`).get()?.quick_check)
  return complaint === "ok" ? undefined : complaint.replaceAll("\n", " ")
}
