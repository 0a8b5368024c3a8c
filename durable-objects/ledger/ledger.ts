/** Who may spend: the slots for turns that run at the same time, and the money of model calls. */
import { LoopError } from "../../core/errors.ts"
import type { HostedObject, ObjectHost } from "../host.ts"
import type { GatewayParts } from "../parts.ts"
import { methods, on, routeOf, type Routes } from "../peers.ts"
import { Slots } from "./slots.ts"

export type LedgerParts = Pick<GatewayParts, "concurrentTurns" | "vault" | "log" | "liveInterest">

export class Ledger implements HostedObject {
  readonly #host: ObjectHost
  readonly #slots: Slots
  readonly #routes: Routes<"ledger"> = {
    acquireSlot: on(methods.ledger.acquireSlot, (input) => this.#slots.acquire(input)),
    releaseSlot: on(methods.ledger.releaseSlot, ({ turnId }) => {
      this.#slots.release(turnId)
      return {}
    }),
    forget: on(methods.ledger.forget, ({ conversationId }) => {
      this.#slots.forget(conversationId)
      return {}
    }),
    setLimit: on(methods.ledger.setLimit, (set) => {
      this.#slots.setLimit(set)
      return {}
    }),
    reserve: on(methods.ledger.reserve, ({ candidates }) => ({
      status: "allowed" as const,
      candidate: 0,
      maxOutputTokens: candidates[0]?.maxOutputTokens ?? 1,
    })),
    settle: on(methods.ledger.settle, ({ usage, costMicroUsd }) => {
      const used = usage ?? { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 }
      return { charged: { tokens: used.inputTokens + used.outputTokens, microUsd: costMicroUsd ?? 0 }, usage: used }
    }),
    setBudget: on(methods.ledger.setBudget, () => ({})),
    budgets: on(methods.ledger.budgets, () => {
      const now = this.#host.now()
      const span = { startsAt: now, endsAt: now }
      return { timeZone: "UTC", day: span, month: span, scopes: [] }
    }),
    providers: on(methods.ledger.providers, () => ({ providers: [] })),
    check: on(methods.ledger.check, () => {
      this.#host.storage.put("checked", this.#host.now())
      return {}
    }),
  }

  constructor(host: ObjectHost, { concurrentTurns }: LedgerParts) {
    this.#host = host
    this.#slots = new Slots(host, concurrentTurns)
  }

  async call(name: string, input: unknown): Promise<unknown> {
    return routeOf(this.#routes, name)(input)
  }

  stream(name: string): ReadableStream<Uint8Array> {
    throw new LoopError("internal", { method: name })
  }

  async alarm(): Promise<void> {}
}
