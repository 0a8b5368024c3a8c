/** Does one step in a conversation's browser and tells how the page then is, or why it came to nothing. */
import { setTimeout as pause } from "node:timers/promises"
import type { ElementHandle, Page, Response } from "playwright-core"
import { maxPictureCharacters, type BrowserStep, type WorkFailure, type WorkResult } from "../../core/runner/command.ts"
import { fillElement } from "./fill.ts"
import { findElement, readPage } from "./read-page.ts"
import type { NavigationProblem, Session } from "./session.ts"

export type StepEnd =
  | { readonly status: "done"; readonly result: WorkResult }
  | { readonly status: "failed"; readonly failure: WorkFailure }

type Failure = Extract<StepEnd, { status: "failed" }>

/** Something lies over the element, it moves or it is out of reach: the model should look again. */
const clickTimeoutMs = 5_000
/** What has not come by then is read as far as it is there. */
const documentTimeoutMs = 10_000
/** Models take pictures of 8,000 points a side (Anthropic "Vision"), and whole pages have no end. */
const maxPictureHeight = 7_900
const deathNewsMs = 100
const pictureQualities = [75, 50, 25]

/**
 * Does not end while the page hangs: the caller gives up and closes the session.
 * @param address - where an earlier session was, which is opened again for a step that only looks
 */
export async function performStep(session: Session, step: BrowserStep, address: string | undefined): Promise<StepEnd> {
  if (step.action === "open") return openAddress(session, step.url)
  const page = openPage(session) ?? (await reopen(session, step, address))
  if (page === undefined)
    return failed("not_found", address === undefined ? noPage : "The page was closed meanwhile: read it again first.")
  if ("status" in page) return page
  switch (step.action) {
    case "read":
      return conclude(session, page, { from: step.from })
    case "back":
      return goBack(session, page)
    case "screenshot":
      return takePicture(session, page, step.wholePage)
    case "click":
    case "fill": {
      const element = await findElement(session, step.ref)
      if (element === undefined)
        return failed(
          "not_found",
          `There is no element [${step.ref}] any more: read the page again and use its numbers.`,
        )
      return useElement(session, page, element, step)
    }
  }
}

const noPage = "No page is open: use the action open first."

/** The page in front; a blank one alone is none. */
function openPage(session: Session): Page | undefined {
  const front = session.front()
  return front?.url() === "about:blank" && session.count() === 1 ? undefined : front
}

async function reopen(session: Session, step: BrowserStep, address: string | undefined) {
  if (address === undefined || (step.action !== "read" && step.action !== "screenshot")) return undefined
  const opened = await openAddress(session, address)
  return opened.status === "failed" ? opened : session.front()
}

async function openAddress(session: Session, address: string): Promise<StepEnd> {
  const url = new URL(address)
  if (url.username !== "" || url.password !== "")
    return failed("invalid", "The address holds a user name or password: leave them out.")
  const page = await session.needPage()
  return navigate(session, page, url.hostname, () => page.goto(address, { waitUntil: "commit" }))
}

async function goBack(session: Session, page: Page): Promise<StepEnd> {
  if (session.count() > 1) {
    await page.close()
    const opener = session.front()
    if (opener !== undefined) return conclude(session, opener, {})
  }
  let hasMoved = true
  const end = await navigate(session, page, new URL(page.url()).hostname, async () => {
    const response = await page.goBack({ waitUntil: "commit" })
    hasMoved = response !== null
    return response
  })
  if (!hasMoved && end.status === "done" && page.url() === "about:blank") return failed("not_found", noPage)
  return end
}

