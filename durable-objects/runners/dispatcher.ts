/**
 * Brings commands to runners and their ends back. A command has one holder, and only what its holder says changes it. What
 * waits is offered in the order of asking; two of one conversation's workspace are never under way together.
 */
import {
  Command,
  CommandId,
  CommandOutcome,
  type RunnerId,
  type RunnerWork,
  type WorkFailure,
} from "../../core/runner/command.ts"
import { chooseRunner, dueOf, holderOf } from "../../core/runner/fleet.ts"
import { type GatewayFrame, type Held, maxCommandBytes, type RunnerFrame } from "../../core/runner/link.ts"
import { after, type ConversationId, EpochMs, toHex } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { SubmitAnswer } from "../peers.ts"
import type { CommandBook } from "./book.ts"
import type { Herald } from "./herald.ts"
import { endedUntil, type Entry, keys, Workspace } from "./records.ts"
import type { Roster } from "./roster.ts"

/** The result of an ended command can be asked for this long. */
const keptMs = 24 * 60 * 60_000
/** A command that runners give back this often unbegun is not offered again. */
const mostReturns = 3
/** A runner that was told to end an overdue command has this long to do it. */
const overdueGraceMs = 60_000
/** An erasure waits this long for its runner, and is tried again after this. */
const erasureLifeMs = 30 * 24 * 60 * 60_000
const erasureAgainMs = 60_000
const prunedAtOnce = 100
/** Of commands that a runner was sent and did not accept yet: less than a host keeps for a reader. */
const maxUnreadBytes = 200_000

type FrameOf<T extends RunnerFrame["type"]> = Extract<RunnerFrame, { type: T }>
/** What comes of a frame: answers to the runner that sent it. */
type Answers = readonly GatewayFrame[]

const encoder = new TextEncoder()

export class Dispatcher {
  readonly #host: ObjectHost
  readonly #book: CommandBook
  readonly #roster: Roster
  readonly #herald: Herald

  constructor(host: ObjectHost, parts: { book: CommandBook; roster: Roster; herald: Herald }) {
    this.#host = host
    this.#book = parts.book
    this.#roster = parts.roster
    this.#herald = parts.herald
  }

  submit(command: Command): SubmitAnswer {
    const known = this.#book.find(command.id)
    if (known !== undefined) return this.#answer(known)
    // Whoever asks again gets the same answer: there is nothing to keep.
    const sizeBytes = encoder.encode(JSON.stringify(command)).length
    if (sizeBytes > maxCommandBytes) return { status: "ended", outcome: tooLarge }
    const entry = this.#book.add(command, { erasesAt: null, sizeBytes })
    this.#herald.commandChanged(entry)
    return this.#answer(entry)
  }

  cancel(id: CommandId, reason: string): void {
    const entry = this.#book.find(id)
    if (entry === undefined || entry.state.status === "ended") return
    const holder = holderOf(entry.state)
    // What was only offered has not begun, and will not: nobody says `start`.
    if (entry.state.status === "pending") this.#end(entry, { status: "canceled" })
    else if (entry.canceledFor === null) this.#book.change(id, { canceledFor: reason })
    if (holder !== null) this.#roster.send(holder, { type: "cancel", id, reason })
  }

