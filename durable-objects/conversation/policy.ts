/** What a run segment may do, put together from the agent group, the channel, the environment and the tools. */
import { sha256Hex } from "../../adapters/digest.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { fallbackKeyPlace, StoredFallbackChain } from "../../adapters/store/fallback-chain.ts"
import { readPolicySource } from "../../adapters/store/policy.ts"
import type { GroupRow } from "../../adapters/store/rows.ts"
import type { ModelChoice } from "../../core/api/operations.ts"
import { ApprovalRule } from "../../core/approval/rule.ts"
import { channelProfile } from "../../core/channel/profile.ts"
import type { Capability } from "../../core/runner/command.ts"
import type { ToolPolicy } from "../../core/turn/tool-policy.ts"
import { effectiveLimits, within } from "../../core/edge-mode.ts"
import { type ChainLink, headedBy, linkDefaults, linkOfEntry } from "../../core/model/chain.ts"
import type { Provider } from "../../core/model/provider.ts"
import { HotSwapConfig } from "../../core/routing/hot-swap.ts"
import { effectiveHotSwap } from "../../core/routing/route.ts"
import { effectiveSettings } from "../../core/settings.ts"
import { readOutputName } from "../../core/turn/output.ts"
import { linkOf, policyDefaults, type RoutingPolicy, type TurnPolicy } from "../../core/turn/policy.ts"
import { type Asked, tighten } from "../../core/turn/wishes.ts"
import type { GatewayParts } from "../parts.ts"
import { policyOf } from "../tools/tool.ts"
import type { Meta } from "./records.ts"
import type { GroupKeys } from "./segment.ts"

export interface SegmentPolicy {
  readonly policy: TurnPolicy
  /** Live in memory only. */
  readonly keys: GroupKeys
}

export const noKeys: GroupKeys = { group: undefined, links: new Map() }

/**
 * One round trip to libSQL.
 * @param asked - `capabilities`: what some runner that is there now can do; other tools of runners are not offered
 * @throws LoopError `database_unavailable`; `secret_unreadable` when the group's key was sealed by another key
 */
export async function readPolicy(
  libsql: Libsql,
  parts: GatewayParts,
  meta: Meta,
  { capabilities, ...asked }: Asked & { readonly capabilities: readonly Capability[] },
): Promise<SegmentPolicy> {
  const groupName = asked.wishes?.groupName ?? meta.profiles[0] ?? null
  const of = { groupName, channelId: meta.channelId }
  const { group, settings, approvalRules } = await readPolicySource(libsql, of)
  const general = effectiveSettings(settings, parts.config)
  const limits = effectiveLimits(parts.config)
  const isFixed = limits.onlyModel !== null
  const model = limits.onlyModel ?? group?.model ?? general.defaultModel
  const content: Omit<TurnPolicy, "version"> = {
    groupId: group?.id ?? null,
    groupName: group?.name ?? "default",
    model,
    routing: {
      chain: chainFor(parts, group, model),
      hotSwap: isFixed ? null : hotSwapOf(parts, group),
      asked: askedModel(meta, asked, isFixed),
      isFixed,
    },
    system: systemPrompt(general.systemPrompt ?? parts.systemPrompt().trim(), meta, group),
    maxOutputTokens: within(limits.maxOutputTokens, group?.maxOutputTokens ?? general.maxOutputTokens),
    historyMessages: within(limits.historyMessages, group?.historyMessages ?? general.historyMessages),
    permissionMode: "default",
    tools: toolsOf(parts, group, capabilities),
    approvalRules: approvalRules.map((rule) => ApprovalRule.parse(rule)),
    home: settings.home,
    maxModelCalls: policyDefaults.maxModelCalls,
    maxAttempts: policyDefaults.maxAttempts,
    choiceTimeoutMs: policyDefaults.choiceTimeoutMs,
  }
  return { policy: versioned(tighten(content, asked)), keys: openKeys(parts, group) }
}

/**
 * The policy of an earlier turn for one that begins while libSQL is away. Undefined when it would not be what is asked for: the
 * agent of another group.
 * @param keys - as they were when they could last be read
 */
export function reusePolicy(last: TurnPolicy, meta: Meta, asked: Asked, keys: GroupKeys): SegmentPolicy | undefined {
  const groupName = asked.wishes?.groupName ?? null
  if (groupName !== null && groupName !== last.groupName) return undefined
  const { routing, ...rest } = last
  const now = routing === undefined ? {} : { routing: { ...routing, asked: askedModel(meta, asked, routing.isFixed) } }
  return { policy: versioned(tighten({ ...rest, ...now }, asked)), keys }
}

