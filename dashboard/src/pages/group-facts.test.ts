/** That a group's card hides no limit, and names the model that really answers and what keeps one from it. */
import { describe, expect, test } from "vitest"
import { AgentGroupView } from "../../../core/api/agents.ts"
import { ModelView } from "../../../core/api/models.ts"
import { plainGroup } from "../../e2e/sample-group.ts"
import { answeredBy, factsOf, type ModelWorld, notesOf } from "./group-facts.ts"

const group = AgentGroupView.parse({
  id: `grp_${"0".repeat(24)}`,
  name: "support",
  ...plainGroup,
  model: "gpt-6-luna",
  createdAt: "2026-11-21T12:00:00.000Z",
  updatedAt: "2026-11-21T12:00:00.000Z",
})
const known = (name: string, provider: string, more = {}) =>
  ModelView.parse({
    name,
    provider,
    contextWindow: null,
    maxOutputTokens: null,
    abilities: { tools: true, images: true, thinking: true, caching: true },
    prices: { input: 1_000_000, output: 1_000_000, cacheRead: 0, cacheWrite: 0 },
    retiresAt: null,
    isConfigured: true,
    ...more,
  })
const choice = { defaultModel: "claude-a", hotSwap: false, tiers: ["claude-a"], fallbacks: [], onlyModel: null }
const world: ModelWorld = {
  models: [known("claude-a", "anthropic"), known("gpt-6-luna", "openai"), known("ollama/*", "ollama")],
  choice,
  providers: { anthropic: true, openai: true, ollama: false },
  today: "2026-11-21",
}
const provider = { model: "llama3", maxRetries: 2, timeoutMs: 60_000, label: "home", hasApiKey: false } as const

test("all limits are told, in tokens and dollars, of the group and of each conversation", () => {
  const limited = {
    ...group,
    budgetMaxTokensDay: 100_000,
    budgetMaxUsdDay: 0.5,
    budgetMaxUsdMonth: 1_000,
    conversationMaxTokensDay: 10,
    conversationMaxUsdMonth: 0.000001,
  }
  expect(factsOf(limited)).toBe(
    "the gateway's API key · no channel · 100,000 tokens a day · $0.5 a day · $1,000 a month · " +
      "10 tokens a day for each conversation · $0.000001 a month for each conversation",
  )
})

describe("who answers", () => {
  const tiers = [{ model: "claude-a", maxComplexity: 100, label: "a" }]
  const hotSwapConfig = { enabled: true, tiers, escalationThreshold: 40, deescalation: true }

  test("is the group's model, the default one, or one by difficulty", () => {
    expect(answeredBy(group, choice)).toBe("gpt-6-luna")
    expect(answeredBy({ ...group, model: null }, choice)).toBe("default model")
    expect(answeredBy({ ...group, hotSwapConfig }, choice)).toBe("by difficulty")
    expect(answeredBy(group, { ...choice, hotSwap: true })).toBe("by difficulty")
    expect(
      answeredBy({ ...group, hotSwapConfig: { ...hotSwapConfig, enabled: false } }, { ...choice, hotSwap: true }),
    ).toBe("gpt-6-luna")
    expect(answeredBy(group, { ...choice, onlyModel: "claude-a" })).toBe("claude-a")
    expect(answeredBy(group, undefined)).toBe("gpt-6-luna")
  })

  test("is told where it is not the model that the group names", () => {
    expect(notesOf(group, world)).toEqual([])
    expect(notesOf(group, { ...world, choice: { ...choice, hotSwap: true } })).toEqual([
      expect.stringMatching(/^gpt-6-luna is not asked: each message goes to a model by its difficulty\./),
    ])
    expect(notesOf(group, { ...world, choice: { ...choice, onlyModel: "claude-a" } })).toEqual([
      "gpt-6-luna is not asked: in edge mode claude-a answers everything.",
    ])
  })
})

describe("what will not work or costs unseen", () => {
  test("a model of unknown price, also among the tiers and fallbacks", () => {
    expect(notesOf({ ...group, model: "gpt-own" }, world)).toEqual([
      expect.stringContaining("The price of gpt-own is unknown"),
    ])
    const fallbackChainConfig = {
      enabled: true,
      providers: [{ ...provider, type: "openai" as const, model: "gpt-own" }],
    }
    expect(notesOf({ ...group, fallbackChainConfig }, world)).toEqual([
      expect.stringContaining("The price of gpt-own is unknown"),
    ])
  })

  test("a model that is withdrawn", () => {
    const models = [known("gpt-6-luna", "openai", { retiresAt: "2026-11-21" })]
    expect(notesOf(group, { ...world, models })).toEqual([expect.stringContaining("may withdraw it since 2026-11-21")])
  })

  test("a model without a key, unless the group has one of its own", () => {
    const providers = { anthropic: true, openai: false, ollama: false }
    expect(notesOf(group, { ...world, providers })).toEqual(["gpt-6-luna cannot answer: OPENAI_API_KEY is not set."])
    expect(notesOf({ ...group, hasApiKey: true }, { ...world, providers })).toEqual([])
  })

  test("a fallback without a key or an address of its own", () => {
    const entry = { ...provider, type: "ollama" as const }
    const withFallback = (one: object) => ({
      ...group,
      fallbackChainConfig: { enabled: true, providers: [{ ...entry, ...one }] },
    })
    expect(notesOf(withFallback({}), world)).toEqual([
      "The fallback home cannot stand in: it has no key, and OLLAMA_URL is not set.",
    ])
    expect(notesOf(withFallback({ baseUrl: "http://10.0.0.5:11434" }), world)).toEqual([])
    expect(notesOf(withFallback({ hasApiKey: true }), world)).toEqual([])
  })
})
