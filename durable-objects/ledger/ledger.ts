/** Who may spend: the slots for turns that run at the same time, and the money of model calls. */
import { effectiveLimits } from "../../core/edge-mode.ts"
import { LoopError } from "../../core/errors.ts"
import { type EpochMs, toEpochMs } from "../../core/units.ts"
import type { HostedObject, ObjectHost } from "../host.ts"
import { LivePublisher } from "../live/publisher.ts"
import type { GatewayParts } from "../parts.ts"
import { methods, on, routeOf, type Routes } from "../peers.ts"
import { Accounts } from "./accounts.ts"
import { Breakers } from "./breakers.ts"
import { Budgets } from "./budgets.ts"
import { Calls } from "./calls.ts"
import { Slots } from "./slots.ts"
import { SpendNews } from "./spend-news.ts"
import { KnownTerms } from "./terms.ts"

export type LedgerParts = Pick<GatewayParts, "concurrentTurns" | "config" | "vault" | "log" | "liveInterest">

export class Ledger implements HostedObject {
  readonly #host: ObjectHost
  readonly #slots: Slots
  readonly #terms: KnownTerms
  readonly #calls: Calls
  readonly #breakers: Breakers
  readonly #budgets: Budgets
  readonly #news: SpendNews
  #armedAt: EpochMs | null = null
  readonly #routes: Routes<"ledger"> = {
    acquireSlot: on(methods.ledger.acquireSlot, (input) => this.#slots.acquire(input)),
    releaseSlot: on(methods.ledger.releaseSlot, ({ turnId }) => {
      this.#slots.release(turnId)
      return {}
    }),
    forget: on(methods.ledger.forget, ({ conversationId }) => {
      this.#slots.forget(conversationId)
      this.#budgets.forget(conversationId)
      return {}
    }),
    setLimit: on(methods.ledger.setLimit, (set) => {
      this.#slots.setLimit(set)
      return {}
    }),
    reserve: on(methods.ledger.reserve, (request) => this.#budgets.reserve(request)),
    settle: on(methods.ledger.settle, (request) => this.#budgets.settle(request)),
    answering: on(methods.ledger.answering, ({ callId, provider }) => {
      this.#breakers.end(provider, callId, { result: "ok" })
      return {}
    }),
    setBudget: on(methods.ledger.setBudget, (terms) => {
      this.#terms.adopt(terms)
      this.#budgets.termsChanged()
      return {}
    }),
    budgets: on(methods.ledger.budgets, ({ of }) => this.#budgets.state(of)),
    providers: on(methods.ledger.providers, () => ({ providers: this.#breakers.states })),
    check: on(methods.ledger.check, () => {
      this.#host.storage.put("checked", this.#host.now())
      return {}
    }),
  }

  constructor(host: ObjectHost, parts: LedgerParts) {
    this.#host = host
    const live = new LivePublisher(host, parts.liveInterest)
    // A limit that was stored before edge mode was switched on still stands in the settings.
    const { ceiling } = effectiveLimits(parts.config).concurrentTurns
    this.#slots = new Slots(host, { fallback: parts.concurrentTurns, ceiling })
    this.#terms = new KnownTerms(host)
    this.#calls = new Calls(host)
    this.#breakers = new Breakers(host, (events) => live.publish(events))
    this.#news = new SpendNews(host, parts, {
      terms: this.#terms,
      publish: (events) => live.publish(events),
      onChange: () => this.#arm(),
    })
    this.#budgets = new Budgets(host, {
      terms: this.#terms,
      accounts: new Accounts(host, () => this.#terms.global.timeZone),
      breakers: this.#breakers,
      calls: this.#calls,
      news: this.#news,
    })
  }

  async call(name: string, input: unknown): Promise<unknown> {
    try {
      return await routeOf(this.#routes, name)(input)
    } finally {
      this.#arm()
    }
  }

  stream(name: string): ReadableStream<Uint8Array> {
    throw new LoopError("internal", { method: name })
  }

  async alarm(): Promise<void> {
    this.#armedAt = null
    this.#budgets.sweep()
    this.#host.keepAlive(this.#news.notices.deliver())
    this.#arm()
  }

  /** The alarm stands at the first instant at which something is due by itself, or before it. */
  #arm(): void {
    const due = [this.#calls.dueAt, this.#news.notices.dueAt].filter((at) => at !== null)
    if (due.length === 0) return
    const at = toEpochMs(Math.min(...due))
    if (this.#armedAt !== null && this.#armedAt <= at) return
    this.#armedAt = at
    this.#host.setAlarm(at)
  }
}
