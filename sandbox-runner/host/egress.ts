/**
 * The ways out of the Node host: one for addresses that the operator configured, one for addresses that a model, message or
 * page chose. The second checks the address that a name resolves to in the very moment it connects.
 */
import { lookup } from "node:dns"
import type { LookupFunction } from "node:net"
import Agent from "undici/lib/dispatcher/agent.js"
import buildConnector from "undici/lib/core/connect.js"
import { guardedFetch } from "../../adapters/egress.ts"
import { parseAllowance } from "../../core/egress/address.ts"
import { forbidden } from "../../core/egress/target.ts"
import type { Egress } from "../../durable-objects/host.ts"
import { guardedLookup, isForbiddenLiteral, type ConnectRules } from "../connecting.ts"

export interface EgressOptions {
  /** Entries of EGRESS_ALLOW_PRIVATE. */
  readonly allowPrivate: readonly string[]
  /** The gateway's own public origins. */
  readonly ownOrigins: readonly string[]
  /** The port that the gateway listens on: closed to agents at every address of this machine, whatever is allowed. */
  readonly ownPort?: number
  /** Resolves names; the system's resolver unless a test brings its own. */
  readonly resolve?: LookupFunction
}

export interface NodeEgress {
  readonly fetch: Readonly<Record<Egress, (request: Request) => Promise<Response>>>
  /** Ends the pools; what runs is cut. */
  close(): Promise<void>
}

/** A server that has not answered a SYN or a TLS hello by then will not. */
const connectTimeoutMs = 10_000
/** Longer than a model thinks between two chunks; model clients have tighter limits of their own. */
const operatorSilenceMs = 15 * 60_000
const agentSilenceMs = 60_000
/** Shorter than what common servers grant, so that we seldom send into a closing connection. */
const keepAliveMs = 4_000

/** @throws Error with one line for the operator when an entry of `allowPrivate` is none */
export function openEgress(options: EgressOptions): NodeEgress {
  const allowances = options.allowPrivate.map((entry) => {
    const allowance = parseAllowance(entry)
    if (allowance === undefined) throw new Error(`EGRESS_ALLOW_PRIVATE: ${JSON.stringify(entry)} is not CIDR:port.`)
    return allowance
  })
  const operator = new Agent({
    connect: { timeout: connectTimeoutMs },
    keepAliveTimeout: keepAliveMs,
    headersTimeout: operatorSilenceMs,
    bodyTimeout: operatorSilenceMs,
  })
  const agent = new Agent({
    connect: guardedConnector(
      { allowances, ...(options.ownPort === undefined ? {} : { ownPort: options.ownPort }) },
      options.resolve ?? lookup,
    ),
    keepAliveTimeout: keepAliveMs,
    headersTimeout: agentSilenceMs,
    bodyTimeout: agentSilenceMs,
  })
  const rules = { allowances, ownOrigins: options.ownOrigins }
  const sendHop = keepingRequests((hop) => fetch(hop, { dispatcher: agent }))
  return {
    fetch: {
      operator: keepingRequests((request) => fetch(request, { dispatcher: operator })),
      agent: keepingRequests((request) => guardedFetch(request, rules, sendHop)),
    },
    async close() {
      await Promise.all([operator.destroy(), agent.destroy()])
    },
  }
}

/**
 * Keeps each request in memory until its answer is read or dropped. Node loses the tie between a request and the signal that it
 * was made with when the request is collected: then neither a timeout nor an interruption would ever end the call
 * (nodejs/undici#4068; seen with Node 26.10).
 */
function keepingRequests(send: (request: Request) => Promise<Response>): (request: Request) => Promise<Response> {
  const waiting = new Set<Request>()
  const answered = new WeakMap<ReadableStream, Request>()
  return async (request) => {
    waiting.add(request)
    try {
      const response = await send(request)
      if (response.body !== null) answered.set(response.body, request)
      return response
    } finally {
      waiting.delete(request)
    }
  }
}

/** Connects only to addresses that may be reached. Names lead to those of their addresses that may. */
function guardedConnector(rules: ConnectRules, resolve: LookupFunction): buildConnector.connector {
  return (options, callback) => {
    const port = Number(options.port !== "" ? options.port : options.protocol === "https:" ? 443 : 80)
    if (isForbiddenLiteral(options.hostname, port, rules)) {
      callback(forbidden(options.hostname), null)
      return
    }
    const connect = buildConnector({
      timeout: connectTimeoutMs,
      maxCachedSessions: 0,
      lookup: guardedLookup(resolve, port, rules),
    })
    connect(options, callback)
  }
}
