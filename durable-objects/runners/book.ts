/**
 * The commands in the hub's storage: each with its state, what it is made of, what it wrote and what came of it. Knows nothing of
 * runners and sockets. What has not ended is in memory too.
 */
import * as z from "zod"
import {
  capabilityOf,
  type Command,
  type CommandId,
  CommandOutcome,
  type RunnerId,
  RunnerWork,
} from "../../core/runner/command.ts"
import { type CommandState, type CommandView, holderOf, timeoutOf, workspaceOf } from "../../core/runner/fleet.ts"
import type { ConversationId, EpochMs } from "../../core/units.ts"
import type { CommandRow } from "../../adapters/store/commands.ts"
import type { OrderedStore } from "../host.ts"
import { deleteLarge, listLarge, putLarge } from "../large-values.ts"
import { conversationPrefix, Entry, keptOutput, keys, noOutput, Output } from "./records.ts"

const Part = z.object({ count: z.number().int(), part: z.string() })

export class CommandBook {
  readonly #storage: OrderedStore
  readonly #active = new Map<CommandId, Entry>()
  #lastSeq: number

  constructor(storage: OrderedStore) {
    this.#storage = storage
    for (const [, value] of storage.list({ prefix: "a/" })) {
      const entry = Entry.safeParse(storage.get(`c/${String(value)}`)).data
      if (entry !== undefined) this.#active.set(entry.id, entry)
    }
    this.#lastSeq = z
      .number()
      .int()
      .nonnegative()
      .parse(storage.get("seq") ?? 0)
  }

