/** The statements over the objects' file, each prepared once. */
import type { DatabaseSync } from "node:sqlite"

export type Statements = ReturnType<typeof prepareStatements>

export function prepareStatements(db: DatabaseSync) {
  const from = "SELECT key, value FROM kv WHERE object = ? AND key >= ?"
  return {
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    emptyLog: db.prepare("PRAGMA wal_checkpoint(TRUNCATE)"),
    savepoint: db.prepare("SAVEPOINT part"),
    release: db.prepare("RELEASE part"),
    rollbackTo: db.prepare("ROLLBACK TO part"),
    get: db.prepare("SELECT value FROM kv WHERE object = ? AND key = ?"),
    list: db.prepare(`${from} AND key < ? ORDER BY key LIMIT ?`),
    listDown: db.prepare(`${from} AND key < ? ORDER BY key DESC LIMIT ?`),
    listFrom: db.prepare(`${from} ORDER BY key LIMIT ?`),
    listFromDown: db.prepare(`${from} ORDER BY key DESC LIMIT ?`),
    put: db.prepare("INSERT INTO kv VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"),
    delete: db.prepare("DELETE FROM kv WHERE object = ? AND key = ?"),
    deleteRange: db.prepare("DELETE FROM kv WHERE object = ? AND key >= ? AND key < ?"),
    deleteFrom: db.prepare("DELETE FROM kv WHERE object = ? AND key >= ?"),
    setAlarm: db.prepare(
      "INSERT INTO alarms VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, version = excluded.version",
    ),
    clearAlarm: db.prepare("DELETE FROM alarms WHERE object = ?"),
    consumeAlarm: db.prepare("DELETE FROM alarms WHERE object = ? AND version = ?"),
    dueAlarms: db.prepare(
      "SELECT object, version FROM alarms WHERE at <= ? AND (at <= ? OR version <= ?) ORDER BY at LIMIT ?",
    ),
    nextAlarm: db.prepare("SELECT at FROM alarms WHERE at > ? ORDER BY at LIMIT 1"),
    lastVersion: db.prepare("SELECT max(version) AS version FROM alarms"),
  }
}
