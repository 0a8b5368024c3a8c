/** Part of `npm run check`: the migrations are bundled as they are, and lead to the present schema. Changes nothing. */
import { execFileSync } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { migrations } from "../adapters/store/migrations.ts"
import { readMigrations } from "./generate-migrations.ts"

const root = join(import.meta.dirname, "..")

/** Generates into a copy: a schema that has changed since the last migration leaves a new file there. */
function isSchemaMigrated(): boolean {
  const copy = mkdtempSync(join(tmpdir(), "loop-migrations-"))
  try {
    cpSync(join(root, "migrations"), copy, { recursive: true })
    const before = readdirSync(copy).length
    const args = ["generate", "--dialect=sqlite", "--schema=adapters/store/schema.ts", `--out=${relative(root, copy)}`]
    execFileSync("drizzle-kit", args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] })
    return readdirSync(copy).length === before
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

const problems = [
  ...(isDeepStrictEqual([...migrations], readMigrations())
    ? []
    : ["adapters/store/migrations.ts is not what migrations/ holds."]),
  ...(isSchemaMigrated() ? [] : ["adapters/store/schema.ts has changed since the last migration."]),
]
for (const problem of problems) console.error(`${problem} Run: npm run migrations:generate -- --name what_changes`)
if (problems.length > 0) process.exitCode = 1
