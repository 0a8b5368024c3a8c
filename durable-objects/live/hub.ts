/**
 * The live feed: numbers what objects and the edge publish, and sends each reader what it may read. Never content, never deltas.
 * Who reads is looked up again all the time, and a reader that could not be looked up for ten seconds gets nothing more.
 */
import * as z from "zod"
import { CredentialKey, findStandings, type Standing } from "../../adapters/store/standings.ts"
import { Scope } from "../../core/access/scope.ts"
import { isLoopError, LoopError } from "../../core/errors.ts"
import { liveClose, readableLive, type LiveEvent, type LiveFrame } from "../../core/live/event.ts"
import { after, EpochMs, toEpochMs } from "../../core/units.ts"
import type { AcceptSocket, HostedObject, ObjectHost, ObjectSocket } from "../host.ts"
import { methods, on, routeOf, upgrades, type Routes } from "../peers.ts"
import type { LiveInterest } from "./interest.ts"
import { LiveLog, type LoggedEvent } from "./log.ts"

/** What is attached to a reader's socket. */
const Watcher = z.object({
  credential: CredentialKey,
  scopes: z.array(Scope),
  /** The credential was good then. */
  verifiedAt: EpochMs,
})
type Watcher = z.infer<typeof Watcher>

/** The bound on how long a revoked token or an ended session is of any use, here as everywhere. */
const trustedMs = 10_000
/** Early enough for a second try. */
const verifyAfterMs = 7_000
const verifyAgainMs = 1_000
const maxReaders = 500
const maxReadersPerCredential = 20

export class LiveHub implements HostedObject {
  readonly #host: ObjectHost
  readonly #log: LiveLog
  readonly #interest: LiveInterest | undefined
  #verifying = false
  #verifyAt: EpochMs | null = null
  #armedAt: EpochMs | null | undefined

  readonly #routes: Routes<"live"> = {
    publish: on(methods.live.publish, ({ events }) => this.#publish(events)),
  }

  /** @param interest - shared with publishers of the same process; absent where they live elsewhere */
  constructor(host: ObjectHost, interest?: LiveInterest) {
    this.#host = host
    this.#log = new LiveLog(host.storage)
    this.#interest = interest
    this.#tellInterest()
  }

