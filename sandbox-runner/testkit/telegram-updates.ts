/** The fake Bot API's updates: one queue, taken by long polling or posted to a web hook, each until it is confirmed. */
import type { Waiters } from "./waiters.ts"

export interface TelegramUpdate {
  readonly update_id: number
  readonly [kind: string]: unknown
}

export interface Webhook {
  readonly url: string
  readonly secretToken: string | undefined
  readonly maxConnections: number
}

/** One attempt to post an update. `status` is null when no answer came. */
export interface Delivery {
  readonly updateId: number
  readonly attempt: number
  readonly status: number | null
}

export interface UpdateQueue {
  /** Updates not yet confirmed, oldest first. */
  readonly pending: readonly TelegramUpdate[]
  readonly deliveries: readonly Delivery[]
  readonly webhook: Webhook | undefined
  /** A getUpdates call is open. */
  readonly isPolling: boolean
  readonly lastError: { readonly message: string; readonly atMs: number } | undefined
  allowedUpdates: readonly string[] | undefined
  /** Puts an update in; without an id it gets the next one. Kinds that are not allowed are left out, as by Telegram. */
  push(update: Readonly<Record<string, unknown>>): number
  /** Delivers an update once more, whatever became of it; to a poller also below its offset, as if that had been lost. */
  readonly redeliver: (updateId: number) => void
  /** One getUpdates call. `terminated`: another call or a web hook took its place. */
  poll(request: {
    offset: number | undefined
    limit: number
    timeoutMs: number
    signal: AbortSignal
  }): Promise<
    | { status: "updates"; updates: readonly TelegramUpdate[] }
    | { status: "terminated"; by: "getUpdates" | "setWebhook" }
  >
  setWebhook(webhook: Webhook | undefined): void
  dropPending(): void
  close(): void
}

/** Where updates of a kind are on unless asked for: all but these (Bot API, "setWebhook", allowed_updates). */
const offByDefault = new Set(["chat_member", "message_reaction", "message_reaction_count"])
/** Telegram gives a web hook about a minute. */
const webhookTimeoutMs = 60_000

/**
 * @param retryMs - pause before the second attempt of a delivery; doubles up to twenty times that. Telegram's own is about
 *   a second; tests want less.
 */
