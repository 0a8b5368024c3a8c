/** A runner that is killed leaves no browser behind, and the next one removes its files. */
import { readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { setBrowserStage } from "../testkit/browser-stage.ts"
import { spawnChild } from "../testkit/child.ts"
import { startSite } from "../testkit/site.ts"

const root = join(import.meta.dirname, "../..")
const homesOf = (pid: number) =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`loop-gateway-chromium-${pid}-`))

/** Processes that were started with this folder. */
const browsersIn = (home: string) =>
  readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(home)
    } catch {
      return false
    }
  })

test("Chromium ends with the process that started it, and the next start removes what it wrote", async () => {
  const site = await startSite()
  site.pages.set("/", "<p>here</p>")
  const child = spawnChild({
    command: process.execPath,
    args: ["--disable-warning=ExperimentalWarning", "sandbox-runner/testkit/browser-process.ts", `${site.url}/`],
    cwd: root,
    env: { CHROMIUM_NO_SANDBOX: process.env.CHROMIUM_NO_SANDBOX ?? "" },
  })
  await child.waitUntil(async () => child.output().includes("opened: here"), 60_000)
  const [home = "none"] = homesOf(child.pid)
  expect(browsersIn(home).length).toBeGreaterThan(0)
  await child.kill9()
  await expect.poll(() => browsersIn(home)).toEqual([])
  expect(homesOf(child.pid)).toEqual([home])
  const stage = setBrowserStage([site.port])
  await stage.act({ action: "open", url: `${site.url}/` })
  expect(homesOf(child.pid)).toEqual([])
  await stage.close()
  await site.close()
}, 120_000)
