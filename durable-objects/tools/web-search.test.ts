/** Searching by both kinds of providers, and by providers that do not do their part. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { startSite, type Site } from "../../sandbox-runner/testkit/site.ts"
import { Config } from "../config.ts"
import { openToolCalls, type ToolCalls } from "../testing/tool-call.ts"
import type { ObjectTool } from "./tool.ts"
import { createWebSearch } from "./web-search.ts"

let site: Site
let calls: ToolCalls
beforeAll(async () => {
  site = await startSite()
  // Nothing private is open to agents: the operator's own provider is reached all the same.
  calls = openToolCalls({ allowed: [] })
})
afterAll(async () => {
  await calls.close()
  await site.close()
})
beforeEach(() => {
  site.pages.clear()
  site.seen.length = 0
})

function tool(environment: Record<string, string>): ObjectTool {
  const made = createWebSearch(Config.parse(environment))
  if (made === undefined) throw new Error("not configured")
  return made
}
const providers = {
  searxng: () => tool({ WEB_SEARCH_URL: `${site.url}/searx/` }),
  brave: () => tool({ WEB_SEARCH_PROVIDER: "brave", WEB_SEARCH_URL: site.url, WEB_SEARCH_API_KEY: "the-key" }),
}
const paths = { searxng: "/searx/search", brave: "/web/search" }
const wrap = {
  searxng: (results: object[]) => ({ query: "q", results }),
  brave: (results: object[]) => ({ type: "search", web: { type: "search", results } }),
}
const both = ["searxng", "brave"] as const
type Kind = (typeof both)[number]
const words = (kind: Kind, text: string) => (kind === "searxng" ? { content: text } : { description: text })
const serve = (kind: Kind, body: unknown, status = 200, headers: Record<string, string> = {}) =>
  site.pages.set(paths[kind], (_, response) =>
    response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(typeof body === "string" ? body : JSON.stringify(body)),
  )
const search = (kind: Kind, input: object = {}) => calls.call(providers[kind](), { query: "red owls", ...input })

test("without a provider there is no such tool", () => {
  expect(createWebSearch(Config.parse({}))).toBeUndefined()
  expect(createWebSearch(Config.parse({ WEB_SEARCH_PROVIDER: "brave" }))).toBeUndefined()
  expect(createWebSearch(Config.parse({ WEB_SEARCH_PROVIDER: "brave", WEB_SEARCH_API_KEY: "k" }))).toBeDefined()
})

test("SearXNG is asked as its documentation says", async () => {
  serve("searxng", wrap.searxng([]))
  await search("searxng", { page: 2, freshness: "week", count: 3 })
  const url = new URL(site.seen[0]?.url ?? "", site.url)
  expect(Object.fromEntries(url.searchParams)).toEqual({
    q: "red owls",
    format: "json",
    pageno: "2",
    time_range: "week",
  })
  expect(site.seen[0]?.headers).not.toHaveProperty("authorization")
})

test("Brave is asked as its documentation says, with the key in its header", async () => {
  serve("brave", wrap.brave([]))
  await search("brave", { page: 2, freshness: "week", count: 3 })
  const url = new URL(site.seen[0]?.url ?? "", site.url)
  expect(Object.fromEntries(url.searchParams)).toEqual({ q: "red owls", count: "3", offset: "1", freshness: "pw" })
  expect(site.seen[0]?.headers["x-subscription-token"]).toBe("the-key")
})

describe.each(both)("%s", (kind) => {
  test("results are told with title, address and words, marked as from outside", async () => {
    serve(
      kind,
      wrap[kind]([
        {
          title: "Red <strong>owls</strong> &amp; more",
          url: "https://example.com/owls",
          ...words(kind, "They are <b>red</b>."),
        },
        { title: "", url: "https://example.org/", ...words(kind, "") },
      ]),
    )
    expect(await search(kind)).toEqual({
      outcome: "ok",
      tainted: true,
      text: "1. Red owls & more\n   https://example.com/owls\n   They are red.\n\n2. (no title)\n   https://example.org/",
    })
  })

  test("no more are told than were asked for", async () => {
    serve(kind, wrap[kind](Array.from({ length: 50 }, (_, n) => ({ title: `T${n}`, url: `https://example.com/${n}` }))))
    expect((await search(kind)).text.match(/https:/g)).toHaveLength(8)
    expect((await search(kind, { count: 20 })).text.match(/https:/g)).toHaveLength(20)
  })

  test("hidden characters, other schemes and endless words are left out", async () => {
    serve(
      kind,
      wrap[kind]([
        { title: "a\u202Eb\u200Bc\n2. [click] x", url: "https://example.com/", ...words(kind, "w ".repeat(9_000)) },
        { title: "script", url: "javascript:obey()" },
        { title: "file", url: "file:///etc/passwd" },
        { title: "half", url: "nonsense" },
      ]),
    )
    const { text } = await search(kind)
    expect(text).toMatch(/^1\. abc 2\. \[click\] x\n {3}https:\/\/example\.com\/\n {3}(w )+…?/)
    expect(text).not.toMatch(/script|file|half/)
    expect(text.length).toBeLessThan(700)
  })

  test("nothing found is said", async () => {
    serve(kind, kind === "searxng" ? { results: [] } : { type: "search" })
    expect((await search(kind)).text).toBe("Nothing was found.")
  })

  test.each([
    ["too many requests", 429, "takes no more requests now: retry after 7"],
    ["a wrong key", 401, "refuses the gateway (status 401)"],
    ["JSON switched off", 403, "refuses the gateway (status 403)"],
    ["a failure of its own", 500, "status 500"],
  ])("%s is a failure that says so, and nothing of the answer is told", async (_, status, said) => {
    serve(kind, { error: "obey" }, status, { "retry-after": "7" })
    const { outcome, text, tainted } = await search(kind)
    expect({ outcome, tainted }).toEqual({ outcome: "error", tainted: false })
    expect(text).toContain(said)
    expect(text).not.toContain("obey")
  })

  test.each([
    ["no JSON", "<html>obey</html>"],
    ["half of it", '{"results": ['],
    ["another shape", '{"results": "obey", "web": "obey"}'],
    ["nothing", ""],
    ["a list", "[]"],
  ])("garbage, %s, is a failure", async (_, body) => {
    serve(kind, body)
    expect(await search(kind)).toMatchObject({
      outcome: "error",
      text: expect.stringContaining("something else than results"),
    })
  })

  test("an endless answer is cut and is a failure", async () => {
    let isClosed = false
    site.pages.set(paths[kind], (_, response) => {
      response.writeHead(200, { "content-type": "application/json" })
      const more = () => {
        do response.write(" ".repeat(100_000))
        while (!response.writableNeedDrain && !response.destroyed)
      }
      response.on("drain", more).on("close", () => {
        isClosed = true
      })
      more()
    })
    expect((await search(kind)).outcome).toBe("error")
    await expect.poll(() => isClosed).toBe(true)
  })

  test("a redirect is not followed: the key would go along", async () => {
    site.pages.set(paths[kind], (_, response) => response.writeHead(302, { location: "/elsewhere" }).end())
    expect((await search(kind)).outcome).toBe("error")
    expect(site.seen).toHaveLength(1)
  })

  test("no answer, and a connection that breaks", async () => {
    site.pages.set(paths[kind], (_, response) => response.destroy())
    expect((await search(kind)).text).toContain("does not answer")
    site.pages.set(paths[kind], () => {})
    const stop = new AbortController()
    const waiting = calls.call(providers[kind](), { query: "x" }, stop.signal)
    await expect.poll(() => site.seen.length).toBe(2)
    stop.abort()
    expect((await waiting).text).toBe("The tool was stopped.")
  })
})

test.each([{ query: "" }, { query: "x".repeat(401) }, { query: "x", count: 0 }, { query: "x", freshness: "soon" }, {}])(
  "%j is told to be wrong",
  async (input) => {
    expect((await calls.call(providers.searxng(), input)).text).toContain("The input is not valid:")
  },
)
