/** Objects of a process that is killed, or whose disk is full. */
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { createInterface } from "node:readline"
import { afterEach, beforeEach, expect, test } from "vitest"

const program = join(import.meta.dirname, "../../testkit/probe-process.ts")
let directory: string
let child: ChildProcessWithoutNullStreams | undefined

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "crash-"))
})
afterEach(async () => {
  await kill()
  rmSync(directory, { recursive: true, force: true })
})

/** Starts the program. `lines` gives what it prints, line by line. */
function start(mode: string, limits: string[] = []): { pid: number; lines: AsyncIterableIterator<string> } {
  const [command, ...args] = [...limits, process.execPath, program, directory, mode]
  child = spawn(command, args)
  child.stderr.resume()
  return { pid: child.pid ?? 0, lines: createInterface(child.stdout)[Symbol.asyncIterator]() }
}

async function kill(): Promise<void> {
  const dying = child
  if (dying === undefined || dying.exitCode !== null || dying.signalCode !== null) return
  const gone = new Promise((resolve) => dying.once("exit", resolve))
  dying.kill("SIGKILL")
  await gone
}

async function next(lines: AsyncIterableIterator<string>): Promise<string> {
  const line = await lines.next()
  if (line.done === true) throw new Error("the program ended")
  return line.value
}

test(
  "killed at any moment, it has kept all that it promised, and each transaction whole",
  { timeout: 60_000 },
  async () => {
    const promised = new Map<string, number>()
    for (const after of [1, 2, 7, 30, 97, 211, 400, 3]) {
      const { lines } = start("count")
      const alive = new Map<string, number>()
      for (let seen = 0; seen < after; seen += 1) {
        const [id = "", n = ""] = (await next(lines)).split("=")
        alive.set(id, Number(n))
      }
      await kill()
      for (const [id, n] of alive) promised.set(id, n)
      const db = new DatabaseSync(join(directory, "objects.db"), { readOnly: true })
      const read = db.prepare("SELECT value FROM kv WHERE object = ? AND key = ?")
      for (const [id, n] of promised) {
        const first = Number(read.get(`channel/${id}`, "first half")?.value)
        expect(Number(read.get(`channel/${id}`, "second half")?.value)).toBe(first)
        if (alive.has(id)) expect(first).toBeGreaterThanOrEqual(n)
      }
      expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" })
      db.close()
    }
  },
)

test("on a full disk it refuses with storage_failed, keeps what it has, and returns by itself when there is room", async () => {
  const limit = 2_000_000
  const { pid, lines } = start("fill", ["prlimit", `--fsize=${limit}:`])
  const refusal = await next(lines)
  expect(refusal).toMatch(/^refused storage_failed after \d+$/)
  const stored = Number(refusal.split(" ").at(-1))
  expect(stored).toBeGreaterThan(10)
  expect(await next(lines)).toBe("the first is readable")
  execFileSync("prlimit", ["--pid", String(pid), "--fsize=unlimited:"])
  child?.stdin.write("room\n")
  expect(await next(lines)).toBe("stored again")
  await new Promise((resolve) => child?.once("close", resolve))
  const db = new DatabaseSync(join(directory, "objects.db"), { readOnly: true })
  expect(db.prepare("SELECT count(*) AS n FROM kv WHERE key = 'k'").get()).toEqual({ n: stored + 1 })
  expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" })
  db.close()
})
