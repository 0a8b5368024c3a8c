/** The page follows the live feed in a real Chromium, under its real policy. Needs Chromium. */
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { launchBrowser, openContext } from "../testkit/browser.ts"
import { adminName, adminPassword, enter } from "./client.ts"
import { openLoops, type LoopDriver } from "./loops.suite.ts"
import { nodeHost } from "./node-host.ts"
import { openStage, type Stage } from "./stage.ts"

describe("the page", () => {
  let stage: Stage
  let browser: Browser
  let page: Page
  let loops: LoopDriver
  const refused: string[] = []
  beforeAll(async () => {
    browser = await launchBrowser()
    stage = await openStage(nodeHost("embedded"))
    await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
    loops = await openLoops(stage)
    const { context } = await openContext(browser, { device: "desktop", baseUrl: stage.gateway.url })
    context.on("console", (message) => {
      if (/content security policy/i.test(message.text())) refused.push(message.text())
    })
    context.on("weberror", (error) => refused.push(error.error().message))
    page = await context.newPage()
    // Less than half of the time after which the page would look by itself.
    page.setDefaultTimeout(8_000)
    await page.goto("/")
    await page.getByLabel("User name").fill(adminName)
    await page.getByLabel("Password").fill(adminPassword)
    await page.getByRole("button", { name: "Sign in" }).click()
    await page.getByRole("heading", { name: "New conversation" }).waitFor()
    await page.getByRole("link", { name: "Activity" }).click()
    await page.getByText("live", { exact: true }).waitFor()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await stage?.close()
  })

  const conversations = () => page.getByRole("navigation", { name: "Main" })
  const activity = () => page.getByRole("list", { name: "Activity" })

  test("shows a conversation that began elsewhere, its turn as it runs, and what happened", async () => {
    const id = await loops.create({ title: "Begun elsewhere" })
    await conversations().getByText("Begun elsewhere").waitFor()
    const stream = await loops.say(id, "hang")
    await conversations().getByText("answering").waitFor()
    await loops.program.send("POST", `/api/v1/loops/${id}/interrupt`)
    await stream.rest()
    await conversations().getByText("answering").waitFor({ state: "detached" })
    await activity().getByText("An answer was stopped").waitFor()
    await activity().getByText("A conversation began").waitFor()
  })

  test("goes on by itself after the gateway died", async () => {
    await stage.restart()
    await page.getByText("connecting", { exact: true }).waitFor()
    await page.getByText("live", { exact: true }).waitFor()
    await loops.create({ title: "After the restart" })
    await conversations().getByText("After the restart").waitFor()
  })

  test("met no refusal of its policy, and threw nothing", () => {
    expect(refused).toEqual([])
  })
})
