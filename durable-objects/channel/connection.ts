/**
 * Keeps updates coming in: sets the web hook or polls, as the gateway is configured, tries again when that fails, and says in
 * one sentence what is wrong. What is due and when stands in storage; the alarm follows it.
 */
import type { TelegramFailure, TelegramWebhook } from "../../adapters/channels/telegram.ts"
import type { ChannelRow } from "../../adapters/store/rows.ts"
import { after, type EpochMs } from "../../core/units.ts"
import type { Config } from "../config.ts"
import type { ObjectHost } from "../host.ts"
import type { ChannelStatus } from "../peers.ts"
import { settingsOf, type Credentials } from "./credentials.ts"
import type { Intake } from "./intake.ts"
import { Poller, type PollEnd } from "./poller.ts"
import type { ChannelStore, Link } from "./records.ts"

export type ConnectionConfig = Pick<Config, "PUBLIC_URL" | "TELEGRAM_MODE">

export interface ConnectionParts {
  readonly host: ObjectHost
  readonly store: ChannelStore
  readonly credentials: Credentials
  readonly intake: Intake
  readonly config: ConnectionConfig
  /** Reads the row again, in case news of a change were lost. */
  readonly reload: () => Promise<void>
  /** Its state may be another now. */
  readonly onChange: () => void
}

/** While work runs, the alarm stands this far ahead: after a crash it goes on by itself. */
const safetyMs = 30_000
/** A network that is away is tried again after this, doubling. */
const firstRetryMs = 1_000
const lastRetryMs = 60_000
/** What needs a person to change something is tried again by itself this seldom. */
const slowRetryMs = 5 * 60_000
/** Telegram is asked this often whether it delivers to the web hook, the first time soon. */
const firstCheckMs = 60_000
const checkEveryMs = 5 * 60_000
/** An older failure of a delivery says nothing about now. */
const errorFreshMs = 10 * 60_000