  /** Those that have not ended, in the order of their asking. */
  get active(): Entry[] {
    return [...this.#active.values()]
  }

  find(id: CommandId): Entry | undefined {
    return this.#active.get(id) ?? Entry.safeParse(this.#storage.get(keys.entry(id))).data
  }

  /** Its entry while the runner has it; undefined when it has ended, is unknown, or is another's. */
  heldBy(runnerId: RunnerId, id: CommandId): Entry | undefined {
    const entry = this.#active.get(id)
    return entry !== undefined && holderOf(entry.state) === runnerId ? entry : undefined
  }

  add({ id, work, ...command }: Command, own: Pick<Entry, "erasesAt" | "sizeBytes">): Entry {
    this.#lastSeq += 1
    const entry: Entry = {
      ...command,
      id,
      seq: this.#lastSeq,
      kind: work.kind,
      capability: capabilityOf(work),
      workspace: workspaceOf(work),
      timeoutMs: timeoutOf(work),
      ...own,
      canceledFor: null,
      overdueSince: null,
      returns: 0,
      state: { status: "pending", offeredTo: null },
      version: 0,
    }
    this.#storage.put("seq", this.#lastSeq)
    this.#storage.put(keys.work(id), work)
    this.#storage.put(keys.active(entry.seq), id)
    if (entry.conversationId !== null) this.#storage.put(keys.ofConversation(entry.conversationId, id), true)
    this.#put(entry)
    return entry
  }

  change(id: CommandId, changes: Partial<Pick<Entry, "state" | "canceledFor" | "overdueSince" | "returns">>): Entry {
    const before = this.find(id)
    if (before === undefined) throw new Error("a command that is not in the book cannot change")
    const entry = { ...before, ...changes, version: before.version + 1 }
    this.#put(entry)
    return entry
  }

  /** Ends it: what it is made of is no longer needed but to be shown. */
  end(entry: Entry, outcome: CommandOutcome, now: EpochMs): Entry {
    const { state } = entry
    const ended: CommandState = {
      status: "ended",
      how: outcome.status,
      runnerId: holderOf(state),
      acceptedAt: state.status === "accepted" || state.status === "running" ? state.acceptedAt : null,
      startedAt: state.status === "running" ? state.startedAt : null,
      endedAt: now,
    }
    putLarge(this.#storage, keys.outcome(entry.id), outcome)
    this.#storage.put(keys.ended(now, entry.id), entry.id)
    this.#storage.delete(keys.active(entry.seq))
    this.#storage.delete(keys.output(entry.id))
    this.#storage.deleteRange({ prefix: keys.parts(entry.id) })
    const done = this.change(entry.id, { state: ended })
    this.#active.delete(entry.id)
    return done
  }

  command(entry: Entry): Command {
    const { id, conversationId, correlationId, createdAt, expiresAt } = entry
    const work = RunnerWork.parse(this.#storage.get(keys.work(id)))
    return { id, work, conversationId, correlationId, createdAt, expiresAt }
  }

  outcome(id: CommandId): CommandOutcome {
    const [found] = listLarge(this.#storage, keys.outcome(id))
    return CommandOutcome.parse(found?.[1])
  }

  output(id: CommandId): Output {
    return Output.parse(this.#storage.get(keys.output(id)) ?? noOutput)
  }

  /**
   * Adds output that begins at `offset`, what is new of it. A gap is one: a runner that was away keeps no more than the newest.
   * Answers where it ends.
   */
  append(id: CommandId, frame: { offset: number; stream: "stdout" | "stderr"; text: string }): number {
    const output = this.output(id)
    const fresh = frame.text.slice(Math.max(0, output.offset - frame.offset))
    if (fresh === "") return output.offset
    const offset = frame.offset + frame.text.length
    const tail = (output[frame.stream] + fresh).slice(-keptOutput)
    this.#storage.put(keys.output(id), { ...output, [frame.stream]: tail, offset })
    return offset
  }

  /** Keeps a part of a result; they come in order. The result's text with the last, when none is missing. */
  addPart(id: CommandId, { index, count, part }: { index: number; count: number; part: string }): string | undefined {
    const prefix = keys.parts(id)
    const known = this.#storage.list({ prefix, limit: 1 }).map(([, value]) => Part.parse(value))[0]
    if (known !== undefined && known.count !== count) this.#storage.deleteRange({ prefix })
    this.#storage.put(prefix + String(index).padStart(3, "0"), { count, part })
    if (index < count - 1) return undefined
    const parts = this.#storage.list({ prefix }).map(([, value]) => Part.parse(value))
    return parts.length < count ? undefined : parts.map((one) => one.part).join("")
  }

  ofConversation(conversationId: ConversationId): Entry[] {
    const prefix = conversationPrefix(conversationId)
    return this.#storage.list({ prefix }).flatMap(([key]) => {
      const entry = Entry.safeParse(this.#storage.get(`c/${key.slice(prefix.length)}`)).data
      return entry === undefined ? [] : [entry]
    })
  }

  /** Leaves nothing of it. */
  forget(entry: Entry): void {
    const { id, seq, conversationId, state } = entry
    this.#active.delete(id)
    for (const key of [
      keys.entry(id),
      keys.work(id),
      keys.output(id),
      keys.active(seq),
      keys.untold(id),
      keys.unrecorded(id),
    ])
      this.#storage.delete(key)
    if (state.status === "ended") this.#storage.delete(keys.ended(state.endedAt, id))
    if (conversationId !== null) this.#storage.delete(keys.ofConversation(conversationId, id))
    deleteLarge(this.#storage, keys.outcome(id))
    this.#storage.deleteRange({ prefix: keys.parts(id) })
  }

  view(entry: Entry): CommandView {
    const { status, work, acceptedAt, startedAt } = { ...this.#times(entry), work: this.command(entry).work }
    const { stdout, stderr } = entry.state.status === "ended" ? noOutput : this.output(entry.id)
    return {
      id: entry.id,
      status,
      work,
      conversationId: entry.conversationId,
      correlationId: entry.correlationId,
      runnerId: entry.state.status === "ended" ? entry.state.runnerId : holderOf(entry.state),
      createdAt: entry.createdAt,
      expiresAt: entry.expiresAt,
      acceptedAt,
      startedAt,
      endedAt: entry.state.status === "ended" ? entry.state.endedAt : null,
      outcome: entry.state.status === "ended" ? this.outcome(entry.id) : null,
      output: { stdout, stderr },
    }
  }

  row(entry: Entry): CommandRow {
    const { id, kind, conversationId, correlationId, createdAt, expiresAt, version, state } = entry
    const { status, acceptedAt, startedAt } = this.#times(entry)
    const outcome = status === "failed" ? this.outcome(id) : undefined
    return {
      id,
      kind,
      status,
      runnerId: state.status === "ended" ? state.runnerId : holderOf(state),
      conversationId,
      correlationId,
      failureCode: outcome?.status === "failed" ? outcome.failure.code : null,
      createdAt,
      expiresAt,
      acceptedAt,
      startedAt,
      endedAt: state.status === "ended" ? state.endedAt : null,
      version,
    }
  }

  #times({ state }: Entry) {
    switch (state.status) {
      case "pending":
        return { status: "pending", acceptedAt: null, startedAt: null } as const
      case "accepted":
        return { status: "accepted", acceptedAt: state.acceptedAt, startedAt: null } as const
      case "running":
        return { status: "running", acceptedAt: state.acceptedAt, startedAt: state.startedAt } as const
      case "ended":
        return { status: state.how, acceptedAt: state.acceptedAt, startedAt: state.startedAt } as const
    }
  }

  #put(entry: Entry): void {
    this.#active.set(entry.id, entry)
    this.#storage.put(keys.entry(entry.id), entry)
  }
}
