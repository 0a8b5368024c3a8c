/** Speaks HTTP with an address that the model names. Each hop passes the guard anew, and nothing secret goes to another origin. */
import * as z from "zod"
import { isLoopError, LoopError } from "../../core/errors.ts"
import { visibleLine, visibleText } from "../../core/plain-text.ts"
import { maxKeptBytes } from "../../core/turn/output.ts"
import { mediaTypeOf, readBounded, textOf } from "./exchange.ts"
import { defineTool, type ToolContext, type ToolResult } from "./tool.ts"

const longestSeconds = 120
const maxRedirects = 5
/** What is kept of one output, with room for the lines above the text. */
const maxBodyBytes = maxKeptBytes - 30_000
/** What a model is shown of an answer at once; it reads on in what is kept. */
const maxTextBytes = 64_000

/**
 * Made by the gateway, or believed by servers because only proxies write them: a model could claim with them to be someone else,
 * or send a second request inside the first.
 */
const ownHeaders =
  /^(host|content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|accept-encoding|date|via|forwarded|true-client-ip|proxy-.*|sec-.*|cf-.*|x-forwarded-.*|x-real-ip|x-original-.*|x-rewrite-.*)$/i
/** What may follow to another origin: none of these carries a secret. */
const harmlessHeaders: ReadonlySet<string> = new Set(["accept", "accept-language", "content-type", "user-agent"])
const toldHeaders =
  /^(content-type|content-length|content-disposition|last-modified|etag|location|retry-after|www-authenticate|allow|link|set-cookie|age|expires|cache-control|x-request-id|(x-)?ratelimit-.*)$/

const HeaderName = z
  .string()
  .max(100)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "A header's name has letters, digits and dashes.")
  .refine((name) => !ownHeaders.test(name), "The gateway sets this header itself.")
const HeaderValue = z
  .string()
  .max(8_000)
  .regex(/^[\t\x20-\x7E\u00A0-\u00FF]*$/, "A header's value is one line.")

const Input = z
  .object({
    method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    url: z
      .string()
      .max(8_000)
      .refine(
        isPlainAddress,
        "Give a whole address that begins with http:// or https:// and holds no user name or password.",
      ),
    headers: z.record(HeaderName, HeaderValue).optional(),
    json: z.unknown().optional().describe("Body: any JSON value, sent as application/json"),
    body: z.string().max(500_000).optional().describe("Body: text as it is, in place of json"),
    timeout_seconds: z.number().int().min(1).max(longestSeconds).optional().describe("30 when absent"),
  })
  .refine(({ json, body }) => json === undefined || body === undefined, "Give json or body, not both.")
  .refine(
    ({ method, json, body }) => !["GET", "HEAD"].includes(method) || (json === undefined && body === undefined),
    "A GET or HEAD has no body.",
  )
  .refine(({ headers }) => Object.keys(headers ?? {}).length <= 50, "Give at most 50 headers.")
type Input = z.infer<typeof Input>

export const httpRequest = defineTool({
  name: "http_request",
  description:
    "Sends an HTTP request and tells status, headers and body. For APIs, feeds and plain pages: HTML comes as text, other text as it is, binary as its size. Pages that need a browser: web_browse. Private addresses are closed.",
  input: Input,
  risk: "high",
  repeatable: false,
  outward: "acts",
  cases: [{ field: "method", oneOf: ["GET", "HEAD"], risk: "low", repeatable: true, outward: "reads" }],
  timeoutMs: (longestSeconds + 5) * 1_000,
  maxTextBytes,
  async run(input, context) {
    const deadline = AbortSignal.timeout((input.timeout_seconds ?? 30) * 1_000)
    try {
      return await exchange(input, context, AbortSignal.any([context.signal, deadline]))
    } catch (error) {
      if (context.signal.aborted || isLoopError(error)) throw error
      const why = deadline.aborted ? `no whole answer within ${input.timeout_seconds ?? 30} s` : reasonOf(error)
      return { text: `The request failed: ${why}.`, tainted: true, failed: true }
    }
  },
})

interface Hop {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: string | undefined
}

async function exchange(input: Input, context: ToolContext, signal: AbortSignal): Promise<ToolResult> {
  let hop: Hop = firstHop(input)
  for (let redirects = 0; ; redirects += 1) {
    const { url, method, headers, body } = hop
    const request = new Request(url, {
      method,
      headers,
      redirect: "manual",
      signal,
      ...(body === undefined ? {} : { body }),
    })
    const response = await context.fetch(request)
    const target = redirectOf(response, url)
    if (target === undefined) return describeAnswer(response, hop, redirects, "")
    const next = follow(hop, response.status, target)
    if (next === undefined) {
      const note = "It redirects to another origin, where the body is not repeated. Ask there yourself if it is right."
      return describeAnswer(response, hop, redirects, note)
    }
    if (redirects === maxRedirects)
      return describeAnswer(response, hop, redirects, `It redirects more than ${maxRedirects} times.`)
    await response.body?.cancel()
    hop = next
  }
}