/** @param go - resolves when the document of the answer is there */
async function navigate(
  session: Session,
  page: Page,
  host: string,
  go: () => Promise<Response | null>,
): Promise<StepEnd> {
  session.begin(page)
  try {
    await go()
  } catch (error) {
    const message = error instanceof Error ? error.message : ""
    if (/Download is starting/.test(message))
      return failed("invalid", "The address is a file to download, not a page: it was not taken. Try http_request.")
    const problem = session.problemOf(page)
    if (problem !== undefined) return refusePage(session, page, problem)
    const [code] = /net::ERR_\w+/.exec(message) ?? []
    if (code === undefined) return (await closedItself(session, page)) ?? rethrow(error)
    if (code === "net::ERR_ABORTED") return failed("not_found", "The address answered with no page, or with a file.")
    return refusePage(session, page, { kind: "failed", error: code, host })
  }
  return conclude(session, page, {})
}

async function useElement(
  session: Session,
  page: Page,
  element: ElementHandle,
  step: Extract<BrowserStep, { action: "click" | "fill" }>,
): Promise<StepEnd> {
  const before = session.count()
  session.begin(page)
  try {
    if (step.action === "click") await element.click({ timeout: clickTimeoutMs })
    else {
      const problem = await fillElement(element, step.text)
      if (problem !== undefined) return failed("invalid", problem)
      if (step.submit) await element.press("Enter", { timeout: clickTimeoutMs })
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : ""
    if (!/Timeout|not attached|not visible|not enabled|not stable|outside of the viewport/i.test(message))
      return (await closedItself(session, page)) ?? rethrow(error)
    return failed("not_found", whyNotUsable(message))
  }
  return conclude(session, page, { before })
}

function whyNotUsable(message: string): string {
  const reason = /intercepts pointer events/.test(message)
    ? "something else on the page lies over it"
    : /not enabled/.test(message)
      ? "it is disabled"
      : "it is not visible or moves"
  return `The element could not be used: ${reason}. Read the page again, close what covers it, or look at a screenshot.`
}

interface Conclusion {
  readonly from?: number | undefined
  /** How many pages were open: one more is the one that the step led to. */
  readonly before?: number
}

/** Waits for the page to come to rest and reads it. */
async function conclude(session: Session, asked: Page, { from, before }: Conclusion): Promise<StepEnd> {
  let page = asked
  let isThere = await settle(session, page)
  const front = session.front()
  const isNew = before !== undefined && session.count() > before && front !== undefined
  if (isNew) {
    page = front
    isThere = await settle(session, page)
  }
  const end = await problemNow(session, page)
  if (end !== undefined) return end
  const reading = await readSteadily(session, page, from)
  if ("failure" in reading) return reading
  const { status, mediaType } = session.answerOf(page) ?? { status: 200, mediaType: "" }
  const said = [
    ...(status >= 400 ? [`The site answered with status ${status}.`] : []),
    ...(isThere ? [] : ["The page is still loading; this is what is there so far."]),
    ...(isNew ? ["A new window opened; this is its page. The action back returns."] : []),
    ...session.takeNotes(),
  ].map((note) => `(${note})\n`)
  const text = said.join("") + (reading.text.trim() === "" ? withoutText(mediaType) : reading.text)
  return { status: "done", result: { kind: "browser.act", url: reading.url, title: reading.title, text } }
}

function withoutText(mediaType: string): string {
  if (mediaType === "" || mediaType.includes("html")) return "(The page shows no text.)"
  return `(The address holds ${mediaType.slice(0, 100)}, which has no text here: take a screenshot to see it.)`
}

/** @returns whether the document has arrived as a whole */
async function settle(session: Session, page: Page): Promise<boolean> {
  const isThere = await page.waitForLoadState("domcontentloaded", { timeout: documentTimeoutMs }).then(
    () => true,
    () => false,
  )
  await session.settle(page)
  return isThere
}

/** A page that goes elsewhere while it is read is read again where it went. */
async function readSteadily(session: Session, page: Page, from: number | undefined) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readPage(session, page, from)
    } catch (error) {
      const closed = await closedItself(session, page)
      if (closed !== undefined) return closed
      if (attempt === 3 || page.isClosed() || session.hasCrashed(page)) throw error
      await settle(session, page)
    }
  }
}

