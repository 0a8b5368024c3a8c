/** Models that fail, models that stand in, and models that are chosen: what people, the record and the feed see of it. */
import { afterEach, describe, expect, test } from "vitest"
import { createGroup } from "../../adapters/store/agents.ts"
import { fallbackKeyPlace } from "../../adapters/store/fallback-chain.ts"
import type { GroupRow } from "../../adapters/store/rows.ts"
import { groupId, plainGroup } from "../../adapters/store/samples.ts"
import { listMessages } from "../../adapters/store/conversations.ts"
import { createVault } from "../../adapters/vault.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import { say, callTool, type Reply, type ScriptedRequest } from "../../sandbox-runner/testkit/model-script.ts"
import {
  apiMessage,
  chatId,
  chatMessage,
  loopId,
  openHarness,
  owner,
  readEvents,
  shownText,
  type Harness,
} from "../testing/harness.ts"
import { appendLine, openLoopDesk } from "../testing/loop-desk.ts"

const lines: string[] = []

let harness: Harness
let live: LiveEvent[] = []
async function open(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  lines.length = 0
  live = []
  harness = await openHarness({
    tools: [appendLine((line) => lines.push(line))],
    environment: (model) => ({
      FALLBACK_ENABLED: "true",
      FALLBACK_OPENAI_MODEL: "gpt-6-sol",
      OPENAI_API_KEY: "sk-other",
      OPENAI_BASE_URL: model.openAiUrl,
      ...environment,
    }),
    onLive: (events) => void live.push(...events),
  })
  // Pauses between tries pass.
  harness.time.flow(250)
}
afterEach(async () => harness.close())

const { conversation, begin } = openLoopDesk(() => harness)
const ask = async (text: string, profiles: string[] = []) => readEvents(await begin(text, loopId, profiles))

async function record(of = loopId) {
  await conversation(of).call("flush", {})
  const { rows } = await listMessages(harness.libsql, of, { limit: 100 })
  return rows.map(({ role, text }) => [role, text])
}

const calls = async () => {
  const [answer] = await harness.libsql.read([
    { sql: "select model, outcome, provider, tier, reason from model_calls order by started_at, id", args: [] },
  ])
  return answer?.rows.map((row) => ({ ...row })) ?? []
}
const feed = (name: LiveEvent["event"]) => live.filter(({ event }) => event === name).map(({ data }) => data)

const vault = createVault(new Uint8Array(32).fill(7))
const id = groupId(7)
const group = (changes: Partial<GroupRow>) => plainGroup(7, { name: "support", ...changes })