function firstHop(input: Input): Hop {
  const headers = new Headers(input.headers)
  if (!headers.has("user-agent")) headers.set("user-agent", "loop-gateway")
  if (input.json !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json")
  if (input.body !== undefined && !headers.has("content-type")) headers.set("content-type", "text/plain; charset=utf-8")
  const body = input.json === undefined ? input.body : JSON.stringify(input.json)
  return { url: new URL(input.url), method: input.method, headers, body }
}

/** @throws LoopError `egress_forbidden` for a redirect to what is no address of the web */
function redirectOf(response: Response, from: URL): URL | undefined {
  const location = response.headers.get("location")
  if (location === null || ![301, 302, 303, 307, 308].includes(response.status)) return undefined
  const target = URL.parse(location, from)
  if (target === null || !isPlainAddress(target.href)) throw new LoopError("egress_forbidden", { host: from.hostname })
  return target
}

/**
 * The request after a redirect (WHATWG Fetch 4.4 "HTTP-redirect fetch"), but stricter: to another origin only what is harmless
 * goes along. Undefined where the body would have to be repeated there.
 */
function follow(hop: Hop, status: number, url: URL): Hop | undefined {
  const isElsewhere = url.origin !== hop.url.origin
  const isRead = hop.method === "GET" || hop.method === "HEAD"
  const becomesGet = !isRead && (status === 303 || ((status === 301 || status === 302) && hop.method === "POST"))
  if (isElsewhere && !isRead && !becomesGet) return undefined
  const kept = [...hop.headers].filter(([name]) => {
    if (becomesGet && name.startsWith("content-")) return false
    return !isElsewhere || harmlessHeaders.has(name)
  })
  return {
    url,
    method: becomesGet ? "GET" : hop.method,
    headers: new Headers(kept),
    body: becomesGet ? undefined : hop.body,
  }
}

async function describeAnswer(response: Response, hop: Hop, redirects: number, note: string): Promise<ToolResult> {
  const contentType = response.headers.get("content-type")
  const { bytes, isCut } = await readBounded(response.body, maxBodyBytes)
  const after = redirects === 0 ? "" : ` after ${redirects} redirect${redirects === 1 ? "" : "s"}`
  const told = [...response.headers]
    .filter(([name]) => toldHeaders.test(name))
    .slice(0, 40)
    .map(([name, value]) => `${name}: ${visibleLine(value, 500)}`)
  const head = [`${hop.method} ${hop.url.href}${after}: status ${response.status}`, ...told].join("\n")
  const body = hop.method === "HEAD" ? "" : await describeBody(bytes, contentType, hop.url.href, isCut)
  return { text: [head, note, body].filter((part) => part !== "").join("\n\n"), tainted: true }
}

async function describeBody(
  bytes: Uint8Array,
  contentType: string | null,
  base: string,
  isCut: boolean,
): Promise<string> {
  if (bytes.length === 0) return "(no body)"
  const size = `${isCut ? "more than " : ""}${bytes.length} bytes`
  const text = textOf(bytes, contentType)
  if (text === undefined) return `(binary body: ${size} of ${visibleLine(contentType ?? "an unnamed type", 100)})`
  const readable = isHtml(text, contentType) ? await readHtml(text, base) : visibleText(text)
  if (readable.trim() === "") return "(the body shows no text)"
  return isCut ? `${readable}\n\n[cut: the body has ${size}, and the rest was not fetched]` : readable
}

async function readHtml(html: string, base: string): Promise<string> {
  // Only here, since a parser of HTML takes 3 MB of memory: a gateway whose agents read no page does without it.
  const { htmlToText } = await import("./html-text.ts")
  const { title, text } = htmlToText(html, base)
  return title === "" ? text : `Title: ${title}\n\n${text}`
}

function isHtml(text: string, contentType: string | null): boolean {
  const mediaType = mediaTypeOf(contentType)
  if (mediaType === "text/html" || mediaType === "application/xhtml+xml") return true
  return mediaType === "" && /^\s*<(!doctype html|html)\b/i.test(text)
}

function isPlainAddress(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === ""
}

/** What the runtime says of a connection that failed, without addresses that a name led to. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
  if (/ENOTFOUND|EAI_/.test(code)) return "there is no such host"
  if (/CERT|SSL|TLS/.test(code)) return `the server has no valid certificate (${code})`
  if (/TIMEOUT/.test(code)) return "the server does not answer"
  return code === "" ? "the connection broke" : `the connection broke (${code})`
}
