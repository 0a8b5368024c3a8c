/** That the record's sums are the Ledger's, to the micro-dollar: however calls end, over days, months and erasures. */
import { afterEach, expect, test } from "vitest"
import { createGroup } from "../../adapters/store/agents.ts"
import { plainGroup } from "../../adapters/store/samples.ts"
import { sumUsage } from "../../adapters/store/usage.ts"
import { tokensOf } from "../../core/budget/judge.ts"
import { type BudgetLimits, noLimits } from "../../core/budget/limits.ts"
import type { Window } from "../../core/budget/window.ts"
import type { Catalogue } from "../../core/catalogue/catalogue.ts"
import { ConversationId } from "../../core/units.ts"
import type { Answer, Reply } from "../../sandbox-runner/testkit/model-script.ts"
import { loopId, openHarness, readEvents, type Harness } from "../testing/harness.ts"
import { openLoopDesk } from "../testing/loop-desk.ts"

const catalogue: Catalogue = (["claude-*", "gpt-*"] as const).map((name) => ({
  name,
  provider: name === "gpt-*" ? "openai" : "anthropic",
  contextWindow: 200_000,
  maxOutputTokens: 1_000,
  abilities: { tools: true, images: true, thinking: true, caching: true },
  prices: { input: 3_000_000, output: 15_000_000, cacheRead: 300_000, cacheWrite: 3_750_000 },
  longPrompt: {
    aboveInputTokens: 3_000,
    prices: { input: 6_000_000, output: 22_500_000, cacheRead: 600_000, cacheWrite: 7_500_000 },
  },
  retiresAt: null,
}))

let harness: Harness
async function open(limits: Partial<BudgetLimits> = {}): Promise<void> {
  harness = await openHarness({
    catalogue,
    concurrentTurns: 60,
    environment: (model) => ({
      FALLBACK_ENABLED: "true",
      FALLBACK_OPENAI_MODEL: "gpt-6-sol",
      OPENAI_API_KEY: "sk-other",
      OPENAI_BASE_URL: model.openAiUrl,
    }),
  })
  await ledger().call("setBudget", {
    kind: "global",
    version: 1,
    limits: { ...noLimits, ...limits },
    conversationLimits: noLimits,
    timeZone: "Europe/Berlin",
    home: null,
  })
  harness.time.flow(500)
}
afterEach(async () => harness.close())

const ledger = () => harness.objects.peers("ledger", "main")
const { conversation, begin: send } = openLoopDesk(() => harness)

/** How the Ledger stands when it was told of all calls. */
async function settled() {
  const state = () => ledger().call("budgets", { of: null })
  await expect.poll(async () => (await state()).scopes.every(({ month }) => month.reserved.tokens === 0)).toBe(true)
  return state()
}

async function recorded({ startsAt: from, endsAt: to }: Window) {
  const sum = await sumUsage(harness.libsql, { from, to })
  return { tokens: tokensOf(sum), microUsd: sum.costMicroUsd }
}

