/**
 * What Node connects to on someone else's behalf: the resolved address is judged in the very moment of the connection, so that
 * no answer of a name server can change between check and use.
 */
import { isIP, type LookupFunction } from "node:net"
import { networkInterfaces } from "node:os"
import { mayReach, type Allowance } from "../core/egress/address.ts"
import { forbidden } from "../core/egress/target.ts"

export interface ConnectRules {
  /** Private addresses that may be reached all the same. */
  readonly allowances: readonly Allowance[]
  /** The port that the gateway listens on: closed at every address of this machine, whatever is allowed. */
  readonly ownPort?: number
}

export function mayConnect(address: string, port: number, { allowances, ownPort }: ConnectRules): boolean {
  return mayReach(address, port, allowances) && !(port === ownPort && isThisMachine(address))
}

/** Whether a host as a URL writes it is an address that must not be connected to. No resolver ever sees such a host. */
export function isForbiddenLiteral(hostname: string, port: number, rules: ConnectRules): boolean {
  const literal = hostname.replace(/^\[(.+)\]$/, "$1")
  return isIP(literal) !== 0 && !mayConnect(literal, port, rules)
}

/** A resolver that gives only the addresses of a name that may be connected to, and fails by `egress_forbidden` without any. */
export function guardedLookup(resolve: LookupFunction, port: number, rules: ConnectRules): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, [])
      const addresses = (Array.isArray(found) ? found : []).filter(({ address }) => mayConnect(address, port, rules))
      const [first] = addresses
      if (first === undefined) return callback(forbidden(hostname), [])
      if (options.all === true) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}

function isThisMachine(address: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return own.some((candidate) => candidate.address === address) || address.startsWith("127.") || address === "::1"
}