export class Connection {
  readonly #parts: ConnectionParts
  readonly #poller: Poller
  #working: Promise<void> | undefined
  #leaving: Promise<unknown> = Promise.resolve()

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    const { host, store, intake } = parts
    this.#poller = new Poller({
      host,
      store,
      intake,
      settings: () => settingsOf(store),
      onTaken: () => this.#clearTrouble(),
      onEnd: (end) => this.#afterPolling(end),
    })
  }

  status(row: ChannelRow): ChannelStatus {
    const { store, intake } = this.#parts
    const { link, lastInboundAt } = store
    if (!row.enabled) return { status: "disabled", mode: null, problem: null, lastInboundAt }
    const { mode } = wantedLink(this.#parts.config, row)
    if (link === null || (link.status === "connecting" && link.problem === null)) {
      return { status: "connecting", mode, problem: null, lastInboundAt }
    }
    if (link.problem !== null) return { status: "failing", mode, problem: link.problem, lastInboundAt }
    const isServing = settingsOf(store).allowedUserIds.length > 0
    const problem = isServing ? null : nobodyServed(intake.lastStrangerId)
    return { status: "connected", mode, problem, lastInboundAt }
  }

  /** Begins anew: the channel was made or enabled, or its secrets have changed. */
  restart(): void {
    this.#poller.stop()
    this.#save({ status: "connecting", problem: null, failures: 0, dueAt: this.#parts.host.now() })
    this.work()
  }

  /** Someone looks at it: what failed is tried now. */
  nudge(): void {
    const { host, store } = this.#parts
    const { link } = store
    if (link?.status !== "connecting" || link.failures === 0) return
    this.#save({ ...link, dueAt: host.now() })
    this.work()
  }

  /** Ends what brings updates in. Telegram keeps those that come later for a day. */
  leave(row: ChannelRow): void {
    const { host, store, credentials, config } = this.#parts
    const mayHaveWebhook = store.link !== null && wantedLink(config, row).mode === "webhook"
    this.#poller.stop()
    store.saveLink(null)
    host.setAlarm(null)
    const opened = credentials.open(row)
    if (!mayHaveWebhook || opened.status !== "open") return
    const before = this.#working ?? Promise.resolve()
    this.#leaving = before.then(() => opened.telegram.deleteWebhook())
    host.keepAlive(this.#leaving)
  }

  /** Starts what is due and sets the alarm for what is next. Safe to call at any time. */
  work(): void {
    const { host, store, credentials, config } = this.#parts
    const { row, link } = store
    if (row === null || !row.enabled) return
    const wanted = wantedLink(config, row)
    const isOutdated =
      link === null ||
      (link.status !== "connecting" && link.status !== wanted.mode) ||
      (link.status === "webhook" && link.url !== wanted.url)
    if (isOutdated) return this.restart()
    if (link.dueAt <= host.now()) {
      if (link.status === "polling") {
        const opened = credentials.open(row)
        if (opened.status === "open") this.#poller.ensure(opened.telegram)
        else this.#fail(opened.problem, slowRetryMs)
      } else if (this.#working === undefined) {
        const working = link.status === "connecting" ? this.#connect(row) : this.#check(row, link)
        this.#working = working.finally(() => {
          this.#working = undefined
          this.work()
        })
        host.keepAlive(this.#working)
      }
    }
    this.#arm()
  }

  async #connect(row: ChannelRow): Promise<void> {
    const { host, store, credentials, config } = this.#parts
    const wanted = wantedLink(config, row)
    if (wanted.url === null && wanted.mode === "webhook") return this.#fail(noPublicUrl, slowRetryMs)
    const opened = credentials.open(row)
    if (opened.status !== "open") return this.#fail(opened.problem, slowRetryMs)
    const { telegram, webhookSecret } = opened
    await this.#leaving
    const me = await telegram.getMe()
    if (store.row !== row) return
    if (me.status !== "ok") return this.#failBy(me)
    store.saveBot(me.result)
    const { url } = wanted
    const told = url === null ? await telegram.deleteWebhook() : await telegram.setWebhook(url, webhookSecret)
    if (store.row !== row) return
    if (told.status !== "ok") return this.#failBy(told, url === null ? "" : webhookAdvice)
    const calm = { problem: null, failures: 0 }
    if (url === null) this.#save({ status: "polling", ...calm, dueAt: host.now() })
    else this.#save({ status: "webhook", url, ...calm, dueAt: after(host.now(), firstCheckMs) })
  }

  /** Asks whether Telegram delivers, and whether someone else has taken the bot's web hook. */
  async #check(row: ChannelRow, link: Link & { status: "webhook" }): Promise<void> {
    const { host, store, credentials, reload } = this.#parts
    await reload()
    const opened = credentials.open(row)
    if (store.row !== row || opened.status !== "open") return this.#beginAgain(row)
    const answer = await opened.telegram.getWebhook()
    if (store.row !== row) return
    const dueAt = after(host.now(), checkEveryMs)
    if (answer.status === "unreachable" || answer.status === "limited") return this.#save({ ...link, dueAt })
    if (answer.status !== "ok" || answer.result.url !== link.url || !answer.result.isComplete)
      return this.#beginAgain(row)
    this.#save({ ...link, problem: this.#deliveryProblem(link.url, answer.result), dueAt })
  }

  #beginAgain(row: ChannelRow): void {
    const { host, store } = this.#parts
    if (store.row === row) this.#save({ status: "connecting", problem: null, failures: 0, dueAt: host.now() })
  }

  #deliveryProblem(url: string, { lastError }: TelegramWebhook): string | null {
    const { host, store } = this.#parts
    if (lastError === null) return null
    const failedAtMs = lastError.atSeconds * 1000
    const isOver = failedAtMs < host.now() - errorFreshMs || failedAtMs < (store.lastInboundAt ?? 0)
    return isOver ? null : `Telegram cannot deliver to ${url}: ${lastError.message}. ${webhookAdvice}`
  }

  #clearTrouble(): void {
    const { host, store } = this.#parts
    const { link } = store
    if (link?.status !== "polling" || (link.failures === 0 && link.problem === null)) return
    this.#save({ ...link, problem: null, failures: 0, dueAt: host.now() })
  }

  #afterPolling(end: PollEnd): void {
    const { host, store, reload } = this.#parts
    const { link } = store
    if (link?.status !== "polling") return
    switch (end.status) {
      case "lost":
        return this.work()
      case "over":
        host.keepAlive(reload())
        return this.work()
      case "refused":
        this.#retry(link, link.problem)
        return this.work()
      case "failed":
        this.#afterFailedPoll(link, end.failure)
        return this.work()
    }
  }

  #afterFailedPoll(link: Link, failure: TelegramFailure): void {
    switch (failure.status) {
      case "conflict":
        // A web hook in the way is deleted by connecting again, and not at once: it may belong to another gateway.
        return failure.by === "webhook"
          ? this.#retry({ ...link, status: "connecting" }, webhookInTheWay)
          : this.#retry(link, otherPoller)
      case "limited":
        return this.#save({ ...link, dueAt: after(this.#parts.host.now(), failure.retryAfterMs) })
      case "unreachable":
        // One lost connection is no trouble worth telling.
        return this.#retry(link, link.failures === 0 ? link.problem : failure.reason)
      case "unauthorized":
      case "refused":
      case "too_large":
        return this.#fail(failure.reason, slowRetryMs)
    }
  }

  #failBy(failure: TelegramFailure, advice = ""): void {
    const { store } = this.#parts
    switch (failure.status) {
      case "unreachable":
      case "too_large":
        return this.#retry(store.link, failure.reason)
      case "limited":
        return this.#fail(failure.reason, failure.retryAfterMs)
      case "unauthorized":
        return this.#fail(failure.reason, slowRetryMs)
      case "conflict":
      case "refused":
        return this.#fail(`${failure.reason}. ${advice}`.trim(), slowRetryMs)
    }
  }

  /** Nothing comes in until this is tried again. */
  #fail(problem: string, retryMs: number): void {
    const { host, store } = this.#parts
    const failures = (store.link?.failures ?? 0) + 1
    this.#save({ status: "connecting", problem, failures, dueAt: after(host.now(), retryMs) })
  }

  #retry(link: Link | null, problem: string | null): void {
    const { host } = this.#parts
    const failures = (link?.failures ?? 0) + 1
    const dueAt = after(host.now(), Math.min(lastRetryMs, firstRetryMs * 2 ** (failures - 1)))
    this.#save({ ...(link ?? { status: "connecting" }), problem, failures, dueAt })
  }

  #save(link: Link): void {
    this.#parts.store.saveLink(link)
    this.#arm()
    this.#parts.onChange()
  }

  #arm(): void {
    const { host, store } = this.#parts
    const { link } = store
    if (link === null) return
    const isBusy = this.#working !== undefined || this.#poller.isRunning || this.#poller.isReplaced
    const at: EpochMs = isBusy ? after(host.now(), safetyMs) : link.dueAt
    host.setAlarm(at)
  }
}

