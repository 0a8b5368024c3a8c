/** Which models a turn may call and why the first of them: from its messages, what was said before, and the policy. */
import { illFit, lacking, nearestFit, tellLacks, type Needs } from "../../core/catalogue/abilities.ts"
import type { Catalogue } from "../../core/catalogue/catalogue.ts"
import type { InboundMessage } from "../../core/channel/message.ts"
import type { ChainLink } from "../../core/model/chain.ts"
import { textOf } from "../../core/model/message.ts"
import type { HotSwapConfig } from "../../core/routing/hot-swap.ts"
import { routeModel, type Route } from "../../core/routing/route.ts"
import type { SpokenMessage } from "../../core/routing/score.ts"
import { showsPictures, type Conversed } from "../../core/turn/context.ts"
import type { TurnEvent } from "../../core/turn/event.ts"
import { foldTurn } from "../../core/turn/fold.ts"
import { knownModels } from "../../core/turn/model-command.ts"
import { readOutputName } from "../../core/turn/output.ts"
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
 * What a call of the turn needs, as far as a model that it may go to lacks it: others need not be looked for.
 * @param conversed - all that the call could be shown
 */
export function needsOf(policy: TurnPolicy, conversed: Conversed, catalogue: Catalogue): Needs {
  const asked = policy.routing?.asked?.model
  const models = [...knownModels(policy, []), ...(asked === undefined ? [] : [asked])]
  const lack = (needs: Needs) => models.some((model) => lacking(catalogue, model, needs).length > 0)
  const hasTools = policy.tools.some(({ name }) => name !== readOutputName)
  const tools = hasTools && lack({ images: "none", tools: true })
  if (!lack({ images: "asked", tools: false })) return { images: "none", tools }
  const isAsked = messagesOf(conversed.present).some(({ images = [] }) => images.length > 0)
  return { images: isAsked ? "asked" : showsPictures(conversed) ? "earlier" : "none", tools }
}

/**
 * The same for all calls of a turn, until a message joins it.
 * @param past - journals of earlier turns, oldest first
 * @param suits - what the call needs of the tier's model, and who has it
 */
export function routeTurn(
  policy: TurnPolicy,
  past: readonly (readonly TurnEvent[])[],
  present: readonly TurnEvent[],
  suits: { readonly catalogue: Catalogue; readonly needs: Needs },
): TurnRoute {
  const { routing } = policy
  const asked = routing?.asked ?? null
  if (asked !== null) {
    const by = asked.by === "turn" ? "asked for with the message" : "chosen for this conversation"
    return { chain: chainOfPolicy(policy, asked.model), reason: by }
  }
  const hotSwap = routing?.hotSwap ?? null
  if (hotSwap === null || !hotSwap.enabled) return { chain: chainOfPolicy(policy), reason: "the agent's model" }
  const messages = messagesOf(present)
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
  const { model, label, passedOver } = ableTier(hotSwap, route, suits)
  return {
    chain: chainOfPolicy(policy, model),
    reason: [`complexity ${route.score}`, [...route.reasons, ...passedOver].join(", ")].filter(Boolean).join(": "),
    tier: label,
    complexity: route.score,
    ...(before === null || before === model ? {} : { from: before }),
  }
}

/** The tier of the route, or where its model lacks what the call needs the nearest above it that does not, else below. */
function ableTier(
  { tiers: all }: HotSwapConfig,
  route: Pick<Route, "model" | "label">,
  { catalogue, needs }: { readonly catalogue: Catalogue; readonly needs: Needs },
): Pick<Route, "model" | "label"> & { passedOver: string[] } {
  const tiers = all.toSorted((a, b) => a.maxComplexity - b.maxComplexity)
  const routed = tiers.findIndex(({ model }) => model === route.model)
  const place = nearestFit(
    tiers.map(({ model }) => model),
    routed,
    (model) => illFit(lacking(catalogue, model, needs), needs),
  )
  const tier = tiers[place]
  if (tier === undefined || place === routed) return { ...route, passedOver: [] }
  return { ...tier, passedOver: [`${route.label} ${tellLacks(lacking(catalogue, route.model, needs))}`] }
}

function messagesOf(events: readonly TurnEvent[]): InboundMessage[] {
  return events.flatMap((event) => {
    if (event.type === "turn_started") return event.messages
    return event.type === "message_joined" ? [event.message] : []
  })
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
