/** One call of a model within a turn: what it is shown, what comes back, what of it people see. */
import type { Models } from "../../adapters/models/models.ts"
import { imagesOf } from "../../core/model/image.ts"
import type { Command } from "../../core/turn/decide.ts"
import { foldTurn, turnText } from "../../core/turn/fold.ts"
import { toTranscript } from "../../core/turn/transcript.ts"
import { systemOf } from "../../core/turn/wishes.ts"
import type { ObjectHost } from "../host.ts"
import type { GatewayParts } from "../parts.ts"
import type { LiveEvents } from "./events.ts"
import { showPictures } from "./pictures.ts"
import { isStillOn, type Segment } from "./segment.ts"
import type { ConversationState, Turn } from "./state.ts"

const inputSummaryCharacters = 200

export class ModelStep {
  readonly #host: ObjectHost
  readonly #parts: GatewayParts
  readonly #models: Models
  readonly #state: ConversationState
  readonly #events: LiveEvents

  constructor(
    host: ObjectHost,
    parts: GatewayParts,
    work: { models: Models; state: ConversationState; events: LiveEvents },
  ) {
    this.#host = host
    this.#parts = parts
    this.#models = work.models
    this.#state = work.state
    this.#events = work.events
  }

  /** Journals the attempt, then calls; ends with the answer or the failure in the journal, or with neither when it was stopped. */
  async run(turn: Turn, segment: Segment, { call, attempt }: Extract<Command, { type: "call_model" }>): Promise<void> {
    const { policy, apiKey, abort } = segment
    const startedAt = this.#host.now()
    this.#state.append(turn, { type: "model_started", call, attempt, model: policy.model, at: startedAt })
    const before = turnText(foldTurn(turn.events))
    const past = this.#state.turns.filter((other) => other.number < turn.number).map((other) => other.events)
    const transcript = toTranscript(past, turn.events, policy.historyMessages)
    const hasPictures = imagesOf(transcript).length > 0
    const shown = hasPictures ? await showPictures(this.#host.blobs, transcript) : { messages: transcript }
    if (!isStillOn(segment, this.#state, turn)) return
    let firstDeltaMs: number | null = null
    const outcome = await this.#models.run(
      {
        model: policy.model,
        system: systemOf(policy),
        ...shown,
        tools: this.#parts.tools
          .filter((tool) => policy.tools.some(({ name }) => name === tool.name))
          .map((tool) => tool.spec),
        maxOutputTokens: policy.maxOutputTokens,
      },
      {
        signal: abort.signal,
        onDelta: (delta) => {
          if (abort.signal.aborted) return
          firstDeltaMs ??= Math.max(0, this.#host.now() - startedAt)
          if (delta.type === "text") this.#events.delta(turn, delta.text)
          else this.#events.thinking(turn, delta.text)
        },
        ...(apiKey === undefined ? {} : { apiKey }),
      },
    )
    if (!isStillOn(segment, this.#state, turn)) return
    const at = this.#host.now()
    if (outcome.status === "failed") {
      this.#state.append(turn, { type: "model_failed", call, failure: outcome.failure, at })
      this.#events.settleText(turn, before)
      return
    }
    this.#state.append(turn, { type: "model_ended", call, answer: outcome.answer, firstDeltaMs, at })
    this.#events.settleText(turn, before)
    for (const block of outcome.answer.blocks) {
      if (block.type !== "tool_use") continue
      const data = { tool_use_id: block.id, tool: block.name, input_summary: summarise(block.input) }
      this.#events.step(turn, { event: "tool_call", data })
    }
  }
}

function summarise(input: unknown): string {
  const json = JSON.stringify(input)
  return json.length <= inputSummaryCharacters ? json : `${json.slice(0, inputSummaryCharacters - 1)}…`
}
