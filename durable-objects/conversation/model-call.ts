/** One call of one model: reserved, journaled as started, made, and settled. Whoever asks says what the journal is told. */
import type { ModelOutcome } from "../../adapters/models/client.ts"
import type { Models } from "../../adapters/models/models.ts"
import { admitModelCall } from "../../core/admission.ts"
import { tokensOf, worstCase } from "../../core/budget/judge.ts"
import type { CallId, Candidate, Denial, ProviderHealth } from "../../core/budget/reserve.ts"
import { findModel } from "../../core/catalogue/catalogue.ts"
import { callPrice, costMicroUsd } from "../../core/catalogue/cost.ts"
import type { FailureReason, ModelRequest, Usage } from "../../core/model/call.ts"
import { breakerOf, type ChainLink, type PlacedLink } from "../../core/model/chain.ts"
import { describeFailure } from "../../core/log.ts"
import type { TurnEvent } from "../../core/turn/event.ts"
import { after, type EpochMs, toEpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { GatewayParts } from "../parts.ts"
import { isStillOn, keyFor, type Segment } from "./segment.ts"
import type { Ending, Spending } from "./spending.ts"
import type { ConversationState, Turn } from "./state.ts"

export interface AskedCall {
  readonly callId: CallId
  /** Those of the turn's chain that may be asked, in their order. */
  readonly links: readonly PlacedLink[]
  readonly request: ModelRequest
}

/** What the journal is told of a call that starts. */
export type StartedCall = Required<
  Pick<
    Extract<TurnEvent, { type: "model_started" }>,
    "callId" | "candidate" | "provider" | "worstCase" | "countedAt" | "groupId" | "model" | "at"
  >
>

export type CalledModel =
  /** The turn is over or was stopped: nothing more is written for it. */
  | { status: "stopped" }
  /** Ask again by then. */
  | { status: "wait"; until: EpochMs }
  | { status: "denied"; denial: Denial }
  | {
      status: "called"
      link: ChainLink
      /** What the answer could have at most. */
      maxOutputTokens: number
      outcome: ModelOutcome
      /** Of an answer: as it is charged. */
      usage: Usage
      costMicroUsd: number | null
      /** To be called in the same step as the journal's word of the end. */
      settle: () => void
    }

/** A Ledger that is away, or a budget that others hold, is asked again after so long, if nobody wakes the turn before. */
const askAgainMs = 2_000

export class ModelCalls {
  readonly #host: ObjectHost
  readonly #parts: GatewayParts
  readonly #models: Models
  readonly #state: ConversationState
  readonly #spending: Spending

  constructor(
    host: ObjectHost,
    parts: GatewayParts,
    work: { models: Models; state: ConversationState; spending: Spending },
  ) {
    this.#host = host
    this.#parts = parts
    this.#models = work.models
    this.#state = work.state
    this.#spending = work.spending
  }

  /**
   * @param onStart - journals the start; nothing leaves before that is durable
   */
  async call(
    turn: Turn,
    segment: Segment,
    asked: AskedCall,
    on: { start(started: StartedCall): void; delta: (delta: { type: "text" | "thinking"; text: string }) => void },
  ): Promise<CalledModel> {
    const { callId, links, request } = asked
    const { groupId } = segment.policy
    const candidates = links.map(({ link }) => this.#candidate(link, segment, request))
    const { id: conversationId } = this.#state.require()
    const answer = await this.#spending.reserve({ callId, turnId: turn.id, conversationId, groupId, candidates })
    if (!isStillOn(segment, this.#state, turn)) {
      if (answer === undefined || answer.status === "allowed") this.#spending.giveBack(callId)
      return { status: "stopped" }
    }
    if (answer === undefined || answer.status === "wait") {
      const soon = after(this.#host.now(), askAgainMs)
      return { status: "wait", until: toEpochMs(Math.min(soon, answer?.until ?? soon)) }
    }
    if (answer.status !== "allowed") return { status: "denied", denial: answer }
    const placed = links[answer.candidate]
    const candidate = candidates[answer.candidate]
    if (placed === undefined || candidate === undefined) throw new RangeError(`the Ledger chose ${answer.candidate}`)
    const { link, place } = placed
    const maxOutputTokens = Math.min(answer.maxOutputTokens, candidate.maxOutputTokens)
    const worst = worstCase(candidate, maxOutputTokens)
    this.#spending.begin(callId, groupId)
    on.start({
      callId,
      candidate: place,
      provider: candidate.provider,
      model: link.model,
      worstCase: {
        inputTokens: candidate.inputTokens,
        outputTokens: maxOutputTokens,
        costMicroUsd: candidate.price === null ? null : worst.microUsd,
      },
      countedAt: answer.countedAt,
      groupId,
      at: this.#host.now(),
    })
    const apiKey = keyFor(segment.keys, link)
    let isAwaited = answer.isProbe === true
    const outcome = await this.#models
      .run(
        { ...request, maxOutputTokens },
        {
          link,
          callId,
          admission: admitModelCall(answer, callId),
          signal: segment.abort.signal,
          onDelta: (delta) => {
            if (isAwaited) this.#tellAnswering(candidate.provider, callId)
            isAwaited = false
            if (!segment.abort.signal.aborted) on.delta(delta)
          },
          ...(apiKey === undefined ? {} : { apiKey }),
        },
      )
      .catch((error: unknown) => this.#brokenBy(error, turn, link))
    if (!isStillOn(segment, this.#state, turn)) {
      this.#spending.drop(callId)
      return { status: "stopped" }
    }
    const bound = { inputTokens: candidate.inputTokens, outputTokens: maxOutputTokens }
    const charged = this.#charge(link, outcome, bound)
    const ending: Ending = { ...charged, health: healthOf(candidate.provider, outcome) }
    return {
      status: "called",
      link,
      maxOutputTokens,
      outcome,
      usage: charged.usage ?? { ...noTokens, ...bound },
      costMicroUsd: charged.costMicroUsd,
      settle: () => this.#spending.end(callId, ending),
    }
  }

  /** A client that breaks instead of failing: nobody knows what its provider has done, and another may well answer. */
  #brokenBy(error: unknown, turn: Turn, link: ChainLink): ModelOutcome {
    const { id: conversationId } = this.#state.require()
    const cause = describeFailure(error)
    this.#parts.log({ level: "error", event: "model_client_broken", conversationId, turnId: turn.id, cause })
    const message = `Something broke on our side while ${link.label} was called.`
    return { status: "failed", failure: { reason: "internal", message }, partialText: "", billed: "unknown" }
  }

  /** Nothing hangs on its arrival: the call's end says the same. */
  #tellAnswering(provider: string, callId: CallId): void {
    this.#host.keepAlive(this.#host.peer("ledger", "main").call("answering", { provider, callId }))
  }

  /** Each provider's breaker, the bound of its input, and the price as the catalogue has it. */
  #candidate(link: ChainLink, { policy }: Segment, request: ModelRequest): Candidate {
    const entry = findModel(this.#parts.catalogue, link.model)
    const inputTokens = this.#models.mostInputTokens(request, link)
    return {
      provider: breakerOf(link, policy.groupId),
      model: link.model,
      inputTokens,
      maxOutputTokens: Math.min(request.maxOutputTokens, entry?.maxOutputTokens ?? request.maxOutputTokens),
      price: callPrice(entry, inputTokens),
    }
  }

  /** What the provider does not say may be anything up to its bound. */
  #charge(
    link: ChainLink,
    outcome: ModelOutcome,
    bound: { inputTokens: number; outputTokens: number },
  ): Pick<Ending, "usage" | "costMicroUsd"> {
    if (outcome.status === "failed") {
      return outcome.billed === "unknown" ? { usage: null, costMicroUsd: null } : { usage: noTokens, costMicroUsd: 0 }
    }
    const { usage, blocks } = outcome.answer
    const hasInput = tokensOf({ ...usage, outputTokens: 0 }) > 0
    const hasOutput = usage.outputTokens > 0 || (hasInput && blocks.length === 0)
    const used = {
      ...usage,
      ...(hasInput ? {} : { inputTokens: bound.inputTokens }),
      ...(hasOutput ? {} : { outputTokens: bound.outputTokens }),
    }
    return { usage: used, costMicroUsd: costMicroUsd(findModel(this.#parts.catalogue, link.model), used) }
  }
}

const noTokens: Usage = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 }

function healthOf(provider: string, outcome: ModelOutcome): ProviderHealth | null {
  if (outcome.status === "answered") return { provider, result: "ok" }
  const { reason } = outcome.failure
  return saysNothing(reason) ? null : { provider, result: "failed", reason }
}

/** Of the provider's health. */
function saysNothing(reason: FailureReason): boolean {
  return reason === "aborted" || reason === "not_configured" || reason === "unable" || reason === "internal"
}
