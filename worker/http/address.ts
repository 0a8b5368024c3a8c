/** Who is at the other end: the client's address, the scheme it used, and the key by which it is limited. */

/**
 * The client's address: the socket's, or under `trustProxy` the one that our proxy saw. That is the last entry of
 * X-Forwarded-For alone: whoever wrote the entries before it could write what they liked.
 */
export function clientAddress(headers: Headers, remoteAddress: string, trustProxy: boolean): string {
  if (!trustProxy) return remoteAddress
  const last = headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() ?? ""
  const bare = withoutPort(last)
  return parseAddress(bare) === undefined ? remoteAddress : bare
}

/** True when the client speaks https to us, or under `trustProxy` to our proxy. */
export function isHttps(request: Request, trustProxy: boolean): boolean {
  const told = trustProxy
    ? request.headers.get("x-forwarded-proto")?.split(",").at(-1)?.trim().toLowerCase()
    : undefined
  return told === undefined || told === "" ? new URL(request.url).protocol === "https:" : told === "https"
}

/**
 * The key of an address for limits: an IPv4 address whole, an IPv6 address by its /64, which is what one household or one
 * rented machine is given (RFC 6177, RFC 7934). Addresses that cannot be read share one key.
 */
export function addressKey(address: string): string {
  const parsed = parseAddress(address)
  if (parsed === undefined) return "unknown"
  if (parsed.version === 4) return parsed.text
  return `${parsed.groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`
}

type Address = { version: 4; text: string } | { version: 6; groups: readonly number[] }

function parseAddress(address: string): Address | undefined {
  const bare = address.replace(/%.*$/, "")
  if (isIpv4(bare)) return { version: 4, text: bare }
  const groups = parseIpv6(bare)
  if (groups === undefined) return undefined
  // ::ffff:192.0.2.1 is how a socket that takes both families shows an IPv4 client.
  const [high = 0, low = 0] = groups.slice(6)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (!isMapped) return { version: 6, groups }
  return { version: 4, text: [high >> 8, high & 255, low >> 8, low & 255].join(".") }
}

function isIpv4(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split(".").every((part) => Number(part) <= 255)
}

function parseIpv6(text: string): number[] | undefined {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  if (dotted !== null) {
    const [, before = "", ...quad] = dotted
    const [a = 0, b = 0, c = 0, d = 0] = quad.map(Number)
    if ([a, b, c, d].some((part) => part > 255)) return undefined
    return parseIpv6(`${before}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`)
  }
  const halves = text.split("::")
  if (halves.length > 2) return undefined
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")))
  const given = [...head, ...tail]
  if (!given.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  const missing = 8 - given.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  return [...head, ...Array.from({ length: missing }, () => "0"), ...tail].map((group) => Number.parseInt(group, 16))
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  const bracketed = /^\[(.+)\](?::\d+)?$/.exec(entry)
  if (bracketed?.[1] !== undefined) return bracketed[1]
  return entry.replace(/^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/, "$1")
}
