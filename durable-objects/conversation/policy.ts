/** What a run segment may do, put together from the agent group, the channel, the environment and the tools. */
import { sha256Hex } from "../../adapters/digest.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { readPolicySource } from "../../adapters/store/policy.ts"
import type { GroupRow } from "../../adapters/store/rows.ts"
import { channelProfile } from "../../core/channel/profile.ts"
import { effectiveSettings } from "../../core/settings.ts"
import { policyDefaults, type TurnPolicy } from "../../core/turn/policy.ts"
import { type Asked, tighten } from "../../core/turn/wishes.ts"
import type { GatewayParts } from "../parts.ts"
import { policyOf } from "../tools/tool.ts"
import type { Meta } from "./records.ts"

export interface SegmentPolicy {
  readonly policy: TurnPolicy
  /** The group's own model key; lives in memory only. */
  readonly apiKey: string | undefined
}

/**
 * One round trip to libSQL.
 * @throws LoopError `database_unavailable`; `secret_unreadable` when the group's key was sealed by another key
 */
export async function readPolicy(
  libsql: Libsql,
  parts: GatewayParts,
  meta: Meta,
  asked: Asked,
): Promise<SegmentPolicy> {
  const groupName = asked.wishes?.groupName ?? meta.profiles[0] ?? null
  const of = { groupName, channelId: meta.channelId }
  const { group, settings } = await readPolicySource(libsql, of)
  const general = effectiveSettings(settings, parts.config)
  const content: Omit<TurnPolicy, "version"> = {
    groupId: group?.id ?? null,
    groupName: group?.name ?? "default",
    model: group?.model ?? general.defaultModel,
    system: systemPrompt(general.systemPrompt ?? parts.systemPrompt().trim(), meta, group),
    maxOutputTokens: group?.maxOutputTokens ?? general.maxOutputTokens,
    historyMessages: group?.historyMessages ?? general.historyMessages,
    permissionMode: "default",
    tools: parts.tools.map(policyOf),
    approvalRules: [],
    maxModelCalls: policyDefaults.maxModelCalls,
    maxAttempts: policyDefaults.maxAttempts,
    choiceTimeoutMs: policyDefaults.choiceTimeoutMs,
  }
  return { policy: versioned(tighten(content, asked)), apiKey: openKey(parts, group) }
}

/**
 * The policy of an earlier turn for one that begins while libSQL is away. Undefined when it would not be what is asked for: the
 * agent of another group.
 */
export function reusePolicy(last: TurnPolicy, asked: Asked): SegmentPolicy | undefined {
  const groupName = asked.wishes?.groupName ?? null
  if (groupName !== null && groupName !== last.groupName) return undefined
  return { policy: versioned(tighten(last, asked)), apiKey: undefined }
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

function openKey(parts: GatewayParts, group: GroupRow | null): string | undefined {
  if (group === null || group.apiKeySealed === null) return undefined
  return parts.vault.open({ table: "agent_groups", row: group.id, column: "api_key" }, group.apiKeySealed)
}
