/** Brings a database to the schema of this version. The SQL is bundled: Workers have no file system. */
import * as z from "zod"
import { isLoopError } from "../../core/errors.ts"
import type { EpochMs } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { migrations as bundled } from "./migrations.ts"
import { constant } from "./query.ts"
import type { Statement } from "./statement.ts"

export interface Migration {
  readonly id: string
  readonly statements: readonly string[]
}

const createRecord = constant(
  "create table if not exists migrations (id text primary key not null, applied_at integer not null)",
)
const listApplied = constant("select id from migrations")
const record = constant("insert into migrations (id, applied_at) values (?, ?)")
const Applied = z.object({ id: z.string() })

/**
 * Applies what is missing, in order, each migration whole or not at all. Two processes may do it at once: who comes second
 * to a migration finds it recorded and goes on.
 * @returns the ids that this call applied; `newer`: the database has migrations that this version does not know, and was
 * left as it is
 */
export async function migrate(
  libsql: Libsql,
  now: EpochMs,
  migrations: readonly Migration[] = bundled,
): Promise<{ status: "current"; applied: string[] } | { status: "newer"; unknown: string[] }> {
  const known = new Set(migrations.map(({ id }) => id))
  const before = await readApplied(libsql)
  const unknown = [...before].filter((id) => !known.has(id))
  if (unknown.length > 0) return { status: "newer", unknown }
  const applied: string[] = []
  for (const migration of migrations) {
    if (!before.has(migration.id) && (await applyOnce(libsql, migration, now))) applied.push(migration.id)
  }
  return { status: "current", applied }
}

async function readApplied(libsql: Libsql): Promise<Set<string>> {
  const [, answer] = await libsql.write([createRecord(), listApplied()])
  return new Set(
    z
      .array(Applied)
      .parse(answer?.rows)
      .map(({ id }) => id),
  )
}

/** False when another process was first. Its record is what makes this one's batch fail. */
async function applyOnce(libsql: Libsql, migration: Migration, now: EpochMs): Promise<boolean> {
  const statements = migration.statements.map((sql): Statement => ({ sql, args: [] }))
  try {
    await libsql.write([record(migration.id, now), ...statements])
    return true
  } catch (error) {
    if (isLoopError(error) && (await readApplied(libsql)).has(migration.id)) return false
    throw error
  }
}