  async call(name: string, input: unknown): Promise<unknown> {
    return routeOf(this.#routes, name)(input)
  }

  stream(name: string): ReadableStream<Uint8Array> {
    throw new LoopError("internal", { method: name })
  }

  async alarm(): Promise<void> {
    this.#armedAt = null
    this.#look()
  }

  async onUpgrade(input: unknown, accept: AcceptSocket): Promise<void> {
    const { credential, after: last } = upgrades.live.parse(input)
    const { sockets } = this.#host
    const isFull = sockets.list(credential.hash).length >= maxReadersPerCredential
    if (isFull || sockets.list().length >= maxReaders)
      throw new LoopError("too_many_requests", { retryAfterSeconds: 60 })
    const verifiedAt = this.#host.now()
    // What the edge knows of the caller may be ten seconds old, and would grow older here.
    const standing = (await findStandings(this.#host.libsql, [credential], verifiedAt)).get(credential.hash)
    if (standing === undefined) throw new LoopError("invalid_token")
    const scopes = readableOf(standing)
    if (scopes.length === 0) throw new LoopError(standing.scopes === null ? "role_forbidden" : "scope_missing")
    const socket = accept({ tags: [credential.hash], attachment: { credential, scopes, verifiedAt } satisfies Watcher })
    const now = this.#host.now()
    this.#log.watch(now)
    this.#tellInterest()
    const missed = last === null ? [] : this.#log.since(last, now)
    const data = { seq: this.#log.seq, gap: missed === undefined }
    socket.send(JSON.stringify({ event: "hello", data } satisfies LiveFrame))
    sendReadable(socket, scopes, missed ?? [])
    this.#arm()
  }

  async onSocketMessage(socket: ObjectSocket): Promise<void> {
    socket.close(liveClose.notForTalking.code, liveClose.notForTalking.reason)
  }

  async onSocketClose(): Promise<void> {
    this.#arm()
  }

  #publish(events: readonly LiveEvent[]): Record<string, never> {
    const now = this.#host.now()
    const sockets = this.#host.sockets.list()
    if (sockets.length > 0) this.#log.watch(now)
    else if (this.#log.isBlind || this.#log.watchedUntil <= now) {
      this.#goBlind()
      return {}
    }
    const logged = this.#log.append(events, now)
    for (const socket of sockets) {
      const watcher = Watcher.parse(socket.attachment)
      // The alarm that ends it may be late.
      if (isTrusted(watcher, now)) sendReadable(socket, watcher.scopes, logged)
    }
    return {}
  }

  /** Does what is due: ends readers that nobody vouches for, looks all others up, stops keeping events for nobody. */
  #look(): void {
    const now = this.#host.now()
    for (const socket of this.#host.sockets.list()) {
      if (!isTrusted(Watcher.parse(socket.attachment), now)) {
        socket.close(liveClose.unverified.code, liveClose.unverified.reason)
      }
    }
    const readers = this.#watchers()
    if (readers.length > 0) {
      this.#log.watch(now)
      const isDue = (this.#verifyAt ?? this.#verifyDueAt(readers)) <= now
      if (isDue && !this.#verifying) this.#host.keepAlive(this.#verify(readers))
    } else if (this.#log.watchedUntil <= now) this.#goBlind()
    this.#arm()
  }

  async #verify(readers: readonly Watcher[]): Promise<void> {
    this.#verifying = true
    const verifiedAt = this.#host.now()
    const asked = new Map(readers.map(({ credential }) => [credential.hash, credential]))
    try {
      const standings = await findStandings(this.#host.libsql, [...asked.values()], verifiedAt)
      for (const hash of asked.keys()) this.#settle(hash, standings.get(hash), verifiedAt)
      this.#verifyAt = null
    } catch (error) {
      this.#verifyAt = after(this.#host.now(), verifyAgainMs)
      if (!isLoopError(error) || error.code !== "database_unavailable") throw error
    } finally {
      this.#verifying = false
      this.#arm()
    }
  }

  #settle(hash: string, standing: Standing | undefined, verifiedAt: EpochMs): void {
    const scopes = standing === undefined ? [] : readableOf(standing)
    const end = standing === undefined ? liveClose.signedOut : scopes.length === 0 ? liveClose.forbidden : undefined
    for (const socket of this.#host.sockets.list(hash)) {
      if (end !== undefined) socket.close(end.code, end.reason)
      else socket.attachment = { ...Watcher.parse(socket.attachment), scopes, verifiedAt } satisfies Watcher
    }
  }

  #goBlind(): void {
    this.#log.goBlind()
    this.#tellInterest()
  }

  #tellInterest(): void {
    if (this.#interest !== undefined) this.#interest.isWatched = !this.#log.isBlind
  }

  #arm(): void {
    const readers = this.#watchers()
    const dueAt = readers.length > 0 ? this.#readersDueAt(readers) : this.#log.isBlind ? null : this.#log.watchedUntil
    if (dueAt === this.#armedAt) return
    this.#armedAt = dueAt
    this.#host.setAlarm(dueAt)
  }

  #readersDueAt(readers: readonly Watcher[]): EpochMs {
    const deadline = after(oldest(readers), trustedMs)
    if (this.#verifying) return deadline
    return toEpochMs(Math.min(deadline, this.#verifyAt ?? this.#verifyDueAt(readers)))
  }

  #verifyDueAt(readers: readonly Watcher[]): EpochMs {
    return after(oldest(readers), verifyAfterMs)
  }

  #watchers(): Watcher[] {
    return this.#host.sockets.list().map((socket) => Watcher.parse(socket.attachment))
  }
}

function readableOf({ role, scopes }: Standing): Scope[] {
  return readableLive({ role, credential: scopes === null ? { kind: "session" } : { kind: "token", scopes } })
}

function isTrusted({ verifiedAt }: Watcher, now: EpochMs): boolean {
  return now < after(verifiedAt, trustedMs)
}

function oldest(readers: readonly Watcher[]): EpochMs {
  return toEpochMs(Math.min(...readers.map(({ verifiedAt }) => verifiedAt)))
}

function sendReadable(socket: ObjectSocket, scopes: readonly Scope[], events: readonly LoggedEvent[]): void {
  for (const { scope, frame } of events) if (scopes.includes(scope)) socket.send(frame)
}
