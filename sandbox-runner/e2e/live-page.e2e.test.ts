/** The page follows the live feed in a real Chromium, under its real policy. Needs Chromium. */
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { launchBrowser, openContext } from "../testkit/browser.ts"
import { adminName, adminPassword, type Client, enter } from "./client.ts"
import { openLoops, type LoopDriver } from "./loops.suite.ts"
import { nodeHost } from "./node-host.ts"
import { openStage, type Stage } from "./stage.ts"

describe("the page", () => {
  let stage: Stage
  let browser: Browser
  let page: Page
  let loops: LoopDriver
  let admin: Client
  const refused: string[] = []
  beforeAll(async () => {
    browser = await launchBrowser()
    stage = await openStage(nodeHost("embedded"))
    admin = await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
    loops = await openLoops(stage)
    const { context } = await openContext(browser, { device: "desktop", baseUrl: stage.gateway.url })
    context.on("console", (message) => {
      if (/content security policy/i.test(message.text())) refused.push(message.text())
    })
    context.on("weberror", (error) => refused.push(error.error().message))
    page = await context.newPage()
    // Less than half of the time after which the page would look by itself.
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

  test("shows a conversation's budget as another person sets it and as answers spend it", async () => {
    const id = await loops.create({ title: "Of little money" })
    await page.goto(`/c/${id}`)
    await page.getByRole("button", { name: "More about this conversation" }).click()
    await page.getByRole("button", { name: "Budget", exact: true }).click()
    const budget = page.getByRole("dialog", { name: "Budget of this conversation" })
    await budget.getByText("0 tokens", { exact: true }).first().waitFor()
    const set = await admin.send("PUT", `/api/conversations/${id}/budget`, { json: { maxTokensDay: 90_000 } })
    expect(set.status).toBe(200)
    await budget.getByText("0 of 90,000", { exact: true }).waitFor()
    await (await loops.say(id, "say: hello")).rest()
    await budget.getByText("0 of 90,000", { exact: true }).waitFor({ state: "detached" })
    await budget.getByRole("button", { name: "Close" }).click()
    await page.getByRole("link", { name: "Activity" }).click()
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
