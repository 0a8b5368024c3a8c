/** An agent group as its form holds it: texts as they are typed. Pure; what the gateway is sent is made here. */
import type { AgentGroupChanges, AgentGroupView } from "../../../core/api/agents.ts"
import type { Mode } from "../ui/mode-field.tsx"

export const providerTypes = [
  ["anthropic", "Anthropic"],
  ["openai", "OpenAI"],
  ["ollama", "Ollama"],
] as const
export type ProviderType = (typeof providerTypes)[number][0]
export const numberNames = [
  "historyMessages",
  "maxOutputTokens",
  "budgetMaxTokensDay",
  "budgetMaxTokensMonth",
  "budgetMaxUsdDay",
  "budgetMaxUsdMonth",
  "conversationMaxTokensDay",
  "conversationMaxTokensMonth",
  "conversationMaxUsdDay",
  "conversationMaxUsdMonth",
] as const
export type NumberField = (typeof numberNames)[number]

export interface TierDraft {
  /** Of the row in the form. */
  readonly key: number
  readonly model: string
  readonly maxComplexity: string
  readonly label: string
}

export interface ProviderDraft {
  readonly key: number
  readonly label: string
  readonly type: ProviderType
  readonly model: string
  readonly baseUrl: string
  readonly maxRetries: string
  readonly timeoutSeconds: string
  /** Only ever typed here: a stored one is never shown. */
  readonly apiKey: string
  readonly forgetsKey: boolean
  /** What a stored key belongs to; null where none is stored. */
  readonly keyOf: { readonly label: string; readonly type: ProviderType; readonly baseUrl: string } | null
}

export interface GroupDraft {
  readonly name: string
  readonly description: string
  readonly systemPrompt: string
  readonly model: string
  readonly apiKey: string
  readonly forgetsKey: boolean
  readonly numbers: Readonly<Record<NumberField, string>>
  /** Names, one a line. */
  readonly skills: string
  readonly hotSwap: {
    readonly mode: Mode
    readonly tiers: readonly TierDraft[]
    readonly escalationThreshold: string
    readonly deescalation: boolean
  }
  readonly fallback: { readonly mode: Mode; readonly providers: readonly ProviderDraft[] }
}

const textOf = (value: number | null | undefined) => value?.toString() ?? ""
const modeOf = (config: { readonly enabled: boolean } | null): Mode =>
  config === null ? "default" : config.enabled ? "on" : "off"
const defaultTimeoutMs = 60_000
const defaultRetries = 2
const defaultThreshold = 40

/** @param group - null: a new one */
export function toDraft(group: AgentGroupView | null): GroupDraft {
  const { hotSwapConfig = null, fallbackChainConfig = null } = group ?? {}
  return {
    name: group?.name ?? "",
    description: group?.description ?? "",
    systemPrompt: group?.systemPrompt ?? "",
    model: group?.model ?? "",
    apiKey: "",
    forgetsKey: false,
    numbers: {
      historyMessages: textOf(group?.historyMessages),
      maxOutputTokens: textOf(group?.maxOutputTokens),
      budgetMaxTokensDay: textOf(group?.budgetMaxTokensDay),
      budgetMaxTokensMonth: textOf(group?.budgetMaxTokensMonth),
      budgetMaxUsdDay: textOf(group?.budgetMaxUsdDay),
      budgetMaxUsdMonth: textOf(group?.budgetMaxUsdMonth),
      conversationMaxTokensDay: textOf(group?.conversationMaxTokensDay),
      conversationMaxTokensMonth: textOf(group?.conversationMaxTokensMonth),
      conversationMaxUsdDay: textOf(group?.conversationMaxUsdDay),
      conversationMaxUsdMonth: textOf(group?.conversationMaxUsdMonth),
    },
    skills: group?.skills.join("\n") ?? "",
    hotSwap: {
      mode: modeOf(hotSwapConfig),
      tiers: (hotSwapConfig?.tiers ?? []).map((tier, key) => ({
        key,
        model: tier.model,
        maxComplexity: textOf(tier.maxComplexity),
        label: tier.label,
      })),
      escalationThreshold: textOf(hotSwapConfig?.escalationThreshold ?? defaultThreshold),
      deescalation: hotSwapConfig?.deescalation ?? true,
    },
    fallback: {
      mode: modeOf(fallbackChainConfig),
      providers: (fallbackChainConfig?.providers ?? []).map((provider, key) => {
        const { label, type, model, baseUrl = "", maxRetries, timeoutMs, hasApiKey } = provider
        return {
          key,
          label,
          type,
          model,
          baseUrl,
          maxRetries: textOf(maxRetries),
          timeoutSeconds: textOf(timeoutMs / 1_000),
          apiKey: "",
          forgetsKey: false,
          keyOf: hasApiKey ? { label, type, baseUrl } : null,
        }
      }),
    },
  }
}

