/** Debian's Chromium by playwright-core: what tests of the page run in. `CHROMIUM_PATH` names another binary. */
import { chromium, type Browser, type BrowserContext } from "playwright-core"

export const chromiumPath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium"

/** Background traffic is off: nothing may leave loopback, and a test's traffic is the page's own. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

/** @throws with what to install when there is no Chromium */
export async function launchBrowser(): Promise<Browser> {
  try {
    return await chromium.launch({ executablePath: chromiumPath, args: flags })
  } catch (cause) {
    throw new Error(`Chromium does not start from ${chromiumPath}: apt-get install chromium, or set CHROMIUM_PATH`, {
      cause,
    })
  }
}

export interface ContextOptions {
  readonly device?: "desktop" | "phone"
  readonly colorScheme?: "light" | "dark"
  /** The origin that relative addresses in `page.goto` belong to. */
  readonly baseUrl?: string
}

export interface WatchedContext {
  readonly context: BrowserContext
  /** Console errors, exceptions and requests that failed on any page: empty in a healthy test. */
  readonly problems: readonly string[]
  /** Requests to other origins than `baseUrl`; refused, so that no test depends on the outside. */
  readonly foreignRequests: readonly string[]
}

/** A fresh profile. A phone has touch, a small screen and three pixels to a point. */
export async function openContext(browser: Browser, options: ContextOptions = {}): Promise<WatchedContext> {
  const { device = "desktop", colorScheme = "light", baseUrl } = options
  const screen =
    device === "phone"
      ? { viewport: { width: 390, height: 844 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true }
      : { viewport: { width: 1280, height: 800 } }
  const context = await browser.newContext({
    ...screen,
    colorScheme,
    locale: "en-GB",
    timezoneId: "UTC",
    ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
  })
  const problems: string[] = []
  const foreignRequests: string[] = []
  context.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`)
  })
  context.on("weberror", (error) => problems.push(`exception: ${error.error().message}`))
  context.on("requestfailed", (request) => {
    problems.push(`request: ${request.url()} ${request.failure()?.errorText ?? ""}`)
  })
  if (baseUrl !== undefined) {
    await context.route(
      (url) => url.protocol.startsWith("http") && url.origin !== new URL(baseUrl).origin,
      async (route) => {
        foreignRequests.push(route.request().url())
        await route.abort()
      },
    )
  }
  return { context, problems, foreignRequests }
}
