/** Chromium itself (needs Debian's package `chromium`): devices, colours, and that nothing unseen goes wrong or out. */
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Browser } from "playwright-core"
import { launchBrowser, openContext } from "./browser.ts"
import { startLoopback, type LoopbackServer } from "./loopback.ts"

let browser: Browser
let server: LoopbackServer
beforeAll(async () => {
  browser = await launchBrowser()
  server = await startLoopback(async (request, response) => {
    const body = request.url === "/broken" ? "<script>throw new Error('page broke')</script>" : "<title>fine</title>"
    response.writeHead(200, { "content-type": "text/html" }).end(body)
  })
})
afterAll(async () => {
  await browser.close()
  await server.close()
})

test.each([
  ["desktop", "light", 1280, false],
  ["phone", "dark", 390, true],
] as const)("a %s in %s colours has its width and its scheme", async (device, colorScheme, width, isDark) => {
  const { context, problems } = await openContext(browser, { device, colorScheme, baseUrl: server.url })
  const page = await context.newPage()
  await page.goto("/")
  expect(await page.title()).toBe("fine")
  const seen = await page.evaluate("[screen.width, matchMedia('(prefers-color-scheme: dark)').matches]")
  expect(seen).toEqual([width, isDark])
  expect(problems.filter((problem) => !problem.includes("favicon"))).toEqual([])
  await context.close()
})

test("what breaks on a page and what it asks of others is told", async () => {
  const { context, problems, foreignRequests } = await openContext(browser, { baseUrl: server.url })
  const page = await context.newPage()
  await page.goto("/broken")
  await page.evaluate("fetch('http://192.0.2.1/x').catch(() => {})")
  await expect.poll(() => problems.join("\n")).toContain("page broke")
  expect(foreignRequests).toEqual(["http://192.0.2.1/x"])
  await context.close()
})
