/** The operator's system prompt: `system-prompt.md` in DATA_DIR, else the one of this release. Read again when it changes. */
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import type { DataDirectory } from "./data-directory.ts"

export function openSystemPrompt(directory: DataDirectory): () => string {
  const own = directory.file("system-prompt.md")
  const shipped = join(import.meta.dirname, "../../system-prompt.md")
  let read: { path: string; modifiedMs: number; text: string } | undefined
  return () => {
    const ownModifiedMs = statSync(own, { throwIfNoEntry: false })?.mtimeMs
    const path = ownModifiedMs === undefined ? shipped : own
    const modifiedMs = ownModifiedMs ?? 0
    if (read?.path !== path || read.modifiedMs !== modifiedMs)
      read = { path, modifiedMs, text: readFileSync(path, "utf8") }
    return read.text
  }
}
