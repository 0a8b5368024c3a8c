/** What leaves for a person on a channel, and what may become of it. */
import * as z from "zod"
import { ChoiceId } from "../units.ts"

/** Comes back as `data` when it is pressed (Bot API "InlineKeyboardButton": 1 to 64 bytes). */
export const Button = z.object({ text: z.string().min(1).max(100), data: z.string().regex(/^[!-~]{1,64}$/) })

/** One message of the platform: small enough for it, and rendered as `format` says where it can be. */
export const OutgoingPart = z.object({
  chatId: z.number().int(),
  threadId: z.number().int().optional(),
  text: z.string(),
  format: z.enum(["markdown", "plain"]),
  /** Rows of them, under the text. */
  buttons: z.array(z.array(Button)).optional(),
  /** Sent as a file, with the text as its caption. */
  document: z.object({ fileName: z.string(), text: z.string() }).optional(),
  /** A message of the platform's own number that gets this text, and loses its buttons. */
  edits: z.number().int().optional(),
  /** The question to a person that this part asks, or says the end of. */
  choice: z
    .object({
      choiceId: ChoiceId,
      /** Its place among several; null: whether a call may run. */
      question: z.number().int().nullable(),
      isOver: z.boolean(),
    })
    .optional(),
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
