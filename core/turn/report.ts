/** What a program is told of the turn that its message began: where it stands, what was said, what it cost. Pure. */
import * as z from "zod"
import { StopReason, Usage } from "../model/call.ts"
import { ChoiceId, TurnId } from "../units.ts"
import { type TurnEvent, TurnOutcome } from "./event.ts"
import { foldTurn, pendingChoice, turnText } from "./fold.ts"

/** Of all calls of the turn together. `stop` and `model` are the last call's; null when none was answered. */
export const TurnCost = z.object({ usage: Usage, stop: StopReason.nullable(), model: z.string().nullable() })
export type TurnCost = z.infer<typeof TurnCost>

const said = { turnId: TurnId, text: z.string() }
export const TurnReport = z.discriminatedUnion("status", [
  /** No such message, or it is too long ago. */
  z.object({ status: z.literal("unknown") }),
  /** `behind`: the question by which the turn before it waits for a person. */
  z.object({ status: z.literal("queued"), behind: ChoiceId.nullable() }),
  z.object({ status: z.literal("running"), ...said }),
  z.object({ status: z.literal("waiting"), ...said, choiceId: ChoiceId, cost: TurnCost }),
  z.object({ status: z.literal("ended"), ...said, outcome: TurnOutcome, cost: TurnCost }),
])
export type TurnReport = z.infer<typeof TurnReport>

export function costOf(events: readonly TurnEvent[]): TurnCost {
  const usage = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 }
  let stop: TurnCost["stop"] = null
  let model: TurnCost["model"] = null
  for (const event of events) {
    if (event.type !== "model_ended") continue
    const { answer } = event
    usage.inputTokens += answer.usage.inputTokens
    usage.cacheReadTokens += answer.usage.cacheReadTokens
    usage.cacheWriteTokens += answer.usage.cacheWriteTokens
    usage.outputTokens += answer.usage.outputTokens
    stop = answer.stop
    model = answer.model
  }
  return { usage, stop, model }
}

/** A turn whose journal is at hand. */
export function reportTurn(turnId: TurnId, events: readonly TurnEvent[]): TurnReport {
  const state = foldTurn(events)
  const text = turnText(state)
  if (state.outcome !== undefined)
    return { status: "ended", turnId, text, outcome: state.outcome, cost: costOf(events) }
  const choiceId = pendingChoice(state)?.choiceId
  if (choiceId === undefined) return { status: "running", turnId, text }
  return { status: "waiting", turnId, text, choiceId, cost: costOf(events) }
}
