/** Which tier of models answers a message: by its complexity, and by the tier that answered before it. Calls nobody. */
import type { HotSwapConfig } from "./hot-swap.ts"
import { scoreComplexity, type ScoredInput } from "./score.ts"

export type HotSwapTier = HotSwapConfig["tiers"][number]

const cheapest: HotSwapTier = { model: "claude-haiku-5-5", maxComplexity: 40, label: "Haiku (fast)" }

/** Seeds, "Hot-Swap Models", with the models of today. */
export const defaultTiers: readonly HotSwapTier[] = [
  cheapest,
  { model: "claude-sonnet-5-5", maxComplexity: 75, label: "Sonnet (balanced)" },
  { model: "claude-opus-5-5", maxComplexity: 100, label: "Opus (max quality)" },
]

export interface HotSwapEnvironment {
  readonly HOT_SWAP_ENABLED: boolean
  readonly HOT_SWAP_DEESCALATION: boolean
}

/** What holds for a conversation: its group's own words where it has any, `enabled: false` too, else the environment's. */
export function effectiveHotSwap(group: HotSwapConfig | null, environment: HotSwapEnvironment): HotSwapConfig {
  if (group !== null) return group.tiers.length === 0 ? { ...group, tiers: [...defaultTiers] } : group
  return {
    enabled: environment.HOT_SWAP_ENABLED,
    tiers: [...defaultTiers],
    escalationThreshold: 40,
    deescalation: environment.HOT_SWAP_DEESCALATION,
  }
}

export interface Route {
  readonly model: string
  readonly label: string
  /** Whole, 0 to 100. */
  readonly score: number
  /** Short phrases for people, the most telling first. */
  readonly reasons: readonly string[]
  /** Null: the tier is the one before, or the first of its conversation. */
  readonly changed: "escalated" | "deescalated" | null
  /** The model of the tier before, where it changed. */
  readonly from?: string
}

/**
 * The tier for a message: the first whose `maxComplexity` is not below its score, the last where all are.
 *
 * `escalationThreshold`: a message leads to a dearer tier than the one before it (than the cheapest, in a new conversation) only
 * when its score is *above* the threshold. At the default, 40, which is where the cheapest default tier ends, it holds nothing
 * back; at 60 a conversation stays where it is for everything up to 60, whatever the tiers say.
 *
 * Dearer at once, in one step. Cheaper only where `deescalation` allows it, and never for a message that goes on with what stood
 * before ("why?", "and now in French"). Whether hot-swap is enabled is the caller's to ask.
 * @param previousModel - the model of the tier that answered the turn before; null, or a model of no tier (chosen by a person,
 * fallen back to): as in a new conversation
 */
export function routeModel(config: HotSwapConfig, input: ScoredInput, previousModel: string | null): Route {
  const { score, reasons } = scoreComplexity(input)
  const all = config.tiers.length === 0 ? defaultTiers : config.tiers
  const tiers = all.toSorted((a, b) => a.maxComplexity - b.maxComplexity)
  const fitting = tiers.findIndex(({ maxComplexity }) => maxComplexity >= score)
  const wanted = fitting < 0 ? tiers.length - 1 : fitting
  const before = tiers.findIndex(({ model }) => model === previousModel)
  const start = Math.max(0, before)
  const mayFall = config.deescalation
  const mayRise = score > config.escalationThreshold
  const chosen = wanted > start ? (mayRise ? wanted : start) : mayFall ? wanted : start
  const { model, label } = tiers[chosen] ?? cheapest
  const route = { model, label, score, reasons }
  if (before < 0 || chosen === before || previousModel === null || model === previousModel)
    return { ...route, changed: null }
  return { ...route, changed: chosen > before ? "escalated" : "deescalated", from: previousModel }
}
