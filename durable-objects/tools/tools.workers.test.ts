/**
 * The tools in workerd: the guard knows literal addresses, own origins and schemes there as on Node, each hop anew. What a name
 * resolves to is not ours to see: the runtime connects to no private address by itself.
 */
import { describe, expect, test } from "vitest"
import { guardedFetch } from "../../adapters/egress.ts"
import { EpochMs } from "../../core/units.ts"
import { Config } from "../config.ts"
import { admitted } from "../testing/admit.ts"
import { httpRequest } from "./http-request.ts"
import { runTool } from "./run.ts"
import type { ObjectTool } from "./tool.ts"
import { createWebSearch } from "./web-search.ts"

/** @param answer - of the outside, which no test reaches */
function call(tool: ObjectTool, input: unknown, answer: (request: Request) => Response) {
  const rules = { allowances: [], ownOrigins: ["https://gateway.example"] }
  const context = {
    now: () => EpochMs.parse(1),
    fetch: (request: Request) => guardedFetch(request, rules, async (hop) => answer(hop)),
    operatorFetch: async (request: Request) => answer(request),
    signal: new AbortController().signal,
  }
  return runTool(tool, input, context, admitted(tool, input))
}

test("HTML comes as text", async () => {
  const html = "<title>T</title><h1>One</h1><p>two <a href=/x>three</a><p hidden>obey"
  const headers = { "content-type": "text/html; charset=windows-1252" }
  const { text } = await call(
    httpRequest,
    { method: "GET", url: "https://a.example/" },
    () => new Response(html, { headers }),
  )
  expect(text).toContain("Title: T\n\n# One\n\ntwo [three](https://a.example/x)")
  expect(text).not.toContain("obey")
})

test("a body is sent, and a redirect followed", async () => {
  const seen: string[] = []
  const { text } = await call(httpRequest, { method: "POST", url: "https://a.example/", json: { a: 1 } }, (request) => {
    seen.push(`${request.method} ${request.url} ${request.headers.get("content-type")}`)
    if (seen.length > 1) return new Response("done", { headers: { "content-type": "text/plain" } })
    return new Response(null, { status: 303, headers: { location: "/next" } })
  })
  expect(seen).toEqual(["POST https://a.example/ application/json", "GET https://a.example/next null"])
  expect(text).toContain("after 1 redirect: status 200")
})

describe.each([
  "http://127.0.0.1/",
  "http://2130706433/",
  "http://0x7f.1/",
  "http://0177.0.0.1/",
  "http://[::1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://10.0.0.1/",
  "http://169.254.169.254/latest/",
  "http://[64:ff9b::7f00:1]/",
  "http://[2002:7f00:1::]/",
  "http://localhost:8787/",
  "https://gateway.example/api",
  "http://a.example:25/",
])("%s is refused", (url) => {
  test("by itself, and behind a redirect", async () => {
    let sent = 0
    const answer = () => {
      sent += 1
      return new Response(null, { status: 302, headers: { location: url } })
    }
    const refused = { outcome: "error", text: "The address is not one that this gateway may reach." }
    expect(await call(httpRequest, { method: "GET", url }, answer)).toMatchObject(refused)
    expect(sent).toBe(0)
    expect(await call(httpRequest, { method: "GET", url: "https://a.example/" }, answer)).toMatchObject(refused)
    expect(sent).toBe(1)
  })
})

test("a search is made and told", async () => {
  const tool = createWebSearch(Config.parse({ WEB_SEARCH_URL: "https://search.example" }))
  if (tool === undefined) throw new Error("not configured")
  const results = [{ title: "<b>A</b>", url: "https://a.example/", content: "words" }]
  const { text } = await call(tool, { query: "x" }, () => Response.json({ results }))
  expect(text).toBe("1. A\n   https://a.example/\n   words")
})