export function createUpdateQueue(waiters: Waiters, retryMs: number): UpdateQueue {
  const pending: TelegramUpdate[] = []
  const known = new Map<number, TelegramUpdate>()
  const deliveries: Delivery[] = []
  const redelivered = new Set<number>()
  const chains = new Map<string, Promise<void>>()
  const closing = new AbortController()
  let webhook: Webhook | undefined
  let webhookGone = new AbortController()
  let lastError: UpdateQueue["lastError"]
  let nextId = 700_000_001
  let poller: { terminate(by: "getUpdates" | "setWebhook"): void } | undefined

  const confirm = (updateId: number) => {
    const index = pending.findIndex((update) => update.update_id === updateId)
    if (index >= 0) pending.splice(index, 1)
  }

  /** Posts until it is taken, the web hook changes or the server closes. Updates of one chat wait for each other. */
  const post = (update: TelegramUpdate, target: Webhook, gone: AbortSignal) => {
    const chat = chatOf(update)
    const previous = chains.get(chat) ?? Promise.resolve()
    const work = async () => {
      await previous
      for (let attempt = 1; !gone.aborted && !closing.signal.aborted; attempt++) {
        const status = await postOnce(update, target, AbortSignal.any([gone, closing.signal]))
        if (closing.signal.aborted) return
        deliveries.push({ updateId: update.update_id, attempt, status })
        const taken = status !== null && status >= 200 && status < 300
        if (taken) confirm(update.update_id)
        else lastError = { message: errorOf(status), atMs: Date.now() }
        waiters.notify()
        if (taken) return
        await pause(Math.min(retryMs * 2 ** (attempt - 1), retryMs * 20), AbortSignal.any([gone, closing.signal]))
      }
    }
    chains.set(chat, work())
  }

  const offer = (update: TelegramUpdate) => {
    if (webhook !== undefined) post(update, webhook, webhookGone.signal)
    waiters.notify()
  }

  return {
    pending,
    deliveries,
    allowedUpdates: undefined,
    get webhook() {
      return webhook
    },
    get isPolling() {
      return poller !== undefined
    },
    get lastError() {
      return lastError
    },
    push(fields) {
      const update: TelegramUpdate = { ...fields, update_id: nextId++ }
      known.set(update.update_id, update)
      const kind = Object.keys(fields).find((key) => key !== "update_id") ?? ""
      const allowed = this.allowedUpdates
      const wanted = allowed === undefined || allowed.length === 0 ? !offByDefault.has(kind) : allowed.includes(kind)
      if (wanted) {
        pending.push(update)
        offer(update)
      }
      return update.update_id
    },
    redeliver(updateId) {
      const update = known.get(updateId)
      if (update === undefined) throw new Error(`there was no update ${updateId}`)
      redelivered.add(updateId)
      if (!pending.includes(update)) {
        pending.push(update)
        pending.sort((a, b) => a.update_id - b.update_id)
      }
      offer(update)
    },
    async poll({ offset, limit, timeoutMs, signal }) {
      poller?.terminate("getUpdates")
      if (offset !== undefined && offset < 0) pending.splice(0, Math.max(0, pending.length + offset))
      else if (offset !== undefined) {
        const kept = pending.filter(({ update_id }) => update_id >= offset || redelivered.has(update_id))
        pending.splice(0, pending.length, ...kept)
      }
      const take = () => (pending.length > 0 ? pending.slice(0, limit) : undefined)
      let terminatedBy: "getUpdates" | "setWebhook" | undefined
      const me = {
        terminate(by: "getUpdates" | "setWebhook") {
          terminatedBy = by
          waiters.notify()
        },
      }
      poller = me
      waiters.notify()
      signal.addEventListener("abort", () => waiters.notify())
      const wake = () => (terminatedBy !== undefined || signal.aborted ? [] : take())
      const updates = timeoutMs > 0 ? await waiters.until("updates", wake, timeoutMs).catch(() => []) : (take() ?? [])
      if (poller === me) poller = undefined
      for (const update of updates) redelivered.delete(update.update_id)
      return terminatedBy === undefined ? { status: "updates", updates } : { status: "terminated", by: terminatedBy }
    },
    setWebhook(next) {
      webhookGone.abort()
      webhookGone = new AbortController()
      webhook = next
      chains.clear()
      if (next === undefined) return
      poller?.terminate("setWebhook")
      for (const update of pending) post(update, next, webhookGone.signal)
    },
    dropPending() {
      pending.length = 0
    },
    close() {
      closing.abort()
    },
  }
}

async function postOnce(update: TelegramUpdate, webhook: Webhook, signal: AbortSignal): Promise<number | null> {
  const headers = {
    "content-type": "application/json",
    ...(webhook.secretToken === undefined ? {} : { "x-telegram-bot-api-secret-token": webhook.secretToken }),
  }
  try {
    const response = await fetch(webhook.url, {
      method: "POST",
      headers,
      body: JSON.stringify(update),
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(webhookTimeoutMs)]),
    })
    await response.body?.cancel()
    return response.status
  } catch {
    return null
  }
}

function errorOf(status: number | null): string {
  return status === null ? "Connection refused" : `Wrong response from the webhook: ${status}`
}

function chatOf(update: TelegramUpdate): string {
  return /"chat":\{"id":(-?\d+)/.exec(JSON.stringify(update))?.[1] ?? ""
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener("abort", done, { once: true })
    function done() {
      clearTimeout(timer)
      signal.removeEventListener("abort", done)
      resolve()
    }
  })
}
