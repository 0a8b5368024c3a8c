/** What leaves for a person on a channel, and what may become of it. */
import * as z from "zod"

/** One message of the platform: small enough for it, and rendered as `format` says where it can be. */
export const OutgoingPart = z.object({
  chatId: z.number().int(),
  threadId: z.number().int().optional(),
  text: z.string(),
  format: z.enum(["markdown", "plain"]),
})
export type OutgoingPart = z.infer<typeof OutgoingPart>

/**
 * What became of one attempt to send. `unknown`: the request left and no answer came, so it may or may not have arrived.
 * `refused` is final; `later` may be tried again.
 */
export const SendOutcome = z.discriminatedUnion("status", [
  z.object({ status: z.literal("sent"), externalId: z.string() }),
  z.object({ status: z.literal("later"), retryAfterMs: z.number().int().nonnegative(), reason: z.string() }),
  z.object({ status: z.literal("unknown"), reason: z.string() }),
  z.object({ status: z.literal("refused"), reason: z.string() }),
])
export type SendOutcome = z.infer<typeof SendOutcome>
