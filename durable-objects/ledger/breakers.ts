/** The breaker of every provider that was called, stored: a restart does not make a dead provider look alive. */
import { admit, beginCall, Breaker, closedBreaker, endCall } from "../../core/budget/breaker.ts"
import type { CallId, Candidate, ProviderHealth } from "../../core/budget/reserve.ts"
import type { ProviderState } from "../../core/budget/terms.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import { type EpochMs, toEpochMs, toRfc3339 } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"

const prefix = "breaker/"
/** Keys are made of what operators configure; more than that is a mistake. */
const mostBreakers = 1_000

export class Breakers {
  readonly #host: ObjectHost
  readonly #publish: (events: LiveEvent[]) => void
  readonly #breakers: Map<string, Breaker>

  constructor(host: ObjectHost, publish: (events: LiveEvent[]) => void) {
    this.#host = host
    this.#publish = publish
    const stored = host.storage.list({ prefix })
    this.#breakers = new Map(stored.map(([key, value]) => [key.slice(prefix.length), Breaker.parse(value)]))
  }

  /** The first candidate whose provider takes calls, or when one may. */
  choose(
    candidates: readonly Candidate[],
  ): { status: "up"; index: number; candidate: Candidate } | { status: "down"; retryAt: EpochMs } {
    const now = this.#host.now()
    const retries: EpochMs[] = []
    for (const [index, candidate] of candidates.entries()) {
      const admission = admit(this.#of(candidate.provider), now)
      if (admission.status !== "no") return { status: "up", index, candidate }
      retries.push(admission.retryAt)
    }
    return { status: "down", retryAt: toEpochMs(Math.min(...retries)) }
  }

  /** @returns whether the call is the one that tries a provider that was down */
  begin(provider: string, callId: CallId): { isProbe: boolean } {
    const breaker = beginCall(this.#of(provider), callId, this.#host.now())
    this.#save(provider, breaker)
    return { isProbe: breaker.status === "half_open" }
  }

  end(provider: string, callId: CallId, health: Pick<ProviderHealth, "result" | "reason"> | null): void {
    const { breaker, change } = endCall(this.#of(provider), { callId, health }, this.#host.now())
    this.#save(provider, breaker)
    if (change === "up") this.#publish([{ event: "provider:up", data: { provider } }])
    if (change === "down" && breaker.status !== "closed") {
      const { reason, openUntil } = breaker
      this.#publish([
        { event: "provider:down", data: { provider, reason: reason ?? "", openUntil: toRfc3339(openUntil) } },
      ])
    }
  }

  get states(): ProviderState[] {
    return [...this.#breakers].map(([provider, breaker]) => ({
      provider,
      status: breaker.status,
      failures: breaker.failures,
      reason: breaker.reason,
      openUntil: breaker.status === "closed" ? null : breaker.openUntil,
    }))
  }

  #of(provider: string): Breaker {
    return this.#breakers.get(provider) ?? closedBreaker
  }

  #save(provider: string, breaker: Breaker): void {
    const known = this.#breakers.get(provider)
    const isSame = known !== undefined && JSON.stringify(known) === JSON.stringify(breaker)
    if (isSame) return
    if (known === undefined && this.#breakers.size >= mostBreakers) return
    this.#breakers.set(provider, breaker)
    this.#host.storage.put(prefix + provider, breaker)
  }
}
