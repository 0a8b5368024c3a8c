/** Which runners there are, and which of them can be spoken to now. Their sockets outlive the hub in memory, and say who they are. */
import type { Capability, RunnerId } from "../../core/runner/command.ts"
import { type Candidate, deadAfterMs, graceMs, type RunnerView, stateOf } from "../../core/runner/fleet.ts"
import type { GatewayFrame, RunnerFrame } from "../../core/runner/link.ts"
import { after, type EpochMs, type TokenId } from "../../core/units.ts"
import type { ObjectHost, ObjectSocket } from "../host.ts"
import { Attached, keys, Runner } from "./records.ts"

/** A runner that did not come back for so long is no longer listed. */
const forgottenAfterMs = 30 * 24 * 60 * 60_000
/** How long it is trusted that a runner's token is good: the bound on a revocation, as everywhere. */
export const trustedMs = 10_000

export interface Linked {
  readonly socket: ObjectSocket
  readonly attached: Extract<Attached, { status: "linked" }>
}

export class Roster {
  readonly #host: ObjectHost
  readonly #runners: Map<RunnerId, Runner>

  constructor(host: ObjectHost) {
    this.#host = host
    const stored = host.storage.list({ prefix: "r/" }).flatMap(([, value]) => Runner.safeParse(value).data ?? [])
    this.#runners = new Map(stored.map((runner) => [runner.id, runner]))
    // The host itself went down with their sockets: nobody told us.
    for (const runner of this.#runners.values())
      if (runner.awaySince === null && this.socketOf(runner.id) === undefined) this.markAway(runner.id)
  }

  get all(): Runner[] {
    return [...this.#runners.values()]
  }

  find(id: RunnerId): Runner | undefined {
    return this.#runners.get(id)
  }

  /** Sockets whose runner is known. */
  get linked(): Linked[] {
    return this.#host.sockets.list().flatMap((socket) => {
      const attached = Attached.parse(socket.attachment)
      return attached.status === "linked" ? [{ socket, attached }] : []
    })
  }

  socketOf(id: RunnerId): Linked | undefined {
    return this.linked.find(({ attached }) => attached.runnerId === id)
  }

  send(id: RunnerId, frame: GatewayFrame): void {
    const socket = this.socketOf(id)?.socket
    if (socket !== undefined) send(socket, frame)
  }

  /** A runner that was let in. */
  admit(
    hello: Extract<RunnerFrame, { type: "hello" }>,
    given: { tokenId: TokenId | null; granted: readonly Capability[] },
  ): Runner {
    const now = this.#host.now()
    const { runnerId: id, hostname, platform, version, slots, isDraining } = hello
    const runner: Runner = {
      id,
      hostname,
      platform,
      version,
      slots,
      isDraining,
      tokenId: given.tokenId,
      capabilities: hello.capabilities.filter(({ name }) => given.granted.includes(name)),
      firstSeenAt: this.#runners.get(id)?.firstSeenAt ?? now,
      lastSeenAt: now,
      awaySince: null,
      revokedAt: null,
    }
    this.#put(runner)
    // One process, one runner: another name is of a data directory that is no longer used.
    if (runner.tokenId === null)
      for (const other of this.all) if (other.tokenId === null && other.id !== id) this.#forget(other.id)
    return runner
  }

  /** A sign of life. True when something that is shown has changed. */
  beat(id: RunnerId, frame: Extract<RunnerFrame, { type: "heartbeat" }>): boolean {
    const runner = this.#runners.get(id)
    if (runner === undefined) return false
    const granted = new Set(runner.capabilities.map(({ name }) => name))
    const capabilities = frame.capabilities.filter(({ name }) => granted.has(name))
    const next = { ...runner, capabilities, isDraining: frame.isDraining }
    const isSame = JSON.stringify(next) === JSON.stringify(runner)
    if (!isSame) this.#put(next)
    return !isSame
  }

  markAway(id: RunnerId): void {
    const runner = this.#runners.get(id)
    if (runner === undefined || runner.awaySince !== null) return
    const now = this.#host.now()
    this.#put({ ...runner, awaySince: now, lastSeenAt: now })
  }

  markRevoked(id: RunnerId): void {
    const runner = this.#runners.get(id)
    if (runner !== undefined) this.#put({ ...runner, revokedAt: this.#host.now() })
  }

  /** Forgets runners that are gone for good. */
  prune(now: EpochMs): void {
    for (const { id, awaySince } of this.#runners.values()) {
      if (awaySince === null || after(awaySince, forgottenAfterMs) > now) continue
      this.#forget(id)
    }
  }

  /** As the choice sees them. Whose token was not looked at just now is passed over. */
  candidates(now: EpochMs, loadOf: (id: RunnerId) => number): Candidate[] {
    const linked = new Map(this.linked.map(({ attached }) => [attached.runnerId, attached]))
    return this.all.map((runner) => {
      const attached = linked.get(runner.id)
      const isHere = attached !== undefined && !isSilent(attached, now) && isTrusted(attached, now)
      // Where the gateway is, its own process is, or is about to be.
      const isOurs = attached !== undefined || runner.tokenId === null
      const isBackSoon = isOurs || (runner.awaySince !== null && after(runner.awaySince, graceMs) > now)
      const presence = isHere ? "here" : isBackSoon && runner.revokedAt === null ? "back_soon" : "gone"
      const { id, isDraining, capabilities, slots } = runner
      return { id, isDraining, capabilities, slots, presence, running: loadOf(id) }
    })
  }

  views(now: EpochMs, loadOf: (id: RunnerId) => number): RunnerView[] {
    const linked = new Map(this.linked.map(({ attached }) => [attached.runnerId, attached]))
    const views = this.all.map((runner) => {
      const { id, hostname, platform, version, slots, capabilities, firstSeenAt, isDraining } = runner
      const attached = linked.get(id)
      // Nothing is between us and our own process.
      const lastSeenAt = attached?.credential === null ? now : (attached?.lastSeenAt ?? runner.lastSeenAt)
      const isRevoked = runner.revokedAt !== null
      const state = stateOf({ isConnected: attached !== undefined, isDraining, isRevoked, lastSeenAt }, now)
      const own = { id, hostname, platform, version, slots, capabilities, firstSeenAt, lastSeenAt }
      return { ...own, state, isBuiltIn: runner.tokenId === null, running: loadOf(id) }
    })
    return views.toSorted((a, b) => b.lastSeenAt - a.lastSeenAt || (a.id < b.id ? -1 : 1))
  }

  #forget(id: RunnerId): void {
    this.#runners.delete(id)
    this.#host.storage.delete(keys.runner(id))
  }

  #put(runner: Runner): void {
    this.#runners.set(runner.id, runner)
    this.#host.storage.put(keys.runner(runner.id), runner)
  }
}

export function send(socket: ObjectSocket, frame: GatewayFrame): void {
  socket.send(JSON.stringify(frame))
}

/** The gateway's own process cannot be half gone. */
export function isSilent({ credential, lastSeenAt }: Linked["attached"], now: EpochMs): boolean {
  return credential !== null && after(lastSeenAt, deadAfterMs) <= now
}

/** The gateway's own process needs no token. */
export function isTrusted({ credential }: Pick<Linked["attached"], "credential">, now: EpochMs): boolean {
  return credential === null || now < after(credential.verifiedAt, trustedMs)
}
