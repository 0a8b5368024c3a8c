/** Edge mode's beginning: the same process goes on as a new program with an environment for little memory. */
import { flushCompileCache, getCompileCacheDir } from "node:module"
import * as z from "zod"

/**
 * glibc reads these when a program begins (mallopt(3)). Without them it keeps what was free once, up to twice the largest piece
 * that it ever held, such as a password's (measured: 8 MB), and has an arena for each thread. Other systems do not know them.
 */
const environment = { MALLOC_TRIM_THRESHOLD_: "131072", MALLOC_ARENA_MAX: "2" }

/** How often this process has begun anew, told to the program that it goes on as. */
const mark = "LOOP_GATEWAY_BEGUN_ANEW"

/**
 * Returns in a process that has begun so, or cannot. Else the program begins anew: with the same process id, so that whoever
 * started it can end it, the same arguments, files and control group. What Node took to compile TypeScript after an update stays
 * behind too: all is compiled first, and kept, for the program to begin once more.
 * @param load - loads all modules
 */
export async function goOnSmall(load: () => Promise<unknown>): Promise<void> {
  // A parent that speaks with its child, as `node --watch` does, would lose it.
  if (process.send !== undefined) return
  const times = Number(process.env[mark] ?? 0)
  if (times >= 2) return
  if (times === 1 || hasCompilerToLeave()) await load()
  if (times === 1 && !hasCompilerToLeave()) return
  flushCompileCache()
  const [, ...args] = process.argv
  try {
    process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...args], {
      ...environment,
      ...process.env,
      [mark]: String(times + 1),
    })
  } catch {
    // The system refuses: then as it is.
  }
}

/**
 * True when TypeScript was compiled here, and the next program finds it compiled. Node tells only in a list for its own tests:
 * where it should do so no more, a first start after an update stays larger.
 */
function hasCompilerToLeave(): boolean {
  if (getCompileCacheDir() === undefined) return false
  const loaded = z.array(z.string()).safeParse(Reflect.get(process, "moduleLoadList"))
  return loaded.data?.some((name) => name.includes("/amaro/")) ?? false
}
