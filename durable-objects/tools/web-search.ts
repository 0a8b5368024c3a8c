/**
 * Searches the web by the provider that the operator configured: a SearXNG, or a server that speaks like Brave's Search API. It
 * reads no page that it finds.
 */
import * as z from "zod"
import { visibleLine } from "../../core/plain-text.ts"
import type { Config } from "../config.ts"
import { readBounded, textOf } from "./exchange.ts"
import { defineTool, type ObjectTool, type ToolResult } from "./tool.ts"

const timeoutMs = 20_000
const maxAnswerBytes = 2_000_000
const braveApi = "https://api.search.brave.com/res/v1"

const Input = z.object({
  query: z.string().trim().min(1).max(400),
  count: z.number().int().min(1).max(20).optional().describe("8 when absent"),
  page: z.number().int().min(1).max(10).optional(),
  freshness: z.enum(["day", "week", "month", "year"]).optional().describe("only what is newer"),
})
type Input = z.infer<typeof Input>

interface Found {
  readonly title: string
  readonly url: string
  readonly snippet: string
  readonly age: string
}

interface Provider {
  request(input: Input): Request
  /** Undefined for what is no answer of this provider. */
  read(answer: unknown): Found[] | undefined
}

/** @returns undefined where no provider is configured: then there is no such tool */
export function createWebSearch(config: Config): ObjectTool | undefined {
  const provider = providerOf(config)
  if (provider === undefined) return undefined
  return defineTool({
    name: "web_search",
    description:
      "Searches the web. Tells titles, addresses and a few words of each page; read one with http_request or web_browse.",
    input: Input,
    // The words go to the operator's own provider, and to no place that a page could name.
    risk: "low",
    repeatable: true,
    outward: "none",
    timeoutMs,
    maxTextBytes: 40_000,
    async run(input, context) {
      // Not followed: the key would go along. workerd knows no `error` here.
      const request = new Request(provider.request(input), { signal: context.signal, redirect: "manual" })
      const response = await context.operatorFetch(request).catch((error: unknown) => {
        if (context.signal.aborted) throw error
      })
      if (response === undefined) return failed("The search provider does not answer. Try again later.")
      if (!response.ok) {
        await response.body?.cancel()
        return failed(problemOf(response))
      }
      const { bytes } = await readBounded(response.body, maxAnswerBytes)
      const found = provider.read(readJson(textOf(bytes, "application/json") ?? ""))
      if (found === undefined) return failed("The search provider answered with something else than results.")
      return { text: await describe(found.slice(0, countOf(input))), tainted: true }
    },
  })
}

const countOf = (input: Input) => input.count ?? 8

function providerOf(config: Config): Provider | undefined {
  const { WEB_SEARCH_PROVIDER: kind, WEB_SEARCH_URL: url, WEB_SEARCH_API_KEY: key } = config
  switch (kind) {
    case "searxng":
      return url === undefined ? undefined : searxng(url, key)
    case "brave":
      return url === undefined && key === undefined ? undefined : brave(url ?? braveApi, key)
  }
}

const SearxngAnswer = z.object({
  results: z.array(
    z.object({
      url: z.string(),
      title: z.string().nullish(),
      content: z.string().nullish(),
      publishedDate: z.string().nullish(),
    }),
  ),
})

/** SearXNG documentation, "Search API": JSON has to be among its `search.formats`. */
function searxng(base: string, key: string | undefined): Provider {
  return {
    request({ query, page, freshness }) {
      const url = new URL(`${base}/search`)
      url.searchParams.set("q", query)
      url.searchParams.set("format", "json")
      if (page !== undefined) url.searchParams.set("pageno", String(page))
      if (freshness !== undefined) url.searchParams.set("time_range", freshness)
      const headers = { accept: "application/json", ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) }
      return new Request(url, { headers })
    },
    read(answer) {
      const { data } = SearxngAnswer.safeParse(answer)
      return data?.results.map(({ url, title, content, publishedDate }) => ({
        url,
        title: title ?? "",
        snippet: content ?? "",
        age: publishedDate ?? "",
      }))
    },
  }
}

const BraveAnswer = z.object({
  web: z
    .object({
      results: z.array(
        z.object({
          url: z.string(),
          title: z.string().nullish(),
          description: z.string().nullish(),
          age: z.string().nullish(),
        }),
      ),
    })
    .nullish(),
})
const braveFreshness = { day: "pd", week: "pw", month: "pm", year: "py" } as const

/** Brave Search API, "Web Search": at most 20 results a page, ten pages; nothing found has no `web`. */
function brave(base: string, key: string | undefined): Provider {
  return {
    request(input) {
      const url = new URL(`${base}/web/search`)
      url.searchParams.set("q", input.query)
      url.searchParams.set("count", String(countOf(input)))
      if (input.page !== undefined) url.searchParams.set("offset", String(input.page - 1))
      if (input.freshness !== undefined) url.searchParams.set("freshness", braveFreshness[input.freshness])
      const headers = { accept: "application/json", ...(key === undefined ? {} : { "x-subscription-token": key }) }
      return new Request(url, { headers })
    },
    read(answer) {
      const { data } = BraveAnswer.safeParse(answer)
      return (
        data &&
        (data.web?.results ?? []).map(({ url, title, description, age }) => ({
          url,
          title: title ?? "",
          snippet: description ?? "",
          age: age ?? "",
        }))
      )
    },
  }
}

/** Each a line for the title, the address and the words. Both providers mark what fits by HTML. */
async function describe(found: readonly Found[]): Promise<string> {
  // Only here: see readHtml of http-request.ts.
  const { htmlToText } = await import("./html-text.ts")
  const plain = (text: string, limit: number) =>
    visibleLine(htmlToText(text.slice(0, 5_000), "https://search.invalid/").text, limit)
  const entries = found.flatMap(({ title, url, snippet, age }, index) => {
    const address = URL.parse(url)
    if (address === null || !/^https?:$/.test(address.protocol) || url.length > 2_000) return []
    const lines = [plain(title, 200) || "(no title)", address.href, plain(snippet, 500), plain(age, 60)]
    return [`${index + 1}. ${lines.filter((line) => line !== "").join("\n   ")}`]
  })
  return entries.length === 0 ? "Nothing was found." : entries.join("\n\n")
}

function problemOf(response: Response): string {
  const { status } = response
  if (status === 429) {
    const after = visibleLine(response.headers.get("retry-after") ?? "", 40)
    return `The search provider takes no more requests now${after === "" ? "" : `: retry after ${after}`}.`
  }
  if (status === 401 || status === 403 || status === 402)
    return `The search provider refuses the gateway (status ${status}): the operator has to look at its key and settings.`
  return `The search provider answered with status ${status}.`
}

function failed(text: string): ToolResult {
  return { text, tainted: false, failed: true }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
