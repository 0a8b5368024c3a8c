/** A model's part in a turn: what it is shown, what comes back, what of it people see. */
import { ableLinks, lacking, tellLacks, type Ability } from "../../core/catalogue/abilities.ts"
import { findModel } from "../../core/catalogue/catalogue.ts"
import {
  isCutByWindow,
  type ModelAnswer,
  type ModelFailure,
  type ModelRequest,
  type StopReason,
} from "../../core/model/call.ts"
import type { ChainLink } from "../../core/model/chain.ts"
import { stopWithin } from "../../core/model/full-window.ts"
import { imagesOf } from "../../core/model/image.ts"
import { withoutCalls, withoutPictures } from "../../core/model/reduced.ts"
import { continuationOf, joinAnswer, resumptionNote } from "../../core/model/resume.ts"
import { promptName, withBoundThoughts } from "../../core/model/thinking.ts"
import { windowOr, type Context } from "../../core/turn/context.ts"
import { nextModelCall } from "../../core/turn/call-ids.ts"
import type { Command } from "../../core/turn/decide.ts"
import type { TurnEvent } from "../../core/turn/event.ts"
import { foldTurn, turnText, type TurnState } from "../../core/turn/fold.ts"
import { readOutputName } from "../../core/turn/output.ts"
import { outgrown, roomyLinks } from "../../core/turn/overflow.ts"
import { systemOf } from "../../core/turn/wishes.ts"
import type { EpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { GatewayParts } from "../parts.ts"
import { Compactor } from "./compactor.ts"
import type { LiveEvents } from "./events.ts"
import type { CalledModel, ModelCalls, StartedCall } from "./model-call.ts"
import { showPictures } from "./pictures.ts"
import { needsOf, routeTurn, type TurnRoute } from "./routing.ts"
import { isStillOn, type Segment } from "./segment.ts"
import type { ConversationState, Turn } from "./state.ts"

const inputSummaryCharacters = 200

export class ModelStep {
  readonly #host: ObjectHost
  readonly #parts: GatewayParts
  readonly #calls: ModelCalls
  readonly #compactor: Compactor
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
    this.#compactor = new Compactor(host, parts, work)
    this.#state = work.state
    this.#events = work.events
  }

  /**
   * Ends with the answer, the failure or the denial in the journal, or with none when the turn was stopped.
   * @returns when to ask again, where the call may not be made yet
   */
  async run(
    turn: Turn,
    segment: Segment,
    { call, attempt, candidate }: Extract<Command, { type: "call_model" }>,
  ): Promise<EpochMs | undefined> {
    const { policy } = segment
    const { catalogue } = this.#parts
    const conversed = this.#compactor.conversed(turn, segment)
    const needs = needsOf(policy, conversed, catalogue)
    const past = conversed.past.map(({ events }) => events)
    const route = routeTurn(policy, past, turn.events, { catalogue, needs })
    const from = Math.min(candidate, route.chain.length - 1)
    const fail = (failure: ModelFailure): undefined => {
      const at = this.#host.now()
      this.#state.append(turn, { type: "model_failed", call, failure, candidate: from, billed: "nothing", at })
    }
    const model = route.chain[from]?.model ?? policy.model
    const placed = route.chain.map((link, place) => ({ link, place }))
    const roomy = roomyLinks(placed, from, foldTurn(turn.events), ({ link }) =>
      windowOr(findModel(catalogue, link.model)?.contextWindow, link.provider),
    )
    if (roomy.length === 0) return fail(tooLongFor(model))
    const able = ableLinks(catalogue, roomy, needs, { isNamed: policy.routing?.asked != null })
    if (able.status === "unable") return fail({ reason: "unable", message: `The model ${model} cannot read pictures.` })
    const { links, lacks } = able
    const fitted = await this.#compactor.fit(turn, segment, links)
    if (fitted.status !== "fits") return fitted.status === "wait" ? fitted.until : undefined
    const { context } = fitted
    const before = foldTurn(turn.events)
    const request = await this.#request(segment, context, { note: resumptionNote(before.broken), lacks })
    if (!isStillOn(segment, this.#state, turn)) return undefined
    const prompt = promptName(request)
    // Nothing of it could give way: who is asked the same once more has no more room for it.
    if (hasOverflowed(turn.events, before, { place: links[0]?.place, prompt })) return fail(tooLongFor(model))
    const continuation = continuationOf(before.broken)
    let startedAt: EpochMs | undefined
    let firstDeltaMs: number | null = null
    let shown = ""
    const show = (text: string): void => {
      shown += text
      this.#events.delta(turn, text)
    }
    const called = await this.#calls.call(
      turn,
      segment,
      {
        callId: nextModelCall(turn),
        links,
        request,
      },
      {
        start: (started) => {
          startedAt = started.at
          this.#state.append(turn, {
            type: "model_started",
            call,
            attempt,
            ...started,
            ...whyOf(route, before, started, lacking(catalogue, roomy[0]?.link.model ?? "", needs)),
            prompt,
            marks: context.marks,
          })
        },
        delta: ({ type, text }) => {
          firstDeltaMs ??= Math.max(0, this.#host.now() - (startedAt ?? this.#host.now()))
          if (type === "text") show(continuation.take(text))
          else this.#events.thinking(turn, text)
        },
      },
    )
    const at = this.#host.now()
    switch (called.status) {
      case "stopped":
        return undefined
      case "wait":
        return called.until
      case "denied":
        this.#state.append(turn, { type: "call_denied", call, denial: called.denial, at })
        return undefined
      case "called":
        break
    }
    const { outcome, settle, usage, costMicroUsd } = called
    const textBefore = turnText(before)
    if (outcome.status === "failed") {
      const { failure, billed } = outcome
      const partial = (before.broken + shown).trim() === "" ? {} : { partialText: shown }
      this.#state.append(turn, { type: "model_failed", call, failure, ...partial, billed, at })
      settle()
      this.#events.settleText(turn, textBefore)
      return undefined
    }
    show(continuation.end())
    const answer = {
      ...outcome.answer,
      stop: this.#stopOf(outcome.answer, called),
      blocks: joinAnswer(before.broken, outcome.answer.blocks),
      usage,
    }
    this.#state.append(turn, { type: "model_ended", call, answer, firstDeltaMs, costMicroUsd, at })
    settle()
    this.#events.settleText(turn, textBefore)
    if (isCutByWindow(answer)) return undefined
    this.#compactor.tellOfSummary(turn)
    for (const block of answer.blocks) {
      if (block.type !== "tool_use") continue
      const data = { tool_use_id: block.id, tool: block.name, input_summary: summarise(block.input) }
      this.#events.step(turn, { event: "tool_call", data })
    }
    return undefined
  }

  #stopOf(answer: ModelAnswer, { link, maxOutputTokens }: Extract<CalledModel, { status: "called" }>): StopReason {
    const contextWindow = findModel(this.#parts.catalogue, link.model)?.contextWindow ?? null
    return stopWithin(answer, { maxOutputTokens, contextWindow })
  }

  /** @param lacks - what the model cannot do, so that words stand in its place */
  async #request(
    { policy }: Segment,
    { messages, hasCutOutputs }: Context,
    { note, lacks }: { note: string; lacks: readonly Ability[] },
  ): Promise<ModelRequest> {
    const called = lacks.includes("tools") ? withoutCalls(messages) : messages
    const transcript = lacks.includes("images") ? withoutPictures(called) : called
    const hasPictures = imagesOf(transcript).length > 0
    const shown = hasPictures ? await showPictures(this.#host.blobs, transcript) : { messages: transcript }
    const offered = lacks.includes("tools") ? [] : policy.tools
    const request = {
      model: policy.model,
      system: [systemOf(policy), note].filter((part) => part !== "").join("\n\n"),
      ...shown,
      tools: this.#parts.tools
        .filter((tool) => offered.some(({ name }) => name === tool.name))
        .filter(({ name }) => name !== readOutputName || hasCutOutputs)
        .map((tool) => tool.spec),
      maxOutputTokens: policy.maxOutputTokens,
    }
    const prompts = this.#state.turns.flatMap(({ events }) => events.flatMap(promptOf))
    return { ...request, messages: withBoundThoughts(request, new Set(prompts)) }
  }
}

