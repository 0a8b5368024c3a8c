/**
 * All runners behind one object: who is there, who has which command, and what came of it. It believes a runner no more than what
 * its token lets it say: of commands that were given to it, and of itself.
 */
import * as z from "zod"
import { bindRunner, revokeRunner } from "../../adapters/store/runners.ts"
import { findStandings, type Standing } from "../../adapters/store/standings.ts"
import { permits } from "../../core/access/scope.ts"
import { isLoopError, LoopError } from "../../core/errors.ts"
import { Capability, type RunnerId } from "../../core/runner/command.ts"
import { deadAfterMs, helloWithinMs, type RunnerOrder, stateOf } from "../../core/runner/fleet.ts"
import { type GatewayFrame, linkClose, linkProtocol, RunnerFrame } from "../../core/runner/link.ts"
import { after, type ConversationId, type EpochMs, toHex, toEpochMs } from "../../core/units.ts"
import type { AcceptSocket, HostedObject, ObjectHost, ObjectSocket } from "../host.ts"
import type { GatewayParts } from "../parts.ts"
import { type MethodInput, methods, on, routeOf, type Routes, upgrades } from "../peers.ts"
import { CommandBook } from "./book.ts"
import { Dispatcher } from "./dispatcher.ts"
import { Herald } from "./herald.ts"
import { Attached } from "./records.ts"
import { isSilent, isTrusted, Roster, send, trustedMs } from "./roster.ts"

type Hello = Extract<RunnerFrame, { type: "hello" }>
type Refusal = Omit<Extract<GatewayFrame, { type: "refused" }>, "type">

const AnyHello = z.object({ type: z.literal("hello"), protocol: z.number().int() })

const maxSockets = 200
const maxSocketsPerToken = 3
/** A look at the tokens that failed, because the database was away, is repeated after this. */
const verifyAgainMs = 2_000

export class RunnerHub implements HostedObject {
  readonly #host: ObjectHost
  readonly #book: CommandBook
  readonly #roster: Roster
  readonly #herald: Herald
  readonly #dispatcher: Dispatcher
  #verifying = false
  #verifyAt: EpochMs | null = null
  #armedAt: EpochMs | null | undefined

