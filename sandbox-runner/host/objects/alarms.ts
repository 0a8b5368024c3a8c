/** Runs objects' alarms when they are due, from the table where they are durable: no alarm costs memory before its time. */
import { after, type EpochMs } from "../../../core/units.ts"
import type { Alarm, LeftAlarms, ObjectStore } from "./store.ts"
import { EarliestTimer, type Timers } from "./timers.ts"

export interface AlarmOptions {
  readonly store: ObjectStore
  readonly timers: Timers
  /** Runs the alarm of the object and consumes it. Rejects when it must run again. */
  deliver(alarm: Alarm): Promise<void>
}

/** After a long absence everything is due at once; more than this would only crowd the memory. */
const maxRunning = 64
/**
 * Alarms this near when the process starts run at once. Who was in the middle of work has its alarm no farther ahead, as a
 * way back after a crash, and nobody should wait for that minute; everyone else looks what is due, finds nothing and sets
 * its alarm anew.
 */
const nearAtStartMs = 60_000
/** A wall clock that jumps or a machine that slept is noticed after this. */
const longestSleepMs = 60_000
const firstRetryMs = 1_000
const lastRetryMs = 60_000

/**
 * Delivers at least once: an alarm stays in the store until its run has ended well. Never before its instant, but for those
 * that an earlier process left and that are near when this one starts.
 */
export class AlarmClock {
  readonly #options: AlarmOptions
  readonly #timer: EarliestTimer
  readonly #running = new Set<string>()
  /** Objects whose alarm failed rest, each time longer. In memory alone: a restart tries at once. */
  readonly #resting = new Map<string, { failures: number; until: EpochMs }>()
  readonly #left: LeftAlarms
  #closed = false

  constructor(options: AlarmOptions) {
    this.#options = options
    this.#timer = new EarliestTimer(options.timers, () => this.sweep())
    const { store, timers } = options
    this.#left = { upTo: after(timers.now(), nearAtStartMs), lastVersion: store.lastAlarmVersion }
  }

  /** Starts what is due and sets the timer for what is next. To be called at the start and when alarms have changed. */
  sweep(): void {
    if (this.#closed) return
    const { store, timers } = this.#options
    const now = timers.now()
    try {
      const excluded = this.#running.size + this.#resting.size
      for (const alarm of store.dueAlarms(now, this.#left, maxRunning + excluded)) {
        if (this.#running.size >= maxRunning) break
        if (!this.#running.has(alarm.object) && !this.#isResting(alarm.object, now)) void this.#run(alarm)
      }
      this.#timer.armBy(Math.min(store.nextAlarmAt(now) ?? Infinity, this.#firstRetry(now), now + longestSleepMs))
    } catch {
      // The file cannot be read right now; who calls learns it as `storage_failed`, the clock tries again.
      this.#timer.armBy(now + firstRetryMs)
    }
  }

  close(): void {
    this.#closed = true
    this.#timer.cancel()
  }

  async #run(alarm: Alarm): Promise<void> {
    this.#running.add(alarm.object)
    try {
      await this.#options.deliver(alarm)
      this.#resting.delete(alarm.object)
    } catch {
      this.#rest(alarm.object)
    }
    this.#running.delete(alarm.object)
    this.sweep()
  }

  #isResting(object: string, now: EpochMs): boolean {
    const rest = this.#resting.get(object)
    return rest !== undefined && rest.until > now
  }

  /** When the first of the resting objects is tried again. Forgets those whose alarm was cleared meanwhile. */
  #firstRetry(now: EpochMs): number {
    let first = Infinity
    for (const [object, { until }] of this.#resting) {
      if (until > now) first = Math.min(first, until)
      else if (until + lastRetryMs < now && !this.#running.has(object)) this.#resting.delete(object)
    }
    return first
  }

  #rest(object: string): void {
    const failures = (this.#resting.get(object)?.failures ?? 0) + 1
    const until = after(this.#options.timers.now(), Math.min(firstRetryMs * 2 ** (failures - 1), lastRetryMs))
    this.#resting.set(object, { failures, until })
    if (!this.#closed) this.#timer.armBy(until)
  }
}