const nextKey = (rows: readonly { readonly key: number }[]) => Math.max(-1, ...rows.map(({ key }) => key)) + 1

export function addTier({ tiers }: GroupDraft["hotSwap"]): readonly TierDraft[] {
  return [...tiers, { key: nextKey(tiers), model: "", maxComplexity: "", label: "" }]
}

export function addProvider({ providers }: GroupDraft["fallback"]): readonly ProviderDraft[] {
  const texts = { label: "", model: "", baseUrl: "", apiKey: "" }
  const times = { maxRetries: textOf(defaultRetries), timeoutSeconds: textOf(defaultTimeoutMs / 1_000) }
  const type = "anthropic" as const
  return [...providers, { key: nextKey(providers), ...texts, ...times, type, forgetsKey: false, keyOf: null }]
}

/** The row with that key changed; others stay as they are. */
export function changeRow<T extends { readonly key: number }>(
  rows: readonly T[],
  key: number,
  changes: Partial<T>,
): readonly T[] {
  return rows.map((row) => (row.key === key ? { ...row, ...changes } : row))
}

export function removeRow<T extends { readonly key: number }>(rows: readonly T[], key: number): readonly T[] {
  return rows.filter((row) => row.key !== key)
}

/** The row one place further to the front: what is asked first stands first. */
export function moveRowUp<T extends { readonly key: number }>(rows: readonly T[], key: number): readonly T[] {
  const at = rows.findIndex((row) => row.key === key)
  const row = rows[at]
  if (row === undefined || at === 0) return rows
  return rows.toSpliced(at, 1).toSpliced(at - 1, 0, row)
}

/** Whether the stored key would still go to the same place; the gateway forgets it where it would not. */
export function keepsKey({ keyOf, label, type, baseUrl }: ProviderDraft): boolean {
  return keyOf !== null && keyOf.label === label.trim() && keyOf.type === type && keyOf.baseUrl === baseUrl.trim()
}

/** All of the group as it is to be. What is empty takes the gateway's default. */
export function toChanges(draft: GroupDraft): AgentGroupChanges & { name: string } {
  const { name, description, systemPrompt, apiKey, forgetsKey, numbers } = draft
  const numberOf = (field: NumberField) => (numbers[field].trim() === "" ? null : Number(numbers[field]))
  return {
    name,
    description,
    systemPrompt,
    model: draft.model.trim() === "" ? null : draft.model,
    historyMessages: numberOf("historyMessages"),
    maxOutputTokens: numberOf("maxOutputTokens"),
    budgetMaxTokensDay: numberOf("budgetMaxTokensDay"),
    budgetMaxTokensMonth: numberOf("budgetMaxTokensMonth"),
    budgetMaxUsdDay: numberOf("budgetMaxUsdDay"),
    budgetMaxUsdMonth: numberOf("budgetMaxUsdMonth"),
    conversationMaxTokensDay: numberOf("conversationMaxTokensDay"),
    conversationMaxTokensMonth: numberOf("conversationMaxTokensMonth"),
    conversationMaxUsdDay: numberOf("conversationMaxUsdDay"),
    conversationMaxUsdMonth: numberOf("conversationMaxUsdMonth"),
    skills: [...new Set(draft.skills.split("\n").flatMap((line) => line.trim() || []))],
    hotSwapConfig: toHotSwap(draft.hotSwap),
    fallbackChainConfig: toFallback(draft.fallback),
    ...toKey(apiKey, forgetsKey),
  }
}

function toHotSwap({ mode, tiers, escalationThreshold, deescalation }: GroupDraft["hotSwap"]) {
  if (mode === "default") return null
  return {
    enabled: mode === "on",
    tiers: tiers.map(({ model, maxComplexity, label }) => ({ model, maxComplexity: Number(maxComplexity), label })),
    escalationThreshold: escalationThreshold.trim() === "" ? defaultThreshold : Number(escalationThreshold),
    deescalation,
  }
}

function toFallback({ mode, providers }: GroupDraft["fallback"]) {
  if (mode === "default") return null
  const shown = providers.map(({ label, type, model, baseUrl, maxRetries, timeoutSeconds, apiKey, forgetsKey }) => ({
    label,
    type,
    model,
    ...(baseUrl.trim() === "" ? {} : { baseUrl: baseUrl.trim() }),
    maxRetries: maxRetries.trim() === "" ? defaultRetries : Number(maxRetries),
    timeoutMs: timeoutSeconds.trim() === "" ? defaultTimeoutMs : Math.round(Number(timeoutSeconds) * 1_000),
    ...toKey(apiKey, forgetsKey),
  }))
  return { enabled: mode === "on", providers: shown }
}

/** Nothing at all where the stored key is to stay. */
function toKey(typed: string, forgets: boolean): { apiKey?: string | null } {
  return forgets ? { apiKey: null } : typed === "" ? {} : { apiKey: typed }
}
