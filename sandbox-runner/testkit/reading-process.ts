/** A process that has begun to read a database file, as a backup does, and keeps others from emptying its log. */
import { spawn } from "node:child_process"
import { once } from "node:events"

const reader = `
  const { DatabaseSync } = require("node:sqlite")
  const db = new DatabaseSync(process.argv[1], { readOnly: true })
  db.exec("begin")
  db.prepare("select count(*) from sqlite_schema").get()
  process.stdout.write("reads")
  process.stdin.once("end", () => process.exit()).resume()`

/** @returns ends it */
export async function startReading(path: string): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ["-e", reader, path], { stdio: ["pipe", "pipe", "inherit"] })
  const gone = once(child, "exit")
  await once(child.stdout, "data")
  return async () => {
    child.stdin.end()
    await gone
  }
}
