/** A model's part in a turn: what it is shown, what comes back, what of it people see. */
import { CallId } from "../../core/budget/reserve.ts"
import type { ModelRequest } from "../../core/model/call.ts"
import { imagesOf } from "../../core/model/image.ts"
import type { Message } from "../../core/model/message.ts"
import { continuationOf, joinAnswer, resumptionNote } from "../../core/model/resume.ts"
import { promptName, withBoundThoughts } from "../../core/model/thinking.ts"
import type { Command } from "../../core/turn/decide.ts"
import type { TurnEvent } from "../../core/turn/event.ts"
import { foldTurn, turnText, type TurnState } from "../../core/turn/fold.ts"
import { systemOf } from "../../core/turn/wishes.ts"
import type { EpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { GatewayParts } from "../parts.ts"
import { Compactor } from "./compactor.ts"
import type { LiveEvents } from "./events.ts"
import type { ModelCalls, StartedCall } from "./model-call.ts"
import { showPictures } from "./pictures.ts"
import { routeTurn, type TurnRoute } from "./routing.ts"
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
    const past = this.#state.turns.filter((other) => other.number < turn.number).map((other) => other.events)
    const route = routeTurn(policy, past, turn.events)
    const from = Math.min(candidate, route.chain.length - 1)
    const fitted = await this.#compactor.fit(turn, segment, route, from)
    if (fitted.status !== "fits") return fitted.status === "wait" ? fitted.until : undefined
    const { messages, marks } = fitted.context
    const before = foldTurn(turn.events)
    const request = await this.#request(segment, messages, resumptionNote(before.broken))
    if (!isStillOn(segment, this.#state, turn)) return undefined
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
        callId: CallId.parse(`${turn.id}.m${before.modelStarts + 1}`),
        chain: route.chain,
        from,
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
            ...whyOf(route, before, started),
            prompt: promptName(request),
            marks,
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
    const answer = { ...outcome.answer, blocks: joinAnswer(before.broken, outcome.answer.blocks), usage }
    this.#state.append(turn, { type: "model_ended", call, answer, firstDeltaMs, costMicroUsd, at })
    settle()
    this.#events.settleText(turn, textBefore)
    for (const block of answer.blocks) {
      if (block.type !== "tool_use") continue
      const data = { tool_use_id: block.id, tool: block.name, input_summary: summarise(block.input) }
      this.#events.step(turn, { event: "tool_call", data })
    }
    return undefined
  }

  async #request({ policy }: Segment, transcript: Message[], note: string): Promise<ModelRequest> {
    const hasPictures = imagesOf(transcript).length > 0
    const shown = hasPictures ? await showPictures(this.#host.blobs, transcript) : { messages: transcript }
    const request = {
      model: policy.model,
      system: [systemOf(policy), note].filter((part) => part !== "").join("\n\n"),
      ...shown,
      tools: this.#parts.tools
        .filter((tool) => policy.tools.some(({ name }) => name === tool.name))
        .map((tool) => tool.spec),
      maxOutputTokens: policy.maxOutputTokens,
    }
    const prompts = this.#state.turns.flatMap(({ events }) => events.flatMap(promptOf))
    return { ...request, messages: withBoundThoughts(request, new Set(prompts)) }
  }
}

function promptOf(event: TurnEvent): string[] {
  return event.type === "model_started" && event.prompt !== undefined ? [event.prompt] : []
}

/** Why this model: for the operator, and for whoever watches the feed. */
function whyOf(route: TurnRoute, state: TurnState, { candidate }: StartedCall) {
  const { chain, reason, tier, complexity, from } = route
  if (candidate === 0) {
    return {
      reason,
      ...(tier === undefined ? {} : { tier }),
      ...(complexity === undefined ? {} : { complexity }),
      ...(from === undefined || state.routed === chain[0]?.model ? {} : { from }),
    }
  }
  const failed = state.failures.findLast((failure) => failure.candidate < candidate)
  const replaced = chain[failed?.candidate ?? 0]
  if (replaced === undefined) return { reason }
  if (failed === undefined && state.candidate === candidate) return { reason: `goes on for ${replaced.label}` }
  const why = failed?.failure.reason ?? "taken to be down"
  const { provider, model, label } = replaced
  return { reason: `stands in for ${label}: ${why}`, instead: { provider, model, reason: why } }
}

function summarise(input: unknown): string {
  const json = JSON.stringify(input)
  return json.length <= inputSummaryCharacters ? json : `${json.slice(0, inputSummaryCharacters - 1)}…`
}
