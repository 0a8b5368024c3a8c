/** What a host hands to the objects it makes, besides the port itself. */
import type { Vault } from "../adapters/vault.ts"
import type { ModelsConfig } from "../adapters/models/models.ts"
import type { Catalogue } from "../core/catalogue/catalogue.ts"
import type { Log } from "../core/log.ts"
import type { Metrics } from "../core/metrics/metrics.ts"
import type { Config } from "./config.ts"
import type { LiveInterest } from "./live/interest.ts"
import type { Tool } from "./tools/tool.ts"

export interface GatewayParts {
  readonly config: Config
  readonly vault: Vault
  /** All tools of this gateway, by name unique. */
  readonly tools: readonly Tool[]
  readonly concurrentTurns: number
  readonly log: Log
  readonly metrics: Metrics
  /** Where the live feed shares a process with those who publish to it. */
  readonly liveInterest?: LiveInterest
  /** Text of the operator's system prompt file, as it is now. */
  systemPrompt(): string
  /** What is known of models, as it was at the start. */
  readonly catalogue: Catalogue
}

/** Which model providers the environment configures. */
export function modelsConfig(config: Config): ModelsConfig {
  return {
    anthropic: { baseUrl: config.ANTHROPIC_BASE_URL, apiKey: config.ANTHROPIC_API_KEY },
    openai: { baseUrl: config.OPENAI_BASE_URL, apiKey: config.OPENAI_API_KEY },
    ollama: { baseUrl: config.OLLAMA_URL },
  }
}
