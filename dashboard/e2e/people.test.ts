/** People, accounts and the audit trail at a real gateway, in a real browser, under the real policy. Needs Chromium. */
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { launchBrowser, openContext } from "../../sandbox-runner/testkit/browser.ts"
import { type GatewayProcess, startGatewayProcess } from "../../sandbox-runner/testkit/gateway-process.ts"
import { createAdministrator, watch } from "./visit.ts"

const password = "correct horse battery"
let gateway: GatewayProcess
let browser: Browser
let admin: Visitor
beforeAll(async () => {
  ;[gateway, browser] = await Promise.all([
    startGatewayProcess({ env: { RATE_LIMIT_PER_MINUTE: "10000" } }),
    launchBrowser(),
  ])
  admin = await visit(`/setup#code=${gateway.setupCode}`)
  await createAdministrator(admin.page, password)
}, 90_000)
afterAll(async () => {
  await browser.close()
  await gateway.dispose()
})

interface Visitor {
  readonly page: Page
  readonly troubles: string[]
}

async function visit(path: string, device: "desktop" | "phone" = "desktop"): Promise<Visitor> {
  const { context } = await openContext(browser, { device, baseUrl: gateway.url })
  const page = await context.newPage()
  const troubles: string[] = []
  watch(page, troubles)
  await page.goto(path)
  return { page, troubles }
}

async function makeLink(role: string): Promise<string> {
  const { page } = admin
  await page.goto("/people")
  await page.getByRole("button", { name: "Invite", exact: true }).click()
  await page.getByRole("radio", { name: role }).check()
  await page.getByRole("button", { name: "Make a link" }).click()
  const link = (await page.locator(".secret code").textContent()) ?? ""
  await page.getByRole("button", { name: "Done" }).click()
  return link
}

async function join(link: string, name: string): Promise<Visitor> {
  const visitor = await visit(link)
  await visitor.page.getByText("You are invited").waitFor()
  expect(visitor.page.url()).toBe(`${gateway.url}/invite`)
  await visitor.page.getByLabel("User name").fill(name)
  await visitor.page.getByLabel("Password").fill(password)
  await visitor.page.getByRole("button", { name: "Join" }).click()
  await visitor.page.getByRole("heading", { name: "New conversation" }).waitFor()
  return visitor
}

test("a person is invited by a link that works once, and sees what the role allows", async () => {
  const link = await makeLink("Viewer")
  await admin.page.getByRole("heading", { name: "As viewer" }).waitFor()
  const grace = await join(link, "grace")
  expect(await grace.page.getByRole("link", { name: "People" }).count()).toBe(0)
  expect(await grace.page.getByRole("link", { name: "Audit" }).count()).toBe(0)
  const late = await visit(link)
  await late.page.getByText("There is no such invitation").waitFor()
  await admin.page.reload()
  await admin.page.getByRole("heading", { name: "grace" }).waitFor()
  expect(await admin.page.getByRole("heading", { name: "As viewer" }).count()).toBe(0)
  expect([grace.troubles, late.troubles]).toEqual([[], []])
})

test("a role is changed, an account disabled, and a person removed: their page is over at once", async () => {
  const heidi = await join(await makeLink("Operator"), "heidi")
  const { page } = admin
  await page.goto("/people")
  await page.getByLabel("Role of heidi").selectOption("Viewer")
  await heidi.page.reload()
  await heidi.page.getByTitle("Your account").click()
  await heidi.page.locator(".badge", { hasText: "viewer" }).waitFor()
  await page.getByRole("button", { name: "Disable heidi" }).click()
  await page.getByText("disabled", { exact: true }).waitFor()
  await heidi.page.reload()
  await heidi.page.getByRole("heading", { name: "Sign in" }).waitFor()
  await page.getByRole("button", { name: "Remove heidi" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click()
  await expect.poll(() => page.getByRole("heading", { name: "heidi" }).count()).toBe(0)
})

test("the last administrator is told why the role stays", async () => {
  const { page } = admin
  await page.goto("/people")
  await page.getByLabel("Role of ada").selectOption("Viewer")
  await page.getByText("this is the last one").waitFor()
  await expect.poll(() => page.getByLabel("Role of ada").inputValue()).toBe("admin")
})

test("one's password is changed by the old one, and other sessions are seen and ended", async () => {
  const first = await join(await makeLink("Operator"), "ivan")
  const second = await visit("/")
  await second.page.getByLabel("User name").fill("ivan")
  await second.page.getByLabel("Password").fill(password)
  await second.page.getByRole("button", { name: "Sign in" }).click()
  await second.page.getByTitle("Your account").click()
  await expect.poll(() => second.page.getByRole("listitem").filter({ hasText: "last used" }).count()).toBe(2)
  await second.page.getByText("this one").waitFor()
  await second.page.getByLabel("Old password").fill("a wrong one")
  await second.page.getByLabel("New password").fill("another password")
  await second.page.getByRole("button", { name: "Change" }).click()
  await second.page.getByRole("alert").getByText("The old password is wrong").waitFor()
  await second.page.getByLabel("Old password").fill(password)
  await second.page.getByRole("button", { name: "Change" }).click()
  await second.page.getByText("The password is changed.").waitFor()
  await expect.poll(() => second.page.getByRole("listitem").filter({ hasText: "last used" }).count()).toBe(1)
  await first.page.reload()
  await first.page.getByRole("heading", { name: "Sign in" }).waitFor()
  expect(second.troubles).toEqual([])
})

test("the audit page tells who did what, filters, and says that the record is whole", async () => {
  const { page, troubles } = admin
  await page.goto("/audit")
  await page.getByRole("rowheader", { name: "set up" }).waitFor()
  await page.getByLabel("What happened").selectOption("password refused")
  await expect.poll(() => page.locator("tbody tr").count()).toBe(1)
  expect(await page.locator("tbody tr").textContent()).toContain("ivan")
  await page.getByRole("button", { name: "Check" }).click()
  await page.getByText("all as they were written").waitFor()
  expect(troubles).toEqual([])
})

test("nothing is wider than a phone", async () => {
  const { page, troubles } = await visit("/", "phone")
  await page.getByLabel("User name").fill("ada")
  await page.getByLabel("Password").fill(password)
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("heading", { name: "New conversation" }).waitFor()
  for (const path of ["/people", "/account", "/audit"]) {
    await page.goto(path)
    await page.locator(".card, tbody tr").first().waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  }
  expect(troubles).toEqual([])
})
