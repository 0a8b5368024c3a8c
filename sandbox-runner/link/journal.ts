/**
 * What a runner has on its disk of each command: one file, replaced as a whole and synced before anyone hears of it. So a
 * command is never begun twice, and its result is there until the gateway has it and for a day longer.
 */
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import * as z from "zod"
import { capabilityOf, Capability, Command, CommandId, CommandOutcome } from "../../core/runner/command.ts"
import { workspaceOf } from "../../core/runner/fleet.ts"
import { after, ConversationId, EpochMs } from "../../core/units.ts"

/** Whose files or browser it is about: erased with them. Null where the file cannot be read. */
const Place = z.object({ capability: Capability, workspace: ConversationId }).nullable()
type Place = z.infer<typeof Place>

const Record = z.discriminatedUnion("status", [
  z.object({ status: z.literal("accepted"), command: Command }),
  z.object({ status: z.literal("running"), place: Place }),
  z.object({ status: z.literal("ended"), place: Place, outcome: CommandOutcome, confirmedAt: EpochMs.nullable() }),
])
type Record = z.infer<typeof Record>

/** A confirmed result answers a repeated id for this long. */
const keptMs = 24 * 60 * 60_000
const mostConfirmed = 1_000

/** What was there at the start. */
export type Found =
  | { status: "accepted"; command: Command }
  | { status: "ended"; id: CommandId; outcome: CommandOutcome }

export class Journal {
  readonly #directory: string
  readonly #places = new Map<CommandId, Place>()
  readonly #confirmed = new Map<CommandId, EpochMs>()
  readonly #erased = new Set<CommandId>()

  private constructor(directory: string) {
    this.#directory = directory
  }

  /**
   * Opens the journal. What had begun and has no end was interrupted, and says so from now on.
   * @returns the journal, and what the gateway may not know yet
   */
  static async open(directory: string, now: EpochMs): Promise<{ journal: Journal; found: Found[] }> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const journal = new Journal(directory)
    const found: Found[] = []
    for (const name of (await readdir(directory)).toSorted()) {
      const id = CommandId.safeParse(name.replace(/\.json$/, "")).data
      if (id === undefined || !name.endsWith(".json")) {
        await rm(join(directory, name), { force: true })
        continue
      }
      const one = await journal.#recover(id)
      if (one !== undefined) found.push(one)
    }
    await journal.#prune(now)
    return { journal, found }
  }

  async accept(command: Command): Promise<void> {
    this.#places.set(command.id, placeOf(command))
    await this.#write(command.id, { status: "accepted", command })
  }

  async begin(id: CommandId): Promise<void> {
    await this.#write(id, { status: "running", place: this.#places.get(id) ?? null })
  }

  async end(id: CommandId, outcome: CommandOutcome): Promise<void> {
    await this.#write(id, { status: "ended", place: this.#places.get(id) ?? null, outcome, confirmedAt: null })
  }

  /** The gateway has the result. */
  async confirm(id: CommandId, outcome: CommandOutcome, now: EpochMs): Promise<void> {
    if (this.#erased.has(id)) return this.remove(id)
    this.#confirmed.set(id, now)
    await this.#write(id, { status: "ended", place: this.#places.get(id) ?? null, outcome, confirmedAt: now })
    await this.#prune(now)
  }

  /** The result of a command that ended before; undefined when it is not known here. */
  async outcomeOf(id: CommandId): Promise<CommandOutcome | undefined> {
    if (!this.#confirmed.has(id)) return undefined
    const record = await this.#read(id)
    return record?.status === "ended" ? record.outcome : undefined
  }

  async remove(id: CommandId): Promise<void> {
    this.#places.delete(id)
    this.#confirmed.delete(id)
    this.#erased.delete(id)
    await rm(this.#pathOf(id), { force: true })
  }

  /** Leaves nothing of what commands of that place gave: those that are not confirmed are canceled ones from now on. */
  async forget(place: { capability: Capability; workspace: ConversationId }): Promise<void> {
    for (const [id, own] of this.#places) {
      if (own?.capability !== place.capability || own.workspace !== place.workspace) continue
      if (this.#confirmed.has(id)) await this.remove(id)
      else if ((await this.#read(id))?.status === "ended") {
        this.#erased.add(id)
        await this.end(id, { status: "canceled" })
      }
    }
  }

  async #recover(id: CommandId): Promise<Found | undefined> {
    const record = await this.#read(id)
    if (record?.status === "accepted") {
      this.#places.set(id, placeOf(record.command))
      return { status: "accepted", command: record.command }
    }
    this.#places.set(id, record?.place ?? null)
    if (record?.status !== "ended") {
      await this.end(id, interrupted)
      return { status: "ended", id, outcome: interrupted }
    }
    if (record.confirmedAt === null) return { status: "ended", id, outcome: record.outcome }
    this.#confirmed.set(id, record.confirmedAt)
    return undefined
  }

  /** Forgets confirmed results that are old, or too many; a clock that leaps forgets no more than these. */
  async #prune(now: EpochMs): Promise<void> {
    const tooMany = this.#confirmed.size - mostConfirmed
    const oldest = [...this.#confirmed].toSorted(([, a], [, b]) => a - b)
    for (const [at, [id, confirmedAt]] of oldest.entries())
      if (at < tooMany || after(confirmedAt, keptMs) <= now) await this.remove(id)
  }

  /** Undefined when there is none, or it cannot be read. */
  async #read(id: CommandId): Promise<Record | undefined> {
    try {
      return Record.parse(JSON.parse(await readFile(this.#pathOf(id), "utf8")))
    } catch {
      return undefined
    }
  }

  async #write(id: CommandId, record: Record): Promise<void> {
    const path = this.#pathOf(id)
    const draft = `${path}.new`
    const file = await open(draft, "w", 0o600)
    try {
      await file.writeFile(JSON.stringify(record))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    const directory = await open(this.#directory, "r")
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  }

  #pathOf(id: CommandId): string {
    return join(this.#directory, `${id}.json`)
  }
}

function placeOf({ work }: Command): Place {
  return { capability: capabilityOf(work), workspace: workspaceOf(work) }
}

/** Of a command that had begun when its runner died. */
export const interrupted: CommandOutcome = {
  status: "failed",
  failure: { code: "interrupted", message: "The runner died while it did this. What it had done by then is unknown." },
}
