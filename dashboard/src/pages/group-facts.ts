/** What a group's card says: its limits, which model answers it, and what of that will not work or costs unseen. Pure. */
import type { AgentGroupView } from "../../../core/api/agents.ts"
import type { ModelView } from "../../../core/api/models.ts"
import type { Health, ModelChoice } from "../../../core/api/operations.ts"
import { noteOnModel } from "../../../core/catalogue/notes.ts"
import { fullName } from "../../../core/model/chain.ts"
import { providerOf } from "../../../core/model/provider.ts"

/** What the gateway says of models; undefined where it did not say. */
export interface ModelWorld {
  readonly models: readonly ModelView[]
  readonly choice: ModelChoice | undefined
  readonly providers: Health["parts"]["models"]["providers"]
  /** As `2027-01-31`, in UTC. */
  readonly today: string
}

const limits = [
  ["budgetMaxTokensDay", "tokens a day"],
  ["budgetMaxTokensMonth", "tokens a month"],
  ["budgetMaxUsdDay", "a day"],
  ["budgetMaxUsdMonth", "a month"],
  ["conversationMaxTokensDay", "tokens a day for each conversation"],
  ["conversationMaxTokensMonth", "tokens a month for each conversation"],
  ["conversationMaxUsdDay", "a day for each conversation"],
  ["conversationMaxUsdMonth", "a month for each conversation"],
] as const

export function factsOf(group: AgentGroupView): string {
  const channels = group.channelIds.length
  return [
    group.hasApiKey ? "own API key" : "the gateway's API key",
    ...(group.fallbackChainConfig?.enabled ? [fallbacksOf(group.fallbackChainConfig.providers.length)] : []),
    ...(group.skills.length === 0 ? [] : [`skills: ${group.skills.join(", ")}`]),
    channels === 0 ? "no channel" : channels === 1 ? "one channel" : `${channels} channels`,
    ...limits.flatMap(([name, what]) => {
      const limit = group[name]
      if (limit === null) return []
      return [
        `${name.includes("Usd") ? "$" : ""}${limit.toLocaleString(undefined, { maximumFractionDigits: 6 })} ${what}`,
      ]
    }),
  ].join(" · ")
}

const fallbacksOf = (count: number) => (count === 1 ? "one fallback" : `${count} fallbacks`)

/** Which model answers, in a word or two. */
export function answeredBy(group: AgentGroupView, choice: ModelChoice | undefined): string {
  if (choice?.onlyModel != null) return choice.onlyModel
  if (isByDifficulty(group, choice)) return "by difficulty"
  return group.model ?? "default model"
}

function isByDifficulty({ hotSwapConfig }: AgentGroupView, choice: ModelChoice | undefined): boolean {
  return hotSwapConfig?.enabled ?? choice?.hotSwap ?? false
}

/** One sentence for each thing that will not work, or costs unseen. */
export function notesOf(group: AgentGroupView, { models, choice, providers, today }: ModelWorld): string[] {
  if (choice === undefined) return []
  const { onlyModel, tiers: usual } = choice
  const { hotSwapConfig, fallbackChainConfig, model, hasApiKey } = group
  const own = hotSwapConfig?.tiers.map((tier) => tier.model) ?? []
  const chosen = isByDifficulty(group, choice) ? (own.length > 0 ? own : usual) : [model ?? choice.defaultModel]
  const answering = [...new Set(onlyModel === null ? chosen : [onlyModel])]
  const standIns = fallbackChainConfig?.enabled ? fallbackChainConfig.providers : []
  const isSet = (provider: "anthropic" | "openai" | "ollama") => providers?.[provider] ?? true
  return [
    ...(model !== null && !answering.includes(model) ? [notAsked(model, onlyModel)] : []),
    ...[...new Set([...answering, ...standIns.map((one) => fullName(one.type, one.model))])].flatMap(
      (name) => noteOnModel(models, name, today) ?? [],
    ),
    ...answering.flatMap((name) => {
      const { provider } = providerOf(name)
      return hasApiKey || isSet(provider) ? [] : [`${name} cannot answer: ${missing[provider]} is not set.`]
    }),
    ...standIns.flatMap(({ type, label, baseUrl, hasApiKey: hasOwn }) =>
      hasOwn || baseUrl !== undefined || isSet(type)
        ? []
        : [`The fallback ${label} cannot stand in: it has no key, and ${missing[type]} is not set.`],
    ),
  ]
}

const missing = { anthropic: "ANTHROPIC_API_KEY", openai: "OPENAI_API_KEY", ollama: "OLLAMA_URL" } as const

function notAsked(model: string, onlyModel: string | null): string {
  return onlyModel === null
    ? `${model} is not asked: each message goes to a model by its difficulty. Turn that off for this group, and it answers.`
    : `${model} is not asked: in edge mode ${onlyModel} answers everything.`
}
