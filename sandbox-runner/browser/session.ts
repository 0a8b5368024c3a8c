/** One conversation's open browser: its pages, what they ask for unasked, and what happened to them. */
import { setTimeout as pause } from "node:timers/promises"
import type { Browser, BrowserContext, Frame, Page, Request } from "playwright-core"
import { visibleLine } from "../../core/plain-text.ts"
import type { FilteringProxy, Refusal } from "./proxy.ts"

/** Where an element of the last reading is: its frame, and its number there. */
export interface ElementPlace {
  readonly frame: Frame
  readonly index: number
}

/** Why the main frame shows nothing of what it was sent to. */
export type NavigationProblem =
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "failed"; readonly error: string; readonly host: string }

export interface Session {
  readonly context: BrowserContext
  readonly proxy: FilteringProxy
  /** By the number that the last reading gave. */
  readonly elements: Map<number, ElementPlace>
  /** The page in front; undefined before the first. */
  front(): Page | undefined
  /** The page in front, a new one where there is none. */
  needPage(): Promise<Page>
  /** How many pages are open. */
  count(): number
  /** What happened since it was last asked for, and is forgotten with the answer. */
  takeNotes(): string[]
  hasCrashed(page: Page): boolean
  /** How the last navigation of the page's main frame went wrong. */
  problemOf(page: Page): NavigationProblem | undefined
  /** How the document in the main frame was answered; undefined without one. */
  answerOf(page: Page): { readonly status: number; readonly mediaType: string } | undefined
  /** Forgets how navigations went, before a new one. */
  begin(page: Page): void
  /** Waits until the page asks for nothing more, or for as long as is worth it. */
  settle(page: Page): Promise<void>
  /** Ends everything of it at once, also what hangs. */
  close(): Promise<void>
}

/** The page, and what it opened: more is closed at once. */
const maxPages = 3
/** A page that asks more often has no other end in mind. */
const maxDialogs = 20
const quietMs = 200
const longestSettleMs = 4_000
const settleStepMs = 50
/** A context that does not close by then will not: its browser is ended. */
const closeTimeoutMs = 5_000

interface Watched {
  readonly underWay: Set<Request>
  changedAt: number
  dialogs: number
  hasCrashed: boolean
  problem: NavigationProblem | undefined
  answer: ReturnType<Session["answerOf"]>
}

/** @param statePath - cookies and storage of earlier sessions */
export async function openSession(
  browser: Browser,
  proxy: FilteringProxy,
  statePath: string | undefined,
): Promise<Session> {
  const context = await openContext(browser, proxy, statePath)
  const pages: Page[] = []
  const watched = new WeakMap<Page, Watched>()
  let notes: string[] = []
  const note = (text: string) => {
    if (notes.length < 10 && !notes.includes(text)) notes.push(text)
  }
  const watch = (page: Page): Watched => {
    const known = watched.get(page)
    if (known !== undefined) return known
    const fresh: Watched = {
      underWay: new Set(),
      changedAt: performance.now(),
      dialogs: 0,
      hasCrashed: false,
      problem: undefined,
      answer: undefined,
    }
    watched.set(page, fresh)
    return fresh
  }

  context.setDefaultTimeout(0)
  context.on("page", (page) => {
    if (pages.length >= maxPages) {
      note("The page opened more windows than are followed.")
      void page.close().catch(() => {})
      return
    }
    pages.push(page)
    const state = watch(page)
    const change = () => {
      state.changedAt = performance.now()
    }
    page.on("close", () => {
      const at = pages.indexOf(page)
      if (at >= 0) pages.splice(at, 1)
    })
    page.on("crash", () => {
      state.hasCrashed = true
    })
    page.on("dialog", (dialog) => {
      state.dialogs += 1
      const leaves = dialog.type() === "beforeunload"
      if (!leaves) note(`The page showed a dialog, which was dismissed: ${visibleLine(dialog.message(), 200)}`)
      void (leaves ? dialog.accept() : dialog.dismiss()).catch(() => {})
      if (state.dialogs === maxDialogs) {
        note("The page showed dialogs without end and was closed.")
        void page.close().catch(() => {})
      }
    })
    page.on("download", (download) => {
      note(`The page offered a file, which was not taken: ${visibleLine(download.suggestedFilename(), 100)}`)
      void download.cancel().catch(() => {})
    })
    // Heard, so that Chromium does not open a window of its own.
    page.on("filechooser", () => note("The page asks for a file; none can be given."))
    page.on("request", (request) => {
      state.underWay.add(request)
      change()
    })
    page.on("requestfinished", (request) => {
      state.underWay.delete(request)
      change()
    })
    page.on("requestfailed", (request) => {
      state.underWay.delete(request)
      change()
      const error = request.failure()?.errorText ?? ""
      if (!isMainNavigation(request, page) || error.includes("ERR_ABORTED")) return
      state.answer = undefined
      state.problem ??= problemOf(proxy, new URL(request.url()).hostname, error)
    })
    page.on("response", (response) => {
      if (!isMainNavigation(response.request(), page)) return
      const refusal = proxy.refusalOf(response.headers())
      state.problem = refusal === undefined ? undefined : { kind: "refused", refusal }
      const mediaType = response.headers()["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? ""
      state.answer = { status: response.status(), mediaType }
    })
  })

  return {
    context,
    proxy,
    elements: new Map(),
    front: () => pages.at(-1),
    needPage: async () => pages.at(-1) ?? (await context.newPage()),
    count: () => pages.length,
    takeNotes() {
      const taken = notes
      notes = []
      return taken
    },
    hasCrashed: (page) => watch(page).hasCrashed,
    problemOf: (page) => watch(page).problem,
    answerOf: (page) => watch(page).answer,
    begin(page) {
      const state = watch(page)
      state.problem = undefined
      state.dialogs = 0
    },
    async settle(page) {
      const state = watch(page)
      const begunAt = performance.now()
      state.changedAt = begunAt
      for (;;) {
        await pause(settleStepMs)
        const now = performance.now()
        if (page.isClosed() || now - begunAt > longestSettleMs) return
        if (state.underWay.size === 0 && now - state.changedAt > quietMs) return
      }
    },
    async close() {
      const closed = context.close().then(
        () => true,
        () => true,
      )
      const late = new AbortController()
      const isClosed = await Promise.race([
        closed,
        pause(closeTimeoutMs, false, { signal: late.signal }).catch(() => false),
      ])
      late.abort()
      if (!isClosed) await browser.close().catch(() => {})
      await proxy.close()
    },
  }
}

async function openContext(browser: Browser, proxy: FilteringProxy, statePath: string | undefined) {
  const options = {
    proxy: { server: proxy.url, bypass: "<-loopback>" },
    acceptDownloads: false,
    viewport: { width: 1280, height: 800 },
    locale: "en-US",
    timezoneId: "UTC",
    permissions: [],
  }
  if (statePath === undefined) return browser.newContext(options)
  // A file that cannot be used any more must not keep the conversation from the web.
  return browser.newContext({ ...options, storageState: statePath }).catch(() => browser.newContext(options))
}

function isMainNavigation(request: Request, page: Page): boolean {
  return request.isNavigationRequest() && request.frame() === page.mainFrame()
}

function problemOf(proxy: FilteringProxy, host: string, error: string): NavigationProblem {
  const refusal = error.includes("ERR_TUNNEL_CONNECTION_FAILED") ? proxy.lastRefusal(host) : undefined
  return refusal === undefined ? { kind: "failed", error, host } : { kind: "refused", refusal }
}
