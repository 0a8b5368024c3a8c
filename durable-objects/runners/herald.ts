/**
 * Says what became of commands: to the conversation that waits for one, until it answers; to the database, until it has it; to
 * the live feed, once.
 */
import { forgetCommands, recordCommands } from "../../adapters/store/commands.ts"
import { isLoopError } from "../../core/errors.ts"
import { CommandId } from "../../core/runner/command.ts"
import type { RunnerState } from "../../core/runner/fleet.ts"
import type { RunnerId } from "../../core/runner/command.ts"
import { after, type ConversationId, type EpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { LiveInterest } from "../live/interest.ts"
import { LivePublisher } from "../live/publisher.ts"
import type { CommandBook } from "./book.ts"
import { type Entry, keys, Retry } from "./records.ts"

/** Short commands are recorded once, when they have ended. */
const recordAfterMs = 1_000
const firstPauseMs = 1_000
const longestPauseMs = 60_000
const rowsAtOnce = 200

export class Herald {
  readonly #host: ObjectHost
  readonly #book: CommandBook
  readonly #live: LivePublisher
  readonly #telling = new Set<CommandId>()
  #recordAt: EpochMs | null
  #recordFailures = 0
  #recording: Promise<void> | undefined

  constructor(host: ObjectHost, book: CommandBook, interest: LiveInterest | undefined) {
    this.#host = host
    this.#book = book
    this.#live = new LivePublisher(host, interest)
    this.#recordAt = host.storage.list({ prefix: "p/", limit: 1 }).length > 0 ? host.now() : null
  }

  /** A command's status is new. Called in the step that made it so. */
  commandChanged(entry: Entry): void {
    if (entry.erasesAt !== null) return
    const { id, conversationId, state } = entry
    const { storage } = this.#host
    storage.put(keys.unrecorded(id), true)
    this.#recordAt ??= after(this.#host.now(), recordAfterMs)
    const { status, runnerId } = this.#book.row(entry)
    this.#live.publish([{ event: `command.${status}`, data: { commandId: id, conversationId, runnerId } }])
    if (state.status !== "ended" || conversationId === null) return
    storage.put(keys.untold(id), { dueAt: this.#host.now(), attempts: 0 } satisfies Retry)
    this.#tell(entry)
  }

  runnerChanged(runnerId: RunnerId, state: RunnerState): void {
    this.#live.publish([{ event: "runner:status", data: { runnerId, state } }])
  }

  /** When there is something to do again; null: nothing is left. */
  get dueAt(): EpochMs | null {
    const retries = this.#untold().map(({ retry }) => retry.dueAt)
    const dues = [...retries, ...(this.#recordAt === null ? [] : [this.#recordAt])]
    const [first] = dues.toSorted((a, b) => a - b)
    return first ?? null
  }

  /** Does what is due. */
  look(now: EpochMs): void {
    for (const { id, retry } of this.#untold()) {
      const entry = this.#book.find(id)
      if (entry === undefined) this.#host.storage.delete(keys.untold(id))
      else if (retry.dueAt <= now) this.#tell(entry)
    }
    if (this.#recordAt !== null && this.#recordAt <= now) this.#host.keepAlive(this.#record())
  }

  /** The database keeps no row of them, and gets none that is on its way. @throws LoopError `database_unavailable` */
  async forget(conversationId: ConversationId): Promise<void> {
    await this.#recording
    await forgetCommands(this.#host.libsql, conversationId)
  }

  #untold(): { id: CommandId; retry: Retry }[] {
    return this.#host.storage.list({ prefix: "n/" }).map(([key, value]) => ({
      id: CommandId.parse(key.slice("n/".length)),
      retry: Retry.parse(value),
    }))
  }

  #tell(entry: Entry): void {
    if (entry.conversationId === null || this.#telling.has(entry.id)) return
    this.#telling.add(entry.id)
    this.#host.keepAlive(this.#tellOnce(entry, entry.conversationId).finally(() => this.#telling.delete(entry.id)))
  }

  async #tellOnce({ id }: Entry, conversationId: ConversationId): Promise<void> {
    const { storage } = this.#host
    try {
      const news = { commandId: id, outcome: this.#book.outcome(id) }
      await this.#host.peer("conversation", conversationId).call("commandEnded", news)
      storage.delete(keys.untold(id))
    } catch (error) {
      const stored = Retry.safeParse(storage.get(keys.untold(id))).data
      // Forgotten meanwhile.
      if (stored === undefined) return
      // There is nobody left who waits for it.
      if (isLoopError(error) && error.code === "loop_not_found") return storage.delete(keys.untold(id))
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** stored.attempts)
      const dueAt = after(this.#host.now(), pauseMs)
      storage.put(keys.untold(id), { dueAt, attempts: stored.attempts + 1 } satisfies Retry)
    }
  }

  async #record(): Promise<void> {
    this.#recording ??= this.#recordOnce().finally(() => {
      this.#recording = undefined
    })
    await this.#recording
  }

  async #recordOnce(): Promise<void> {
    const { storage } = this.#host
    const entries = storage.list({ prefix: "p/", limit: rowsAtOnce }).flatMap(([key]) => {
      const entry = this.#book.find(CommandId.parse(key.slice("p/".length)))
      if (entry === undefined) storage.delete(key)
      return entry ?? []
    })
    this.#recordAt = null
    try {
      if (entries.length > 0) {
        await recordCommands(
          this.#host.libsql,
          entries.map((entry) => this.#book.row(entry)),
        )
      }
      this.#recordFailures = 0
    } catch {
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#recordFailures)
      this.#recordFailures += 1
      this.#recordAt = after(this.#host.now(), pauseMs)
      return
    }
    for (const { id, version } of entries) {
      const isNewest = (this.#book.find(id)?.version ?? version) === version
      if (isNewest) storage.delete(keys.unrecorded(id))
    }
    if (storage.list({ prefix: "p/", limit: 1 }).length > 0) this.#recordAt ??= after(this.#host.now(), recordAfterMs)
  }
}
