/** What the form of an agent group sends. */
import { describe, expect, test } from "vitest"
import { AgentGroupChanges, AgentGroupView } from "../../../core/api/agents.ts"
import {
  addProvider,
  addTier,
  changeRow,
  type GroupDraft,
  keepsKey,
  moveRowUp,
  removeRow,
  toChanges,
  toDraft,
} from "./group-draft.ts"

const group = AgentGroupView.parse({
  id: `grp_${"0".repeat(24)}`,
  name: "support",
  description: "Kind",
  systemPrompt: "You help.",
  model: "gpt-5",
  skills: ["web-browse", "dates"],
  tools: null,
  budgetMaxTokensDay: 10_000,
  budgetMaxTokensMonth: null,
  budgetMaxUsdDay: 2.5,
  budgetMaxUsdMonth: null,
  conversationMaxTokensDay: null,
  conversationMaxTokensMonth: null,
  conversationMaxUsdDay: null,
  conversationMaxUsdMonth: 0.000001,
  historyMessages: 20,
  maxOutputTokens: null,
  hotSwapConfig: {
    enabled: true,
    tiers: [{ model: "small", maxComplexity: 40, label: "Small" }],
    escalationThreshold: 30,
    deescalation: false,
  },
  fallbackChainConfig: {
    enabled: true,
    providers: [
      { type: "openai", model: "gpt-5", label: "Cloud", maxRetries: 1, timeoutMs: 90_500, hasApiKey: true },
      { type: "ollama", model: "llama3", label: "Home", baseUrl: "http://pi:11434", hasApiKey: false },
    ],
  },
  hasApiKey: true,
  channelIds: [],
  managed: false,
  createdAt: "2026-11-21T12:00:00Z",
  updatedAt: "2026-11-21T12:00:00Z",
})
const withFallback = (draft: GroupDraft, providers: GroupDraft["fallback"]["providers"]) => ({
  ...draft,
  fallback: { ...draft.fallback, providers },
})

describe("a group that is saved as it was loaded", () => {
  test("stays as it is, and no key of it is touched", () => {
    const {
      id: _,
      tools: _tools,
      hasApiKey: __,
      channelIds: ___,
      managed: ____,
      createdAt: _____,
      updatedAt: ______,
      ...rest
    } = group
    const changes = toChanges(toDraft(group))
    expect(changes).toMatchObject({ ...rest, fallbackChainConfig: { enabled: true } })
    expect(changes.fallbackChainConfig?.providers).toEqual([
      { label: "Cloud", type: "openai", model: "gpt-5", maxRetries: 1, timeoutMs: 90_500 },
      { label: "Home", type: "ollama", model: "llama3", baseUrl: "http://pi:11434", maxRetries: 2, timeoutMs: 60_000 },
    ])
    expect(changes).not.toHaveProperty("apiKey")
    expect(AgentGroupChanges.safeParse(changes).success).toBe(true)
  })

  test("that was new and left empty has the gateway's defaults everywhere", () => {
    expect(toChanges({ ...toDraft(null), name: "a" })).toEqual({
      name: "a",
      description: "",
      systemPrompt: "",
      model: null,
      skills: [],
      historyMessages: null,
      maxOutputTokens: null,
      budgetMaxTokensDay: null,
      budgetMaxTokensMonth: null,
      budgetMaxUsdDay: null,
      budgetMaxUsdMonth: null,
      conversationMaxTokensDay: null,
      conversationMaxTokensMonth: null,
      conversationMaxUsdDay: null,
      conversationMaxUsdMonth: null,
      hotSwapConfig: null,
      fallbackChainConfig: null,
    })
  })
})

describe("keys", () => {
  const [cloud, home] = toDraft(group).fallback.providers
  if (cloud === undefined || home === undefined) throw new Error("two providers")

  test("are sent when they are typed, and forgotten when that is asked for", () => {
    const typed = withFallback(toDraft(group), [
      { ...cloud, apiKey: "sk-new" },
      { ...home, forgetsKey: true },
    ])
    expect(toChanges(typed).fallbackChainConfig?.providers.map(({ apiKey }) => apiKey)).toEqual(["sk-new", null])
    expect(toChanges({ ...toDraft(group), apiKey: "sk-own" }).apiKey).toBe("sk-own")
    expect(toChanges({ ...toDraft(group), apiKey: "sk-own", forgetsKey: true }).apiKey).toBeNull()
  })

  test("stay with their label, kind and address alone", () => {
    expect(keepsKey(cloud)).toBe(true)
    expect(keepsKey({ ...cloud, model: "other", maxRetries: "0" })).toBe(true)
    for (const moved of [{ label: "Else" }, { type: "anthropic" as const }, { baseUrl: "https://evil.example" }])
      expect(keepsKey({ ...cloud, ...moved })).toBe(false)
    expect(keepsKey(home)).toBe(false)
  })
})

describe("rows", () => {
  test("are added with keys of their own, changed one by one, moved to the front, and removed", () => {
    const draft = toDraft(group)
    const tiers = addTier({ ...draft.hotSwap, tiers: addTier(draft.hotSwap) })
    expect(tiers.map(({ key }) => key)).toEqual([0, 1, 2])
    expect(changeRow(tiers, 1, { model: "m" }).map(({ model }) => model)).toEqual(["small", "m", ""])
    expect(moveRowUp(tiers, 2).map(({ key }) => key)).toEqual([0, 2, 1])
    expect(moveRowUp(tiers, 0)).toBe(tiers)
    expect(removeRow(tiers, 0).map(({ key }) => key)).toEqual([1, 2])
    expect(addProvider({ ...draft.fallback, providers: removeRow(draft.fallback.providers, 0) }).at(-1)?.key).toBe(2)
  })

  test("count where the group has its own way; off is not the same as the gateway's way", () => {
    const { hotSwap, fallback, ...draft } = toDraft(group)
    const by = (mode: "default" | "off") =>
      toChanges({ ...draft, hotSwap: { ...hotSwap, mode }, fallback: { ...fallback, mode } })
    expect(by("default")).toMatchObject({ hotSwapConfig: null, fallbackChainConfig: null })
    expect(by("off")).toMatchObject({ hotSwapConfig: { enabled: false }, fallbackChainConfig: { enabled: false } })
  })

  test("of skills are names, each once, without empty lines", () => {
    expect(toChanges({ ...toDraft(group), skills: " dates \n\nweb-browse\ndates" }).skills).toEqual([
      "dates",
      "web-browse",
    ])
  })
})
