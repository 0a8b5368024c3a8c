/** Units and identifiers that every room shares. Branded, so that a length is not taken for an instant. */
import * as z from "zod"

/** Milliseconds since 1970-01-01 UTC, whole. */
export const EpochMs = z.number().int().nonnegative().brand("EpochMs")
export type EpochMs = z.infer<typeof EpochMs>

/**
 * What a clock or a calculation of ours tells, as an instant: what `EpochMs.parse` does at a tenth of its cost, since a turn asks
 * for a hundred of them.
 * @throws RangeError when it is none
 */
export function toEpochMs(ms: number): EpochMs {
  if (!isEpochMs(ms)) throw new RangeError(`${ms} is no instant`)
  return ms
}

function isEpochMs(ms: number): ms is EpochMs {
  return Number.isSafeInteger(ms) && ms >= 0
}

/** The instant `ms` milliseconds after `at` (before it, when negative). */
export function after(at: EpochMs, ms: number): EpochMs {
  return toEpochMs(at + Math.round(ms))
}

/** RFC 3339 in UTC with milliseconds, as the loop API speaks it. */
export function toRfc3339(at: EpochMs): string {
  return new Date(at).toISOString()
}

/** A loop of the API (`loop_`) or the conversation of a channel's chat (`conv_`). Both name one Conversation object. */
export const ConversationId = z
  .string()
  .regex(/^(loop|conv)_[0-9a-f]{32}$/)
  .brand("ConversationId")
export type ConversationId = z.infer<typeof ConversationId>

/** Carries its conversation's id: `turn_<loop|conv>_<32 hex>_<number>`. */
export const TurnId = z
  .string()
  .regex(/^turn_(loop|conv)_[0-9a-f]{32}_\d+$/)
  .brand("TurnId")
export type TurnId = z.infer<typeof TurnId>

/** Counts the turns of its conversation, from 1. */
export function turnNumber(id: TurnId): number {
  return Number(id.slice(id.lastIndexOf("_") + 1))
}

/** The conversation that it is a turn of. */
export function conversationOfTurn(id: TurnId): ConversationId {
  return ConversationId.parse(id.slice("turn_".length, id.lastIndexOf("_")))
}

/** Carries its conversation's id: `choice_<loop|conv>_<32 hex>_<turn number>_<number>`. */
export const ChoiceId = z
  .string()
  .regex(/^choice_(loop|conv)_[0-9a-f]{32}_\d+_\d+$/)
  .brand("ChoiceId")
export type ChoiceId = z.infer<typeof ChoiceId>

/** The conversation in which it is asked. */
export function conversationOfChoice(id: ChoiceId): ConversationId {
  return ConversationId.parse(id.slice("choice_".length).replace(/_\d+_\d+$/, ""))
}

export const GroupId = z
  .string()
  .regex(/^grp_[0-9a-f]{24}$/)
  .brand("GroupId")
export type GroupId = z.infer<typeof GroupId>

export const ChannelId = z
  .string()
  .regex(/^chan_[0-9a-f]{24}$/)
  .brand("ChannelId")
export type ChannelId = z.infer<typeof ChannelId>

export const UserId = z
  .string()
  .regex(/^user_[0-9a-f]{24}$/)
  .brand("UserId")
export type UserId = z.infer<typeof UserId>

export const TokenId = z
  .string()
  .regex(/^tok_[0-9a-f]{12}$/)
  .brand("TokenId")
export type TokenId = z.infer<typeof TokenId>

/** Lower-case hexadecimal of the bytes. */
export function toHex(bytes: Uint8Array): string {
  let hex = ""
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0")
  return hex
}
