/** The built page in a real Chromium, watched for everything that its policy refused and everything that threw. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { BrowserContext, Page } from "playwright-core"
import { build } from "vite"
import { launchBrowser } from "../../sandbox-runner/testkit/browser.ts"
import { FakeGateway } from "./fake-gateway.ts"

export interface Visit {
  readonly gateway: FakeGateway
  readonly context: BrowserContext
  readonly page: Page
  /** What the policy refused and what threw, since the visit began. */
  readonly troubles: string[]
}

export interface Stage {
  /** Opens a new browser profile at a new gateway. */
  visit(options?: { width?: number; height?: number; dark?: boolean; signedIn?: boolean }): Promise<Visit>
  close(): Promise<void>
}

/** Builds the page into a folder of its own and starts the browser. Needs Chromium. */
export async function openStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "loop-page-"))
  const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url))
  await build({ configFile, logLevel: "error", build: { outDir: folder } })
  const browser = await launchBrowser()
  const gateways: FakeGateway[] = []
  return {
    async visit({ width = 1280, height = 800, dark = false, signedIn = true } = {}) {
      const gateway = new FakeGateway(folder)
      gateways.push(gateway)
      await gateway.start()
      const colorScheme = dark ? "dark" : "light"
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" })
      const troubles: string[] = []
      const page = await context.newPage()
      watch(page, troubles)
      context.on("request", (request) => {
        if (!request.url().startsWith(gateway.origin)) troubles.push(`foreign: ${request.url()}`)
      })
      if (signedIn) {
        gateway.password = "a long password"
        await page.goto(gateway.origin)
        await page.getByLabel("User name").fill("ada")
        await page.getByLabel("Password").fill(gateway.password)
        await page.getByRole("button", { name: "Sign in" }).click()
        await page.getByRole("heading", { name: "New conversation" }).waitFor()
      }
      return { gateway, context, page, troubles }
    },
    async close() {
      await browser.close()
      await Promise.all(gateways.map((gateway) => gateway.stop()))
      await rm(folder, { recursive: true })
    },
  }
}

/** On the page that a gateway's set-up link leads to: makes ada its administrator. */
export async function createAdministrator(page: Page, password = "correct horse battery"): Promise<void> {
  await page.getByLabel("User name").fill("ada")
  await page.getByLabel("Password").fill(password)
  await page.getByRole("button", { name: "Create administrator" }).click()
  await page.getByRole("heading", { name: "New conversation" }).waitFor()
}

/** Collects what goes wrong in a page. */
export function watch(page: Page, troubles: string[]): void {
  page.on("pageerror", (error) => troubles.push(`threw: ${error.message}`))
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) troubles.push(message.text())
  })
  page.on("dialog", (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
}
