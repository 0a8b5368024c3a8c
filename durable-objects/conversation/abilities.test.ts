/** Messages with pictures and agents with tools go to models that can take them; where none can, people are told, and nothing is lost. */
import { afterEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { toBase64 } from "../../adapters/base64.ts"
import { createGroup } from "../../adapters/store/agents.ts"
import { plainGroup } from "../../adapters/store/samples.ts"
import type { GroupRow } from "../../adapters/store/rows.ts"
import type { Catalogue } from "../../core/catalogue/catalogue.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import type { ImageBlock } from "../../core/model/message.ts"
import { callTool, say, type Reply, type ScriptedRequest } from "../../sandbox-runner/testkit/model-script.ts"
import { apiMessage, loopId, openHarness, owner, shownText, type Harness } from "../testing/harness.ts"
import { openLoopDesk } from "../testing/loop-desk.ts"
import { defineTool } from "../tools/tool.ts"

const model = (name: string, images: boolean, tools: boolean) => ({
  name,
  provider: name.startsWith("claude") ? ("anthropic" as const) : ("openai" as const),
  contextWindow: 100_000,
  maxOutputTokens: 1_000,
  abilities: { tools, images, thinking: false, caching: false },
  prices: null,
  retiresAt: null,
})
const catalogue: Catalogue = [
  model("claude-blind", false, true),
  model("claude-sees", true, true),
  model("gpt-blind", false, true),
  model("gpt-idle", true, false),
]
const count = defineTool({
  name: "count",
  description: "Counts.",
  input: z.object({}),
  risk: "low",
  repeatable: true,
  outward: "none",
  run: async () => ({ text: "forty-one", tainted: false }),
})

let harness: Harness
let live: LiveEvent[] = []
afterEach(async () => harness.close())

/** @param group - what the agent group says */
async function open(
  group: Partial<GroupRow>,
  script: (request: ScriptedRequest) => Reply = (request) => say(request.model),
) {
  live = []
  harness = await openHarness({
    tools: [count],
    catalogue,
    environment: ({ openAiUrl }) => ({ OPENAI_API_KEY: "sk-other", OPENAI_BASE_URL: openAiUrl }),
    onLive: (events) => void live.push(...events),
  })
  await createGroup(harness.libsql, plainGroup(7, { name: "support", ...group }))
  harness.model.setScript(script)
  await createLoop(loopId, ["support"])
  // Pauses between tries pass.
  harness.time.flow(250)
}
const chainOf = (...models: string[]) => ({
  enabled: true,
  providers: models.map((name, priority) => ({
    type: name.startsWith("claude") ? "anthropic" : "openai",
    model: name,
    label: name,
    priority,
    maxRetries: 0,
    timeoutMs: 60_000,
  })),
})
const tiersOf = (...models: string[]) => ({
  enabled: true,
  tiers: models.map((name, index) => ({
    model: name,
    label: `tier ${index + 1}`,
    maxComplexity: Math.round(((index + 1) * 100) / models.length),
  })),
  escalationThreshold: 40,
  deescalation: true,
})

const { conversation: peer, createLoop, ask } = openLoopDesk(() => harness)
const bytes = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 7])
async function picture(): Promise<{ images: ImageBlock[] }> {
  return {
    images: [await peer().call("keepPicture", { viewer: owner, mediaType: "image/png", data: toBase64(bytes) })],
  }
}
const hasPicture = (request: ScriptedRequest | undefined) =>
  /"type":"image"|"image_url"/.test(JSON.stringify(request?.body))
const last = () => harness.model.requests.at(-1)
async function calls() {
  await peer().call("flush", {})
  const sql = "select model, tier, reason, outcome from model_calls order by started_at, id"
  const [answer] = await harness.libsql.read([{ sql, args: [] }])
  return answer?.rows.map((row) => ({ ...row })) ?? []
}

