/**
 * One object's life in memory: from the first event after its absence until it is idle, evicted or has lost writes.
 * Counts what runs, holds back every way out until the object's writes are durable, and is dead for ever once it ended.
 */
import { LoopError } from "../../../core/errors.ts"
import { after, type EpochMs } from "../../../core/units.ts"
import type { ObjectKind } from "../../../durable-objects/peers.ts"
import type { Batch, Writer } from "./store.ts"

export interface Lifetime {
  now(): EpochMs
  /** Nothing runs in the object any more, for now. */
  onIdle(incarnation: Incarnation): void
  onEnd(incarnation: Incarnation, failure: LoopError): void
}

/** One piece of work keeps an object in memory no longer than this, as on Cloudflare. */
const longestHoldMs = 15 * 60_000

interface Hold {
  readonly until: EpochMs
}

export class Incarnation implements Writer {
  readonly kind: ObjectKind
  readonly id: string
  /** Names the object in the store. */
  readonly key: string
  batch: Batch | undefined
  #lastEventAt: EpochMs
  readonly #lifetime: Lifetime
  readonly #holds = new Set<Hold>()
  #streams = 0
  #failure: LoopError | undefined
  readonly #endListeners = new Set<(failure: LoopError) => void>()

  constructor(kind: ObjectKind, id: string, lifetime: Lifetime) {
    this.kind = kind
    this.id = id
    this.key = objectKey(kind, id)
    this.#lifetime = lifetime
    this.#lastEventAt = lifetime.now()
  }

  /** Ends this life. Whoever waits for it gets the failure at once, whoever still runs in it at the next step. */
  end(failure: LoopError): void {
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#lifetime.onEnd(this, failure)
    for (const listener of this.#endListeners) listener(copyOf(failure))
    this.#endListeners.clear()
  }

  lose(failure: LoopError): void {
    this.end(failure)
  }

  /** @throws LoopError that ended this life */
  assertAlive(): void {
    if (this.#failure !== undefined) throw copyOf(this.#failure)
  }

  /**
   * Waits until all that the object wrote so far is durable.
   * @throws LoopError `storage_failed` when it is lost, or what else ended this life
   */
  async gate(): Promise<void> {
    this.assertAlive()
    if (this.batch === undefined || this.batch.status === "committed") return
    await this.batch.settled
    this.assertAlive()
  }

  /** Runs work in this life, which it keeps in memory. Rejects as soon as this life ends, whatever the work does. */
  attend<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.assertAlive()
      const hold = { until: after(this.#lifetime.now(), longestHoldMs) }
      this.#holds.add(hold)
      this.#endListeners.add(reject)
      void this.#run(work, resolve, reject, hold)
    })
  }

  /** Keeps this life in memory for a stream. @param onEnd - told when this life ends first. @returns ends the stream */
  openStream(onEnd: (failure: LoopError) => void): () => void {
    this.assertAlive()
    this.#streams += 1
    this.#endListeners.add(onEnd)
    return () => {
      if (!this.#endListeners.delete(onEnd)) return
      this.#streams -= 1
      this.#touch()
    }
  }

  /** Work runs that a shutdown waits for. Open streams are not: their readers come back. */
  get isBusy(): boolean {
    return this.#holds.size > 0
  }

  /** When nothing will need this object in memory any more; undefined while something does. */
  idleSince(): EpochMs | undefined {
    const now = this.#lifetime.now()
    for (const hold of this.#holds) if (hold.until <= now) this.#holds.delete(hold)
    return this.#holds.size > 0 || this.#streams > 0 ? undefined : this.#lastEventAt
  }

  async #run<T>(
    work: () => Promise<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
    hold: Hold,
  ): Promise<void> {
    try {
      resolve(await work())
    } catch (error) {
      reject(error)
    }
    this.#endListeners.delete(reject)
    this.#holds.delete(hold)
    this.#touch()
  }

  #touch(): void {
    this.#lastEventAt = this.#lifetime.now()
    if (this.#holds.size === 0) this.#lifetime.onIdle(this)
  }
}

/** Kinds have no slash, so the id may. */
export function objectKey(kind: ObjectKind, id: string): string {
  return `${kind}/${id}`
}

/** Each waiter gets an error of its own. */
function copyOf(failure: LoopError): LoopError {
  return new LoopError(failure.code, failure.details, { cause: failure.cause })
}
