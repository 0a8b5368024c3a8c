/** Programs that belong together end together. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { runTogether, type Command } from "./run-together.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "together-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

const node = (name: string, script: string): Command => ({
  name,
  command: process.execPath,
  args: [
    "--eval",
    `const fs = require("node:fs"); const note = (text) => fs.appendFileSync("notes", text + "\\n"); ${script}`,
  ],
  cwd: folder,
})
const lasting = (name: string) =>
  node(
    name,
    `note("${name} up"); process.on("SIGTERM", () => { note("${name} ended"); process.exit() }); setInterval(() => {}, 1000)`,
  )
const notes = () => readFileSync(join(folder, "notes"), "utf8").split("\n")
const never = new Promise<void>(() => {})

test("the end of one ends the others", async () => {
  const waiting = node("b", `const look = setInterval(() => { if (fs.existsSync("notes")) process.exit(3) }, 10)`)
  expect(await runTogether([lasting("a"), waiting], never)).toEqual({ status: "ended", name: "b", code: 3 })
  expect(notes()).toContain("a ended")
})

test("a stop ends all and waits for them", async () => {
  const stopped = Promise.withResolvers<void>()
  const running = runTogether([lasting("a"), lasting("b")], stopped.promise)
  await vi.waitFor(() => expect(notes()).toEqual(expect.arrayContaining(["a up", "b up"])), 10_000)
  stopped.resolve()
  expect(await running).toEqual({ status: "stopped" })
  expect(notes()).toEqual(expect.arrayContaining(["a ended", "b ended"]))
})

test("a program that is not there counts as one that failed", async () => {
  const missing = { ...lasting("b"), command: join(folder, "missing") }
  expect(await runTogether([missing], never)).toEqual({ status: "ended", name: "b", code: 1 })
})