const tooLongFor = (model: string): ModelFailure => ({
  reason: "context_overflow",
  message: `The conversation is too long for ${model}.`,
})

/** Whether the call was just tried with this prompt at this place, and did not fit. */
function hasOverflowed(
  events: readonly TurnEvent[],
  { failures }: TurnState,
  { place, prompt }: { place: number | undefined; prompt: string },
): boolean {
  const last = failures.at(-1)
  const started = events.findLast((event) => event.type === "model_started")
  return last?.failure.reason === "context_overflow" && last.candidate === place && started?.prompt === prompt
}

function promptOf(event: TurnEvent): string[] {
  return event.type === "model_started" && event.prompt !== undefined ? [event.prompt] : []
}

/**
 * Why this model: for the operator, and for whoever watches the feed.
 * @param lacks - what the first of those that might be asked lacks of what the call needs
 */
function whyOf(route: TurnRoute, state: TurnState, { candidate }: StartedCall, lacks: readonly Ability[]) {
  const { chain, reason, tier, complexity, from } = route
  const tooSmall = chain[[...outgrown(state)].at(-1) ?? -1]
  if (tooSmall !== undefined) return standsInFor(tooSmall, "context_overflow")
  const goesWithout = lacks.length === 0 ? "" : `; it ${tellLacks(lacks)}`
  if (candidate === 0) {
    return {
      reason: reason + goesWithout,
      ...(tier === undefined ? {} : { tier }),
      ...(complexity === undefined ? {} : { complexity }),
      ...(from === undefined || state.routed === chain[0]?.model ? {} : { from }),
    }
  }
  const failed = state.failures.findLast((failure) => failure.candidate < candidate)
  const replaced = chain[failed?.candidate ?? 0]
  if (replaced === undefined) return { reason }
  if (failed === undefined && state.candidate === candidate) return { reason: `goes on for ${replaced.label}` }
  const isPassedOver = failed === undefined && lacks.length > 0
  if (isPassedOver) return { reason: `in place of ${replaced.label}, which ${tellLacks(lacks)}` }
  return standsInFor(replaced, failed?.failure.reason ?? "taken to be down")
}

function standsInFor({ provider, model, label }: ChainLink, why: string) {
  return { reason: `stands in for ${label}: ${why}`, instead: { provider, model, reason: why } }
}

function summarise(input: unknown): string {
  const json = JSON.stringify(input)
  return json.length <= inputSummaryCharacters ? json : `${json.slice(0, inputSummaryCharacters - 1)}…`
}
