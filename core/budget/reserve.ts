/** What a model call asks of the Ledger before it starts and tells it after its end, and what it is answered. */
import * as z from "zod"
import { FailureReason, Usage } from "../model/call.ts"
import { mostFallbacks } from "../model/chain.ts"
import { ConversationId, EpochMs, GroupId, TurnId } from "../units.ts"
import { BudgetPeriod, BudgetScope, BudgetUnit } from "./limits.ts"

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)

/** A call is not lowered below this: less is no answer. */
export const leastOutputTokens = 256
/** How long a call waits for others in flight to end, in all. */
export const longestWaitMs = 60_000

/** Unique: one attempt of one call. Begins with its turn's id. */
export const CallId = z.string().regex(/^turn_(loop|conv)_[0-9a-f]{32}_\d+\.[\w.-]{1,80}$/)
export type CallId = z.infer<typeof CallId>

/** The conversation whose call it is. */
export function conversationOfCall(callId: CallId): ConversationId {
  return ConversationId.parse(/^turn_((?:loop|conv)_[0-9a-f]{32})_/.exec(callId)?.[1])
}

/** Of the dearest kind of input and of output that the call may be billed for. */
export const CallPrice = z.object({ inputMicroUsdPerMTok: count, outputMicroUsdPerMTok: count })
export type CallPrice = z.infer<typeof CallPrice>

export const Candidate = z.object({
  /** Whose breaker the call goes by. */
  provider: z.string().min(1).max(300),
  model: z.string().min(1).max(300),
  /** No tokenizer counts more: one a byte of UTF-8 bounds it. */
  inputTokens: count,
  maxOutputTokens: z.number().int().positive(),
  /** Null: not known. */
  price: CallPrice.nullable(),
})
export type Candidate = z.infer<typeof Candidate>

export const ReserveRequest = z.object({
  callId: CallId,
  turnId: TurnId,
  conversationId: ConversationId,
  groupId: GroupId.nullable(),
  /** In order of preference. The first whose provider is up is taken: money moves no call to another model. */
  candidates: z
    .array(Candidate)
    .min(1)
    .max(1 + mostFallbacks),
})
export type ReserveRequest = z.infer<typeof ReserveRequest>

/** Why a call may not be made. */
export const Denial = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("refused"),
    scope: BudgetScope,
    limit: z.object({ unit: BudgetUnit, period: BudgetPeriod }),
    limitValue: count,
    /** Spent, not what is in flight. It may be below the limit: then the call does not fit into what is left. */
    usedValue: count,
    /** Null: the call alone is larger than the limit. */
    nextAllowedAt: EpochMs.nullable(),
    /** Of the operator, for telling people when that is. */
    timeZone: z.string(),
  }),
  /** A budget in dollars binds, and nobody knows what the model costs: such calls are not made. */
  z.object({ status: z.literal("unpriced"), scope: BudgetScope, model: z.string() }),
  /** The breaker of every candidate is open. */
  z.object({ status: z.literal("providers_down"), retryAt: EpochMs }),
])
export type Denial = z.infer<typeof Denial>

export const ReserveAnswer = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("allowed"),
    /** Its place among the candidates. */
    candidate: z.number().int().nonnegative(),
    /** What was asked for, or less: then what is left, and never below `leastOutputTokens`. */
    maxOutputTokens: z.number().int().positive(),
    /** In the day and month of this instant the call counts. */
    countedAt: EpochMs,
    /** It tries a provider that was down, and others wait for its first words: they are to be told (`answering`). */
    isProbe: z.boolean().optional(),
  }),
  /**
   * Only calls in flight stand in the way. The asker is woken (`budgetFreed` of its conversation), or asks again with the same
   * `callId`, a second later or more; at `until` it is refused.
   */
  z.object({ status: z.literal("wait"), until: EpochMs }),
  ...Denial.options,
])
export type ReserveAnswer = z.infer<typeof ReserveAnswer>

/** How the provider did; null where the call says nothing of that, as when a person stopped it. */
export const ProviderHealth = z.object({
  provider: z.string().min(1).max(300),
  result: z.enum(["ok", "failed"]),
  reason: FailureReason.optional(),
})
export type ProviderHealth = z.infer<typeof ProviderHealth>

export const SettleRequest = z.object({
  callId: CallId,
  /** False: the request never left. A provider's refusal (an HTTP error) is a usage of zeros. */
  started: z.boolean(),
  /** Null: not known. A call that started is then charged at its worst case. */
  usage: Usage.nullable(),
  /** Null: the price is not known. */
  costMicroUsd: count.nullable(),
  health: ProviderHealth.nullable(),
  /** Names the group to charge, should the Ledger have lost the reservation. */
  groupId: GroupId.nullable().optional(),
})
export type SettleRequest = z.infer<typeof SettleRequest>

/** What the call counts as in every sum, and what its record is to say. */
export const SettleAnswer = z.object({
  charged: z.object({ tokens: count, microUsd: count }),
  /** The charged tokens by kind: the real ones, or those of the worst case. */
  usage: Usage,
})
export type SettleAnswer = z.infer<typeof SettleAnswer>
