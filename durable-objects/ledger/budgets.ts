/**
 * The money of model calls: the worst case is held back before a call starts, what it really took is charged after it ended. What
 * started and never said how it ended is charged at its worst case.
 */
import { recharge, reserve, settle } from "../../core/budget/account.ts"
import { dearestCostOf, type Held, judge, type Refused, tokensOf, type Verdict } from "../../core/budget/judge.ts"
import { type BudgetScope, scopeKey } from "../../core/budget/limits.ts"
import {
  type CallId,
  type CallPrice,
  conversationOfCall,
  longestWaitMs,
  type ReserveAnswer,
  type ReserveRequest,
  type SettleAnswer,
  type SettleRequest,
} from "../../core/budget/reserve.ts"
import type { BudgetsState, BudgetState } from "../../core/budget/terms.ts"
import { isLoopError, LoopError } from "../../core/errors.ts"
import type { Usage } from "../../core/model/call.ts"
import { after, type ConversationId, type GroupId, type TurnId, turnNumber } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { Accounts } from "./accounts.ts"
import type { Breakers } from "./breakers.ts"
import type { Calls, Reservation, Settled } from "./calls.ts"
import type { SpendNews } from "./spend-news.ts"
import type { KnownTerms } from "./terms.ts"

/** No call lives longer: a host keeps an object's work alive for 15 minutes at most. */
const leaseMs = 20 * 60_000

export interface BudgetWork {
  readonly terms: KnownTerms
  readonly accounts: Accounts
  readonly breakers: Breakers
  readonly calls: Calls
  readonly news: SpendNews
}

export class Budgets {
  readonly #host: ObjectHost
  readonly #terms: KnownTerms
  readonly #accounts: Accounts
  readonly #breakers: Breakers
  readonly #calls: Calls
  readonly #news: SpendNews

  constructor(host: ObjectHost, { terms, accounts, breakers, calls, news }: BudgetWork) {
    this.#host = host
    this.#terms = terms
    this.#accounts = accounts
    this.#breakers = breakers
    this.#calls = calls
    this.#news = news
  }

  /** @throws LoopError `database_unavailable`; `internal` for a call that is over */
  async reserve(request: ReserveRequest): Promise<ReserveAnswer> {
    const known = this.#answerOf(request)
    if (known !== undefined) return known
    await this.#prepare(request)
    const first = this.#decide(request, { isFinal: false })
    if (first.status !== "refused" && first.status !== "unpriced") return first
    // A raise whose news got lost acts all the same.
    await this.#terms.lookAgain()
    await this.#prepare(request)
    const last = this.#decide(request, { isFinal: true })
    if (last.status !== "wait") this.#calls.leaveLine(request.callId)
    return last
  }