describe("a provider that fails", () => {
  const cut = (text: string): Reply => ({ kind: "spoiled", by: "cut", afterChunks: 2, answer: { text, chunkSize: 5 } })
  const second = (request: ScriptedRequest): Reply => ({
    kind: "answer",
    text: ` and on: ${request.toolResults.map(({ text }) => text).join()}`,
    chunkSize: 3,
  })

  test("mid-stream in a tool loop: the next one goes on with the result, and people read one answer", async () => {
    await open()
    harness.model.setScript((request) => {
      if (request.provider === "openai") return second(request)
      return request.toolResults.length === 0 ? callTool("append_line", { line: "a" }) : cut("So far so good")
    })
    const events = await ask("go")
    expect(shownText(events)).toBe("So far so  and on: appended a")
    expect(events.filter(({ event }) => event === "snapshot")).toEqual([])
    expect(events.at(-1)?.event).toBe("done")
    expect(lines).toEqual(["a"])
    const last = harness.model.requests.at(-1)
    expect(last?.provider).toBe("openai")
    expect(last?.system).toContain("<said_so_far>\nSo far so \n</said_so_far>")
    expect(last?.tools.map(({ name }) => name)).toContain("append_line")
    expect(harness.model.refused).toEqual([])
    expect((await record()).filter(([, text]) => text !== "")).toEqual([
      ["user", "go"],
      ["assistant", "So far so  and on: appended a"],
    ])
  })

  test("in a tool loop: Mistral goes on, which takes no id of Anthropic's and no words right behind a result", async () => {
    await open({ FALLBACK_OPENAI_MODEL: "mistral-large-latest" })
    const peer = harness.objects.peers("conversation", chatId)
    let hasJoined = false
    harness.model.setScript(async (request) => {
      if (request.provider === "openai") return say(request.lastUserText)
      if (request.toolResults.length > 0) return { kind: "error", status: 401 }
      await peer.call("accept", { viewer: null, message: chatMessage("and this") })
      hasJoined = true
      return callTool("append_line", { line: "a" })
    })
    await peer.call("accept", { viewer: null, message: chatMessage("go") })
    expect((await harness.until("the answer", () => harness.sent[0])).text).toBe("and this")
    expect([hasJoined, lines]).toEqual([true, ["a"]])
    expect(harness.model.requests.at(-1)?.model).toBe("mistral-large-latest")
    expect(harness.model.refused).toEqual([])
  })

  test("mid-stream in a chat: one message is sent, and one answer is on record", async () => {
    await open()
    harness.model.setScript(({ provider }) => (provider === "openai" ? say("and all") : cut("So far so good")))
    const peer = harness.objects.peers("conversation", chatId)
    await peer.call("accept", { viewer: null, message: chatMessage("go") })
    await harness.until("the answer", () => harness.sent[0])
    expect(await record(chatId)).toEqual([
      ["user", "go"],
      ["assistant", "So far so and all"],
    ])
    expect(harness.sent.map(({ text }) => text)).toEqual(["So far so and all"])
  })

  test("mid-stream, and the next one says again the beginning of what was said and no more: what is read is on record", async () => {
    await open()
    harness.model.setScript(({ provider }) => (provider === "openai" ? say("So f") : cut("So far so good")))
    const shown = shownText(await ask("go"))
    expect((await record()).at(-1)).toEqual(["assistant", shown])
  })

  test("in the middle of a call's arguments: the call never runs, and the next one's does", async () => {
    await open()
    const half = { tools: [{ name: "append_line", input: { line: "half of a long line" } }], chunkSize: 4 }
    harness.model.setScript(({ provider, toolResults }) => {
      if (provider === "anthropic") return { kind: "spoiled", by: "cut", afterChunks: 3, answer: half }
      return toolResults.length === 0 ? callTool("append_line", { line: "whole" }) : say("done")
    })
    expect(shownText(await ask("go"))).toBe("done")
    expect(lines).toEqual(["whole"])
    expect(harness.model.refused).toEqual([])
  })

  test("between parallel calls and what comes after them: all results in a valid transcript, without the other's thoughts", async () => {
    await open()
    const both = ["a", "b"].map((line) => ({ name: "append_line", input: { line } }))
    harness.model.setScript(({ provider, toolResults }) => {
      if (provider === "openai") return say(toolResults.map(({ text }) => text).join(" and "))
      if (toolResults.length > 0) return { kind: "error", status: 529 }
      return { kind: "answer", thinking: "two at once", tools: both }
    })
    expect(shownText(await ask("go"))).toBe("appended a and appended b")
    expect(JSON.stringify(harness.model.requests.at(-1)?.body)).not.toContain("two at once")
    expect(lines.toSorted()).toEqual(["a", "b"])
    expect(harness.model.refused).toEqual([])
  })

  test("is left after one more try, is told to who watches, and is asked first again in the next turn", async () => {
    await open()
    let isDown = true
    harness.model.setScript(({ provider }) => {
      if (provider === "anthropic") return isDown ? { kind: "error", status: 529 } : say("first")
      return say("second")
    })
    expect(shownText(await ask("hello"))).toBe("second")
    expect(harness.model.requests.map(({ provider }) => provider)).toEqual([
      "anthropic",
      "anthropic",
      "anthropic",
      "openai",
    ])
    isDown = false
    expect(shownText(await ask("again"))).toBe("first")
    await record()
    expect(await calls()).toMatchObject([
      { outcome: "overloaded" },
      { outcome: "overloaded" },
      { outcome: "overloaded" },
      { outcome: "end", model: "gpt-6-sol", provider: "openai", reason: "stands in for claude-sonnet-5-5: overloaded" },
      { outcome: "end", provider: "anthropic", reason: "the agent's model" },
    ])
    expect(feed("fallback:start")).toMatchObject([
      { provider: "anthropic", model: "claude-sonnet-5-5", reason: "overloaded" },
    ])
    expect(feed("fallback:success")).toMatchObject([{ provider: "openai", model: "gpt-6-sol", attempts: 4 }])
  })

  test("is stood in for by OpenAI, and that one by Ollama; the feed hears of each switch once", async () => {
    harness = await openHarness({
      environment: (model) => ({
        FALLBACK_ENABLED: "true",
        OPENAI_API_KEY: "sk-other",
        OPENAI_BASE_URL: model.openAiUrl,
        OLLAMA_URL: model.url,
      }),
      onLive: (events) => void live.push(...events),
    })
    live = []
    harness.time.flow(250)
    harness.model.setScript(({ provider, model }) => {
      if (model === "llama3") return say("third")
      return { kind: "error", status: provider === "anthropic" ? 401 : 500 }
    })
    expect(shownText(await ask("hello"))).toBe("third")
    expect(harness.model.requests.map(({ model }) => model)).toEqual([
      "claude-sonnet-5-5",
      "gpt-6-sol",
      "gpt-6-sol",
      "gpt-6-sol",
      "llama3",
    ])
    await record()
    const place = { conversationId: loopId, turnId: `turn_${loopId}_1`, groupId: null }
    expect(feed("fallback:start")).toEqual([
      { ...place, provider: "anthropic", model: "claude-sonnet-5-5", reason: "auth" },
      { ...place, provider: "openai", model: "gpt-6-sol", reason: "server" },
    ])
    expect(feed("fallback:success")).toEqual([{ ...place, provider: "ollama", model: "ollama/llama3", attempts: 5 }])
    expect((await calls()).map(({ reason }) => reason)).toEqual([
      "the agent's model",
      ...Array(3).fill("stands in for claude-sonnet-5-5: auth"),
      "stands in for OpenAI gpt-6-sol: server",
    ])
  })

  const failures: [string, Reply][] = [
    ["429", { kind: "error", status: 429, retryAfter: "120" }],
    ["500", { kind: "error", status: 500 }],
    ["a reset", { kind: "drop" }],
    ["a refused key", { kind: "error", status: 401 }],
    ["no credit", { kind: "error", status: 402 }],
    ["a model that its provider has withdrawn", { kind: "error", status: 404, message: "model: claude-sonnet-5-5" }],
    [
      "an account at its own limit",
      { kind: "error", status: 400, message: "You have reached your specified API usage limits." },
    ],
    ["a stream that ends early", { kind: "spoiled", by: "end", afterChunks: 0, answer: { text: "never" } }],
    ["an error in the stream", { kind: "spoiled", by: "error", afterChunks: 0, answer: { text: "never" } }],
  ]
  test.each(failures)("by %s is stood in for", async (_, reply) => {
    await open()
    harness.model.setScript(({ provider }) => (provider === "anthropic" ? reply : say("second")))
    expect(shownText(await ask("hello"))).toBe("second")
  })

  test("by a request that is wrong is not: the next one would refuse it too", async () => {
    await open()
    harness.model.setScript(({ provider }) =>
      provider === "anthropic" ? { kind: "error", status: 400, message: "bad" } : say("second"),
    )
    expect((await ask("hello")).at(-1)).toMatchObject({ event: "error", data: { code: "model_refused_request" } })
  })

  test("as all others do: the person is told, and the message is not lost", async () => {
    await open()
    let isDown = true
    harness.model.setScript((request) =>
      isDown ? { kind: "error", status: 503 } : say(JSON.stringify(request.messages.map(({ blocks }) => blocks))),
    )
    const peer = conversation(chatId)
    await peer.call("accept", { viewer: null, message: chatMessage("my question") })
    const told = await harness.until("the apology", () => harness.sent[0])
    expect(told.text).toMatch(/Anthropic is overloaded.*overloaded.*message is kept/)
    isDown = false
    await peer.call("accept", { viewer: null, message: chatMessage("and now?") })
    expect((await harness.until("the answer", () => harness.sent[1])).text).toContain("my question")
  })
})

