/** Which host names and origins are ours. Keeps pages of other sites, and names that were rebound to us, from speaking for a user. */
import { LoopError } from "../../core/errors.ts"
import type { Config } from "../../durable-objects/config.ts"
import type { AppContext } from "./app-env.ts"

/**
 * True when the Host header names us: a loopback name, the public address's host, or one of the operator's list.
 * Against DNS rebinding: a page whose name suddenly resolves to this machine still sends its own name.
 * @param host - the header as it came, with or without a port
 */
export function isOurHost(host: string, config: Pick<Config, "PUBLIC_URL" | "ALLOWED_HOSTS">): boolean {
  const name = hostName(host)
  if (name === undefined) return false
  if (name === "localhost" || name === "[::1]" || /^127(\.\d{1,3}){3}$/.test(name)) return true
  const publicHost = config.PUBLIC_URL === undefined ? undefined : hostName(new URL(config.PUBLIC_URL).host)
  return name === publicHost || config.ALLOWED_HOSTS.some((allowed) => hostName(allowed) === name)
}

/**
 * True when an Origin header is the origin that the request itself was sent to, or the public address's.
 * @param https - whether the client used https
 */
export function isOurOrigin(origin: string, host: string, https: boolean, publicUrl: string | undefined): boolean {
  const ours = [`${https ? "https" : "http"}://${host}`, publicUrl]
  return ours.some((url) => url !== undefined && originOf(url) === origin)
}

/** The Host header, or where a host leaves it out (HTTP/2), what the address says. */
export function requestHost(request: Request): string {
  return request.headers.get("host") ?? new URL(request.url).host
}

/**
 * Lets a request pass that changes nothing, and one whose Origin is ours. `always`: one without an Origin is refused too,
 * because it speaks by a cookie that the browser adds by itself.
 * @throws LoopError `origin_forbidden`
 */
export function requireOurOrigin(
  context: AppContext,
  config: Pick<Config, "PUBLIC_URL">,
  when: "always" | "if_told" = "if_told",
): void {
  const { method, headers } = context.req.raw
  const isUpgrade = headers.get("upgrade")?.toLowerCase() === "websocket"
  if ((method === "GET" || method === "HEAD") && !isUpgrade) return
  const origin = headers.get("origin")
  if (origin === null && when === "if_told") return
  const host = requestHost(context.req.raw)
  if (origin !== null && isOurOrigin(origin, host, context.get("https"), config.PUBLIC_URL)) return
  throw new LoopError("origin_forbidden", {
    message: "The request comes from another origin. Behind a proxy, set PUBLIC_URL to the address that browsers use.",
  })
}

/** Where browsers reach the gateway: the public address, or the one that this request was sent to. */
export function publicOrigin(context: AppContext, config: Pick<Config, "PUBLIC_URL">): string {
  return config.PUBLIC_URL ?? `${context.get("https") ? "https" : "http"}://${requestHost(context.req.raw)}`
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}

/** Lower case, without port and without the dot that may end a full name. */
function hostName(host: string): string | undefined {
  const form = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+?)\.?(?::\d{1,5})?$/.exec(host.trim().toLowerCase())
  return form?.[1]
}
