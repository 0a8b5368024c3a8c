/**
 * Words of the gateway itself to its operator, in the home chat that the settings name. Each is stored before it is sent and
 * tried until it is there or a day old: a crash loses none. Without a home chat nobody is told, and the log says so.
 */
import * as z from "zod"
import type { SendOutcome } from "../../core/channel/outgoing.ts"
import { isLoopError } from "../../core/errors.ts"
import type { Log } from "../../core/log.ts"
import type { HomeChat } from "../../core/channel/home-chat.ts"
import { after, EpochMs, toEpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"

const Notice = z.object({
  key: z.string(),
  text: z.string(),
  isSending: z.boolean(),
  attempts: z.number().int().nonnegative(),
  /** Attempts that may have reached the chat all the same. */
  unknownAttempts: z.number().int().nonnegative(),
  nextAttemptAt: EpochMs,
  addedAt: EpochMs,
})
type Notice = z.infer<typeof Notice>

const prefix = "notice/"
const keptMs = 24 * 60 * 60_000
const longestPauseMs = 15 * 60_000
const safetyMs = 60_000
/** Bounds how often a notice can repeat: the platform has no idempotency key. */
const maxUnknownAttempts = 3

export interface HomeNoticeOptions {
  /** Where it goes, asked at each attempt; null: nowhere. */
  readonly home: () => HomeChat | null
  readonly log: Log
  /** There may be another due instant: the object looks at `dueAt`. */
  readonly onChange: () => void
}

export class HomeNotices {
  readonly #host: ObjectHost
  readonly #options: HomeNoticeOptions
  /** In the order of adding. */
  readonly #waiting: Map<string, Notice>
  #delivering: Promise<void> | undefined

  constructor(host: ObjectHost, options: HomeNoticeOptions) {
    this.#host = host
    this.#options = options
    const stored = host.storage.list({ prefix }).map(([, value]) => Notice.parse(value))
    this.#waiting = new Map(stored.toSorted((a, b) => a.addedAt - b.addedAt).map((notice) => [notice.key, notice]))
    for (const notice of stored) if (notice.isSending) this.#afterUnknown(notice)
  }

  /** Stores the notice and begins to send it. One that still waits under this key stays as it is. */
  add(key: string, text: string): void {
    if (this.#waiting.has(key)) return
    const now = this.#host.now()
    this.#save({ key, text, isSending: false, attempts: 0, unknownAttempts: 0, nextAttemptAt: now, addedAt: now })
    this.#host.keepAlive(this.deliver())
  }

  /** Sends nothing more of those whose key begins so. */
  drop(keyPrefix: string): void {
    for (const key of this.#waiting.keys()) if (key.startsWith(keyPrefix)) this.#remove(key)
  }

  /** When to look again: at the next attempt, or in case the delivery that runs now is cut off; null when nothing waits. */
  get dueAt(): EpochMs | null {
    if (this.#waiting.size === 0) return null
    if (this.#delivering !== undefined) return after(this.#host.now(), safetyMs)
    return toEpochMs(Math.min(...[...this.#waiting.values()].map(({ nextAttemptAt }) => nextAttemptAt)))
  }

  /** Sends what is due, one at a time; a second caller joins the first. */
  deliver(): Promise<void> {
    this.#delivering ??= this.#deliverDue().finally(() => {
      this.#delivering = undefined
      this.#options.onChange()
    })
    return this.#delivering
  }

  async #deliverDue(): Promise<void> {
    for (;;) {
      const now = this.#host.now()
      const notice = [...this.#waiting.values()].find(({ nextAttemptAt }) => nextAttemptAt <= now)
      if (notice === undefined) return
      const home = this.#options.home()
      if (home === null || now - notice.addedAt > keptMs) {
        this.#giveUp(notice, home === null ? "There is no home chat." : "It was tried for a day.")
        continue
      }
      const sending = { ...notice, isSending: true, attempts: notice.attempts + 1 }
      this.#save(sending)
      const outcome = await this.#send(home, notice.text)
      // Dropped meanwhile.
      if (this.#waiting.has(notice.key)) this.#afterOutcome(sending, outcome)
    }
  }

  async #send({ channelId, chatId }: HomeChat, text: string): Promise<SendOutcome> {
    try {
      return await this.#host.peer("channel", channelId).call("send", { chatId, text, format: "plain" })
    } catch (error) {
      const code = isLoopError(error) ? error.code : "internal"
      if (code === "channel_not_found") return { status: "refused", reason: "The channel was deleted." }
      if (code === "peer_unavailable" || code === "database_unavailable")
        return { status: "later", retryAfterMs: 1_000, reason: "The channel did not answer." }
      return { status: "unknown", reason: "The channel broke off while sending." }
    }
  }

  #afterOutcome(notice: Notice, outcome: SendOutcome): void {
    switch (outcome.status) {
      case "sent":
        return this.#remove(notice.key)
      case "refused":
        return this.#giveUp(notice, outcome.reason)
      case "unknown":
        return this.#afterUnknown(notice)
      case "later":
        return this.#pause(notice, outcome.retryAfterMs)
    }
  }

  #afterUnknown(notice: Notice): void {
    const unknownAttempts = notice.unknownAttempts + 1
    if (unknownAttempts >= maxUnknownAttempts) return this.#giveUp(notice, "It may or may not have arrived.")
    this.#pause({ ...notice, unknownAttempts }, 0)
  }

  #pause(notice: Notice, leastMs: number): void {
    const pauseMs = Math.min(longestPauseMs, Math.max(leastMs, 1_000 * 2 ** Math.min(notice.attempts, 12)))
    this.#save({ ...notice, isSending: false, nextAttemptAt: after(this.#host.now(), pauseMs) })
  }

  #giveUp(notice: Notice, reason: string): void {
    this.#remove(notice.key)
    this.#options.log({ level: "warn", event: "notice_not_sent", reason })
  }

  #save(notice: Notice): void {
    this.#waiting.set(notice.key, notice)
    this.#host.storage.put(prefix + notice.key, notice)
  }

  #remove(key: string): void {
    this.#waiting.delete(key)
    this.#host.storage.delete(prefix + key)
  }
}