describe("a group's own chain", () => {
  const link = (more: object) => ({
    type: "openai",
    model: "local-1",
    maxRetries: 0,
    timeoutMs: 5_000,
    label: "Own",
    ...more,
  })

  test("is asked at its own address with its own key, which is nowhere in the journal", async () => {
    await open()
    const apiKeySealed = vault.seal(fallbackKeyPlace(id), "sk-secret-of-the-group")
    const providers = [link({ apiKeySealed, baseUrl: `${harness.model.url}/v1` })]
    await createGroup(harness.libsql, group({ fallbackChainConfig: { enabled: true, providers } }))
    harness.model.setScript(({ provider }) => (provider === "anthropic" ? { kind: "error", status: 401 } : say("own")))
    expect(shownText(await ask("hello", ["support"]))).toBe("own")
    expect(harness.model.requests.at(-1)?.model).toBe("local-1")
    await record()
    const stored = JSON.stringify(await harness.libsql.read([{ sql: "select * from model_calls", args: [] }]))
    expect(stored).toContain("local-1")
    expect(stored).not.toContain("sk-secret")
  })

  const silent: [string, Reply, string][] = [
    ["never begins to answer", { kind: "hang" }, "second"],
    [
      "falls silent in the middle",
      { kind: "spoiled", by: "stall", afterChunks: 1, answer: { text: "So far", chunkSize: 4 } },
      "So fsecond",
    ],
  ]
  test.each(silent)("says how patiently the agent's own model is called, which %s", async (_, reply, shown) => {
    await open()
    const own = link({ type: "anthropic", model: "claude-sonnet-5-5", timeoutMs: 1_000, label: "Claude" })
    const providers = [own, link({ model: "gpt-6-sol", label: "Sol" })]
    await createGroup(harness.libsql, group({ fallbackChainConfig: { enabled: true, providers } }))
    harness.model.setScript(({ provider }) => (provider === "anthropic" ? reply : say("second")))
    expect(shownText(await ask("hello", ["support"]))).toBe(shown)
    expect(harness.model.requestCount).toBe(2)
  })

  test("may be as long as the API takes it: the last of ten answers where all others fail", async () => {
    await open()
    const providers = Array.from({ length: 10 }, (_, n) => link({ model: `local-${n}`, label: `Own ${n}` }))
    await createGroup(harness.libsql, group({ fallbackChainConfig: { enabled: true, providers } }))
    harness.model.setScript(({ model }) => (model === "local-9" ? say("last") : { kind: "error", status: 401 }))
    expect(shownText(await ask("hello", ["support"]))).toBe("last")
    expect(harness.model.requestCount).toBe(11)
  })

  test("leaves the agent its own key, whatever an entry says of how its model is called", async () => {
    await open()
    const apiKeySealed = vault.seal({ table: "agent_groups", row: id, column: "api_key" }, "sk-of-the-group")
    const patient = link({ type: "anthropic", model: "claude-sonnet-5-5", label: "Claude" })
    const fallbackChainConfig = { enabled: true, providers: [patient] }
    await createGroup(harness.libsql, group({ apiKeySealed, fallbackChainConfig }))
    harness.model.setScript(() => say("first"))
    expect(shownText(await ask("hello", ["support"]))).toBe("first")
    await record()
    expect(await calls()).toMatchObject([{ provider: `anthropic (${id})` }])
  })

  test("gives the key of the agent's own model to its tiers too", async () => {
    await open({ HOT_SWAP_ENABLED: "true" })
    const apiKeySealed = vault.seal(fallbackKeyPlace(id), "sk-of-the-entry")
    const own = link({ type: "anthropic", model: "claude-sonnet-5-5", label: "Claude", apiKeySealed })
    await createGroup(harness.libsql, group({ fallbackChainConfig: { enabled: true, providers: [own] } }))
    harness.model.setScript((request) => say(`by ${request.model}`))
    expect(shownText(await ask("Hi", ["support"]))).toBe("by claude-haiku-5-5")
    await record()
    expect(await calls()).toMatchObject([{ provider: `anthropic (${id}, Claude)` }])
  })

  test("that is switched off is off, whatever the environment says", async () => {
    await open()
    await createGroup(harness.libsql, group({ fallbackChainConfig: { enabled: false, providers: [] } }))
    harness.model.setScript(({ provider }) => (provider === "anthropic" ? { kind: "error", status: 401 } : say("no")))
    expect((await ask("hello", ["support"])).at(-1)?.event).toBe("error")
  })
})