describe("a message with a picture", () => {
  test("goes to the next tier above that can read it, and the run says why", async () => {
    await open({ hotSwapConfig: tiersOf("claude-blind", "gpt-blind", "claude-sees") })
    expect(shownText(await ask("Hi"))).toBe("claude-blind")
    expect(shownText(await ask("What is that?", await picture()))).toBe("claude-sees")
    expect(hasPicture(last())).toBe(true)
    expect((await calls())[1]).toMatchObject({
      tier: "tier 3",
      reason: expect.stringMatching(/^complexity \d+: .*tier \d cannot read pictures$/),
    })
    expect(live.filter(({ event }) => event === "model:hot-swap")).toHaveLength(1)
  })

  test("goes to a tier below where none above can", async () => {
    await open({ hotSwapConfig: tiersOf("claude-sees", "gpt-blind") })
    const hard = "Write a REST API with authentication, rate limiting, and tests"
    expect(shownText(await ask(hard))).toBe("gpt-blind")
    expect(shownText(await ask(hard, await picture()))).toBe("claude-sees")
  })

  test("goes to the provider of the chain that can read it, which nobody takes for an outage", async () => {
    await open({ model: "claude-blind", fallbackChainConfig: chainOf("gpt-blind", "gpt-unknown") })
    expect(shownText(await ask("What is that?", await picture()))).toBe("gpt-unknown")
    expect(hasPicture(last())).toBe(true)
    expect((await calls())[0]).toMatchObject({ reason: "in place of claude-blind, which cannot read pictures" })
    expect(live.filter(({ event }) => event === "fallback:start")).toEqual([])
    expect(harness.model.refused).toEqual([])
  })

  test("still goes there when the conversation shows the picture, and back when it no longer does", async () => {
    await open({ model: "claude-blind", historyMessages: 3, fallbackChainConfig: chainOf("claude-sees") })
    await ask("What is that?", await picture())
    expect(shownText(await ask("And its colour?"))).toBe("claude-sees")
    expect(hasPicture(last())).toBe(true)
    await ask("Thanks")
    expect(shownText(await ask("Bye"))).toBe("claude-blind")
  })

  test("that no model can read is answered by saying so at once; the conversation goes on in words", async () => {
    await open({ model: "claude-blind", fallbackChainConfig: chainOf("gpt-blind") })
    const events = await ask("What is that?", await picture())
    expect(events.at(-1)).toMatchObject({
      event: "error",
      data: {
        code: "images_unsupported",
        message: expect.stringMatching(
          /claude-blind cannot read pictures.*gpt-blind cannot read.*message is kept.*\/model/,
        ),
      },
    })
    expect(harness.model.requests).toHaveLength(0)
    expect(shownText(await ask("Then tell me a joke"))).toBe("claude-blind")
    expect(hasPicture(last())).toBe(false)
    expect(JSON.stringify(last()?.messages)).toMatch(
      /picture, image\/png, 1 KB, which this model cannot see.*What is that.*a joke/,
    )
    // Nothing is lost: whoever can see is shown it.
    const wishes = { groupName: null, instructions: "", maxOutputTokens: null, model: "claude-sees" }
    expect(shownText(await ask("And now?", { wishes }))).toBe("claude-sees")
    expect(hasPicture(last())).toBe(true)
  })

  test("whose seeing provider fails is not guessed at by a blind one: people read what happened", async () => {
    await open({ model: "claude-sees", fallbackChainConfig: chainOf("gpt-blind") }, () => ({
      kind: "error",
      status: 500,
    }))
    const events = await ask("What is that?", await picture())
    expect(events.at(-1)).toMatchObject({
      event: "error",
      data: {
        code: "model_unavailable",
        message: expect.stringMatching(
          /claude-sees: .*500.*gpt-blind: The model gpt-blind cannot read pictures.*message is kept/,
        ),
      },
    })
    expect(new Set(harness.model.requests.map((request) => request.model))).toEqual(new Set(["claude-sees"]))
  })

  test("has its provider's failure cured by one that can see, past one that cannot", async () => {
    await open({ model: "claude-sees", fallbackChainConfig: chainOf("gpt-blind", "gpt-unknown") }, (request) =>
      request.provider === "anthropic" ? { kind: "error", status: 500 } : say(request.model),
    )
    expect(shownText(await ask("What is that?", await picture()))).toBe("gpt-unknown")
    expect((await calls()).at(-1)?.reason).toBe("stands in for claude-sees: server")
  })

  test("is not lost by a restart in the middle", async () => {
    await open({ model: "claude-blind", fallbackChainConfig: chainOf("gpt-unknown") }, () => ({ kind: "hang" }))
    const message = apiMessage("What is that?", await picture())
    await peer().call("accept", { viewer: owner, message })
    await harness.model.waitForRequest(1)
    harness.model.setScript((request) => say(request.model))
    await harness.restart()
    await harness.model.waitForRequest(2)
    expect(last()?.model).toBe("gpt-unknown")
    expect(hasPicture(last())).toBe(true)
  })
})

describe("an agent with tools", () => {
  const useTool = (request: ScriptedRequest): Reply =>
    request.tools.length > 0 && request.toolResults.length === 0
      ? callTool("count", {})
      : say(`${request.model}: ${request.toolResults[0]?.text ?? "no tool"}`)

  test("is answered by a model that can call them", async () => {
    await open({ model: "gpt-idle", fallbackChainConfig: chainOf("claude-sees") }, useTool)
    expect(shownText(await ask("How many?"))).toBe("claude-sees: forty-one")
    expect((await calls())[0]?.reason).toBe("in place of gpt-idle, which cannot call tools")
  })

  test("whose only model cannot call them is answered without", async () => {
    await open({ model: "gpt-idle" }, useTool)
    expect(shownText(await ask("How many?"))).toBe("gpt-idle: no tool")
    expect(last()?.tools).toEqual([])
    expect((await calls())[0]?.reason).toBe("the agent's model; it cannot call tools")
  })

  test("keeps the model that a person named, without tools", async () => {
    await open({ model: "claude-sees", fallbackChainConfig: chainOf("gpt-unknown") }, useTool)
    const wishes = { groupName: null, instructions: "", maxOutputTokens: null, model: "gpt-idle" }
    expect(shownText(await ask("How many?", { wishes }))).toBe("gpt-idle: no tool")
  })

  test("that fails in a tool loop is stood in for by a model without tools, in words, if no other is left", async () => {
    await open({ model: "claude-sees", fallbackChainConfig: chainOf("gpt-idle") }, (request) => {
      if (request.provider === "openai") return say(JSON.stringify(request.messages))
      return request.toolResults.length === 0 ? callTool("count", {}) : { kind: "error", status: 500 }
    })
    const told = shownText(await ask("How many?"))
    expect(told).toContain("[Called count: {}]")
    expect(told).toContain("[Result of the call: forty-one]")
    expect(last()?.tools).toEqual([])
    expect(harness.model.refused).toEqual([])
  })

  test("that no model needs for its words is asked nothing more: a chat without pictures or tools goes where it went", async () => {
    await open({ model: "gpt-idle", tools: [], fallbackChainConfig: chainOf("claude-sees") })
    expect(shownText(await ask("Hi"))).toBe("gpt-idle")
    expect((await calls())[0]?.reason).toBe("the agent's model")
  })
})