/** A page that is gone while the browser is not: it closed, or was closed for what it did. */
async function closedItself(session: Session, page: Page): Promise<Failure | undefined> {
  if (!page.isClosed()) return undefined
  // A browser that dies takes its pages along, and is known to be dead right after them.
  await pause(deathNewsMs)
  if (session.context.browser()?.isConnected() !== true) return undefined
  return failed("not_found", ["The page closed itself.", ...session.takeNotes()].join(" "))
}

function rethrow(error: unknown): never {
  throw error
}

async function problemNow(session: Session, page: Page): Promise<Failure | undefined> {
  const closed = await closedItself(session, page)
  if (closed !== undefined) return closed
  if (session.hasCrashed(page)) {
    await page.close().catch(() => {})
    return failed("resource_limit", "The page crashed: it may need more memory than there is. Open another one.")
  }
  const problem = session.problemOf(page)
  if (problem !== undefined) return refusePage(session, page, problem)
  const { protocol } = new URL(page.url())
  if (/^(https?|about|blob):$/.test(protocol)) return undefined
  return refusePage(session, page, { kind: "refused", refusal: { host: protocol, reason: "forbidden" } })
}

/**
 * Closes what the browser shows in place of the page: going elsewhere in it could meet what the page still tries. The page
 * before it is opened again when someone looks.
 */
async function refusePage(session: Session, page: Page, problem: NavigationProblem): Promise<Failure> {
  await page.close()
  const left = session.count() > 0 ? "The page before is in front." : "No page is open now."
  if (problem.kind === "failed") {
    const error = problem.error.replace("net::", "")
    return failed("not_found", `${problem.host} ${whatOf(error)} (${error}). ${left}`)
  }
  const { host, reason } = problem.refusal
  switch (reason) {
    case "forbidden":
      return failed(
        "forbidden",
        `${host} is not an address that may be reached: private, or the gateway itself. ${left}`,
      )
    case "unknown_name":
      return failed("not_found", `There is no site by the name of ${host}. ${left}`)
    case "unreachable":
      return failed("not_found", `${host} does not answer. ${left}`)
  }
}

/** By the names of Chromium's `net_error_list.h`. */
function whatOf(error: string): string {
  if (/CERT|SSL/.test(error)) return "has no valid certificate"
  if (/AUTH/.test(error)) return "asks for a user name and password by HTTP"
  return "gave no page"
}

async function takePicture(session: Session, page: Page, wholePage: boolean): Promise<StepEnd> {
  await settle(session, page)
  const end = await problemNow(session, page)
  if (end !== undefined) return end
  for (const quality of pictureQualities) {
    const base64 = (await shoot(page, wholePage, quality)).toString("base64")
    if (base64.length > maxPictureCharacters) continue
    const picture = { mediaType: "image/jpeg" as const, base64 }
    const title = (await page.title()).slice(0, 300)
    return { status: "done", result: { kind: "browser.act", url: page.url(), title, text: "", picture } }
  }
  return failed("resource_limit", "The picture is too large: take it without wholePage.")
}

async function shoot(page: Page, wholePage: boolean, quality: number): Promise<Buffer> {
  const options = { type: "jpeg", quality, scale: "css", animations: "disabled", caret: "initial" } as const
  if (!wholePage) return page.screenshot(options)
  const { width, height } = await sizeOf(page)
  const clip = { x: 0, y: 0, width: Math.min(width, maxPictureHeight), height: Math.min(height, maxPictureHeight) }
  return page.screenshot({ ...options, fullPage: true, clip })
}

/** By the browser, not by the page's own account. */
async function sizeOf(page: Page): Promise<{ width: number; height: number }> {
  const cdp = await page.context().newCDPSession(page)
  try {
    const { cssContentSize } = await cdp.send("Page.getLayoutMetrics")
    return { width: Math.max(1, cssContentSize.width), height: Math.max(1, cssContentSize.height) }
  } finally {
    await cdp.detach()
  }
}

function failed(code: WorkFailure["code"], message: string): Failure {
  return { status: "failed", failure: { code, message: message.slice(0, 2_000) } }
}
