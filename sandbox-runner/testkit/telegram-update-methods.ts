/** The fake Bot API's methods about getting updates: long polling or a web hook, never both (core.telegram.org/bots/api#getting-updates). */
import * as z from "zod"
import {
  badRequest,
  flag,
  integer,
  json,
  text,
  TelegramRefusal,
  type Answered,
  type Methods,
  type Params,
} from "./telegram-params.ts"
import type { UpdateQueue } from "./telegram-updates.ts"

/** @param allowHttp - take web hooks on plain http and any port */
export function updateMethods(updates: UpdateQueue, allowHttp: boolean): Methods {
  const setWebhook = (params: Params): Answered => {
    const url = text(params, "url") ?? ""
    if (flag(params, "drop_pending_updates")) updates.dropPending()
    if (url === "") {
      const description = updates.webhook === undefined ? "Webhook is already deleted" : "Webhook was deleted"
      updates.setWebhook(undefined)
      return { result: true, description }
    }
    const parsed = URL.parse(url)
    if (parsed === null || (parsed.protocol !== "https:" && !(allowHttp && parsed.protocol === "http:"))) {
      return badRequest("bad webhook: An HTTPS URL must be provided for webhook")
    }
    if (!allowHttp && !["", "80", "88", "443", "8443"].includes(parsed.port)) {
      return badRequest("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    }
    const secretToken = text(params, "secret_token")
    if (secretToken !== undefined && secretToken.length > 256) return badRequest("secret token is too long")
    if (secretToken !== undefined && !/^[A-Za-z0-9_-]+$/.test(secretToken)) {
      return badRequest("secret token contains unallowed characters")
    }
    const maxConnections = integer(params, "max_connections") ?? 40
    if (maxConnections < 1 || maxConnections > 100) return badRequest("max_connections must be between 1 and 100")
    updates.allowedUpdates = json(params, "allowed_updates", z.array(z.string())) ?? updates.allowedUpdates
    const next = { url, secretToken, maxConnections }
    if (JSON.stringify(updates.webhook) === JSON.stringify(next)) {
      return { result: true, description: "Webhook is already set" }
    }
    updates.setWebhook(next)
    return { result: true, description: "Webhook was set" }
  }
  return {
    setWebhook,
    deleteWebhook: (params) => setWebhook({ drop_pending_updates: params.drop_pending_updates }),
    getWebhookInfo: () => ({ result: webhookInfo(updates) }),
    async getUpdates(params, gone) {
      if (updates.webhook !== undefined) {
        conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
      }
      updates.allowedUpdates = json(params, "allowed_updates", z.array(z.string())) ?? updates.allowedUpdates
      const limit = Math.min(Math.max(integer(params, "limit") ?? 100, 1), 100)
      const timeoutMs = Math.min(Math.max(integer(params, "timeout") ?? 0, 0), 50) * 1000
      const polled = await updates.poll({ offset: integer(params, "offset"), limit, timeoutMs, signal: gone })
      if (polled.status === "updates") return { result: polled.updates }
      const only = polled.by === "getUpdates" ? "; make sure that only one bot instance is running" : ""
      return conflict(`terminated by ${polled.by === "getUpdates" ? "other getUpdates" : "setWebhook"} request${only}`)
    },
  }
}

function conflict(why: string): never {
  throw new TelegramRefusal({ status: 409, description: `Conflict: ${why}` })
}

function webhookInfo({ webhook, lastError, pending, allowedUpdates }: UpdateQueue): object {
  return {
    url: webhook?.url ?? "",
    has_custom_certificate: false,
    pending_update_count: pending.length,
    ...(webhook === undefined ? {} : { max_connections: webhook.maxConnections }),
    ...(webhook === undefined || lastError === undefined
      ? {}
      : { last_error_date: Math.floor(lastError.atMs / 1000), last_error_message: lastError.message }),
    ...(allowedUpdates === undefined ? {} : { allowed_updates: allowedUpdates }),
  }
}
