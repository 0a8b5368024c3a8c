/** What is told of the models that the gateway knows. */
import { expect, test } from "vitest"
import { openEdge } from "../testing/edge.ts"

const list = async (modelProblem?: string) => {
  const edge = await openEdge({}, { setupCode: undefined, ...(modelProblem === undefined ? {} : { modelProblem }) })
  const { session } = await edge.addUser("viewer", "viewer")
  const response = await edge.fetch("/api/models", { cookie: session })
  await edge.close()
  return { status: response.status, data: Object(await response.json()).data }
}

test("all known models are listed with their facts and prices", async () => {
  const { status, data } = await list()
  expect(status).toBe(200)
  expect(data).toContainEqual({
    name: "claude-haiku-5-5",
    provider: "anthropic",
    contextWindow: 1_000_000,
    maxOutputTokens: 128_000,
    abilities: { tools: true, images: true, thinking: true, caching: true },
    prices: { input: 100_000, output: 500_000, cacheRead: 10_000, cacheWrite: 125_000 },
    longPrompt: {
      aboveInputTokens: 100_000,
      prices: { input: 500_000, output: 2_500_000, cacheRead: 50_000, cacheWrite: 625_000 },
    },
    retiresAt: "2027-10-07",
    isConfigured: true,
  })
})

test("a model whose provider has no key is said to be not configured", async () => {
  const { data } = await list("Set ANTHROPIC_API_KEY.")
  expect(new Set([...data].map((one: { isConfigured: boolean }) => one.isConfigured))).toEqual(new Set([false]))
})
