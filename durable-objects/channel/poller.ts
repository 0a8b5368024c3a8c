/**
 * Asks Telegram for updates, one poll after the other. One poller by lease: whoever finds another holder in storage drops what
 * it got. The offset is saved after the durable accept of every update before it, so that a crash repeats updates and loses
 * none.
 */
import type { Telegram, TelegramFailure } from "../../adapters/channels/telegram.ts"
import { updateIdOf } from "../../core/channel/telegram-update.ts"
import { after, toHex, type EpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { Intake, IntakeSettings } from "./intake.ts"
import type { ChannelStore } from "./records.ts"

/** `failed`: Telegram did not give updates. `refused`: a conversation did not take one. `over`: the stretch is done. */
export type PollEnd =
  | { readonly status: "failed"; readonly failure: TelegramFailure }
  | { readonly status: "refused" | "over" | "lost" }

export interface PollerParts {
  readonly host: ObjectHost
  readonly store: ChannelStore
  readonly intake: Intake
  /** Who is served at this moment. */
  settings(): IntakeSettings
  /** A poll went well and all that it brought is taken: whatever was wrong is over. */
  onTaken(): void
  /** The stretch has ended, unless another poller has taken its place. */
  onEnd(end: PollEnd): void
}

/** Telegram holds a poll open this long at most (Bot API "getUpdates"). */
const waitSeconds = 50
const batchSize = 50
/** More than one poll and its updates take; a poller that is silent for longer hangs and is replaced. */
const leaseMs = 120_000
/** One stretch of polls; below the 15 minutes that a host keeps work alive. */
const stretchMs = 5 * 60_000

export class Poller {
  readonly #parts: PollerParts
  #running: { readonly holder: string; readonly stop: AbortController } | undefined
  #hasLost = false

  constructor(parts: PollerParts) {
    this.#parts = parts
  }

  /**
   * Starts polling unless it runs. Another holder is this object before a restart, or hangs: its polls no longer count. But who
   * lost the lease while it ran is itself the one of before.
   */
  ensure(telegram: Telegram): void {
    const { host } = this.#parts
    if (this.isRunning || this.isReplaced || host.stopping.aborted) return
    this.stop()
    const running = { holder: toHex(host.random(8)), stop: new AbortController() }
    this.#running = running
    this.#renew(running.holder)
    host.keepAlive(this.#run(telegram, running))
  }

  get isRunning(): boolean {
    const { host, store } = this.#parts
    const { lease } = store
    return this.#running !== undefined && lease?.holder === this.#running.holder && lease.expiresAt > host.now()
  }

  /** A later incarnation of this object polls. */
  get isReplaced(): boolean {
    const { host, store } = this.#parts
    return this.#hasLost && (store.lease?.expiresAt ?? 0) > host.now()
  }

  /** Ends polling now: what the open poll brings is dropped, and Telegram offers it again. */
  stop(): void {
    this.#running?.stop.abort()
    this.#running = undefined
    this.#parts.store.saveLease(null)
  }

  async #run(telegram: Telegram, running: { readonly holder: string; readonly stop: AbortController }): Promise<void> {
    try {
      // A poll has nothing to lose, and would hold up a host that stops for as long as Telegram holds it open.
      const signal = AbortSignal.any([running.stop.signal, this.#parts.host.stopping])
      const end = await this.#poll(telegram, running.holder, signal)
      if (this.#running !== running || this.#parts.host.stopping.aborted) return
      this.#running = undefined
      this.#hasLost = end.status === "lost"
      this.#parts.onEnd(end)
    } finally {
      if (this.#running === running) this.#running = undefined
    }
  }

  async #poll(telegram: Telegram, holder: string, signal: AbortSignal): Promise<PollEnd> {
    const { host, store, intake } = this.#parts
    const until = after(host.now(), stretchMs)
    let limit = batchSize
    while (host.now() < until) {
      const answer = await telegram.getUpdates({ offset: store.offsetAt(host.now()), limit, waitSeconds, signal })
      if (!this.#isHolder(holder)) return { status: "lost" }
      if (answer.status === "too_large" && limit > 1) {
        limit = 1
        continue
      }
      if (answer.status !== "ok") return { status: "failed", failure: answer }
      limit = batchSize
      this.#renew(holder)
      if (answer.result.length > 0) {
        const refusedId = await intake.takeAll(answer.result, this.#parts.settings())
        if (!this.#isHolder(holder)) return { status: "lost" }
        store.saveOffset(refusedId ?? behind(answer.result), host.now())
        if (refusedId !== null) return { status: "refused" }
      }
      this.#parts.onTaken()
    }
    return { status: "over" }
  }

  #isHolder(holder: string): boolean {
    return this.#parts.store.lease?.holder === holder
  }

  #renew(holder: string): void {
    const expiresAt: EpochMs = after(this.#parts.host.now(), leaseMs)
    this.#parts.store.saveLease({ holder, expiresAt })
  }
}

function behind(updates: readonly unknown[]): number {
  return Math.max(...updates.map((update) => updateIdOf(update) ?? 0)) + 1
}
