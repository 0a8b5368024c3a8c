/** Group commit for projections: what many objects project at about the same time is one batch and one fsync. */
import type { Projection } from "../../core/projection.ts"
import type { Libsql } from "./libsql.ts"
import { mergeProjections } from "./projection.ts"

/** The most projections that one batch takes, so that it stays short for the event loop that an embedded database blocks. */
const maxTogether = 200

interface Waiting {
  readonly rows: Projection
  readonly settle: (outcome: Promise<void>) => void
}

/**
 * The same database, where projections that arrive in one tick or while a batch runs are written together. Each caller
 * learns the fate of its own rows: when a joint batch fails, its projections are written one by one.
 * @param afterTick - resolves when the current turn of the event loop is over (Node: `setImmediate`)
 */
export function coalesceProjections(libsql: Libsql, afterTick: () => Promise<void>): Libsql {
  let waiting: Waiting[] = []
  let running = false
  const run = async () => {
    running = true
    await afterTick()
    while (waiting.length > 0) {
      const together = waiting.slice(0, maxTogether)
      waiting = waiting.slice(maxTogether)
      await writeTogether(libsql, together)
    }
    running = false
  }
  return {
    ...libsql,
    project: (rows) =>
      new Promise<void>((resolve) => {
        waiting.push({ rows, settle: resolve })
        if (!running) void run()
      }),
  }
}

async function writeTogether(libsql: Libsql, together: readonly Waiting[]): Promise<void> {
  try {
    await libsql.project(mergeProjections(together.map(({ rows }) => rows)))
  } catch (error) {
    for (const { rows, settle } of together) {
      const written = together.length === 1 ? Promise.reject(error) : libsql.project(rows)
      settle(written)
      await written.catch(() => {})
    }
    return
  }
  for (const { settle } of together) settle(Promise.resolve())
}
