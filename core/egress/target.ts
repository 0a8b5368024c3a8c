/** What an address shows before anyone resolves or connects: its scheme, its port, a literal address, the gateway's own origin. */
import { LoopError } from "../errors.ts"
import { isLiteralAddress, mayReach, type Allowance } from "./address.ts"

export interface EgressRules {
  /** Private addresses that may be reached all the same. */
  readonly allowances: readonly Allowance[]
  /** The gateway's own, which an agent must not use to speak to itself. */
  readonly ownOrigins: readonly string[]
}

/** What is looked at of a `URL`, as the runtime's own class gives it. */
export interface UrlParts {
  readonly protocol: string
  readonly origin: string
  readonly hostname: string
  /** Empty for the port of the scheme. */
  readonly port: string
}

/**
 * Ports of services that take an HTTP request for one of their own, such as mail (WHATWG Fetch 2.9 "Port blocking"). Not every
 * runtime refuses them by itself.
 */
const badPorts: ReadonlySet<number> = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

/**
 * Whether a URL may be asked for on someone else's behalf, as far as it shows. What its name resolves to is another question,
 * for whoever connects.
 */
export function mayAskFor(url: UrlParts, { allowances, ownOrigins }: EgressRules): boolean {
  if (url.protocol !== "http:" && url.protocol !== "https:") return false
  if (ownOrigins.includes(url.origin) || ownOrigins.includes(url.origin.replace(/\.(?=:|$)/, ""))) return false
  const port = portOf(url)
  if (badPorts.has(port)) return false
  // `wrangler dev` would resolve it to the developer's machine, and no connection of ours is there to look.
  if (/(^|\.)localhost\.?$/.test(url.hostname) && allowances.length === 0) return false
  return !isLiteralAddress(url.hostname) || mayReach(url.hostname, port, allowances)
}

/** The port that a URL leads to. */
export function portOf(url: UrlParts): number {
  if (url.port !== "") return Number(url.port)
  return url.protocol === "https:" ? 443 : 80
}

/** `details` repeat the host that was asked for, not where it led. */
export function forbidden(hostname: string): LoopError {
  return new LoopError("egress_forbidden", { host: hostname })
}