describe("a model for each message", () => {
  test("goes up for what is hard and down for what is not, in one conversation that keeps its context", async () => {
    await open({ HOT_SWAP_ENABLED: "true" })
    harness.model.setScript((request) => say(`${request.messages.length} by ${request.model}`))
    expect(shownText(await ask("Hi"))).toBe("1 by claude-haiku-5-5")
    expect(shownText(await ask("Write a REST API with authentication, rate limiting, and tests"))).toBe(
      "3 by claude-opus-5-5",
    )
    expect(shownText(await ask("Thanks!"))).toBe("5 by claude-haiku-5-5")
    await record()
    expect(await calls()).toMatchObject([
      { tier: "Haiku (fast)" },
      { tier: "Opus (max quality)", reason: expect.stringMatching(/^complexity \d+: ./) },
      { tier: "Haiku (fast)" },
    ])
    expect(feed("model:hot-swap")).toMatchObject([
      { from: "claude-haiku-5-5", to: "claude-opus-5-5" },
      { from: "claude-opus-5-5", to: "claude-haiku-5-5" },
    ])
  })

  test("is chosen by a person for a conversation with /model, and the choice is taken back with /model auto", async () => {
    await open({ HOT_SWAP_ENABLED: "true" })
    harness.model.setScript((request) => say(`${request.messages.length} by ${request.model}`))
    expect(shownText(await ask("/model"))).toMatch(/for each message.*claude-haiku-5-5.*claude-opus-5-5/s)
    expect(shownText(await ask("/model opus"))).toContain("claude-opus-5-5")
    expect(shownText(await ask("Hi"))).toBe("1 by claude-opus-5-5")
    expect(shownText(await ask("/model of nobody"))).toContain("3 by claude-opus-5-5")
    expect(shownText(await ask("/model gpt-9"))).toContain("No one model")
    expect(shownText(await ask("/model auto"))).toContain("for each message")
    expect(shownText(await ask("Hi"))).toBe("5 by claude-haiku-5-5")
    await record()
    expect((await calls()).map(({ reason }) => reason)[0]).toBe("chosen for this conversation")
  })

  test("is chosen in a chat too, beside messages that come at the same time", async () => {
    await open()
    harness.model.setScript((request) => say(`by ${request.model}`))
    const peer = conversation(chatId)
    const texts = ["/model sol", "Hello"]
    await Promise.all(texts.map((text) => peer.call("accept", { viewer: null, message: chatMessage(text) })))
    expect((await harness.until("the answer", () => harness.sent[1])).text).toBe("by gpt-6-sol")
    expect(harness.sent[0]?.text).toContain("From now on gpt-6-sol answers here")
  })

  test("is chosen by the API for one message, or for what comes next", async () => {
    await open()
    harness.model.setScript((request) => say(`by ${request.model}`))
    const peer = conversation()
    await ask("begin")
    const wishes = { groupName: null, instructions: "", maxOutputTokens: null, model: "sol" }
    const message = apiMessage("one", { wishes })
    await peer.call("accept", { viewer: owner, message })
    const events = await readEvents(await peer.stream("watch", { viewer: owner, externalId: message.externalId }))
    expect(shownText(events)).toBe("by gpt-6-sol")
    expect(shownText(await ask("two"))).toBe("by claude-sonnet-5-5")
    expect(await peer.call("chooseModel", { viewer: null, model: "sol" })).toEqual({ model: "gpt-6-sol" })
    expect(shownText(await ask("three"))).toBe("by gpt-6-sol")
    await expect(peer.call("chooseModel", { viewer: null, model: "x" })).rejects.toMatchObject({
      code: "model_unknown",
    })
    const unknown = apiMessage("four", { wishes: { ...wishes, model: "gpt-99" } })
    await expect(peer.call("accept", { viewer: owner, message: unknown })).rejects.toMatchObject({
      code: "model_unknown",
    })
  })
})

