/** Calls on a Ledger as tests make them: one candidate of 500 tokens in and 500 out, at 1 dollar a million in and 10 out. */
import { expect } from "vitest"
import { loopId } from "../../adapters/store/samples.ts"
import { type BudgetLimits, noLimits } from "../../core/budget/limits.ts"
import { CallId, type Candidate, type ReserveAnswer, type SettleRequest } from "../../core/budget/reserve.ts"
import type { BudgetTerms } from "../../core/budget/terms.ts"
import { type ConversationId, type GroupId, TurnId } from "../../core/units.ts"
import type { Harness } from "./harness.ts"

const price = { inputMicroUsdPerMTok: 1_000_000, outputMicroUsdPerMTok: 10_000_000 }

export const candidate = (rest: Partial<Candidate> = {}): Candidate => ({
  provider: "anthropic",
  model: "claude-x",
  inputTokens: 500,
  maxOutputTokens: 500,
  price,
  ...rest,
})

/** What such a call is answered where nothing binds it. */
export const allowed = { status: "allowed", candidate: 0, maxOutputTokens: 500, countedAt: expect.any(Number) }

export const usage = (inputTokens: number, outputTokens: number) => ({
  inputTokens,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens,
})

export type LedgerDesk = ReturnType<typeof openLedgerDesk>

/** @param harness - the one of the test that runs */
export function openLedgerDesk(harness: () => Harness) {
  let version = 0
  const ledger = () => harness().objects.peers("ledger", "main")
  const callId = (n: number, conversation = 1) => CallId.parse(`turn_${loopId(conversation)}_${n}.call.1`)
  const stateOf = (of: { conversationId: ConversationId; groupId: GroupId | null } | null) =>
    ledger().call("budgets", { of })
  const state = async (of: Parameters<typeof stateOf>[0] = null) => (await stateOf(of)).scopes
  return {
    ledger,
    /** Of the newest terms of `setGlobal`. */
    version: () => version,
    stateOf,
    state,
    spentToday: async () => (await state())[0]?.day,
    /** The `n`th turn's call. */
    reserve: (
      n: number,
      rest: { conversation?: number; groupId?: GroupId | null; candidates?: Candidate[] } = {},
    ): Promise<ReserveAnswer> => {
      const conversationId = loopId(rest.conversation ?? 1)
      return ledger().call("reserve", {
        callId: callId(n, rest.conversation),
        turnId: TurnId.parse(`turn_${conversationId}_${n}`),
        conversationId,
        groupId: rest.groupId ?? null,
        candidates: rest.candidates ?? [candidate()],
      })
    },
    /** 100 tokens in, 50 out, for 600 millionths, unless told. */
    settle: (n: number, rest: Partial<SettleRequest> & { conversation?: number } = {}) => {
      const { conversation, ...request } = rest
      return ledger().call("settle", {
        callId: callId(n, conversation),
        started: true,
        usage: usage(100, 50),
        costMicroUsd: 600,
        health: null,
        ...request,
      })
    },
    setGlobal: (limits: Partial<BudgetLimits>, rest: Partial<Extract<BudgetTerms, { kind: "global" }>> = {}) => {
      version += 1
      return ledger().call("setBudget", {
        kind: "global",
        version,
        limits: { ...noLimits, ...limits },
        conversationLimits: noLimits,
        timeZone: "UTC",
        home: null,
        ...rest,
      })
    },
  }
}
