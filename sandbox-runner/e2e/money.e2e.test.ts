/**
 * Fifty conversations at once over real HTTP, in three scopes with budgets, while providers fail in every way, the gateway is
 * killed, the operator changes time zone and limits, and people stop and erase: no limit is passed, and the record's sums are
 * the Ledger's.
 */
import { afterAll, beforeAll, expect, test } from "vitest"
import { AgentGroupView } from "../../core/api/agents.ts"
import { getBudgets } from "../../core/api/budgets.ts"
import { getUsage, getUsageByGroup } from "../../core/api/usage.ts"
import { callTool, say, type Answer, type Script } from "../testkit/model-script.ts"
import { startScriptedModel, type ScriptedModel } from "../testkit/scripted-model.ts"
import { enter, type Client } from "./client.ts"
import { openLoops, type LoopDriver } from "./loops.suite.ts"
import { nodeHost } from "./node-host.ts"
import { createRandom, seedOfRun } from "./random.ts"
import { openStage, type Stage } from "./stage.ts"

const otherKey = "key-of-the-other-provider"
const seed = seedOfRun()
const random = createRandom(seed)

let stage: Stage
let other: ScriptedModel
let admin: Client
let loops: LoopDriver
beforeAll(async () => {
  other = await startScriptedModel({ keys: [otherKey] })
  stage = await openStage(nodeHost("embedded"), {
    FALLBACK_ENABLED: "true",
    FALLBACK_OPENAI_MODEL: "gpt-6-sol",
    OPENAI_API_KEY: otherKey,
    OPENAI_BASE_URL: other.openAiUrl,
    RATE_LIMIT_PER_MINUTE: "100000",
    TOKEN_RATE_LIMIT_PER_MINUTE: "100000",
  })
  admin = await enter(stage.anyone, "setup", stage.transcript, stage.gateway.setupCode)
  loops = await openLoops(stage)
}, 120_000)
afterAll(async () => {
  await stage.close()
  await other.close()
})

/** What answers costs as much as it may. */
const script: Script = ({ sizeBytes, maxOutputTokens }) => {
  const usage = { inputTokens: sizeBytes, outputTokens: maxOutputTokens }
  const half: Answer = { text: "half of an answer", chunkSize: 4 }
  const chance = random.next()
  if (chance < 0.08) return { kind: "error", status: 429 }
  if (chance < 0.12) return { kind: "error", status: 500 }
  if (chance < 0.16) return { kind: "drop" }
  if (chance < 0.24) return { kind: "spoiled", by: "cut", afterChunks: 2, answer: half }
  return { ...(chance < 0.5 ? callTool("append_line", { line: "spent" }) : say("done")), usage }
}

const budgets = async () => (await admin.send("GET", "/api/budgets")).read(getBudgets.response).data
const spentIn = (data: Awaited<ReturnType<typeof budgets>>, id: string | null) =>
  data.find((budget) => budget.id === id)?.month.spent

/** What the record has, in all and of the group. */
async function recorded(groupId: string) {
  const all = (await admin.send("GET", "/api/usage")).read(getUsage.response)
  const groups = (await admin.send("GET", "/api/usage/groups")).read(getUsageByGroup.response).data
  const toSpent = (used: Pick<typeof all, "tokens" | "costMicroUsd"> | undefined) =>
    used && { tokens: used.tokens.total, microUsd: used.costMicroUsd }
  return [toSpent(all), toSpent(groups.find((one) => one.groupId === groupId))]
}

test(`nothing is spent above a limit, and nothing is spent without a record (SEED=${seed})`, async () => {
  stage.model.setScript(script)
  other.setScript(script)
  const limits = { budgetMaxTokensDay: 420_000, conversationMaxTokensDay: 60_000, maxOutputTokens: 2_000 }
  const json = { name: "frugal", model: "claude-haiku-5-5", ...limits }
  const group = (await admin.send("POST", "/api/agent-groups", { json })).read(AgentGroupView)
  let version = 0
  const set = async (settings: object) => {
    expect((await admin.send("PUT", "/api/settings", { json: { version, settings } })).status).toBe(200)
    version += 1
  }
  await set({ budgetMaxTokensDay: 600_000, budgetMaxUsdMonth: 30, maxOutputTokens: 1_500, timeZone: "Europe/Berlin" })
  const profiles = (n: number) => (n % 2 === 0 ? { profiles: ["frugal"] } : {})
  const ids = await Promise.all(Array.from({ length: 50 }, (_, n) => loops.create(profiles(n))))
  const meddling = [
    () => set({ timeZone: "Asia/Tokyo" }),
    () => set({ budgetMaxTokensDay: 1_400_000 }),
    () => Promise.all(ids.slice(0, 3).map((id) => admin.send("DELETE", `/api/conversations/${id}`))),
  ]
  for (const meddle of meddling) {
    const asked = stage.model.requestCount + other.requestCount
    const streams = await Promise.all(ids.map((id) => loops.say(id, "go on").catch(() => undefined)))
    const ends = streams.flatMap((stream) => (stream === undefined ? [] : [stream.rest().catch(() => undefined)]))
    await Promise.all(
      ids.filter((_, n) => n % 11 === 3).map((id) => loops.program.send("POST", `/api/v1/loops/${id}/interrupt`)),
    )
    await meddle()
    for (let kill = 1; kill <= 3; kill += 1) {
      const reached = asked + random.below(20 * kill)
      await expect
        .poll(() => stage.model.requestCount + other.requestCount >= reached, { timeout: 5_000 })
        .toBe(true)
        .catch(() => {})
      await stage.restart()
    }
    await Promise.all(ends)
    for (const { limits: bound, day, month } of await budgets()) {
      expect(day.spent.tokens + day.reserved.tokens).toBeLessThanOrEqual(bound.maxTokensDay ?? Infinity)
      expect(month.spent.microUsd + month.reserved.microUsd).toBeLessThanOrEqual((bound.maxUsdMonth ?? Infinity) * 1e6)
    }
  }
  // Nothing is spent any more: the rest is told to the Ledger and the record.
  await set({ budgetMaxTokensDay: 1 })
  const isSettled = async () => {
    const data = await budgets()
    const spent = [spentIn(data, null), spentIn(data, group.id)]
    const isDone = data.every(({ month }) => month.reserved.tokens === 0)
    return isDone && JSON.stringify(spent) === JSON.stringify(await recorded(group.id))
  }
  await expect.poll(isSettled, { timeout: 90_000, interval: 1_000 }).toBe(true)
  expect(spentIn(await budgets(), group.id)?.tokens).toBeGreaterThan(100_000)
}, 240_000)
