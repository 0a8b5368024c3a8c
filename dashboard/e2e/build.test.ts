/** The built page: nothing inline, nothing from elsewhere, and small enough for a phone. */
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { build } from "vite"
import { afterAll, beforeAll, expect, test } from "vitest"

/** Of the scripts that the first view needs, compressed. */
const maxFirstBytes = 150 * 1024

let folder = ""
let html = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "loop-page-"))
  const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url))
  await build({ configFile, logLevel: "error", build: { outDir: folder } })
  html = await readFile(join(folder, "index.html"), "utf8")
})
afterAll(() => rm(folder, { recursive: true }))

test("the policy finds nothing to refuse in index.html", () => {
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/)
  expect(html).not.toMatch(/(src|href)="(https?:)?\/\//)
})

test("the scripts of the first view stay within their budget, and are those of production", async () => {
  const names = [...html.matchAll(/(?:src|href)="(\/[^"]+\.js)"/g)].map((match) => match[1] ?? "")
  expect(names.length).toBeGreaterThan(0)
  const scripts = await Promise.all(names.map((name) => readFile(join(folder, name))))
  expect(scripts.reduce((sum, script) => sum + gzipSync(script).byteLength, 0)).toBeLessThan(maxFirstBytes)
  expect(scripts.some((script) => script.includes("Download the React DevTools"))).toBe(false)
})
