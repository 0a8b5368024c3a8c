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
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
