/** Erasing objects when something comes between: what was deleted leaves no byte in the end, and nothing else is lost. */
import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { DatabaseSync } from "node:sqlite"
import { expect, onTestFinished, test } from "vitest"
import { openProbeHost, type ProbeHost } from "../../testkit/probe-host.ts"
import { goers, mingledRows, rowsOfStayers } from "../../testkit/mingled-rows.ts"
import { startReading } from "../../testkit/reading-process.ts"
import { ObjectStore } from "./store.ts"

const keyOf = (object: string) => `channel/${object}`

/** A host whose file has all that is mingled. */
async function openFilled(change: (store: ObjectStore) => void = () => {}): Promise<ProbeHost & { path: string }> {
  const host = await openProbeHost()
  onTestFinished(() => host.close())
  await host.objects.close(0)
  const path = join(host.directory, "objects.db")
  const store = new ObjectStore({ path, onAlarmsChanged() {} })
  for (const [object, key, text] of mingledRows) store.put(nobody(), keyOf(object), key, JSON.stringify(text))
  change(store)
  await store.close()
  return Object.assign(host, { path })
}

const nobody = () => ({ batch: undefined, lose() {} })

function deleteAll(store: ObjectStore, objects: readonly string[]): void {
  for (const object of objects) store.deleteRange(nobody(), keyOf(object), { start: "", end: undefined })
}

/** Which of the objects stand in the file or in its log. */
function left(path: string, objects: readonly string[]): string[] {
  const texts = [path, `${path}-wal`].filter((file) => existsSync(file)).map((file) => readFileSync(file, "latin1"))
  return objects.filter((object) => texts.some((text) => text.includes(object)))
}

/** While nobody has it open: the file is sound and has all rows of those who stay. @returns who of the others has rows */
function inspect(path: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true })
  expect(db.prepare("pragma integrity_check").get()).toEqual({ integrity_check: "ok" })
  const rows = db.prepare("select substr(object, 9) as object, key, value from kv where object <> ''").all()
  db.close()
  const texts = new Map(rows.map((row) => [`${String(row.object)} ${String(row.key)}`, String(row.value)]))
  const wrong = [...rowsOfStayers()].filter(([name, text]) => texts.get(name) !== JSON.stringify(text))
  expect(wrong.length).toBe(0)
  return goers.filter((object) => rows.some((row) => row.object === object))
}

test("what was deleted and not yet scrubbed when the process ended is scrubbed by the next", async () => {
  const host = await openFilled((store) => {
    deleteAll(store, goers)
    store.noteErased(nobody())
  })
  expect(left(host.path, goers).length).toBeGreaterThan(0)
  await host.restart()
  host.timers.advance(0)
  await expect.poll(() => left(host.path, goers)).toEqual([])
  await host.objects.close(0)
  expect(inspect(host.path)).toEqual([])
  const store = new ObjectStore({ path: host.path, onAlarmsChanged() {} })
  expect(store.isScrubDue).toBe(false)
  await store.close()
})

test("an erasure that cannot be ended says so, may be repeated, and is ended by itself", async () => {
  const host = await openFilled((store) => deleteAll(store, goers.slice(1)))
  await host.restart()
  const [object = ""] = goers
  const erase = () => host.objects.reach("channel", object).call("erase", {})
  const endReading = await startReading(host.path)
  for (let time = 0; time < 2; time += 1) await expect(erase()).rejects.toMatchObject({ code: "storage_failed" })
  await endReading()
  host.timers.advance(60_000)
  await expect.poll(() => left(host.path, goers)).toEqual([])
  await erase()
  await host.objects.close(0)
  expect(inspect(host.path)).toEqual([])
})

test("killed in the middle of erasing, at any moment, it loses nothing else, and leaves nothing once it has started again", async () => {
  const directory = mkdtempSync(join(tmpdir(), "erasing-"))
  const path = join(directory, "objects.db")
  let child: ChildProcess | undefined
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, "exit")
    child.kill("SIGKILL")
    await gone
  }
  onTestFinished(async () => {
    await kill()
    rmSync(directory, { recursive: true })
  })
  const program = join(import.meta.dirname, "../../testkit/erasing-process.ts")
  const start = (...args: string[]) => {
    const started = spawn(process.execPath, [program, directory, ...args], { stdio: ["pipe", "pipe", "inherit"] })
    child = started
    return createInterface(started.stdout)[Symbol.asyncIterator]()
  }
  const promised: string[] = []
  for (const after of [1, 4]) {
    const lines = start(String(promised.length))
    for (let begun = 0; begun < after;) {
      const { value = "" } = await lines.next()
      if (value.startsWith("erasing")) begun += 1
      else promised.push(value.replace("erased ", ""))
    }
    await kill()
    expect(left(path, promised)).toEqual([])
    expect(inspect(path)).toEqual(
      goers.filter((object) => inspect(path).includes(object) && !promised.includes(object)),
    )
  }
  const there = inspect(path)
  const gone = goers.filter((object) => !there.includes(object))
  expect(gone.length).toBeGreaterThanOrEqual(promised.length)
  start()
  await expect.poll(() => left(path, gone)).toEqual([])
  await kill()
  inspect(path)
})