  readonly #routes: Routes<"runners"> = {
    submit: on(methods.runners.submit, (command) => this.#then(this.#dispatcher.submit(command))),
    cancel: on(methods.runners.cancel, (input) => this.#cancel(input)),
    forget: on(methods.runners.forget, ({ conversationId }) => this.#forget(conversationId)),
    available: on(methods.runners.available, () => ({ capabilities: this.#available() })),
    list: on(methods.runners.list, () => ({
      runners: this.#roster.views(this.#host.now(), (id) => this.#dispatcher.loadOf(id)),
    })),
    show: on(methods.runners.show, ({ commandId }) => {
      const entry = this.#book.find(commandId)
      if (entry === undefined || entry.erasesAt !== null) throw new LoopError("command_not_found")
      return this.#book.view(entry)
    }),
    order: on(methods.runners.order, ({ runnerId, order }) => this.#order(runnerId, order)),
    revoke: on(methods.runners.revoke, ({ runnerId }) => this.#revoke(runnerId)),
    recheck: on(methods.runners.recheck, () => this.#recheck()),
  }

  constructor(host: ObjectHost, parts: Pick<GatewayParts, "liveInterest">) {
    this.#host = host
    this.#book = new CommandBook(host.storage)
    this.#roster = new Roster(host)
    this.#herald = new Herald(host, this.#book, parts.liveInterest)
    const { book, roster, herald } = { book: this.#book, roster: this.#roster, herald: this.#herald }
    this.#dispatcher = new Dispatcher(host, { book, roster, herald })
  }

  async call(name: string, input: unknown): Promise<unknown> {
    return routeOf(this.#routes, name)(input)
  }

  stream(name: string): ReadableStream<Uint8Array> {
    throw new LoopError("internal", { method: name })
  }

  async alarm(): Promise<void> {
    this.#armedAt = null
    const now = this.#host.now()
    this.#endSilent(now)
    this.#roster.prune(now)
    this.#herald.look(now)
    this.#look(this.#tokens().length > 0)
  }

  async onUpgrade(input: unknown, accept: AcceptSocket): Promise<void> {
    const caller = upgrades.runners.parse(input)
    const since = this.#host.now()
    if (caller.via === "memory") {
      const { runnerId } = caller
      const attached = { status: "greeting", socketId: this.#newSocketId(), credential: null, runnerId, since } as const
      accept({ attachment: attached satisfies Attached })
      return
    }
    const { credential, tokenId } = caller
    const all = this.#host.sockets.list().map((socket) => Attached.parse(socket.attachment))
    const own = all.filter((one) => one.credential?.hash === credential.hash)
    if (all.length >= maxSockets || own.length >= maxSocketsPerToken)
      throw new LoopError("too_many_requests", { retryAfterSeconds: 30 })
    // What the edge knows of the caller may be ten seconds old.
    if (!(await this.#isGood(credential.hash, since))) throw new LoopError("invalid_token")
    const verified = { hash: credential.hash, tokenId, verifiedAt: since }
    const socketId = this.#newSocketId()
    const attached = { status: "greeting", socketId, credential: verified, runnerId: null, since } as const
    accept({ attachment: attached satisfies Attached })
    this.#arm()
  }

  async onSocketMessage(socket: ObjectSocket, data: string | Uint8Array): Promise<void> {
    const frame = RunnerFrame.safeParse(readJson(data)).data
    const attached = Attached.parse(socket.attachment)
    if (attached.status === "greeting") {
      if (frame?.type === "hello") return this.#greet(socket, attached, frame)
      const other = otherProtocolOf(data)
      if (other !== undefined) return refuse(socket, wrongProtocol(other))
      return socket.close(linkClose.invalid.code, linkClose.invalid.reason)
    }
    if (frame === undefined || frame.type === "hello")
      return socket.close(linkClose.invalid.code, linkClose.invalid.reason)
    const { runnerId } = attached
    socket.attachment = { ...attached, lastSeenAt: this.#host.now() } satisfies Attached
    if (frame.type === "heartbeat") {
      send(socket, { type: "heartbeat" })
      if (this.#roster.beat(runnerId, frame)) this.#tellState(runnerId)
    } else for (const answer of this.#dispatcher.take(runnerId, frame)) send(socket, answer)
    // Output changes nothing that anyone waits for.
    if (frame.type !== "output") this.#look(false)
  }

  async onSocketClose(socket: ObjectSocket): Promise<void> {
    const attached = Attached.parse(socket.attachment)
    if (attached.status === "linked" && this.#roster.socketOf(attached.runnerId) === undefined) {
      this.#roster.markAway(attached.runnerId)
      this.#tellState(attached.runnerId)
    }
    this.#look(false)
  }

  async #greet(socket: ObjectSocket, attached: Extract<Attached, { status: "greeting" }>, hello: Hello): Promise<void> {
    const { credential, socketId, runnerId: own } = attached
    if (hello.protocol !== linkProtocol) return refuse(socket, wrongProtocol(hello.protocol))
    if (credential === null && own !== hello.runnerId) return refuse(socket, notThatRunner)
    const { runnerId } = hello
    let granted: readonly Capability[] = Capability.options
    if (credential !== null) {
      try {
        const bound = await bindRunner(this.#host.libsql, credential.tokenId, runnerId, this.#host.now())
        if (bound.status !== "bound") return refuse(socket, refusals[bound.status])
        granted = bound.capabilities
      } catch (error) {
        if (!isLoopError(error) || error.code !== "database_unavailable") throw error
        return socket.close(1013, "The gateway's database does not answer. Connect again.")
      }
    }
    // It may be gone meanwhile, and its end was told of nobody.
    const isOpen = this.#host.sockets.list().some((one) => Attached.parse(one.attachment).socketId === socketId)
    if (!isOpen) return
    const before = this.#roster.socketOf(runnerId)
    before?.socket.close(linkClose.replaced.code, linkClose.replaced.reason)
    const lastSeenAt = this.#host.now()
    socket.attachment = { status: "linked", socketId, credential, runnerId, lastSeenAt } satisfies Attached
    this.#roster.admit(hello, { tokenId: credential?.tokenId ?? null, granted })
    const yours = this.#dispatcher.reconcile(runnerId, hello.held)
    send(socket, { type: "welcome", protocol: linkProtocol, granted: [...granted], yours })
    this.#dispatcher.resume(runnerId, hello.held)
    this.#tellState(runnerId)
    this.#look(false)
  }

  #cancel({ commandId, reason }: MethodInput<"runners", "cancel">): Record<string, never> {
    this.#dispatcher.cancel(commandId, reason)
    return this.#then({})
  }

  async #forget(conversationId: ConversationId): Promise<Record<string, never>> {
    this.#dispatcher.forget(conversationId)
    this.#look(false)
    await this.#herald.forget(conversationId)
    return {}
  }

  #available(): Capability[] {
    const present = this.#roster.candidates(this.#host.now(), () => 0).filter(({ presence }) => presence !== "gone")
    const working = present.flatMap(({ capabilities }) => capabilities).filter(({ status }) => status === "ok")
    return Capability.options.filter((name) => working.some((one) => one.name === name))
  }

  #order(runnerId: RunnerId, order: RunnerOrder): Record<string, never> {
    const linked = this.#requireCompanion(runnerId)
    if (linked === undefined) throw new LoopError("runner_away")
    send(linked.socket, { type: "order", order })
    return {}
  }

  async #revoke(runnerId: RunnerId): Promise<Record<string, never>> {
    this.#requireCompanion(runnerId)
    await revokeRunner(this.#host.libsql, runnerId, this.#host.now())
    this.#roster.markRevoked(runnerId)
    const linked = this.#roster.socketOf(runnerId)
    if (linked !== undefined) refuse(linked.socket, refusals.revoked)
    this.#roster.markAway(runnerId)
    this.#dispatcher.giveUp(runnerId)
    this.#tellState(runnerId)
    return this.#then({})
  }

  /** Its socket, where it has one. @throws LoopError `runner_not_found`, `runner_built_in` */
  #requireCompanion(runnerId: RunnerId) {
    const runner = this.#roster.find(runnerId)
    if (runner === undefined) throw new LoopError("runner_not_found")
    if (runner.tokenId === null) throw new LoopError("runner_built_in")
    return this.#roster.socketOf(runnerId)
  }

  async #recheck(): Promise<Record<string, never>> {
    if (this.#tokens().length > 0) await this.#verify()
    return {}
  }

  #newSocketId(): string {
    return toHex(this.#host.random(8))
  }

  #then<T>(answer: T): T {
    this.#look(false)
    return answer
  }

  /** Does what is due. @param verifies - looks up anew whose token is still good, even when nobody waits for it */
  #look(verifies: boolean): void {
    const now = this.#host.now()
    this.#dispatcher.look(now)
    const isStale = this.#tokens().some((linked) => !isTrusted(linked.attached, now))
    const isWanted = isStale && (verifies || this.#dispatcher.hasPending)
    if (isWanted && !this.#verifying && (this.#verifyAt === null || this.#verifyAt <= now))
      this.#host.keepAlive(this.#verify())
    this.#arm()
  }

  /** Links of companions. */
  #tokens() {
    return this.#roster.linked.filter(({ attached }) => attached.credential !== null)
  }

  async #verify(): Promise<void> {
    this.#verifying = true
    const verifiedAt = this.#host.now()
    const hashes = new Set(this.#tokens().flatMap(({ attached }) => attached.credential?.hash ?? []))
    try {
      const keys = [...hashes].map((hash) => ({ kind: "token" as const, hash }))
      const standings = await findStandings(this.#host.libsql, keys, verifiedAt)
      for (const { socket, attached } of this.#tokens()) {
        const { credential } = attached
        if (credential === null || !hashes.has(credential.hash)) continue
        if (!mayRun(standings.get(credential.hash))) this.#drop(socket, attached.runnerId)
        else socket.attachment = { ...attached, credential: { ...credential, verifiedAt } } satisfies Attached
      }
      this.#verifyAt = null
    } catch (error) {
      this.#verifyAt = after(this.#host.now(), verifyAgainMs)
      if (!isLoopError(error) || error.code !== "database_unavailable") throw error
    } finally {
      this.#verifying = false
      this.#dispatcher.look(this.#host.now())
      this.#arm()
    }
  }

  async #isGood(hash: string, now: EpochMs): Promise<boolean> {
    return mayRun((await findStandings(this.#host.libsql, [{ kind: "token", hash }], now)).get(hash))
  }

  /** Its token is over. */
  #drop(socket: ObjectSocket, runnerId: RunnerId): void {
    refuse(socket, refusals.token)
    this.#roster.markAway(runnerId)
    this.#tellState(runnerId)
  }

  /** Ends links of which nothing is heard, and sockets that never said who they are. */
  #endSilent(now: EpochMs): void {
    for (const socket of this.#host.sockets.list()) {
      const attached = Attached.parse(socket.attachment)
      const isDumb = attached.status === "greeting" && after(attached.since, helloWithinMs) <= now
      if (!isDumb && (attached.status === "greeting" || !isSilent(attached, now))) continue
      socket.close(linkClose.silent.code, linkClose.silent.reason)
      if (attached.status === "greeting") continue
      this.#roster.markAway(attached.runnerId)
      this.#tellState(attached.runnerId)
    }
  }

  #tellState(runnerId: RunnerId): void {
    const runner = this.#roster.find(runnerId)
    if (runner === undefined) return
    const isConnected = runner.awaySince === null
    const { isDraining, lastSeenAt } = runner
    const shown = { isConnected, isDraining, isRevoked: runner.revokedAt !== null, lastSeenAt: this.#host.now() }
    this.#herald.runnerChanged(runnerId, stateOf(isConnected ? shown : { ...shown, lastSeenAt }, this.#host.now()))
  }

  #arm(): void {
    const now = this.#host.now()
    const sockets = this.#host.sockets.list().flatMap((socket) => {
      const attached = Attached.parse(socket.attachment)
      if (attached.status === "greeting") return after(attached.since, helloWithinMs)
      return attached.credential === null ? [] : after(attached.lastSeenAt, deadAfterMs)
    })
    const isAsking = this.#dispatcher.hasPending && this.#tokens().length > 0
    const verifyAt = isAsking ? [this.#verifyAt ?? after(now, trustedMs)] : []
    const dues = [this.#dispatcher.dueAt(now), this.#herald.dueAt, ...sockets, ...verifyAt].filter((at) => at !== null)
    const earliest = dues.length === 0 ? null : toEpochMs(Math.min(...dues))
    // Later ones are found when the alarm runs: a sign of life that moves one is no write.
    const stands = this.#armedAt ?? null
    if (earliest === stands || (earliest !== null && stands !== null && stands > now && stands <= earliest)) return
    if (earliest === null && stands === null && this.#armedAt !== undefined) return
    this.#armedAt = earliest
    this.#host.setAlarm(earliest)
  }
}

function mayRun(standing: Standing | undefined): boolean {
  if (standing === undefined || standing.scopes === null) return false
  const credential = { kind: "token", scopes: standing.scopes } as const
  return permits({ role: standing.role, credential }, "runner").status === "allowed"
}

const refusals = {
  token: {
    code: "token",
    message: "The token is revoked or expired. Make a new one under Runners and set RUNNER_TOKEN.",
  },
  revoked: {
    code: "revoked",
    message: "This runner was revoked. Make a new token under Runners and set RUNNER_TOKEN.",
  },
  token_bound: {
    code: "token_bound",
    message: "This token belongs to another runner. Make one for this machine under Runners and set RUNNER_TOKEN.",
  },
  runner_taken: {
    code: "runner_taken",
    message: "This runner has another token that is still good. Use that one, or revoke it first.",
  },
} as const satisfies Record<string, Refusal>

const notThatRunner: Refusal = { code: "invalid", message: "That is not the runner of this process." }

function wrongProtocol(theirs: number): Refusal {
  const older = theirs < linkProtocol ? "Update the runner" : "Update the gateway"
  return {
    code: "protocol",
    message: `The runner speaks version ${theirs} of the link, the gateway version ${linkProtocol}. ${older}.`,
  }
}

function refuse(socket: ObjectSocket, refusal: Refusal): void {
  send(socket, { type: "refused", ...refusal })
  socket.close(linkClose.refused.code, linkClose.refused.reason)
}

function readJson(data: string | Uint8Array): unknown {
  if (typeof data !== "string") return undefined
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}

/** Of a hello of another version, whose form may be any; undefined for all else. */
function otherProtocolOf(data: string | Uint8Array): number | undefined {
  const protocol = AnyHello.safeParse(readJson(data)).data?.protocol
  return protocol === linkProtocol ? undefined : protocol
}