type Wanted =
  | { readonly mode: "webhook"; readonly url: string | null }
  | { readonly mode: "polling"; readonly url: null }

/** A home without a public address polls. */
function wantedLink({ TELEGRAM_MODE, PUBLIC_URL }: ConnectionConfig, row: ChannelRow): Wanted {
  const url = PUBLIC_URL === undefined ? null : `${PUBLIC_URL}/webhooks/telegram/${row.id}`
  switch (TELEGRAM_MODE) {
    case "webhook":
      return { mode: "webhook", url }
    case "polling":
      return { mode: "polling", url: null }
    case "auto":
      return url?.startsWith("https://") === true ? { mode: "webhook", url } : { mode: "polling", url: null }
  }
}

const noPublicUrl = "TELEGRAM_MODE is webhook, and PUBLIC_URL is not set. Set it, or set TELEGRAM_MODE=polling."
const webhookAdvice = "Check PUBLIC_URL: Telegram must reach it by https. Or set TELEGRAM_MODE=polling."
const webhookInTheWay =
  "Another program has set a web hook for this bot. Stop it, or give this channel a bot of its own; it is tried again."
const otherPoller =
  "Another program takes this bot's updates. Stop it, or give this channel a bot of its own; it is tried again."

function nobodyServed(lastStrangerId: number | null): string {
  const advice = "No user id is allowed, so nobody is served. Add yours"
  return lastStrangerId === null
    ? `${advice}: write to the bot, and it is shown here.`
    : `${advice}: the newest message came from ${lastStrangerId}.`
}