const answer: Answer = {
  text: "hello world and more",
  chunkSize: 4,
  usage: { inputTokens: 700, cacheReadTokens: 300, cacheWriteTokens: 50, outputTokens: 40 },
}
const spoiled = (by: Extract<Reply, { kind: "spoiled" }>["by"], afterChunks: number): Reply => ({
  kind: "spoiled",
  by,
  afterChunks,
  answer,
})
const replies: [string, Reply][] = [
  ["an answer", { kind: "answer", ...answer }],
  [
    "an answer to a prompt that is long",
    { kind: "answer", text: "x", usage: { inputTokens: 2_900, cacheWriteTokens: 200 } },
  ],
  ["more than was held back", { kind: "answer", text: "x", usage: { inputTokens: 500_000, outputTokens: 90_000 } }],
  ["a wrong request", { kind: "error", status: 400 }],
  ["a refused key", { kind: "error", status: 401 }],
  ["a limit", { kind: "error", status: 429 }],
  ["a broken server", { kind: "error", status: 500 }],
  ["an overload", { kind: "error", status: 529 }],
  ["a dropped connection", { kind: "drop" }],
  ["a stream cut before its first word", spoiled("cut", 0)],
  ["a stream cut in the middle", spoiled("cut", 2)],
  ["a stream that ends before its answer", spoiled("end", 2)],
  ["garbage in the middle", spoiled("garbage", 2)],
  ["an error in the middle", spoiled("error", 2)],
]
test.each(replies)("after %s, and whoever stands in", async (_, reply) => {
  await open()
  harness.model.setScript(({ provider }) => (provider === "anthropic" ? reply : { kind: "answer", ...answer }))
  await readEvents(await send("go"))
  const { scopes, day } = await settled()
  await conversation(loopId).call("flush", {})
  expect(await recorded(day)).toEqual(scopes[0]?.day.spent)
})

test("after a conversation was erased in the middle of a call", async () => {
  await open()
  harness.model.setScript(({ n }) => (n === 1 ? { kind: "answer", ...answer } : { kind: "hang" }))
  await readEvents(await send("go"))
  await send("on")
  await harness.model.waitForRequest(2)
  await conversation(loopId).call("erase", {})
  const { scopes, day } = await settled()
  expect(await recorded(day)).toEqual(scopes[0]?.day.spent)
  expect(scopes[0]?.day.spent.tokens).toBeGreaterThan(1_090 + 1_000)
})

test("while fifty conversations pass midnight before a day of 25 hours, and no limit of three scopes is passed", async () => {
  await open({ maxTokensDay: 50_000, maxMicroUsdMonth: 700_000 })
  harness.time.stop()
  // Clocks go back in Berlin on 25 October 2026.
  harness.time.advance(Date.parse("2026-10-24T21:59:40Z") - harness.time.now())
  harness.time.flow(1_000)
  const limited = { budgetMaxTokensDay: 30_000, conversationMaxTokensDay: 5_000 }
  await createGroup(harness.libsql, plainGroup(1, limited))
  harness.model.setScript(({ sizeBytes, maxOutputTokens }) => ({
    kind: "answer",
    text: "ok",
    usage: { inputTokens: sizeBytes, outputTokens: maxOutputTokens },
  }))
  const ids = Array.from({ length: 50 }, (_, n) => ConversationId.parse(`loop_${String(n).padStart(32, "0")}`))
  const before = await settled()
  const isPast = () => harness.time.now() > before.day.endsAt
  for (const _ of ["first", "second"]) {
    await Promise.all(ids.map(async (id, n) => readEvents(await send("go", id, n % 2 === 0 ? ["group-1"] : []))))
    await expect.poll(isPast).toBe(true)
    const { scopes, day, month } = await settled()
    for (const id of ids) await conversation(id).call("flush", {})
    expect(await recorded(before.day)).toEqual({
      tokens: (scopes[0]?.month.spent.tokens ?? 0) - (scopes[0]?.day.spent.tokens ?? 0),
      microUsd: (scopes[0]?.month.spent.microUsd ?? 0) - (scopes[0]?.day.spent.microUsd ?? 0),
    })
    expect(await recorded(day)).toEqual(scopes[0]?.day.spent)
    expect(await recorded(month)).toEqual(scopes[0]?.month.spent)
    for (const one of scopes) {
      expect(one.day.spent.tokens).toBeLessThanOrEqual(one.limits.maxTokensDay ?? Infinity)
      expect(one.month.spent.microUsd).toBeLessThanOrEqual(one.limits.maxMicroUsdMonth ?? Infinity)
    }
    expect(day.endsAt - day.startsAt).toBe(25 * 3_600_000)
  }
  expect((await settled()).scopes[0]?.month.spent.microUsd).toBeGreaterThan(600_000)
})