  settle(request: SettleRequest): SettleAnswer {
    const { callId, health } = request
    const conversationId = conversationOfCall(callId)
    const call = this.#calls.inFlight(callId)
    const done = call === undefined ? this.#calls.settled(callId) : undefined
    if (done?.isSwept === false) return { charged: done.charged, usage: done.usage }
    const provider = health?.provider ?? call?.provider
    if (provider !== undefined) this.#breakers.end(provider, callId, health)
    if (call !== undefined) return this.#settleCall(request, call)
    // Charged when it was erased.
    if (this.#calls.isForgotten(conversationId)) return nothingUsed
    return this.#settleLate(request, done)
  }

  /** Charges what is overdue at its worst case, and lets go of askers that came back no more. */
  sweep(): void {
    for (const [callId, call] of this.#calls.overdue({ now: this.#host.now() })) this.#chargeWorst(callId, call)
    this.#calls.dropStale()
    this.#wakeWaiting()
  }

  /** What is in flight counts as spent; nothing that names the conversation stays. */
  forget(conversationId: ConversationId): void {
    for (const [callId, call] of this.#calls.overdue({ conversationId })) this.#chargeWorst(callId, call)
    this.#calls.forget(conversationId)
    this.#accounts.forget(conversationId)
    this.#terms.forget(conversationId)
    this.#news.forget(conversationId)
    this.#wakeWaiting()
  }

  /** Calls that waited for room may go on: more is allowed. */
  termsChanged(): void {
    this.#wakeWaiting()
  }

  /** @param of - the one conversation to tell of; null: those with limits of their own @throws LoopError `database_unavailable` */
  async state(of: { conversationId: ConversationId; groupId: GroupId | null } | null): Promise<BudgetsState> {
    await this.#terms.ensure(of?.groupId ?? null)
    await this.#accounts.begin()
    if (of !== null) await this.#accounts.complete(of.conversationId)
    const groups = new Set([...this.#terms.groups.map(({ groupId }) => groupId), ...this.#accounts.groups])
    const conversations = of === null ? this.#terms.conversations : [of.conversationId]
    const scopes: BudgetScope[] = [
      { kind: "global" },
      ...[...groups].map((groupId) => ({ kind: "group" as const, groupId })),
      ...conversations.map((conversationId) => ({ kind: "conversation" as const, conversationId })),
    ]
    const { day, month } = this.#accounts.windows
    const { timeZone } = this.#terms.global
    return { timeZone, day, month, scopes: scopes.map((scope) => this.#stateOf(scope, of?.groupId ?? null)) }
  }

  #stateOf(scope: BudgetScope, groupId: GroupId | null): BudgetState {
    const { day, month } = this.#accounts.get(scope)
    return {
      scope,
      limits: this.#terms.limitsOf(scope, groupId),
      day: { spent: day.spent, reserved: day.reserved },
      month: { spent: month.spent, reserved: month.reserved },
    }
  }

  /** Sees to it that limits and sums of the call's scopes are known. */
  async #prepare({ turnId, conversationId, groupId }: ReserveRequest): Promise<void> {
    await this.#terms.ensure(groupId)
    await this.#accounts.begin()
    if (this.#accounts.isComplete(conversationId)) return
    // Before its first turn there is nothing on record.
    if (turnNumber(turnId) === 1) return this.#accounts.addRecord(conversationId, undefined)
    const limits = this.#terms.limitsOf({ kind: "conversation", conversationId }, groupId)
    const isBound = Object.values(limits).some((limit) => limit !== null)
    await this.#accounts.complete(conversationId).catch((error) => {
      if (isBound || !isLoopError(error) || error.code !== "database_unavailable") throw error
    })
  }

  /** Decides and holds back in one step: nothing comes in between. @param isFinal - people are told when it is refused */
  #decide(request: ReserveRequest, { isFinal }: { isFinal: boolean }): ReserveAnswer {
    const { conversationId, groupId } = request
    const known = this.#answerOf(request)
    if (known !== undefined) return known
    const choice = this.#breakers.choose(request.candidates)
    if (choice.status === "down") return { status: "providers_down", retryAt: choice.retryAt }
    const held = this.#held(conversationId, groupId)
    const verdict = judge(choice.candidate, held, this.#accounts.windows, this.#host.now())
    switch (verdict.status) {
      case "fits":
        return this.#begin(request, choice.index, verdict)
      case "wait":
        return this.#wait(request, verdict.refusal)
      case "refused":
        if (isFinal) this.#tellStopped(held, verdict)
        return this.#refuse(verdict)
      case "unpriced":
        return verdict
    }
  }

  #begin(
    { callId, conversationId, groupId, candidates }: ReserveRequest,
    index: number,
    { maxOutputTokens, worst }: Extract<Verdict, { status: "fits" }>,
  ): ReserveAnswer {
    const candidate = candidates[index]
    if (candidate === undefined) throw new LoopError("internal", { callId })
    const { provider, inputTokens, price } = candidate
    const now = this.#host.now()
    const { day, month } = this.#accounts.windows
    this.#calls.welcome(conversationId)
    const { isProbe } = this.#breakers.begin(provider, callId)
    for (const { scope, account } of this.#held(conversationId, groupId))
      this.#accounts.put(scope, reserve(account, worst))
    this.#calls.begin(callId, {
      conversationId,
      groupId,
      provider,
      candidate: index,
      inputTokens,
      maxOutputTokens,
      price,
      worst,
      begun: { day: day.startsAt, month: month.startsAt },
      leaseEndsAt: after(now, leaseMs),
    })
    return { status: "allowed", candidate: index, maxOutputTokens, countedAt: now, ...(isProbe && { isProbe }) }
  }

  #wait(request: ReserveRequest, refusal: Refused): ReserveAnswer {
    const until = after(this.#calls.waitInLine(request), longestWaitMs)
    return this.#host.now() < until ? { status: "wait", until } : this.#refuse(refusal)
  }

  #refuse(refusal: Refused): ReserveAnswer {
    return refusal.status === "unpriced" ? refusal : { ...refusal, timeZone: this.#terms.global.timeZone }
  }

  #tellStopped(held: readonly Held[], refusal: Extract<Refused, { status: "refused" }>): void {
    const stopped = held.find(({ scope }) => scope.kind === refusal.scope.kind)
    if (stopped === undefined) return
    const told = this.#news.stop(stopped, refusal, this.#accounts.windows)
    if (told !== stopped.account) this.#accounts.put(stopped.scope, told)
  }

  #settleCall(request: SettleRequest, call: Reservation): SettleAnswer {
    const answer = chargeOf(request, call.price, { charged: call.worst, usage: worstUsage(call) })
    this.#close(request.callId, call, { ...answer, isSwept: false })
    this.#wakeWaiting()
    return answer
  }

