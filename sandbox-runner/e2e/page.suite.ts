/** The page in a real Chromium against the real gateway: from the set-up link to an answer that survives its death. */
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { launchBrowser, openContext } from "../testkit/browser.ts"
import { openChannel } from "./channel-desk.ts"
import { adminName, adminPassword } from "./client.ts"
import type { E2eHost } from "./host.ts"
import { openStage, type Stage } from "./stage.ts"

/** Takes the scripted model some three seconds to say. */
const words = Array.from({ length: 120 }, (_, n) => `w${n}`).join(" ")

export function pageSuite(host: E2eHost): void {
  describe(`the page, ${host.name}`, () => {
    let stage: Stage
    let browser: Browser
    let desktop: BrowserContext
    let page: Page
    const refused: string[] = []

    /** A profile whose refusals by the Content-Security-Policy are collected. */
    const openProfile = async (device: "desktop" | "phone") => {
      const { context } = await openContext(browser, { device, baseUrl: stage.gateway.url })
      context.on("console", (message) => {
        if (/content security policy/i.test(message.text())) refused.push(message.text())
      })
      context.on("weberror", (error) => refused.push(error.error().message))
      return context
    }
    const write = async (on: Page, text: string) => {
      await on.getByLabel("Message").fill(text)
      await on.getByLabel("Message").press("Enter")
    }
    const signIn = async (on: Page) => {
      await on.goto("/")
      await on.getByLabel("User name").fill(adminName)
      await on.getByLabel("Password").fill(adminPassword)
      await on.getByRole("button", { name: "Sign in" }).click()
      await on.getByRole("heading", { name: "New conversation" }).waitFor()
    }
    /** All that was said, as it stands on the page. */
    const texts = (on: Page) => on.locator(".bubble, .prose").allTextContents()
    const settles = (on: Page, expected: string[]) => expect.poll(() => texts(on)).toEqual(expected)
    /** Begins a conversation whose answer takes a while, and waits for its first words. */
    const beginLong = async (order: string) => {
      await page.getByRole("link", { name: "New conversation" }).click()
      await write(page, order)
      await page.waitForURL("**/c/loop_*")
      await page.locator(".answer").getByText("w0 w1").waitFor()
      expect((await texts(page)).at(-1)).not.toContain("w119")
    }

    beforeAll(async () => {
      browser = await launchBrowser()
      stage = await openStage(host)
      desktop = await openProfile("desktop")
      page = await desktop.newPage()
    }, 120_000)
    afterAll(async () => {
      await browser?.close()
      await stage?.close()
    })

    test("is served under a strict policy; what it is made of may be kept, and what is nothing is not the page", async () => {
      const { anyone } = stage
      const served = await anyone.send("GET", "/")
      expect(served.headers.get("content-type")).toContain("text/html")
      const policy = served.headers.get("content-security-policy") ?? ""
      expect(policy).toContain("default-src 'none'")
      expect(policy).not.toMatch(/unsafe|\*|https?:/)
      expect(served.headers.get("x-content-type-options")).toBe("nosniff")
      for (const path of ["/setup", "/c/loop_x", "/channels"])
        expect((await anyone.send("GET", path)).text).toBe(served.text)
      const script = /src="(\/assets\/[^"]+\.js)"/.exec(served.text)?.[1] ?? ""
      const asset = await anyone.send("GET", script)
      expect(asset.headers.get("content-type")).toContain("javascript")
      expect(asset.headers.get("cache-control")).toContain("immutable")
      expect((await anyone.send("HEAD", "/")).status).toBe(200)
      expect((await anyone.send("GET", "/api/nothing")).outcome).toBe("404 route_not_found")
      expect((await anyone.send("GET", "/assets/nothing.js")).outcome).toBe("404 route_not_found")
      expect((await anyone.send("POST", "/")).outcome).toBe("404 route_not_found")
      for (const path of ["/..%2f..%2fpackage.json", "/%2e%2e/package.json", "/assets/..%2f..%2f..%2fpackage.json"])
        expect((await anyone.send("GET", path)).text).not.toContain("loop-gateway")
    })

    test("the printed link leads to the administrator's account, and to a first answer as it is written", async () => {
      await page.goto(stage.gateway.setupLink())
      await page.getByRole("heading", { name: "Set up your gateway" }).waitFor()
      expect(page.url()).not.toContain(stage.gateway.setupCode)
      await page.getByLabel("User name").fill(adminName)
      await page.getByLabel("Password").fill(adminPassword)
      await page.getByRole("button", { name: "Create administrator" }).click()
      await page.getByRole("heading", { name: "New conversation" }).waitFor()
      const order = `slow: ${words}`
      await beginLong(order)
      await settles(page, [order, words])
      await page.reload()
      await settles(page, [order, words])
    })

    test("a reload in mid-stream loses nothing and doubles nothing", async () => {
      const order = `again\nslow: ${words}`
      await beginLong(order)
      await page.reload()
      await settles(page, [order, words])
      expect(stage.model.requests.filter(({ lastUserText }) => lastUserText === order)).toHaveLength(1)
    })

    test("a gateway that dies in mid-stream and comes back finishes its answer on the open page, once", async () => {
      const order = `tool append_line {"line":"from the page"}\nthen slow: ${words}`
      await beginLong(order)
      await stage.gateway.kill9()
      await page.getByText("Connection lost").waitFor()
      await stage.gateway.start()
      await settles(page, [order, words])
      await page.getByText("Connection lost").waitFor({ state: "detached" })
      expect(stage.lines.lines).toEqual(["from the page"])
      await page.reload()
      await settles(page, [order, words])
    }, 90_000)

    test("a message that is written while the gateway is away is sent when it is back, once", async () => {
      const before = await texts(page)
      await stage.gateway.kill9()
      await write(page, "say: I waited for you")
      await page.getByText("Connection lost").waitFor()
      await stage.gateway.start()
      await settles(page, [...before, "say: I waited for you", "I waited for you"])
    }, 90_000)

    test("a telegram chat is there to be read, and what the operator writes in it is answered in the chat", async () => {
      const channel = await openChannel(stage)
      await channel.waitFor({ status: "connected" })
      await channel.meet().talk("say: hello from **Telegram**")
      await page.goto("/")
      await page.getByRole("link", { name: /^Ada/ }).click()
      await settles(page, ["say: hello from **Telegram**", "hello from Telegram"])
      await page.getByText("What it answers goes to the chat").waitFor()
      await write(page, "say: noted")
      await settles(page, ["say: hello from **Telegram**", "hello from Telegram", "say: noted", "noted"])
      await page.locator(".sender", { hasText: `${adminName} (operator)` }).waitFor()
    })

    test("on a phone everything fits, and a second device sees what the first said", async () => {
      const phone = await (await openProfile("phone")).newPage()
      await signIn(phone)
      await write(phone, `say: ${"long-word-without-a-break".repeat(8)}`)
      await phone.waitForURL("**/c/loop_*")
      await expect.poll(async () => (await texts(phone)).length).toBe(2)
      for (const part of [".chat", ".composer", ".bubble", ".prose"]) {
        const box = await phone.locator(part).last().boundingBox()
        expect((box?.x ?? 0) + (box?.width ?? Infinity)).toBeLessThanOrEqual(390)
      }
      await page.goto(new URL(phone.url()).pathname)
      await settles(page, await texts(phone))
    })

    test("an answer is readable while the part that shows its Markdown cannot be loaded, and formatted once it can", async () => {
      const other = await (await openProfile("desktop")).newPage()
      await other.route(/\/markdown-[^/]+\.js$/, (route) => route.abort())
      await signIn(other)
      await write(other, "say: some **bold** words")
      await settles(other, ["say: some **bold** words", "some **bold** words"])
      await other.unroute(/\/markdown-[^/]+\.js$/)
      await settles(other, ["say: some **bold** words", "some bold words"])
    })

    test("the policy refused nothing, nothing threw, and no secret was said", () => {
      expect(refused).toEqual([])
      expect(stage.transcript.leaks(stage.gateway.output())).toEqual([])
    })
  })
}
