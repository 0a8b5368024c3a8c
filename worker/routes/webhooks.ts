/** Where platforms post what people wrote. An update is stored durably before it is answered with 200. */
import { maxUpdateBytes, telegramWebhook } from "../../core/api/webhooks.ts"
import { errorRule, isLoopError, LoopError } from "../../core/errors.ts"
import { ChannelId } from "../../core/units.ts"
import type { EdgeDeps } from "../deps.ts"
import { addressKey } from "../http/address.ts"
import type { AppContext } from "../http/app-env.ts"
import type { Binder } from "../http/bind.ts"
import { decodeText, readBytes } from "../http/body.ts"
import { type RateLimiter, requireRoom } from "../http/rate-limit.ts"

/** Updates of one channel: what a busy group chat brings, and no more than one machine can store. */
const updatesPerMinute = 1_200

export function bindWebhooks(binder: Binder, deps: EdgeDeps, limiter: RateLimiter): void {
  binder.routes.add("POST", telegramWebhook.path)
  binder.app.post("/webhooks/telegram/:channelId", async (context) => {
    const channelId = ChannelId.safeParse(context.req.param("channelId"))
    if (!channelId.success) throw new LoopError("channel_not_found")
    await takeUpdate(deps, limiter, context, channelId.data)
    return context.json({})
  })
}

/**
 * Only refused requests count against the sender's address and only accepted ones against the channel: Telegram's own
 * servers share addresses, and a stranger without the secret must not use up a channel's updates.
 */
async function takeUpdate(deps: EdgeDeps, limiter: RateLimiter, context: AppContext, channelId: ChannelId) {
  const refusals = `webhook:${addressKey(context.get("address"))}`
  const updates = `channel:${channelId}`
  const perMinute = deps.config.RATE_LIMIT_PER_MINUTE
  requireRoom(limiter.check(refusals, perMinute, deps.now()))
  requireRoom(limiter.check(updates, updatesPerMinute, deps.now()))
  try {
    const body = decodeText(await readBytes(context.req.raw, maxUpdateBytes, "body_too_large"))
    const secret = context.req.header("x-telegram-bot-api-secret-token") ?? ""
    await deps.peers("channel", channelId).call("webhook", { secret, body })
    limiter.take(updates, updatesPerMinute, deps.now())
  } catch (error) {
    // What failed on our side is not the sender's fault.
    if (isLoopError(error) && errorRule(error.code).status < 500) limiter.take(refusals, perMinute, deps.now())
    throw error
  }
}