/** What the group's agent may call, as far as it can run now. Whoever may call a tool may read what it said. */
function toolsOf(parts: GatewayParts, group: GroupRow | null, capabilities: readonly Capability[]): ToolPolicy[] {
  const allowed = group?.tools ?? null
  return parts.tools
    .filter(({ name }) => allowed === null || allowed.includes(name) || (name === readOutputName && allowed.length > 0))
    .filter((tool) => tool.runsIn !== "runner" || capabilities.includes(tool.capability))
    .map(policyOf)
}

function versioned(policy: Omit<TurnPolicy, "version"> & { version?: string }): TurnPolicy {
  const { version: _, ...content } = policy
  return { version: sha256Hex(JSON.stringify(content)).slice(0, 16), ...content }
}

/** The group's own prompt stands in place of the operator's general one; how the channel reads is told in either case. */
function systemPrompt(general: string, meta: Meta, group: GroupRow | null): string {
  const own = group?.systemPrompt.trim() ?? ""
  const base = own === "" ? general : own
  const hint = meta.kind === "loop" ? "" : channelProfile(meta.kind).systemHint
  return [base, hint].filter((part) => part !== "").join("\n\n")
}

/** Fallbacks of the group where it says anything of them, else the environment's. */
function chainFor(parts: GatewayParts, group: GroupRow | null, model: string): ChainLink[] {
  const head = linkOf(model, group?.apiKeySealed == null ? "environment" : "group")
  const stored = storedChain(group)
  if (stored === undefined) return headedBy(head, [head, ...environmentFallbacks(parts.config)])
  const own = stored.enabled ? stored.providers : []
  return headedBy(head, [
    head,
    ...own.map((entry) => linkOfEntry(entry, entry.apiKeySealed === undefined ? "environment" : "own")),
  ])
}

/** Which models answer where a group says nothing else. @param defaultModel - of agents that name none */
export function modelChoice(config: GatewayParts["config"], defaultModel: string): ModelChoice {
  const { enabled, tiers } = effectiveHotSwap(null, config)
  const { onlyModel } = effectiveLimits(config)
  return {
    defaultModel,
    hotSwap: enabled && onlyModel === null,
    tiers: tiers.map(({ model }) => model),
    fallbacks: environmentFallbacks(config).map(({ model }) => model),
    onlyModel,
  }
}

/** FALLBACK_ENABLED: OpenAI where it has a key, then Ollama where it has an address. */
function environmentFallbacks(config: GatewayParts["config"]): ChainLink[] {
  if (!config.FALLBACK_ENABLED) return []
  const { FALLBACK_OPENAI_MODEL: openai, FALLBACK_OLLAMA_MODEL: ollama } = config
  const entry = (type: Provider, model: string, label: string) =>
    linkOfEntry({ type, model, label, ...linkDefaults }, "environment")
  return [
    ...(config.OPENAI_API_KEY === undefined ? [] : [entry("openai", openai, `OpenAI ${openai}`)]),
    ...(config.OLLAMA_URL === undefined ? [] : [entry("ollama", ollama, `Ollama ${ollama}`)]),
  ]
}

function storedChain(group: GroupRow | null): StoredFallbackChain | undefined {
  const stored = group?.fallbackChainConfig ?? null
  return stored === null ? undefined : StoredFallbackChain.parse(stored)
}

function hotSwapOf(parts: GatewayParts, group: GroupRow | null): HotSwapConfig | null {
  const own = group?.hotSwapConfig ?? null
  const inForce = effectiveHotSwap(own === null ? null : HotSwapConfig.parse(own), parts.config)
  return inForce.enabled ? inForce : null
}

function askedModel({ model }: Meta, { wishes }: Asked, isFixed: boolean): RoutingPolicy["asked"] {
  if (isFixed) return null
  const forTurn = wishes?.model ?? null
  if (forTurn !== null) return { model: forTurn, by: "turn" }
  return model === null ? null : { model, by: "conversation" }
}

function openKeys(parts: GatewayParts, group: GroupRow | null): GroupKeys {
  if (group === null) return noKeys
  const { id, apiKeySealed } = group
  const providers = storedChain(group)?.providers ?? []
  return {
    group:
      apiKeySealed === null
        ? undefined
        : parts.vault.open({ table: "agent_groups", row: id, column: "api_key" }, apiKeySealed),
    links: new Map(
      providers.flatMap(({ label, apiKeySealed: sealed }) =>
        sealed === undefined ? [] : [[label, parts.vault.open(fallbackKeyPlace(id), sealed)]],
      ),
    ),
  }
}
