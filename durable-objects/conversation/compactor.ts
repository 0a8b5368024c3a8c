/**
 * Fits a conversation into what a call may show: when cutting long outputs is not enough, a model sums up the older turns once,
 * through the same gate as every call. Fails softly: then older turns are left out of this call.
 */
import { findModel } from "../../core/catalogue/catalogue.ts"
import type { PlacedLink } from "../../core/model/chain.ts"
import { textOf } from "../../core/model/message.ts"
import {
  contextLimit,
  contextWithin,
  estimateText,
  estimateTokens,
  olderPart,
  owesSummaryNotice,
  summaryNotice,
  summaryPrompt,
  summaryRequest,
  type Context,
  type Conversed,
  type OlderPart,
} from "../../core/turn/context.ts"
import { nextSummaryCall } from "../../core/turn/call-ids.ts"
import { foldTurn, turnText } from "../../core/turn/fold.ts"
import type { EpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { GatewayParts } from "../parts.ts"
import type { LiveEvents } from "./events.ts"
import type { ModelCalls } from "./model-call.ts"
import type { Segment } from "./segment.ts"
import type { ConversationState, Turn } from "./state.ts"

/** About 600 words in any language. */
const summaryTokens = 2_000
/** So often a turn tries to have its past summed up. */
const mostSummaries = 2

/** With less than this no question could be asked. */
const leastTokens = 500

export type Fitted = { status: "fits"; context: Context } | { status: "wait"; until: EpochMs } | { status: "stopped" }

export class Compactor {
  readonly #host: ObjectHost
  readonly #parts: GatewayParts
  readonly #calls: ModelCalls
  readonly #state: ConversationState
  readonly #events: LiveEvents

  constructor(
    host: ObjectHost,
    parts: GatewayParts,
    work: { calls: ModelCalls; state: ConversationState; events: LiveEvents },
  ) {
    this.#host = host
    this.#parts = parts
    this.#calls = work.calls
    this.#state = work.state
    this.#events = work.events
  }

  /** @param links - those that may be asked */
  async fit(turn: Turn, segment: Segment, links: readonly PlacedLink[]): Promise<Fitted> {
    const link = links[0]?.link
    const entry = link && findModel(this.#parts.catalogue, link.model)
    const { maxOutputTokens } = segment.policy
    const conversed = this.conversed(turn, segment)
    const usual = contextLimit(
      entry?.contextWindow,
      link?.provider ?? "openai",
      Math.min(maxOutputTokens, entry?.maxOutputTokens ?? maxOutputTokens),
    )
    const limit = this.#lowered(turn, conversed, { usual, place: links[0]?.place ?? 0 })
    const context = contextWithin(conversed, limit)
    const older = context.isWhole ? undefined : olderPart(conversed, limit)
    const tried = turn.events.filter(({ type }) => type === "summary_started").length
    const hasFailed = turn.events.some(({ type }) => type === "summary_failed" || type === "summary_made")
    if (older === undefined || hasFailed || tried >= mostSummaries) return { status: "fits", context }
    const done = await this.#sumUp(turn, segment, older, links)
    if (done !== "made") return done === "failed" ? { status: "fits", context } : done
    return { status: "fits", context: contextWithin(this.conversed(turn, segment), limit) }
  }

  /** All that a call of the turn could be shown. */
  conversed(turn: Turn, { policy }: Segment): Conversed {
    return {
      past: this.#state.turns.filter((other) => other.number < turn.number),
      present: turn.events,
      summary: this.#state.summary,
      historyMessages: policy.historyMessages,
    }
  }

  /**
   * After the provider of this place has said that it is too much: half of what it was, whatever the catalogue says. What an answer
   * that broke off had said is told beside the transcript, and takes its room from it.
   */
  #lowered(turn: Turn, conversed: Conversed, { usual, place }: { usual: number; place: number }): number {
    const { overflows, broken } = foldTurn(turn.events)
    const limit = usual - estimateText(broken)
    const times = overflows.filter((other) => other === place).length
    if (times === 0) return Math.max(leastTokens, limit)
    const sent = estimateTokens(contextWithin(conversed, usual).messages)
    return Math.max(leastTokens, Math.floor(Math.min(limit, sent) / 2 ** times))
  }

  /** Tells people of a summary that was made in the middle of an answer, once the answer is whole. */
  tellOfSummary(turn: Turn): void {
    if (owesSummaryNotice(turn.events)) this.#tell(turn)
  }

  #tell(turn: Turn): void {
    const before = turnText(foldTurn(turn.events))
    this.#events.delta(turn, summaryNotice)
    this.#state.append(turn, { type: "gateway_said", text: summaryNotice, at: this.#host.now() })
    this.#events.settleText(turn, before)
  }

  async #sumUp(
    turn: Turn,
    segment: Segment,
    older: OlderPart,
    links: readonly PlacedLink[],
  ): Promise<"made" | "failed" | Exclude<Fitted, { status: "fits" }>> {
    const { upToTurn, marks, outputs } = older
    const called = await this.#calls.call(
      turn,
      segment,
      {
        callId: nextSummaryCall(turn),
        links,
        request: {
          model: segment.policy.model,
          system: summaryPrompt,
          messages: summaryRequest(older),
          tools: [],
          maxOutputTokens: summaryTokens,
        },
      },
      {
        start: (started) => {
          const reason = "sums up the conversation's older part"
          this.#state.append(turn, { type: "summary_started", upToTurn, ...started, reason, marks })
        },
        delta: () => {},
      },
    )
    switch (called.status) {
      case "stopped":
      case "wait":
        return called
      case "denied":
        return "failed"
      case "called":
        break
    }
    const { outcome, settle, usage, costMicroUsd } = called
    const at = this.#host.now()
    if (outcome.status === "failed") {
      this.#state.append(turn, { type: "summary_failed", failure: outcome.failure, billed: outcome.billed, at })
      settle()
      return "failed"
    }
    const text = textOf(outcome.answer.blocks)
    const { model } = outcome.answer
    this.#state.append(turn, { type: "summary_made", upToTurn, text, marks, model, usage, costMicroUsd, at })
    settle()
    // An empty summary would be worse than none.
    if (text.trim() === "") return "failed"
    this.#state.saveSummary({ upToTurn, text, marks, outputs })
    if (foldTurn(turn.events).broken === "") this.#tell(turn)
    return "made"
  }
}
