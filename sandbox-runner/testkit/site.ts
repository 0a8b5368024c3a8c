/** A site on loopback for tests of who reads the web: pages by path, and what was asked. */
import type { IncomingMessage, ServerResponse } from "node:http"
import { readBody, startLoopback, type LoopbackServer } from "./loopback.ts"

export interface SiteRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

export type SiteAnswer = string | ((request: SiteRequest, response: ServerResponse) => void)

export interface Site extends LoopbackServer {
  /** What is answered by path, before `?`; a text is an HTML page. Anything else is 404. */
  readonly pages: Map<string, SiteAnswer>
  readonly seen: SiteRequest[]
}

export async function startSite(): Promise<Site> {
  const pages = new Map<string, SiteAnswer>()
  const seen: SiteRequest[] = []
  const server = await startLoopback(async (incoming, response) => {
    const { method = "", url = "", headers } = incoming
    const request = { method, url, headers, body: (await readBody(incoming)).toString() }
    // Chromium asks for it by itself.
    if (url === "/favicon.ico") return void response.writeHead(404).end()
    seen.push(request)
    const answer = pages.get(new URL(url, "http://site").pathname)
    if (answer === undefined) response.writeHead(404, { "content-type": "text/html" }).end("<p>nothing here")
    else if (typeof answer === "string")
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(answer)
    else answer(request, response)
  })
  return { ...server, pages, seen }
}
