/** Group commit for projections: what many objects project at about the same time is one batch and one fsync. */
import type { Projection } from "../../core/projection.ts"
import type { Libsql } from "./libsql.ts"
import { mergeProjections } from "./projection.ts"

/** One batch takes no more, so that it stays short for the event loop, which an embedded database blocks. */
const maxTogether = 200
const maxTextChars = 4_000_000

interface Waiting {
  readonly rows: Projection
  readonly settle: (outcome: Promise<void>) => void
}

/**
 * The same database, where projections that arrive in one tick or while a batch runs are written together. Each caller
 * learns the fate of its own rows: when a joint batch fails, each is written alone.
 * @param afterTick - resolves when the current turn of the event loop is over (Node: `setImmediate`)
 */
export function coalesceProjections(libsql: Libsql, afterTick: () => Promise<void>): Libsql {
  const waiting: Waiting[] = []
  let running = false
  const run = async () => {
    running = true
    while (waiting.length > 0) {
      // Also between two batches of a flood: whatever else the process serves gets its turn.
      await afterTick()
      const together = waiting.splice(0, countTogether(waiting))
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

/** How many of the first ones make one batch: at least one. */
function countTogether(waiting: readonly Waiting[]): number {
  let chars = 0
  const beyond = waiting.findIndex(({ rows }, index) => {
    chars += rows.messages.reduce((sum, { text }) => sum + text.length, 0)
    return index === maxTogether || (index > 0 && chars > maxTextChars)
  })
  return beyond === -1 ? waiting.length : beyond
}

async function writeTogether(libsql: Libsql, together: readonly Waiting[]): Promise<void> {
  const all = libsql.project(mergeProjections(together.map(({ rows }) => rows)))
  if (together.length === 1 || (await succeeds(all))) {
    for (const { settle } of together) settle(all)
    await succeeds(all)
    return
  }
  // At once, so that a server that does not answer costs one more timeout and not one for each.
  const alone = together.map(({ rows, settle }) => {
    const written = libsql.project(rows)
    settle(written)
    return written
  })
  await Promise.allSettled(alone)
}

async function succeeds(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  )
}
