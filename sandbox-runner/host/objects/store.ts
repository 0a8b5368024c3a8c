/**
 * The file that holds all objects' keys and alarms, with group commit: the writes of one tick, whoever made them, share one
 * transaction and one fsync.
 */
import type { DatabaseSync } from "node:sqlite"
import { LoopError } from "../../../core/errors.ts"
import { EpochMs, toEpochMs } from "../../../core/units.ts"
import { type FileOwner, holdLogSql, type Scrubber } from "../../../adapters/store/file-owner.ts"
import { openScrubber } from "../gaps.ts"
import { openObjectFile } from "./file.ts"
import { prepareStatements, type Statements } from "./statements.ts"

/** All writes of one tick. `settled` resolves when they are durable or lost. */
export interface Batch {
  status: "open" | "committed" | "lost"
  readonly settled: Promise<void>
}

/** Who writes. The store keeps in `batch` the batch of its last write. */
export interface Writer {
  batch: Batch | undefined
  /** What this writer wrote in an uncommitted batch is gone: nothing that it remembers can be trusted. */
  lose(failure: LoopError): void
}

export interface Alarm {
  readonly object: string
  /** Grows with each setting, so that an alarm set anew is told from the one that runs. */
  readonly version: number
}

/** Alarms that an earlier process set: they count as due up to an instant of their own. */
export interface LeftAlarms {
  readonly upTo: EpochMs
  readonly lastVersion: number
}

export interface StoreStats {
  readonly commits: number
  /** Time spent in commits, all together. */
  readonly commitMs: number
  readonly lostBatches: number
  /** When the last of them was lost; null: none was. */
  readonly lastLostAt: EpochMs | null
}

export interface StoreOptions {
  readonly path: string
  /** Stands around every commit: a benchmark slows it, a test breaks it. It must call `commit` or throw. */
  readonly aroundCommit?: (commit: () => void) => void
  /** Alarms changed, and the change is durable. */
  readonly onAlarmsChanged: () => void
}

/** What is no object's; objects' names are not empty. */
const noObject = ""
const scrubDue = "scrub due"

