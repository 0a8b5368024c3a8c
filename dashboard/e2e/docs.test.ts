/** The documentation of the API at a real gateway, in a real browser, under the real policy. Needs Chromium. */
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { contracts } from "../../core/api/contracts.ts"
import { launchBrowser, openContext } from "../../sandbox-runner/testkit/browser.ts"
import { type GatewayProcess, startGatewayProcess } from "../../sandbox-runner/testkit/gateway-process.ts"
import { watch } from "./visit.ts"

let gateway: GatewayProcess
let browser: Browser
beforeAll(async () => {
  ;[gateway, browser] = await Promise.all([startGatewayProcess(), launchBrowser()])
}, 90_000)
afterAll(async () => {
  await browser.close()
  await gateway.dispose()
})

const visit = async (device: "desktop" | "phone", colorScheme: "light" | "dark") => {
  const opened = await openContext(browser, { device, colorScheme, baseUrl: gateway.url })
  const page = await opened.context.newPage()
  const troubles: string[] = []
  watch(page, troubles)
  const answer = await page.goto("/api/docs")
  return { ...opened, page, troubles, answer }
}

test("every operation is shown to anyone, opens, and breaks no rule of the page's policy", async () => {
  const { page, troubles, problems, foreignRequests, answer } = await visit("desktop", "light")
  expect(answer?.headers()["content-security-policy"]).toContain("style-src 'self';")
  expect(answer?.headers()["content-security-policy"]).not.toContain("unsafe")
  await expect.poll(() => page.locator(".operation").count()).toBe(contracts.length)
  await page.locator(".operation").evaluateAll((all) => {
    for (const one of all) one.setAttribute("open", "")
  })
  await expect.poll(() => page.locator(".operation-body").count()).toBe(contracts.length)
  const text = await page.locator("main").textContent()
  for (const { path, summary } of contracts) {
    expect(text).toContain(path)
    expect(text).toContain(summary)
  }
  expect([troubles, problems, foreignRequests]).toEqual([[], [], []])
})

test("operations are found by their words, and one that is linked to is open", async () => {
  const { page, troubles } = await visit("phone", "dark")
  await page.getByLabel("Search operations").fill("delete disconnect")
  await expect.poll(() => page.locator(".operation").count()).toBe(1)
  await page.getByLabel("Search operations").fill("nothing is called so")
  await page.getByText("Nothing is called so.").waitFor()
  await page.goto("/api/docs#getHealth")
  await page.reload()
  await page.locator("#getHealth[open] .operation-body").waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  expect(troubles).toEqual([])
})
