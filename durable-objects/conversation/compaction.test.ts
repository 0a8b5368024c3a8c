/** A conversation that outgrows its model: summed up, told, charged, on record, and answered whatever becomes of the summary. */
import { afterEach, describe, expect, test } from "vitest"
import { createGroup } from "../../adapters/store/agents.ts"
import { listMessages } from "../../adapters/store/conversations.ts"
import { plainGroup } from "../../adapters/store/samples.ts"
import type { Catalogue } from "../../core/catalogue/catalogue.ts"
import { say, type Reply, type ScriptedRequest } from "../../sandbox-runner/testkit/model-script.ts"
import { loopId, openHarness, readEvents, shownText, type Harness } from "../testing/harness.ts"
import { openLoopDesk } from "../testing/loop-desk.ts"

const catalogue: Catalogue = [
  {
    name: "claude-*",
    provider: "anthropic",
    contextWindow: 4_000,
    maxOutputTokens: 1_000,
    abilities: { tools: true, images: true, thinking: true, caching: true },
    prices: { input: 1_000_000, output: 1_000_000, cacheRead: 1_000_000, cacheWrite: 1_000_000 },
    retiresAt: null,
  },
]

let harness: Harness
afterEach(async () => harness.close())
const isSummary = (request: ScriptedRequest) => request.system.startsWith("You sum up")

async function open(script: (request: ScriptedRequest) => Reply): Promise<void> {
  harness = await openHarness({ catalogue })
  harness.model.setScript(script)
}

const { begin } = openLoopDesk(() => harness)
const ask = async (text: string) => readEvents(await begin(text))
const long = (letter: string) => `${letter.repeat(2_500)} the end`
const summaries = () => harness.model.requests.filter(isSummary)
const last = () => JSON.stringify(harness.model.requests.at(-1)?.messages)

test("the older part becomes a summary, once; people are told, and the record keeps every word", async () => {
  await open((request) => say(isSummary(request) ? "they spoke of letters" : "fine"))
  for (const letter of ["a", "b"]) expect(shownText(await ask(long(letter)))).toBe("fine")
  expect(summaries()).toHaveLength(0)
  const events = await ask(long("c"))
  expect(shownText(events)).toMatch(/^\(This conversation has grown long.*\)\n\nfine$/s)
  expect(events.filter(({ event }) => event === "snapshot")).toEqual([])
  expect(summaries()).toHaveLength(1)
  expect(JSON.stringify(summaries()[0]?.messages)).toContain("aaaa")
  expect(last()).toContain("they spoke of letters")
  expect(last()).not.toContain("aaaa")
  await harness.restart()
  expect(shownText(await ask("short"))).toBe("fine")
  expect(last()).toContain("they spoke of letters")
  expect(summaries()).toHaveLength(1)

  await harness.objects.peers("conversation", loopId).call("flush", {})
  const { rows } = await listMessages(harness.libsql, loopId, { limit: 100 })
  expect(rows.map(({ text }) => text)).toContain(long("a"))
  expect(JSON.stringify(rows)).not.toContain("they spoke of letters")
  const sql = "select outcome, reason, cost_micro_usd as cost from model_calls where outcome = 'summary'"
  const [calls] = await harness.libsql.read([{ sql, args: [] }])
  expect(calls?.rows.map((row) => ({ ...row }))).toEqual([
    { outcome: "summary", reason: "sums up the conversation's older part", cost: expect.any(Number) },
  ])
})

test("a summary that fails holds up no answer", async () => {
  await open((request) => (isSummary(request) ? { kind: "error", status: 500 } : say("fine")))
  for (const letter of ["a", "b"]) await ask(long(letter))
  expect(shownText(await ask(long("c")))).toBe("fine")
  expect(last()).not.toContain("aaaa")
  expect(last()).toContain("cccc")
})

test("a provider that finds it too long all the same is shown half, once", async () => {
  await open((request) => {
    if (isSummary(request)) return say("they spoke of letters")
    return request.sizeBytes > 2_800
      ? { kind: "error", status: 400, message: "prompt is too long: 5 tokens > 4 maximum" }
      : say("fine")
  })
  await ask("x".repeat(1_500))
  expect(shownText(await ask("y".repeat(1_500)))).toMatch(/fine$/)
  expect(last()).not.toContain("xxxx")
  const events = await ask("z".repeat(9_000))
  expect(events.at(-1)).toMatchObject({ event: "error", data: { code: "context_overflow" } })
})