describe("a model's thoughts", () => {
  const thoughtsIn = (request: ScriptedRequest | undefined) =>
    request?.messages.flatMap(({ blocks }) => blocks.flatMap((block) => (block.type === "thinking" ? [block.raw] : [])))

  test("go back to the letter, in the same turn and in later ones", async () => {
    await open()
    harness.model.setScript(({ toolResults, n }) =>
      toolResults.length === 0 && n === 1
        ? { kind: "answer", thinking: "let me see", tools: [{ name: "append_line", input: { line: "a" } }] }
        : { kind: "answer", thinking: "I see", text: "done" },
    )
    await ask("go")
    await ask("and on")
    const [, second, third] = harness.model.requests
    expect(thoughtsIn(second)).toMatchObject([{ thinking: "let me see" }])
    expect(thoughtsIn(third)).toMatchObject([{ thinking: "let me see" }, { thinking: "I see" }])
  })

  test("stay out once the history before them was cut: their provider would refuse the request", async () => {
    await open()
    await createGroup(harness.libsql, group({ historyMessages: 3 }))
    harness.model.setScript(() => ({ kind: "answer", thinking: "hm", text: "done" }))
    await ask("one", ["support"])
    await ask("two", ["support"])
    await ask("three", ["support"])
    const counts = harness.model.requests.map((request) => [request.messages.length, thoughtsIn(request)?.length])
    expect(counts).toEqual([
      [1, 0],
      [3, 1],
      [3, 0],
    ])
  })
})

describe("a small machine", () => {
  test("answers with its one model whatever is asked for, and within its limits", async () => {
    await open({ EDGE_MODE: "true", HOT_SWAP_ENABLED: "true" })
    await createGroup(harness.libsql, group({ model: "claude-opus-5-5", maxOutputTokens: 64_000, historyMessages: 50 }))
    harness.model.setScript((request) => say(`${request.messages.length} by ${request.model}`))
    const hard = "Write a REST API with authentication, rate limiting, and tests"
    for (let n = 0; n < 5; n += 1) await ask(hard, ["support"])
    expect(shownText(await ask("/model opus", ["support"]))).toContain("claude-haiku-5-5 alone")
    expect(shownText(await ask(hard, ["support"]))).toBe("7 by claude-haiku-5-5")
    expect(harness.model.requests.at(-1)?.maxOutputTokens).toBe(4_096)
  })
})