  #takeBack(callId: CallId, { provider, conversationId, groupId, begun, worst }: Reservation): void {
    this.#breakers.end(provider, callId, null)
    this.#calls.drop(callId)
    for (const { scope, account } of this.#held(conversationId, groupId))
      this.#accounts.put(scope, settle(account, begun, { reserved: worst, charged: nothingUsed.charged }))
    this.#wakeWaiting()
  }

  #chargeWorst(callId: CallId, call: Reservation): void {
    this.#breakers.end(call.provider, callId, null)
    this.#close(callId, call, { charged: call.worst, usage: worstUsage(call), isSwept: true })
  }

  #close(callId: CallId, call: Reservation, end: Pick<Settled, "charged" | "usage" | "isSwept">): void {
    const { conversationId, groupId, begun, worst, price } = call
    this.#calls.end(callId, { groupId, price, begun, ...end })
    for (const held of this.#held(conversationId, groupId))
      this.#charge(held, settle(held.account, begun, { reserved: worst, charged: end.charged }))
  }

  /** Of a call that was swept, or that was reserved before the Ledger lost its storage. */
  #settleLate(request: SettleRequest, swept: Settled | undefined): SettleAnswer {
    const { day, month } = this.#accounts.windows
    const known: Settled = swept ?? {
      groupId: request.groupId ?? null,
      price: null,
      begun: { day: day.startsAt, month: month.startsAt },
      ...nothingUsed,
      isSwept: false,
    }
    const answer = chargeOf(request, known.price, { charged: known.charged, usage: known.usage })
    this.#calls.end(request.callId, { ...known, ...answer, isSwept: false })
    this.#recharge(request.callId, known, answer.charged)
    return answer
  }

  #recharge(callId: CallId, { groupId, begun, charged: before }: Settled, now: Settled["charged"]): void {
    for (const held of this.#held(conversationOfCall(callId), groupId))
      this.#charge(held, recharge(held.account, begun, { before, now }))
  }

  #charge(held: Held, account: Held["account"]): void {
    this.#accounts.put(held.scope, this.#news.warn({ ...held, account }, this.#accounts.windows))
  }

  /** Those for whom there is room now are woken, in the order of asking. None of it is held for them. */
  #wakeWaiting(): void {
    if (!this.#calls.isAnyoneInLine) return
    const taken = new Map<string, Held["account"]>()
    const woken = new Map<TurnId, ConversationId>()
    for (const { request } of this.#calls.line) {
      const { conversationId, groupId, turnId, candidates } = request
      const choice = this.#breakers.choose(candidates)
      const held = this.#held(conversationId, groupId).map((one) => ({
        ...one,
        account: taken.get(scopeKey(one.scope)) ?? one.account,
      }))
      if (choice.status === "up") {
        const verdict = judge(choice.candidate, held, this.#accounts.windows, this.#host.now())
        if (verdict.status === "wait") continue
        if (verdict.status === "fits")
          for (const { scope, account } of held) taken.set(scopeKey(scope), reserve(account, verdict.worst))
      }
      woken.set(turnId, conversationId)
    }
    for (const [turnId, conversationId] of woken)
      this.#host.keepAlive(this.#host.peer("conversation", conversationId).call("budgetFreed", { turnId }))
  }

  /** The scopes that a call counts in. */
  #held(conversationId: ConversationId, groupId: GroupId | null): Held[] {
    const scopes: BudgetScope[] = [
      { kind: "global" },
      ...(groupId === null ? [] : [{ kind: "group" as const, groupId }]),
      { kind: "conversation", conversationId },
    ]
    return scopes.map((scope) => ({
      scope,
      limits: this.#terms.limitsOf(scope, groupId),
      account: this.#accounts.get(scope),
    }))
  }

  /** Nobody asks for a call that has begun: an answer got lost, or a crash cut the call off before. */
  #answerOf(request: ReserveRequest): ReserveAnswer | undefined {
    const { callId } = request
    const call = this.#calls.inFlight(callId)
    if (call !== undefined) {
      const { candidate, maxOutputTokens, leaseEndsAt } = call
      if (isEnoughFor(call, request))
        return { status: "allowed", candidate, maxOutputTokens, countedAt: after(leaseEndsAt, -leaseMs) }
      // It has grown meanwhile, or is another's now: under what is held it could cost more than is allowed.
      this.#takeBack(callId, call)
      return undefined
    }
    const done = this.#calls.settled(callId)
    if (done === undefined) return undefined
    // Its money is spent: under the same name a second call would be free.
    if (!done.isSwept) throw new LoopError("internal", { callId })
    // Its lease ended before it came back.
    this.#calls.reopen(callId)
    this.#recharge(callId, done, nothingUsed.charged)
    return undefined
  }
}