describe("what no shortening makes fit", () => {
  const model = (name: string, contextWindow: number) => ({
    name,
    provider: name.startsWith("claude") ? ("anthropic" as const) : ("openai" as const),
    contextWindow,
    maxOutputTokens: 1_000,
    abilities: { tools: true, images: true, thinking: true, caching: true },
    prices: null,
    retiresAt: null,
  })
  const entry = (name: string) => ({
    type: name.startsWith("claude") ? "anthropic" : "openai",
    model: name,
    label: name,
    maxRetries: 0,
    timeoutMs: 60_000,
  })
  const tooLong: Reply = { kind: "error", status: 400, message: "prompt is too long: 5 tokens > 4 maximum" }

  /** The agent's own model has room for little, one behind it for as little, and the last for much. */
  async function openChain(script: (request: ScriptedRequest) => Reply, ...others: string[]) {
    const models = [model("claude-small", 4_000), model("gpt-small", 4_000), model("gpt-large", 100_000)]
    harness = await openHarness({
      catalogue: models,
      environment: ({ openAiUrl }) => ({ OPENAI_API_KEY: "sk-other", OPENAI_BASE_URL: openAiUrl }),
    })
    const fallbackChainConfig = { enabled: true, providers: others.map(entry) }
    await createGroup(harness.libsql, plainGroup(1, { model: "claude-small", fallbackChainConfig }))
    harness.model.setScript(script)
  }
  const tell = async (text: string) => readEvents(await begin(text, loopId, ["group-1"]))
  const asked = () => harness.model.requests.map((request) => request.model)

  test("goes to the next model with more room, whole; it is asked nothing twice, and the operator reads why", async () => {
    await openChain((request) => (request.model === "gpt-large" ? say("fine") : tooLong), "gpt-small", "gpt-large")
    const words = "z".repeat(9_000)
    expect(shownText(await tell(words))).toBe("fine")
    expect(asked()).toEqual(["claude-small", "gpt-large"])
    expect(last()).toContain(words)
    await harness.objects.peers("conversation", loopId).call("flush", {})
    const [calls] = await harness.libsql.read([
      { sql: "select reason from model_calls where outcome = 'end'", args: [] },
    ])
    expect(calls?.rows.map((row) => row["reason"])).toEqual(["stands in for claude-small: context_overflow"])
  })

  test("is first shown shorter to the same model", async () => {
    await openChain((request) => {
      if (isSummary(request)) return say("they spoke of letters")
      return request.sizeBytes > 2_800 && request.model !== "gpt-large" ? tooLong : say("fine")
    }, "gpt-large")
    await tell("x".repeat(1_500))
    expect(shownText(await tell("y".repeat(1_500)))).toMatch(/fine$/)
    expect(new Set(asked())).toEqual(new Set(["claude-small"]))
  })

  test("goes on elsewhere too when answers fill the window time and again", async () => {
    let said = 0
    await openChain((request) => {
      if (request.model === "gpt-large") return say("end.")
      said += 1
      const usage = { inputTokens: 3_800, outputTokens: 150 }
      return { kind: "answer", text: `part ${said} `, stop: "context_overflow", usage }
    }, "gpt-large")
    expect(shownText(await tell("go"))).toBe("part 1 part 2 part 3 end.")
    expect(asked()).toEqual(["claude-small", "claude-small", "claude-small", "gpt-large"])
  })

  test("is told to the person where nobody has more room, and nobody is asked in vain", async () => {
    await openChain(() => tooLong, "gpt-small")
    expect((await tell("z".repeat(9_000))).at(-1)).toMatchObject({
      event: "error",
      data: { code: "context_overflow", message: expect.stringMatching(/too long for claude-small\. Start a new one/) },
    })
    expect(asked()).toEqual(["claude-small"])
    expect(harness.logs).toContainEqual(expect.objectContaining({ event: "turn_ended", modelCalls: 1 }))
  })

  test("is told where the one with more room cannot be reached, with both reasons", async () => {
    await openChain(
      (request) => (request.model === "gpt-large" ? { kind: "error", status: 401 } : tooLong),
      "gpt-large",
    )
    expect((await tell("z".repeat(9_000))).at(-1)).toMatchObject({
      event: "error",
      data: { message: expect.stringMatching(/claude-small: .*too long.*gpt-large: .*refused the API key/) },
    })
    expect(asked()).toEqual(["claude-small", "gpt-large"])
  })
})
