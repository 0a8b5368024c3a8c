/** Headers that every answer carries. */

const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ")
/** What is no page may load nothing, should a browser be made to show it as one. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'"

const everywhere = [
  ["x-content-type-options", "nosniff"],
  ["referrer-policy", "no-referrer"],
  ["x-frame-options", "DENY"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"],
] as const

/** Adds them in place. `keepCache`: the answer says itself how long it may be kept; else nobody keeps it. */
export function addSecurityHeaders(headers: Headers, options: { keepCache: boolean; https: boolean }): void {
  for (const [name, value] of everywhere) headers.set(name, value)
  const isPage = headers.get("content-type")?.startsWith("text/html") ?? false
  headers.set("content-security-policy", isPage ? pagePolicy : dataPolicy)
  if (!options.keepCache || !headers.has("cache-control")) headers.set("cache-control", "no-store")
  // A year, for this name alone: other names of the domain are not ours to decide on.
  if (options.https) headers.set("strict-transport-security", "max-age=31536000")
}