  /** Calls back what runs for the conversation, leaves nothing of its commands here, and has its runners erase the rest. */
  forget(conversationId: ConversationId): void {
    for (const entry of this.#book.ofConversation(conversationId)) {
      const holder = holderOf(entry.state)
      this.#book.forget(entry)
      if (holder !== null)
        this.#roster.send(holder, { type: "cancel", id: entry.id, reason: "The conversation is erased." })
    }
    const key = keys.workspace(conversationId)
    const { served } = Workspace.parse(this.#host.storage.get(key) ?? { homes: {}, served: [] })
    this.#host.storage.delete(key)
    for (const { runnerId, capability } of served) {
      if (capability === "sandbox") this.#erase({ kind: "sandbox.erase", workspace: conversationId }, runnerId)
      else this.#erase({ kind: "browser.erase", profile: conversationId }, runnerId)
    }
  }

  /** The runner is gone for good: what it alone could do will not be done. */
  giveUp(runnerId: RunnerId): void {
    for (const entry of this.#book.active) {
      if (entry.erasesAt === runnerId) this.#book.forget(entry)
      else if (holderOf(entry.state) === runnerId)
        this.#release(entry, "The runner was revoked while it had the command.")
    }
  }

  /**
   * A runner has connected and says what it has on its disk.
   * @returns what of it is still its own; what follows is sent by {@link resume}
   */
  reconcile(runnerId: RunnerId, held: readonly Held[]): { id: CommandId; offset: number }[] {
    const stated = new Map(held.map(({ id, status }) => [id, status]))
    for (const entry of this.#book.active) {
      if (holderOf(entry.state) !== runnerId) continue
      const status = stated.get(entry.id)
      if (status === undefined) this.#release(entry, "The runner has come back without knowing of the command.")
      else if (status !== "accepted") this.#noteRunning(entry, runnerId)
    }
    return held.flatMap(({ id }) =>
      this.#book.heldBy(runnerId, id) === undefined ? [] : [{ id, offset: this.#book.output(id).offset }],
    )
  }

  /** After the welcome: what the runner may begin, and what it should end. */
  resume(runnerId: RunnerId, held: readonly Held[]): void {
    for (const { id, status } of held) {
      if (this.#book.heldBy(runnerId, id) === undefined) continue
      const answers = status === "accepted" ? this.#accepted(runnerId, { type: "accepted", id }) : []
      for (const frame of answers) this.#roster.send(runnerId, frame)
      const reason = this.#book.heldBy(runnerId, id)?.canceledFor
      if (typeof reason === "string") this.#roster.send(runnerId, { type: "cancel", id, reason })
    }
  }

  /** A frame of a linked runner about a command. */
  take(runnerId: RunnerId, frame: Exclude<RunnerFrame, FrameOf<"hello" | "heartbeat">>): Answers {
    switch (frame.type) {
      case "accepted":
        return this.#accepted(runnerId, frame)
      case "handed_back":
        return this.#handedBack(runnerId, frame)
      case "running": {
        const entry = this.#book.heldBy(runnerId, frame.id)
        if (entry === undefined) return unwanted(frame.id)
        this.#noteRunning(entry, runnerId)
        return []
      }
      case "output": {
        if (this.#book.heldBy(runnerId, frame.id) === undefined) return unwanted(frame.id)
        return [{ type: "confirm_output", id: frame.id, offset: this.#book.append(frame.id, frame) }]
      }
      case "result":
        return this.#result(runnerId, frame)
    }
  }

  /** Does to each command what is due, and offers what waits. */
  look(now: EpochMs): void {
    for (const entry of this.#book.active) this.#lookAt(entry, now)
    this.#prune(now)
    this.#offerAll(now)
  }

  /** When to look again; null: nothing is due. */
  dueAt(now: EpochMs): EpochMs | null {
    const dues = this.#book.active.flatMap((entry) => {
      if (entry.overdueSince !== null) return after(entry.overdueSince, overdueGraceMs)
      if (entry.createdAt > now) return entry.createdAt
      const due = dueOf(entry.state, entry, this.#awaySince(entry), now)
      return due.status === "nothing" ? (due.nextAt ?? []) : now
    })
    const [oldest] = this.#host.storage.list({ prefix: "d/", limit: 1 })
    if (oldest !== undefined) dues.push(after(EpochMs.parse(Number(oldest[0].split("/")[1])), keptMs))
    const [first] = dues.toSorted((a, b) => a - b)
    return first ?? null
  }

  /** How many commands the runner has. */
  loadOf(runnerId: RunnerId): number {
    return this.#book.active.filter(({ state }) => holderOf(state) === runnerId).length
  }

  /** Whether something waits that a runner could be found for. */
  get hasPending(): boolean {
    return this.#book.active.some(({ state }) => state.status === "pending" && state.offeredTo === null)
  }

  #answer(entry: Entry): SubmitAnswer {
    const { status } = entry.state
    return status === "ended" ? { status, outcome: this.#book.outcome(entry.id) } : { status }
  }

  #accepted(runnerId: RunnerId, { id }: FrameOf<"accepted">): Answers {
    const entry = this.#book.heldBy(runnerId, id)
    if (entry === undefined) return unwanted(id)
    const now = this.#host.now()
    if (entry.state.status === "pending") {
      if (entry.expiresAt <= now) {
        this.#end(entry, expired)
        return unwanted(id)
      }
      this.#herald.commandChanged(this.#book.change(id, { state: { status: "accepted", runnerId, acceptedAt: now } }))
    }
    return entry.state.status === "running" ? [] : [{ type: "start", id }]
  }

  #handedBack(runnerId: RunnerId, { id, reason }: FrameOf<"handed_back">): Answers {
    const entry = this.#book.heldBy(runnerId, id)
    if (entry === undefined || entry.state.status === "running") return []
    const returns = entry.returns + 1
    if (entry.canceledFor !== null) this.#end(entry, { status: "canceled" })
    else if (returns >= mostReturns) this.#end(entry, { status: "rejected", reason: `No runner takes it: ${reason}` })
    else {
      const state = { status: "pending", offeredTo: null } as const
      this.#herald.commandChanged(this.#book.change(id, { state, returns }))
    }
    return []
  }

  #noteRunning(entry: Entry, runnerId: RunnerId): void {
    if (entry.state.status === "running") return
    const now = this.#host.now()
    const acceptedAt = entry.state.status === "accepted" ? entry.state.acceptedAt : now
    const state = { status: "running", runnerId, acceptedAt, startedAt: now } as const
    this.#herald.commandChanged(this.#book.change(entry.id, { state }))
  }

  #result(runnerId: RunnerId, frame: FrameOf<"result">): Answers {
    const entry = this.#book.heldBy(runnerId, frame.id)
    if (entry === undefined) return unwanted(frame.id)
    const text = this.#book.addPart(frame.id, frame)
    if (text === undefined) return []
    this.#end(entry, readOutcome(text, entry.kind))
    return unwanted(frame.id)
  }

  #lookAt(entry: Entry, now: EpochMs): void {
    const due = dueOf(entry.state, entry, this.#awaySince(entry), now)
    switch (due.status) {
      case "nothing":
        return
      case "expire":
        return this.#expire(entry, now)
      case "take_back":
        return void this.#book.change(entry.id, { state: { status: "pending", offeredTo: null } })
      case "interrupt":
        return this.#fail(entry, "interrupted", "The runner that had it is away for too long. Its outcome is unknown.")
      case "overdue":
        return this.#lookAtOverdue(entry, now)
    }
  }

  #expire(entry: Entry, now: EpochMs): void {
    const holder = holderOf(entry.state)
    if (entry.erasesAt !== null) return this.#book.forget(entry)
    this.#end(entry, expired, now)
    if (holder !== null) this.#roster.send(holder, { type: "confirm", id: entry.id })
  }

