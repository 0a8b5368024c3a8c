/**
 * Writes the migration from the last schema to the present one, and bundles all migrations into a module for hosts without
 * a file system. `npm run migrations:generate -- --name what_changes`; without a change of the schema it only bundles.
 */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"

const root = new URL("../", import.meta.url)
const bundle = new URL("adapters/store/migrations.ts", root)

/** The migrations of the folder, in the order of drizzle-kit's journal. */
export function readMigrations(): { id: string; statements: string[] }[] {
  const journal: { entries: { tag: string }[] } = JSON.parse(readText("migrations/meta/_journal.json"))
  return journal.entries.map(({ tag }) => ({
    id: tag,
    statements: readText(`migrations/${tag}.sql`)
      .split("--> statement-breakpoint")
      .map((statement) => statement.trim()),
  }))
}

function readText(path: string): string {
  return readFileSync(new URL(path, root), "utf8")
}

if (import.meta.main) {
  execFileSync("drizzle-kit", ["generate", ...process.argv.slice(2)], { cwd: root, stdio: "inherit" })
  const migrations = JSON.stringify(readMigrations(), null, 2)
  writeFileSync(
    bundle,
    `/** All migrations, in order. Written by scripts/generate-migrations.ts from migrations/; never by hand. */\nexport const migrations = ${migrations} as const\n`,
  )
  execFileSync("oxfmt", [bundle.pathname], { cwd: root, stdio: "inherit" })
}
