/** What the gateway may use: everything, or what a small machine has room for (EDGE_MODE). Pure: reads parsed settings alone. */
import { policyDefaults } from "./turn/policy.ts"

/** The environment's words, parsed. The others say nothing while EDGE_MODE is false. */
export interface EdgeEnvironment {
  readonly EDGE_MODE: boolean
  readonly EDGE_HAIKU_ONLY: boolean
  readonly EDGE_DISABLE_SKILLS: boolean
  readonly EDGE_MAX_HISTORY: number
  readonly EDGE_MAX_TOKENS: number
  readonly EDGE_MAX_CONCURRENT: number
}

/** Seeds, "What edge mode changes". */
export const edgeDefaults = { maxHistory: 8, maxTokens: 4_096, maxConcurrent: 2, model: "claude-haiku-5-5" } as const

export interface Limit {
  /** Where nobody names a number. */
  readonly fallback: number
  /** What nobody gets more than. */
  readonly ceiling: number
}

export interface EffectiveLimits {
  readonly isEdge: boolean
  /** Answers everything, in place of every model that an agent, a tier or a person names; null: they choose. */
  readonly onlyModel: string | null
  readonly skills: boolean
  /** Whether a container may be started at all, AGENT_CONTAINER_MODE or not. */
  readonly containers: boolean
  /** Files that are followed while the gateway runs; else they are read at its start alone. */
  readonly fileWatchers: boolean
  readonly historyMessages: Limit
  readonly maxOutputTokens: Limit
  /** Turns above it wait for their slot; none is dropped. */
  readonly concurrentTurns: Limit
}

/** Without EDGE_MODE agents and settings may ask for more than the defaults; with it the numbers are ceilings too. */
export function effectiveLimits(environment: EdgeEnvironment): EffectiveLimits {
  if (!environment.EDGE_MODE)
    return {
      isEdge: false,
      onlyModel: null,
      skills: true,
      containers: true,
      fileWatchers: true,
      historyMessages: { fallback: policyDefaults.historyMessages, ceiling: Infinity },
      maxOutputTokens: { fallback: policyDefaults.maxOutputTokens, ceiling: Infinity },
      concurrentTurns: { fallback: policyDefaults.concurrentTurns, ceiling: Infinity },
    }
  const both = (value: number): Limit => ({ fallback: value, ceiling: value })
  return {
    isEdge: true,
    onlyModel: environment.EDGE_HAIKU_ONLY ? edgeDefaults.model : null,
    skills: !environment.EDGE_DISABLE_SKILLS,
    containers: false,
    fileWatchers: false,
    historyMessages: both(environment.EDGE_MAX_HISTORY),
    maxOutputTokens: both(environment.EDGE_MAX_TOKENS),
    concurrentTurns: both(environment.EDGE_MAX_CONCURRENT),
  }
}

/** The number that holds where `asked` is wished for; null: nothing is. */
export function within(limit: Limit, asked: number | null | undefined): number {
  return Math.min(asked ?? limit.fallback, limit.ceiling)
}