const noUsage: Usage = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 }
const nothingUsed: SettleAnswer = { charged: { tokens: 0, microUsd: 0 }, usage: noUsage }

/** Whether what is held for a call is no less than what it asks for now. */
function isEnoughFor(call: Reservation, { groupId, candidates }: ReserveRequest): boolean {
  const asked = candidates[call.candidate]
  if (asked === undefined || asked.provider !== call.provider || groupId !== call.groupId) return false
  const isPricedAlike =
    asked.price?.inputMicroUsdPerMTok === call.price?.inputMicroUsdPerMTok &&
    asked.price?.outputMicroUsdPerMTok === call.price?.outputMicroUsdPerMTok
  return asked.inputTokens <= call.inputTokens && isPricedAlike
}

/** @param unknown - for a call that started and of which nobody knows what it took */
function chargeOf(
  { started, usage, costMicroUsd }: SettleRequest,
  price: CallPrice | null,
  unknown: SettleAnswer,
): SettleAnswer {
  if (usage !== null)
    return { charged: { tokens: tokensOf(usage), microUsd: costMicroUsd ?? dearestCostOf(price, usage) }, usage }
  return started ? unknown : nothingUsed
}

function worstUsage({ inputTokens, maxOutputTokens }: Reservation): Usage {
  return { ...noUsage, inputTokens, outputTokens: maxOutputTokens }
}
