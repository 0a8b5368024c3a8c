/**
 * Tells the live feed what an object did, once that is durable, and never makes the object wait. News that get lost on the way
 * are not sent again: a page that shows them reads its lists anew now and then.
 */
import type { LiveEvent } from "../../core/live/event.ts"
import type { ObjectHost } from "../host.ts"
import { mostPublished } from "../peers.ts"
import type { LiveInterest } from "./interest.ts"

export class LivePublisher {
  readonly #host: ObjectHost
  readonly #interest: LiveInterest | undefined
  readonly #waiting: LiveEvent[] = []

  constructor(host: ObjectHost, interest: LiveInterest | undefined) {
    this.#host = host
    this.#interest = interest
  }

  /** False: nobody would hear it. What costs something to find out need not be found out then. */
  get isHeard(): boolean {
    return this.#interest?.isWatched ?? true
  }

  /** Events of one step go out together. */
  publish(events: readonly LiveEvent[]): void {
    if (events.length === 0 || !this.isHeard) return
    this.#waiting.push(...events)
    if (this.#waiting.length === events.length) this.#host.keepAlive(this.#send())
  }

  async #send(): Promise<void> {
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const events = this.#waiting.splice(0, mostPublished)
      await this.#host
        .peer("live", "main")
        .call("publish", { events })
        .catch(() => {})
    }
  }
}
