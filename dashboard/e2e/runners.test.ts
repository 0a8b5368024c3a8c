/** The page Runners at a real gateway, with a real companion, in a real browser under the real policy. Needs Chromium. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { launchBrowser, openContext } from "../../sandbox-runner/testkit/browser.ts"
import { spawnChild, type Child } from "../../sandbox-runner/testkit/child.ts"
import { type GatewayProcess, startGatewayProcess } from "../../sandbox-runner/testkit/gateway-process.ts"
import { createAdministrator, watch } from "./visit.ts"

const companionProgram = join(import.meta.dirname, "../../sandbox-runner/testkit/companion-with-echo.ts")
const troubles: string[] = []
let gateway: GatewayProcess
let browser: Browser
let page: Page
let folder: string
let companion: Child | undefined
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "page-runner-"))
  ;[gateway, browser] = await Promise.all([
    startGatewayProcess({ env: { RATE_LIMIT_PER_MINUTE: "10000" } }),
    launchBrowser(),
  ])
  const { context } = await openContext(browser, { device: "desktop", baseUrl: gateway.url })
  page = await context.newPage()
  watch(page, troubles)
  await page.goto(`/setup#code=${gateway.setupCode}`)
  await createAdministrator(page)
}, 90_000)
afterAll(async () => {
  await companion?.kill9()
  await browser.close()
  await gateway.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const companionCard = () => page.locator(".card", { hasText: "programs" })

test("a runner is added by the line that the page shows once, and appears by itself", async () => {
  await page.getByRole("link", { name: "Runners" }).click()
  await page.locator(".card", { hasText: "this gateway" }).waitFor()
  await page.getByRole("button", { name: "Add a runner" }).click()
  await page.getByLabel("Label").fill("box")
  await page.getByRole("button", { name: "Make a token" }).click()
  const line = (await page.locator(".secret code").textContent()) ?? ""
  expect(line).toMatch(/^GATEWAY_URL=\S+ RUNNER_TOKEN=la_[0-9a-f]{48} AGENT_CONTAINER_MODE=true npm run runner$/)
  const set = line.split(" ").filter((part) => part.includes("="))
  const env = Object.fromEntries(set.map((part) => part.split("=", 2)))
  await page.getByRole("button", { name: "Done" }).click()
  companion = spawnChild({
    command: process.execPath,
    args: [companionProgram],
    cwd: folder,
    env: { ...env, DATA_DIR: join(folder, "runner") },
  })
  await companionCard().getByText("online").waitFor()
  expect(await page.locator(".secret").count()).toBe(0)
})

test("a command is shown as it goes, and called back", async () => {
  await page.evaluate(
    async (workspace) => {
      const program = { form: "argv", argv: ["append-and-wait", "/dev/null", "x"] }
      const work = { kind: "sandbox.run", workspace, program, timeoutMs: 60_000 }
      const body = JSON.stringify({ work, correlationId: "by the test" })
      await fetch("/api/commands", { method: "POST", headers: { "content-type": "application/json" }, body })
    },
    `loop_${"a".repeat(32)}`,
  )
  const row = page.getByRole("row", { name: "by the test" })
  await row.getByText("running").waitFor()
  await companionCard().getByText("1 of").waitFor()
  await row.getByRole("button", { name: "Call back" }).click()
  await row.getByText("called back").waitFor()
})

test("a runner is restarted, and revoked for good", async () => {
  await companionCard().getByRole("button", { name: "Restart" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click()
  await expect.poll(() => companion?.output().split("Linked to").length).toBe(3)
  await companionCard().getByText("online").waitFor()
  await companionCard().getByRole("button", { name: "Revoke" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click()
  await companionCard().getByText("revoked").waitFor()
  expect(await companionCard().getByRole("button").count()).toBe(0)
  expect(troubles).toEqual([])
})
