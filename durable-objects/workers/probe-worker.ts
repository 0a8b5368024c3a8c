/** The Worker of the contract suite: the real wrappers around ProbeObjects. */
import { durableObjectOf, type ObjectBindings } from "../cloudflare.ts"
import type { ObjectKind } from "../peers.ts"
import { cutPeers, ProbeObject } from "../probe-object.ts"

/** Peers of these ids answer no one. */
export const cut = new Set<string>()

const probe = (kind: ObjectKind) =>
  durableObjectOf<ObjectBindings>(kind, () => ({
    libsql: { read: async () => [], write: async () => [], project: async () => {}, scrub: async () => {} },
    egress: { allowances: [], ownOrigins: [] },
    create: (host) => new ProbeObject(cutPeers(host, (id) => cut.has(id))),
    log: () => {},
  }))

export class Conversation extends probe("conversation") {}
export class Channel extends probe("channel") {}
export class Ledger extends probe("ledger") {}
export class LiveHub extends probe("live") {}
export class RunnerHub extends probe("runners") {}

export default {
  fetch: (): Response => new Response("only its objects are of use"),
}