  #lookAtOverdue(entry: Entry, now: EpochMs): void {
    const holder = holderOf(entry.state)
    if (entry.overdueSince === null) {
      const reason = "It should have ended long ago."
      this.#book.change(entry.id, { overdueSince: now, canceledFor: entry.canceledFor ?? reason })
      if (holder !== null) this.#roster.send(holder, { type: "cancel", id: entry.id, reason })
    } else if (after(entry.overdueSince, overdueGraceMs) <= now) this.#end(entry, { status: "timed_out" })
  }

  /** Its holder no longer has it: what was never begun may go to another, of what was the outcome is not known. */
  #release(entry: Entry, why: string): void {
    if (entry.state.status !== "pending") return this.#fail(entry, "interrupted", `${why} Its outcome is unknown.`)
    this.#book.change(entry.id, { state: { status: "pending", offeredTo: null } })
  }

  #fail(entry: Entry, code: WorkFailure["code"], message: string): void {
    this.#end(entry, { status: "failed", failure: { code, message } })
  }

  #end(entry: Entry, outcome: CommandOutcome, now = this.#host.now()): void {
    if (entry.erasesAt === null) {
      this.#herald.commandChanged(this.#book.end(entry, outcome, now))
      return
    }
    const { erasesAt, id } = entry
    const { work } = this.#book.command(entry)
    this.#book.forget(entry)
    // As often as it takes: an id is done once.
    if (outcome.status !== "succeeded") this.#erase(work, erasesAt, id)
  }

  #erase(work: RunnerWork, runnerId: RunnerId, again?: CommandId): void {
    const runner = this.#roster.find(runnerId)
    if (runner === undefined || runner.revokedAt !== null) return
    const now = this.#host.now()
    const id = CommandId.parse(`cmd_erase_${toHex(this.#host.random(12))}`)
    // One that failed waits a little: its `createdAt` says from when on it is offered.
    const createdAt = again === undefined ? now : after(now, erasureAgainMs)
    const expiresAt = after(now, erasureLifeMs)
    const command = { id, work, conversationId: null, correlationId: null, createdAt, expiresAt }
    this.#book.add(command, { erasesAt: runnerId, sizeBytes: 0 })
  }

  #offerAll(now: EpochMs): void {
    const busy = new Set<string>()
    const waiting: Entry[] = []
    const candidates = this.#roster.candidates(now, () => 0)
    const gone = new Set(candidates.flatMap(({ id, presence }) => (presence === "gone" ? id : [])))
    for (const entry of this.#book.active) {
      if (entry.state.status === "pending" && entry.state.offeredTo === null) waiting.push(entry)
      else busy.add(placeOf(entry))
    }
    for (const entry of waiting) {
      // What is to be erased on a runner that is away holds nobody up: others do not have it.
      if (busy.has(placeOf(entry)) || (entry.erasesAt !== null && gone.has(entry.erasesAt))) continue
      // Those behind it wait for it even when there is no runner for it now.
      busy.add(placeOf(entry))
      if (entry.erasesAt === null || entry.createdAt <= now) this.#offer(entry, now)
    }
  }

  #offer(entry: Entry, now: EpochMs): void {
    const key = keys.workspace(entry.workspace)
    const workspace = Workspace.parse(this.#host.storage.get(key) ?? { homes: {}, served: [] })
    const { capability, erasesAt } = entry
    const home = erasesAt ?? workspace.homes[capability] ?? null
    const candidates = this.#roster.candidates(now, (id) => this.loadOf(id))
    const choice = chooseRunner(candidates, { capability, home, isPinned: erasesAt !== null })
    if (choice.status !== "chosen") return
    const { runnerId } = choice
    if (this.#hasMuchToRead(runnerId, entry)) return
    if (erasesAt === null) {
      const isKnown = workspace.served.some((one) => one.runnerId === runnerId && one.capability === capability)
      const served = isKnown ? workspace.served : [...workspace.served, { runnerId, capability }]
      const homes = { ...workspace.homes, [capability]: runnerId }
      if (!isKnown || home !== runnerId) this.#host.storage.put(key, { homes, served } satisfies Workspace)
    }
    this.#book.change(entry.id, { state: { status: "pending", offeredTo: runnerId } })
    this.#roster.send(runnerId, { type: "command", command: this.#book.command(entry) })
  }

  /** A runner that gets much at once falls behind, and its host would take it for a slow reader. */
  #hasMuchToRead(runnerId: RunnerId, next: Entry): boolean {
    const unread = this.#book.active.filter(({ state }) => state.status === "pending" && state.offeredTo === runnerId)
    const sizeBytes = unread.reduce((sum, one) => sum + one.sizeBytes, 0)
    return sizeBytes > 0 && sizeBytes + next.sizeBytes > maxUnreadBytes
  }

  #awaySince({ state }: Entry): EpochMs | null {
    const holder = holderOf(state)
    if (holder === null) return null
    const runner = this.#roster.find(holder)
    return runner === undefined ? EpochMs.parse(0) : runner.awaySince
  }

  #prune(now: EpochMs): void {
    if (now < keptMs) return
    const end = endedUntil(after(now, -keptMs))
    const { storage } = this.#host
    for (const [key, value] of storage.list({ start: "d/", end, limit: prunedAtOnce })) {
      storage.delete(key)
      const id = CommandId.parse(value)
      const entry = this.#book.find(id)
      // Who was not told of its end yet may ask for it again by its id, and must not have it done again.
      if (storage.get(keys.untold(id)) !== undefined) storage.put(keys.ended(now, id), id)
      else if (entry !== undefined) this.#book.forget(entry)
    }
  }
}

const tooLarge: CommandOutcome = {
  status: "rejected",
  reason: `A command may not be larger than ${maxCommandBytes} bytes.`,
}

const expired: CommandOutcome = {
  status: "failed",
  failure: { code: "runner_away", message: "No runner took it in time, so it was never begun." },
}

/** Tells the runner that it may forget the command. */
function unwanted(id: CommandId): Answers {
  return [{ type: "confirm", id }]
}

/** Two of the same are never under way together. */
function placeOf({ capability, workspace }: Entry): string {
  return `${capability} ${workspace}`
}

/** What a runner says of its command is believed only as far as it has the form of an outcome of that kind of work. */
function readOutcome(text: string, kind: string): CommandOutcome {
  const outcome = CommandOutcome.safeParse(parseJson(text)).data
  const isOfKind = outcome?.status !== "succeeded" || outcome.result.kind === kind
  if (outcome !== undefined && isOfKind) return outcome
  return { status: "failed", failure: { code: "internal", message: "The runner's result could not be read." } }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
