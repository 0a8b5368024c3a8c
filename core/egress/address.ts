/** Which addresses a model, a message or a page may send the gateway to: public ones, and what the operator has allowed. */
import ipaddr from "ipaddr.js"

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Private addresses that may be reached all the same, on one port. */
export interface Allowance {
  readonly range: [Address, number]
  readonly port: number
}

/** The IPv6 space that is given out to the public at all (IANA IPv6 address space registry). */
const globalUnicast: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3]
/** A v6-only network writes public IPv4 addresses so (RFC 6052 2.1). */
const translated: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("64:ff9b::"), 96]
/** Azure's wire server: machine metadata under an address that looks public (learn.microsoft.com "IP address 168.63.129.16"). */
const azureWireServer = "168.63.129.16"

/**
 * Reads one entry of EGRESS_ALLOW_PRIVATE, `CIDR:port`: `10.0.0.5/32:8080`, `[fd00::]/8:443` or `fd00::/8:443`.
 * @returns undefined for anything else
 */
export function parseAllowance(entry: string): Allowance | undefined {
  const [, cidr, portText] = /^(.+):(\d{1,5})$/.exec(entry.trim()) ?? []
  if (cidr === undefined || portText === undefined) return undefined
  const bare = cidr.replace(/^\[(.+)\]/, "$1")
  const port = Number(portText)
  if (!ipaddr.isValidCIDR(bare) || port < 1 || port > 65_535) return undefined
  return { range: ipaddr.parseCIDR(bare), port }
}

/**
 * Whether a connection to this address and port may be opened on someone else's behalf.
 * @param address - literal IPv4 or IPv6 as the resolver or a URL gives it, with or without brackets; anything else is refused
 */
export function mayReach(address: string, port: number, allowances: readonly Allowance[]): boolean {
  const bare = address.replace(/^\[(.+)\]$/, "$1")
  if (!ipaddr.isValid(bare)) return false
  const parsed = ipaddr.parse(bare)
  if (isPublic(parsed)) return true
  return allowances.some((allowance) => allowance.port === port && isWithin(parsed, allowance.range))
}

/** Whether a URL's host name is a literal address, which no resolver will see. */
export function isLiteralAddress(hostname: string): boolean {
  return ipaddr.isValid(hostname.replace(/^\[(.+)\]$/, "$1"))
}

function isPublic(address: Address): boolean {
  if (address instanceof ipaddr.IPv4) return address.range() === "unicast" && address.toString() !== azureWireServer
  if (address.zoneId !== undefined) return false
  if (address.match(translated)) return isPublic(new ipaddr.IPv4(address.toByteArray().slice(12)))
  return address.match(globalUnicast) && address.range() === "unicast"
}

function isWithin(address: Address, [network, bits]: [Address, number]): boolean {
  return address.kind() === network.kind() && address.match(network, bits)
}
