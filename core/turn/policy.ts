/** What a run segment may do: read once at its start, journaled, and the same for all its decisions. */
import * as z from "zod"
import { ApprovalRule } from "../approval/rule.ts"
import { HomeChat } from "../channel/home-chat.ts"
import { ChainLink, headedBy, linkDefaults, ownerOf } from "../model/chain.ts"
import { providerOf } from "../model/provider.ts"
import { HotSwapConfig } from "../routing/hot-swap.ts"
import { GroupId } from "../units.ts"
import { ToolPolicy } from "./tool-policy.ts"

/** Which models stand ready, and how one is chosen. */
export const RoutingPolicy = z.object({
  /** The first is what answers where nothing else is said; those behind it are asked when it fails. No keys. */
  chain: z.array(ChainLink).min(1),
  /** A model for each message by its complexity; null: the first of the chain answers all. */
  hotSwap: HotSwapConfig.nullable(),
  /** A person chose this model, by name: neither complexity nor the agent's own counts. */
  asked: z.object({ model: z.string(), by: z.enum(["turn", "conversation"]) }).nullable(),
  /** The operator lets no other model answer (EDGE_HAIKU_ONLY). */
  isFixed: z.boolean(),
})
export type RoutingPolicy = z.infer<typeof RoutingPolicy>

export const TurnPolicy = z.object({
  /** Changes whenever anything below changes. */
  version: z.string(),
  groupId: GroupId.nullable(),
  groupName: z.string(),
  model: z.string(),
  /** Absent in policies of earlier releases: then `model` answers alone. */
  routing: RoutingPolicy.optional(),
  /** The operator's words. */
  system: z.string(),
  /** What the program that began the turn adds below them. */
  callerInstructions: z.string().optional(),
  maxOutputTokens: z.number().int().positive(),
  /** How many messages with text the model sees at most, the newest. */
  historyMessages: z.number().int().positive(),
  /** `plan`: the model sees no tools in this turn. */
  permissionMode: z.enum(["default", "plan"]),
  tools: z.array(ToolPolicy),
  /** Of operators, for all tools that have one. */
  approvalRules: z.array(ApprovalRule).default([]),
  /** Where questions go that were asked in no chat. */
  home: HomeChat.nullable().default(null),
  maxModelCalls: z.number().int().positive(),
  maxAttempts: z.number().int().positive(),
  /** How long a question to a person stays open. */
  choiceTimeoutMs: z.number().int().positive(),
})
export type TurnPolicy = z.infer<typeof TurnPolicy>

/**
 * The models of a turn in their order.
 * @param routed - what the turn was routed to; the agent's own model when absent
 */
export function chainOfPolicy({ routing, model }: Pick<TurnPolicy, "routing" | "model">, routed?: string): ChainLink[] {
  const chain = routing?.chain ?? [linkOf(model)]
  const [own] = chain
  if (own === undefined || own.model === (routed ?? own.model)) return headedBy(own ?? linkOf(model), chain)
  return headedBy({ ...linkOf(routed ?? model), ...keyBeside(own, providerOf(routed ?? model).provider) }, chain)
}

/** The key of the agent's own model serves others of its provider too, at the provider's usual address alone. */
function keyBeside(own: ChainLink, provider: ChainLink["provider"]): Partial<ChainLink> {
  if (own.provider !== provider || own.baseUrl !== undefined) return {}
  return own.key === "own" ? { key: own.key, keyLabel: ownerOf(own) } : { key: own.key }
}

/** A model that the environment's server of its provider serves. */
export function linkOf(model: string, key: ChainLink["key"] = "environment"): ChainLink {
  const { provider } = providerOf(model)
  return { label: model, provider, model, key, ...linkDefaults }
}

/** Values where neither group nor environment says otherwise (seeds: edge table's default column; DESIGN 4). */
export const policyDefaults = {
  model: "claude-sonnet-5-5",
  maxOutputTokens: 16_384,
  historyMessages: 20,
  maxModelCalls: 50,
  maxAttempts: 3,
  choiceTimeoutMs: 24 * 60 * 60 * 1000,
  concurrentTurns: 10,
} as const
