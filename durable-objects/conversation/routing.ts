/** Which models a turn may call and why the first of them: from its messages, what was said before, and the policy. */
import type { ChainLink } from "../../core/model/chain.ts"
import { textOf } from "../../core/model/message.ts"
import { routeModel } from "../../core/routing/route.ts"
import type { SpokenMessage } from "../../core/routing/score.ts"
import type { TurnEvent } from "../../core/turn/event.ts"
import { foldTurn } from "../../core/turn/fold.ts"
import { chainOfPolicy, type TurnPolicy } from "../../core/turn/policy.ts"

export interface TurnRoute {
  readonly chain: ChainLink[]
  readonly reason: string
  readonly tier?: string
  readonly complexity?: number
  /** The model before, where complexity alone led to another. */
  readonly from?: string
}

/** How much of the past the scorer looks at, at most. */
const lookedAt = 24

/**
 * The same for all calls of a turn, until a message joins it.
 * @param past - journals of earlier turns, oldest first
 */
export function routeTurn(
  policy: TurnPolicy,
  past: readonly (readonly TurnEvent[])[],
  present: readonly TurnEvent[],
): TurnRoute {
  const { routing } = policy
  const asked = routing?.asked ?? null
  if (asked !== null) {
    const by = asked.by === "turn" ? "asked for with the message" : "chosen for this conversation"
    return { chain: chainOfPolicy(policy, asked.model), reason: by }
  }
  const hotSwap = routing?.hotSwap ?? null
  if (hotSwap === null || !hotSwap.enabled) return { chain: chainOfPolicy(policy), reason: "the agent's model" }
  const messages = present.flatMap((event) =>
    event.type === "turn_started" ? event.messages : event.type === "message_joined" ? [event.message] : [],
  )
  const previous = modelBefore(past)
  const route = routeModel(
    hotSwap,
    {
      text: messages.map(({ text }) => text).join("\n\n"),
      history: past.flatMap(spokenIn).slice(-lookedAt),
      hasImages: messages.some(({ images = [] }) => images.length > 0),
    },
    previous,
  )
  const before = foldTurn(present).routed ?? previous
  return {
    chain: chainOfPolicy(policy, route.model),
    reason: `complexity ${route.score}${route.reasons.length === 0 ? "" : `: ${route.reasons.join(", ")}`}`,
    tier: route.label,
    complexity: route.score,
    ...(before === null || before === route.model ? {} : { from: before }),
  }
}

/** The model that complexity chose for the turn before; null where something else did. */
function modelBefore(past: readonly (readonly TurnEvent[])[]): string | null {
  const starts = past.flatMap((events) => events.flatMap((event) => (event.type === "model_started" ? [event] : [])))
  const last = starts.findLast(({ candidate = 0 }) => candidate === 0)
  return last?.tier === undefined ? null : last.model
}

function spokenIn(events: readonly TurnEvent[]): SpokenMessage[] {
  return events.flatMap((event): SpokenMessage[] => {
    switch (event.type) {
      case "turn_started":
        return event.messages.map(({ text }) => ({ role: "user", text }))
      case "message_joined":
        return [{ role: "user", text: event.message.text }]
      case "model_ended":
        return spoken("assistant", textOf(event.answer.blocks))
      case "history_recalled":
        return event.messages.flatMap(({ role, blocks }) => spoken(role, textOf(blocks)))
      case "segment_started":
      case "model_started":
      case "model_failed":
      case "call_denied":
      case "gateway_said":
      case "summary_started":
      case "summary_made":
      case "summary_failed":
      case "tool_started":
      case "tool_ended":
      case "choice_requested":
      case "choice_resolved":
      case "turn_ended":
        return []
    }
  })
}

function spoken(role: SpokenMessage["role"], text: string): SpokenMessage[] {
  return text === "" ? [] : [{ role, text }]
}
