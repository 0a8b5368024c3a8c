/** A fetch on someone else's behalf: every address on the way is checked, and no credential follows to another origin. */
import { forbidden, mayAskFor, type EgressRules } from "../core/egress/target.ts"
import { isLoopError } from "../core/errors.ts"

/** Fewer than a browser's twenty: each costs a connection, and no honest page needs more. */
const maxRedirects = 10
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const credentialHeaders = ["authorization", "cookie", "proxy-authorization"]
const bodyHeaders = ["content-encoding", "content-language", "content-length", "content-location", "content-type"]

/**
 * Fetches with the request's redirect mode, checking the URL of each hop. Names are not resolved here: where the runtime
 * lets us, `send` checks what they resolve to.
 * @param send - one exchange; must not follow redirects by itself
 * @throws LoopError `egress_forbidden`, and whatever `send` throws
 */
export async function guardedFetch(
  request: Request,
  rules: EgressRules,
  send: (request: Request) => Promise<Response>,
): Promise<Response> {
  let next = new Request(request, { redirect: "manual" })
  // Read once, since a redirect may ask for it again.
  const body = request.body === null ? undefined : await next.clone().arrayBuffer()
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const url = new URL(next.url)
    if (!mayAskFor(url, rules)) throw forbidden(url.hostname)
    const response = await sendOrForbid(next, send)
    const location = response.headers.get("location")
    if (request.redirect === "manual" || location === null || !redirectStatuses.has(response.status)) return response
    await response.body?.cancel()
    if (request.redirect === "error") throw new TypeError("the server redirects, which the request refuses")
    next = followRedirect(next, response.status, new URL(location, next.url), { body, signal: request.signal })
  }
  throw new TypeError(`more than ${maxRedirects} redirects`)
}

/** A refusal at the connection arrives as the cause of fetch's own error. */
async function sendOrForbid(request: Request, send: (request: Request) => Promise<Response>): Promise<Response> {
  try {
    return await send(request)
  } catch (error) {
    let cause = error
    while (cause instanceof Error && !isLoopError(cause)) cause = cause.cause
    throw isLoopError(cause) ? cause : error
  }
}

/** The request after a redirect (WHATWG Fetch 4.4 "HTTP-redirect fetch"). */
function followRedirect(
  from: Request,
  status: number,
  to: URL,
  { body, signal }: { body: ArrayBuffer | undefined; signal: AbortSignal },
): Request {
  const headers = new Headers(from.headers)
  if (to.origin !== new URL(from.url).origin) for (const name of credentialHeaders) headers.delete(name)
  const becomesGet = status === 303 ? !["GET", "HEAD"].includes(from.method) : status < 303 && from.method === "POST"
  if (becomesGet) for (const name of bodyHeaders) headers.delete(name)
  const hasBody = body !== undefined && !becomesGet && !["GET", "HEAD"].includes(from.method)
  return new Request(to, {
    method: becomesGet ? "GET" : from.method,
    headers,
    redirect: "manual",
    signal,
    ...(hasBody ? { body } : {}),
  })
}
