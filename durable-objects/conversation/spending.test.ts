/** That no call of a model goes around the Ledger, and that what it charges is what the record says. */
import { afterEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { createGroup } from "../../adapters/store/agents.ts"
import { readSpending } from "../../adapters/store/budgets.ts"
import { plainGroup } from "../../adapters/store/samples.ts"
import { noLimits, type BudgetLimits } from "../../core/budget/limits.ts"
import type { Catalogue } from "../../core/catalogue/catalogue.ts"
import { CallId } from "../../core/budget/reserve.ts"
import { ConversationId, TurnId } from "../../core/units.ts"
import { callTool, say } from "../../sandbox-runner/testkit/model-script.ts"
import { loopId, openHarness, owner, readEvents, shownText, type Harness } from "../testing/harness.ts"
import { appendLine, openLoopDesk, spin } from "../testing/loop-desk.ts"

const lines: string[] = []
const catalogue: Catalogue = [
  {
    name: "claude-*",
    provider: "anthropic",
    contextWindow: 200_000,
    maxOutputTokens: 1_000,
    abilities: { tools: true, images: true, thinking: true, caching: true },
    prices: { input: 3_000_000, output: 15_000_000, cacheRead: 300_000, cacheWrite: 3_750_000 },
    retiresAt: null,
  },
]

let harness: Harness
async function open(
  limits: Partial<BudgetLimits> = {},
  concurrentTurns = 10,
  models: Catalogue = catalogue,
): Promise<void> {
  lines.length = 0
  harness = await openHarness({ tools: [appendLine((line) => lines.push(line))], catalogue: models, concurrentTurns })
  await setLimits(limits, 1)
}
const ledger = () => harness.objects.peers("ledger", "main")
const setLimits = (limits: Partial<BudgetLimits>, version: number) =>
  ledger().call("setBudget", {
    kind: "global",
    version,
    limits: { ...noLimits, ...limits },
    conversationLimits: noLimits,
    timeZone: "Europe/Berlin",
    home: null,
  })
afterEach(async () => harness.close())

const { conversation, begin: send } = openLoopDesk(() => harness)
const ask = async (text: string) => readEvents(await send(text))

/** What the Ledger has charged, once it was told everything. */
async function charged() {
  const state = () => ledger().call("budgets", { of: null })
  await expect.poll(async () => (await state()).scopes[0]?.day.reserved.tokens).toBe(0)
  return (await state()).scopes[0]?.day.spent
}

async function recorded(id: ConversationId = loopId) {
  await conversation(id).call("flush", {})
  const sql =
    "select sum(input_tokens + cache_read_tokens + cache_write_tokens + output_tokens) as tokens, sum(cost_micro_usd) as microUsd, count(*) as calls from model_calls"
  const [answer] = await harness.libsql.read([{ sql, args: [] }])
  const { tokens, microUsd, calls } = z
    .object({ tokens: z.number(), microUsd: z.number(), calls: z.number() })
    .parse({ ...answer?.rows[0] })
  return { tokens, microUsd, calls }
}

test("the record's sums are the Ledger's, to the micro-dollar", async () => {
  await open()
  harness.model.setScript(({ toolResults }) =>
    toolResults.length === 0
      ? {
          kind: "answer",
          tools: [{ name: "append_line", input: { line: "a" } }],
          usage: { inputTokens: 7, cacheReadTokens: 3 },
        }
      : { kind: "answer", text: "done", usage: { inputTokens: 11, cacheWriteTokens: 1, outputTokens: 5 } },
  )
  await ask("go")
  const { calls, ...sums } = await recorded()
  expect(calls).toBe(2)
  expect(await charged()).toEqual(sums)
})

test("a budget that is used up in a tool loop stops the turn before the next call, and says until when", async () => {
  await open({ maxTokensDay: 20_000 })
  // The worst that a provider can bill: a token for each byte, and all of the output.
  harness.model.setScript(({ sizeBytes, maxOutputTokens }) => ({
    ...callTool("append_line", { line: "a" }),
    usage: { inputTokens: sizeBytes, outputTokens: maxOutputTokens },
  }))
  const events = await ask("go on for ever")
  expect(events.at(-1)).toMatchObject({
    event: "error",
    data: { code: "budget_exceeded", message: expect.stringMatching(/daily token budget.*00:00 \(Europe\/Berlin\)/) },
  })
  const { calls, ...sums } = await recorded()
  expect(lines).toHaveLength(calls)
  expect(harness.model.requestCount).toBe(calls)
  expect(await charged()).toEqual(sums)
  expect(sums.tokens).toBeLessThanOrEqual(20_000)
})

test("a call that a crash cut off is charged at its worst case, once", async () => {
  await open()
  harness.model.setScript(async ({ n }) => {
    if (n > 1) return say("done")
    await harness.objects.evict("conversation", loopId)
    return { kind: "drop" }
  })
  const stream = await send("go")
  void readEvents(stream).catch(() => {})
  await harness.model.waitForRequest(1)
  harness.time.flow(1_000)
  await harness.model.waitForRequest(2)
  await expect.poll(async () => (await recorded()).calls).toBe(2)
  const { calls: _, ...sums } = await recorded()
  expect(await charged()).toEqual(sums)
  harness.time.stop()
  // The worst case of the first call is far above the few tokens of the second.
  expect(sums.tokens).toBeGreaterThan(1_500)
})

test("a call that a person stopped is charged at its worst case, and one that was refused not at all", async () => {
  await open()
  harness.model.setScript(({ n }) => (n === 1 ? { kind: "error", status: 400 } : { kind: "hang" }))
  await ask("refused")
  expect(await charged()).toEqual({ tokens: 0, microUsd: 0 })
  const stream = await send("hangs")
  await harness.model.waitForRequest(2)
  await conversation().call("interrupt", { viewer: owner })
  await readEvents(stream)
  const { calls: _, ...sums } = await recorded()
  expect(sums.tokens).toBeGreaterThan(1_000)
  expect(await charged()).toEqual(sums)
})

test("a call that others stand in the way of waits for them, and what is left bounds its answer", async () => {
  await open()
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  harness.model.setScript(async ({ n }) => {
    if (n === 1) await held
    return { kind: "answer", text: "ok", usage: { inputTokens: 20, outputTokens: 10 } }
  })
  const first = await send("one")
  await harness.model.waitForRequest(1)
  const { scopes } = await ledger().call("budgets", { of: null })
  const reserved = scopes[0]?.day.reserved.tokens ?? 0
  await setLimits({ maxTokensDay: reserved - 100 }, 2)
  const second = await send("two", ConversationId.parse(loopId.replaceAll("4", "6")))
  await spin()
  expect(harness.model.requestCount).toBe(1)
  release()
  expect(shownText(await readEvents(first))).toBe("ok")
  expect(shownText(await readEvents(second))).toBe("ok")
  const [before, after] = harness.model.requests.map(({ maxOutputTokens }) => maxOutputTokens)
  expect(before).toBe(1_000)
  expect(after).toBeLessThan(1_000)
})

test("a call that was allowed before a crash and never began is given back when its turn is stopped", async () => {
  await open({}, 1)
  const other = ConversationId.parse(loopId.replaceAll("4", "6"))
  await ledger().call("acquireSlot", { turnId: TurnId.parse(`turn_${other}_1`), conversationId: other })
  await send("go")
  const turnId = TurnId.parse(`turn_${loopId}_1`)
  const candidates = [{ provider: "p", model: "claude-x", inputTokens: 9_000, maxOutputTokens: 1_000, price: null }]
  const callId = CallId.parse(`${turnId}.m1`)
  await ledger().call("reserve", { callId, turnId, conversationId: loopId, groupId: null, candidates })
  await harness.objects.evict("conversation", loopId)
  await conversation().call("interrupt", { viewer: owner })
  expect(await charged()).toEqual({ tokens: 0, microUsd: 0 })
})

test("a mistake of ours while a call runs ends the turn, and the call is charged at its worst case at once", async () => {
  let isBroken = false
  const breaking = catalogue.map((entry) => ({
    ...entry,
    get prices() {
      if (isBroken) throw new Error("a bug")
      return entry.prices
    },
  }))
  await open({}, 10, breaking)
  harness.model.setScript(() => {
    isBroken = true
    return say("never read")
  })
  expect((await ask("go")).at(-1)).toMatchObject({ event: "error", data: { code: "internal" } })
  const { calls: _, ...sums } = await recorded()
  expect(await charged()).toEqual(sums)
  expect(sums.tokens).toBeGreaterThan(1_000)
})

describe("a client that breaks in a way that nobody foresaw", () => {
  const link = (more: Record<string, string>) => ({ type: "anthropic", maxRetries: 0, timeoutMs: 60_000, ...more })
  /** No request can be made of such an address; the API takes none like it. */
  const broken = link({ model: "claude-sonnet-5-5", label: "Broken", baseUrl: "nowhere" })
  const group = (...providers: ReturnType<typeof link>[]) =>
    createGroup(harness.libsql, plainGroup(1, { fallbackChainConfig: { enabled: true, providers } }))
  const talk = async () => readEvents(await send("go", loopId, ["group-1"]))

  test("costs its worst case at once, and the next model answers", async () => {
    await open()
    await group(broken, link({ model: "claude-opus-5-5", label: "Opus" }))
    harness.model.setScript(({ model }) => ({ ...say(`by ${model}`), usage: { inputTokens: 20, outputTokens: 10 } }))
    expect(shownText(await talk())).toBe("by claude-opus-5-5")
    const { calls, ...sums } = await recorded()
    expect(calls).toBe(2)
    expect(await charged()).toEqual(sums)
    expect(sums.tokens).toBeGreaterThan(1_000)
    expect(harness.logs).toContainEqual(expect.objectContaining({ event: "model_client_broken" }))
  })

  test("ends the turn in words where no other model stands ready, and holds nothing back", async () => {
    await open()
    await group(broken)
    expect((await talk()).at(-1)).toMatchObject({ event: "error", data: { code: "internal" } })
    const { calls: _, ...sums } = await recorded()
    expect(await charged()).toEqual(sums)
  })
})

test("a call that a crash cut off before it began is held anew with what has joined it: nothing goes beyond the budget", async () => {
  await open({ maxTokensDay: 20_000 })
  const turnId = TurnId.parse(`turn_${loopId}_1`)
  const candidates = [
    { provider: "anthropic", model: "claude-x", inputTokens: 900, maxOutputTokens: 1_000, price: null },
  ]
  const callId = CallId.parse(`${turnId}.m1`)
  await ledger().call("reserve", { callId, turnId, conversationId: loopId, groupId: null, candidates })
  harness.model.setScript(({ sizeBytes }) => ({ ...say("ok"), usage: { inputTokens: sizeBytes, outputTokens: 9 } }))
  expect((await ask("x".repeat(30_000))).at(-1)).toMatchObject({ data: { code: "budget_exceeded" } })
  expect(harness.model.requestCount).toBe(0)
  expect(await charged()).toEqual({ tokens: 0, microUsd: 0 })
})

test.each([
  ["input", { inputTokens: 0, outputTokens: 10 }],
  ["output", { inputTokens: 20, outputTokens: 0 }],
])("a call whose provider does not say how much %s it was is charged the most that it can be", async (_, usage) => {
  await open()
  harness.model.setScript(() => ({ kind: "answer", text: "ok", usage }))
  await ask("go")
  const { calls: __, ...sums } = await recorded()
  expect(sums.tokens).toBeGreaterThan(1_000)
  expect(await charged()).toEqual(sums)
})

test("a call that was allowed on one day and begins on the next counts on the first, in the Ledger and on record", async () => {
  await open()
  harness.model.setScript(() => ({ kind: "answer", text: "ok", usage: { inputTokens: 20, outputTokens: 10 } }))
  const before = await ledger().call("budgets", { of: null })
  harness.time.advance(before.day.endsAt - harness.time.now() - 60_000)
  // As the catalogue above has it: the dearest kind of input, and the output.
  const price = { inputMicroUsdPerMTok: 3_750_000, outputMicroUsdPerMTok: 15_000_000 }
  const turnId = TurnId.parse(`turn_${loopId}_1`)
  const candidates = [{ provider: "anthropic", model: "claude-x", inputTokens: 9_000, maxOutputTokens: 1_000, price }]
  const callId = CallId.parse(`${turnId}.m1`)
  await ledger().call("reserve", { callId, turnId, conversationId: loopId, groupId: null, candidates })
  harness.time.advance(120_000)
  expect(shownText(await ask("go"))).toBe("ok")
  await expect.poll(async () => (await ledger().call("budgets", { of: null })).scopes[0]?.month.spent.tokens).toBe(30)
  const { scopes, day, month } = await ledger().call("budgets", { of: null })
  expect(day.startsAt).toBe(before.day.endsAt)
  expect(scopes[0]?.day.spent.tokens).toBe(0)
  await conversation().call("flush", {})
  const [all] = await readSpending(harness.libsql, { day, month })
  expect(all).toEqual({ groupId: null, day: scopes[0]?.day.spent, month: scopes[0]?.month.spent })
})

describe("/budget", () => {
  test("tells what is spent and left for the conversation, without a model and without changing anything", async () => {
    await open({ maxMicroUsdMonth: 5_000_000 })
    await createGroup(harness.libsql, plainGroup(1, { budgetMaxTokensDay: 100_000 }))
    await createGroup(harness.libsql, plainGroup(2, { budgetMaxTokensDay: 7 }))
    harness.model.setScript(() => ({ kind: "answer", text: "ok", usage: { inputTokens: 1_000, outputTokens: 200 } }))
    const profiles = ["group-1"]
    await readEvents(await send("go", loopId, profiles))
    await charged()
    const told = shownText(await readEvents(await send("/budget", loopId, profiles)))
    expect(told).toBe(`This conversation has used 1,200 tokens, $0.006 today and 1,200 tokens, $0.006 this month.

Left:
- the whole gateway: $4.994 of $5.00 this month
- this agent: 98,800 of 100,000 tokens today

The day ends on 22 Sept 2026 at 00:00 (Europe/Berlin), the month on 1 Oct 2026 at 00:00 (Europe/Berlin). Budgets are set on the dashboard.`)
    expect(harness.model.requestCount).toBe(1)
    harness.model.setScript(({ messages }) => say(String(messages.length)))
    expect(shownText(await readEvents(await send("go on", loopId, profiles)))).toBe("3")
  })

  test("is said so where nothing is limited, and sets no limit", async () => {
    await open()
    harness.model.setScript(() => say("by the model"))
    expect(shownText(await ask("/budget"))).toContain("No budget binds it.")
    expect(shownText(await ask("/budget 1000"))).toContain("No budget binds it. Budgets are set on the dashboard.")
    expect(shownText(await ask("/budget for a journey to Rome"))).toBe("by the model")
  })
})

describe("a turn that waits for the budget of its group", () => {
  const second = ConversationId.parse(loopId.replaceAll("4", "6"))
  const third = ConversationId.parse(loopId.replaceAll("4", "7"))

  /** A call of the group is in flight and leaves no room for another, and there are two slots for running turns. */
  async function crowd() {
    await open({}, 2)
    await createGroup(harness.libsql, plainGroup(1))
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    harness.model.setScript(async ({ lastUserText }) => {
      if (lastUserText === "first") await held
      return { kind: "answer", text: `to ${lastUserText}`, usage: { inputTokens: 20, outputTokens: 10 } }
    })
    const first = await send("first", loopId, ["group-1"])
    await harness.model.waitForRequest(1)
    const { scopes } = await ledger().call("budgets", { of: null })
    const limits = { ...noLimits, maxTokensDay: (scopes[0]?.day.reserved.tokens ?? 0) + 100 }
    const { id: groupId, name } = plainGroup(1)
    await ledger().call("setBudget", { kind: "group", groupId, name, version: 9, limits, conversationLimits: noLimits })
    const waiting = await send("second", second, ["group-1"])
    await spin()
    expect(harness.model.requestCount).toBe(1)
    return { release, first, waiting }
  }

  test("keeps nobody else from running, and goes on when there is room", async () => {
    const { release, first, waiting } = await crowd()
    expect(shownText(await readEvents(await send("third", third)))).toBe("to third")
    release()
    expect(shownText(await readEvents(first))).toBe("to first")
    expect(shownText(await readEvents(waiting))).toBe("to second")
  })

  test("does so after a crash too, and gives back every slot", async () => {
    const { release, first } = await crowd()
    await harness.objects.evict("conversation", second)
    release()
    expect(shownText(await readEvents(first))).toBe("to first")
    const again = await conversation(second).stream("watch", { viewer: owner })
    harness.time.flow(1_000)
    await harness.model.waitForRequest(2)
    harness.time.stop()
    await readEvents(again)
    const texts = await Promise.all([loopId, second, third].map(async (id) => readEvents(await send("more", id))))
    expect(texts.map(shownText)).toEqual(["to more", "to more", "to more"])
  })

  test("is told after a minute why it is not answered", async () => {
    const { release, waiting } = await crowd()
    harness.time.flow(1_000)
    expect((await readEvents(waiting)).at(-1)).toMatchObject({ data: { code: "budget_exceeded" } })
    harness.time.stop()
    release()
  })
})

test("fifty conversations at once spend no more than is allowed, and each is answered or told why not", async () => {
  const limit = 40_000
  await open({ maxTokensDay: limit }, 50)
  harness.model.setScript(({ sizeBytes, maxOutputTokens }) => ({
    ...say("ok"),
    usage: { inputTokens: sizeBytes, outputTokens: maxOutputTokens },
  }))
  harness.time.flow(2_000)
  const ids = Array.from({ length: 50 }, (_, n) => ConversationId.parse(`loop_${String(n).padStart(32, "0")}`))
  const ends = await Promise.all(ids.map(async (id) => (await readEvents(await send("go", id))).at(-1)))
  harness.time.stop()
  expect(new Set(ends.map((end) => end?.data["code"] ?? end?.event))).toEqual(new Set(["done", "budget_exceeded"]))
  const spent = await charged()
  expect(spent?.tokens).toBeLessThanOrEqual(limit)
  expect(spent?.tokens).toBeGreaterThan(limit / 2)
  for (const id of ids) await conversation(id).call("flush", {})
  const { calls, ...sums } = await recorded(ids[0])
  expect(spent).toEqual(sums)
  expect(harness.model.requestCount).toBe(calls)
})