export class ObjectStore {
  readonly #db: DatabaseSync
  readonly #aroundCommit: (commit: () => void) => void
  readonly #onAlarmsChanged: () => void
  readonly #sql: Statements
  readonly #scrubber: Scrubber
  #erasures = 0
  #batch: OpenBatch | undefined
  #alarmsChanged = false
  #lastVersion: number
  #stats: { -readonly [K in keyof StoreStats]: StoreStats[K] } = {
    commits: 0,
    commitMs: 0,
    lostBatches: 0,
    lastLostAt: null,
  }

  constructor(options: StoreOptions) {
    this.#db = openObjectFile(options.path)
    this.#aroundCommit = options.aroundCommit ?? ((commit) => commit())
    this.#onAlarmsChanged = options.onAlarmsChanged
    this.#sql = prepareStatements(this.#db)
    this.#scrubber = openScrubber(options.path, this.#ownFile())
    this.#lastVersion = Number(this.#sql.lastVersion.get()?.version ?? 0)
  }

  get(object: string, key: string): string | undefined {
    return this.#read(() => {
      const row = this.#sql.get.get(object, key)
      return row === undefined ? undefined : textOf(row.value)
    })
  }

  /** Rows with `start` ≤ key < `end` in the order of the keys' bytes. */
  list(
    object: string,
    bounds: { start: string; end: string | undefined },
    order: { reverse: boolean; limit: number },
  ): [key: string, text: string][] {
    const { start, end } = bounds
    return this.#read(() => {
      const rows =
        end === undefined
          ? this.#sql[order.reverse ? "listFromDown" : "listFrom"].all(object, start, order.limit)
          : this.#sql[order.reverse ? "listDown" : "list"].all(object, start, end, order.limit)
      return rows.map((row) => [textOf(row.key), textOf(row.value)])
    })
  }

  put(writer: Writer, object: string, key: string, text: string): void {
    this.#write(writer, () => this.#sql.put.run(object, key, text))
  }

  delete(writer: Writer, object: string, key: string): void {
    this.#write(writer, () => this.#sql.delete.run(object, key))
  }

  deleteRange(writer: Writer, object: string, bounds: { start: string; end: string | undefined }): void {
    const { start, end } = bounds
    this.#write(writer, () =>
      end === undefined ? this.#sql.deleteFrom.run(object, start) : this.#sql.deleteRange.run(object, start, end),
    )
  }

  /** Runs `fn`; takes back what was written meanwhile when it throws. */
  transaction<T>(writer: Writer, fn: () => T): T {
    this.#write(writer, () => this.#sql.savepoint.run())
    const batch = this.#batch
    try {
      const result = fn()
      // `fn` may have caught the failure that cost it the batch.
      if (batch !== this.#batch) throw storageFailed(new Error("the batch was lost within a transaction"))
      this.#write(writer, () => this.#sql.release.run())
      return result
    } catch (error) {
      if (batch !== undefined && batch === this.#batch) {
        this.#write(writer, () => {
          this.#sql.rollbackTo.run()
          this.#sql.release.run()
        })
      }
      throw error
    }
  }

  setAlarm(writer: Writer, object: string, at: EpochMs | null): void {
    this.#alarmsChanged = true
    this.#write(writer, () =>
      at === null ? this.#sql.clearAlarm.run(object) : this.#sql.setAlarm.run(object, at, (this.#lastVersion += 1)),
    )
  }

  /**
   * `writer` has heard of something that `other` did: what `other` wrote in the open batch is `writer`'s to lose, and to wait for
   * before anything leaves it.
   */
  follow(writer: Writer, other: Writer): void {
    const batch = this.#batch
    if (batch === undefined || other.batch !== batch) return
    writer.batch = batch
    batch.writers.add(writer)
  }

  /** Removes the alarm that has run, unless it was set anew since. */
  consumeAlarm(writer: Writer, alarm: Alarm): void {
    this.#alarmsChanged = true
    this.#write(writer, () => this.#sql.consumeAlarm.run(alarm.object, alarm.version))
  }

  /** Of the newest alarm set so far. */
  get lastAlarmVersion(): number {
    return this.#lastVersion
  }

  /** Alarms due at `now` and those left that count as due, the oldest first. */
  dueAlarms(now: EpochMs, left: LeftAlarms, limit: number): Alarm[] {
    const upTo = Math.max(now, left.upTo)
    return this.#read(() =>
      this.#sql.dueAlarms
        .all(upTo, now, left.lastVersion, limit)
        .map((row) => ({ object: textOf(row.object), version: Number(row.version) })),
    )
  }

  /** The first instant after `now` at which an alarm is due. */
  nextAlarmAt(now: EpochMs): EpochMs | undefined {
    const row = this.#read(() => this.#sql.nextAlarm.get(now))
    return row === undefined ? undefined : EpochMs.parse(row.at)
  }

  /** Makes durable what is written so far. Runs by itself at the end of each tick that wrote. */
  commit(): void {
    const batch = this.#batch
    if (batch === undefined) return
    const started = performance.now()
    try {
      this.#aroundCommit(() => this.#sql.commit.run())
      if (this.#db.isTransaction) throw new Error("the commit did not take place")
    } catch (error) {
      this.#lose(error)
      return
    }
    this.#batch = undefined
    this.#stats.commits += 1
    this.#stats.commitMs += performance.now() - started
    batch.status = "committed"
    batch.resolve()
    if (!this.#alarmsChanged) return
    this.#alarmsChanged = false
    this.#onAlarmsChanged()
  }

  /** In the same step as the writer's deletions: notes that {@link scrub} is due, for as long as it has not been done. */
  noteErased(writer: Writer): void {
    this.#erasures += 1
    this.put(writer, noObject, scrubDue, "")
  }

  /** Something was erased, by this process or an earlier one, and {@link scrub} has not been done since. */
  get isScrubDue(): boolean {
    return this.get(noObject, scrubDue) !== undefined
  }

  /**
   * Leaves no byte of what was deleted before, in the file or in its log.
   * @throws LoopError `storage_failed` when the disk refuses
   */
  async scrub(): Promise<void> {
    this.commit()
    const erasures = this.#erasures
    try {
      await this.#scrubber.scrub()
    } catch (error) {
      throw storageFailed(error)
    }
    // Where that is lost the file is scrubbed once more than it had to be.
    if (erasures === this.#erasures) this.delete({ batch: undefined, lose() {} }, noObject, scrubDue)
  }

  stats(): StoreStats {
    return { ...this.#stats }
  }

  /** Commits and leaves the file whole by itself, without a write-ahead log beside it. */
  async close(): Promise<void> {
    await this.#scrubber.close(async () => {
      this.commit()
      this.#db.close()
    })
  }

  /** Nobody comes between what is done here without an await: the store is synchronous. */
  #ownFile(): FileOwner {
    return {
      holdLog: async (isHeld) => this.#db.exec(holdLogSql(isHeld)),
      writeBack: async (before, after) => {
        this.commit()
        before()
        if (Number(this.#sql.emptyLog.get()?.busy) !== 0) throw new Error("another process reads the objects' file")
        after()
        this.#db.exec("PRAGMA shrink_memory")
      },
    }
  }

  #write(writer: Writer, run: () => void): void {
    try {
      const batch = (this.#batch ??= this.#begin())
      if (writer.batch !== batch) {
        writer.batch = batch
        batch.writers.add(writer)
      }
      run()
    } catch (error) {
      throw this.#lose(error)
    }
  }

  #read<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (this.#batch !== undefined && !this.#db.isTransaction) throw this.#lose(error)
      throw storageFailed(error)
    }
  }

  #begin(): OpenBatch {
    // Left over when the roll-back of a lost batch failed too.
    if (this.#db.isTransaction) this.#sql.rollback.run()
    this.#sql.begin.run()
    const batch = newBatch()
    setImmediate(() => {
      if (this.#batch === batch) this.commit()
    })
    return batch
  }

  /**
   * Gives up the open batch. SQLite may have rolled it back on its own (full disk, I/O error), so a part of it can never be
   * trusted: all who wrote in it lose all.
   */
  #lose(cause: unknown): LoopError {
    const failure = storageFailed(cause)
    const batch = this.#batch
    this.#batch = undefined
    try {
      if (this.#db.isTransaction) this.#sql.rollback.run()
    } catch {
      // The next batch begins with another try.
    }
    if (batch === undefined) return failure
    this.#stats.lostBatches += 1
    this.#stats.lastLostAt = toEpochMs(Date.now())
    batch.status = "lost"
    for (const writer of batch.writers) writer.lose(failure)
    batch.resolve()
    return failure
  }
}

interface OpenBatch extends Batch {
  readonly writers: Set<Writer>
  resolve(): void
}

function newBatch(): OpenBatch {
  let resolve: (() => void) | undefined
  const settled = new Promise<void>((done) => {
    resolve = done
  })
  return { status: "open", settled, writers: new Set(), resolve: () => resolve?.() }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : ""
}

function storageFailed(cause: unknown): LoopError {
  return new LoopError("storage_failed", {}, { cause })
}
