/** Contracts of the addresses that platforms post to. Described for operators who look at what reaches the gateway. */
import * as z from "zod"
import { ChannelId } from "../units.ts"
import { endpoint, nothing } from "./endpoint.ts"

/** Updates carry text and descriptions of files, never files. */
export const maxUpdateBytes = 1_048_576

export const telegramWebhook = endpoint({
  method: "post",
  path: "/webhooks/telegram/{channelId}",
  summary: "Take one update of the Bot API; it is stored before the answer",
  description: "Called by Telegram alone. The gateway registers the address and its secret by itself.",
  headers: { "X-Telegram-Bot-Api-Secret-Token": "The secret that the gateway gave to Telegram with the address." },
  auth: "none",
  scope: null,
  params: z.object({ channelId: ChannelId }),
  query: nothing,
  body: z.looseObject({ update_id: z.number().int() }),
  status: 200,
  response: nothing,
  errors: ["invalid_webhook_secret", "channel_not_found", "too_many_requests"],
  unknownId: "channel_not_found",
  rawBody: true,
  maxBodyBytes: maxUpdateBytes,
})
