/** The door to all providers: whom a model's name reaches, and what it says when nobody is there. */
import { afterEach, describe, expect, test } from "vitest"
import { LoopError } from "../../core/errors.ts"
import type { ModelRequest } from "../../core/model/call.ts"
import type { ChainLink } from "../../core/model/chain.ts"
import { say } from "../../sandbox-runner/testkit/model-script.ts"
import { startScriptedModel, type ScriptedModel } from "../../sandbox-runner/testkit/scripted-model.ts"
import { linkOf } from "../../core/turn/policy.ts"
import { admitted } from "./bench.suite.ts"
import { createModels } from "./models.ts"

const open: ScriptedModel[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})
const serve = async (keys: string[]): Promise<ScriptedModel> => {
  const server = await startScriptedModel({ script: () => say("ok"), keys })
  open.push(server)
  return server
}
const asking = (model: string): ModelRequest => ({
  model,
  system: "",
  messages: [{ role: "user", blocks: [{ type: "text", text: "hi" }] }],
  tools: [],
  maxOutputTokens: 10,
})
const call = (model: string, apiKey?: string) =>
  admitted(linkOf(model, apiKey === undefined ? "environment" : "own"), apiKey)
const straight = (request: Request) => fetch(request)
const exits = { operator: straight, agent: straight }
const bare = {
  anthropic: { baseUrl: "https://api.anthropic.com" },
  openai: { baseUrl: "https://api.openai.com/v1" },
  ollama: {},
}
const never = (): Promise<Response> => Promise.reject(new Error("nothing may leave"))
const neverFetch = { operator: never, agent: never }

test("a model's name reaches its provider, with that provider's key", async () => {
  const anthropic = await serve(["sk-a"])
  const openai = await serve(["sk-o"])
  const ollama = await serve(["ollama"])
  const models = createModels(
    {
      anthropic: { baseUrl: anthropic.url, apiKey: "sk-a" },
      openai: { baseUrl: openai.openAiUrl, apiKey: "sk-o" },
      ollama: { baseUrl: ollama.url },
    },
    exits,
  )
  for (const model of ["claude-sonnet-5-5", "gpt-5.5", "ollama/llama4:8b"]) {
    expect(await models.run(asking(model), call(model))).toMatchObject({ status: "answered" })
  }
  const asked = [anthropic, openai, ollama].map((server) => server.requests.map(({ model }) => model))
  expect(asked).toEqual([["claude-sonnet-5-5"], ["gpt-5.5"], ["llama4:8b"]])
})

test("a key of one's own serves where none is configured", async () => {
  const server = await serve(["sk-own"])
  const models = createModels({ ...bare, anthropic: { baseUrl: server.url } }, exits)
  expect(models.isConfigured("claude-sonnet-5-5", true)).toEqual({ configured: true })
  expect(await models.run(asking("claude-sonnet-5-5"), call("claude-sonnet-5-5", "sk-own"))).toMatchObject({
    status: "answered",
  })
})

describe("a model whose provider is not configured", () => {
  const cases = [
    ["claude-sonnet-5-5", "ANTHROPIC_API_KEY"],
    ["gpt-5.5", "OPENAI_API_KEY"],
    ["ollama/llama4", "OLLAMA_URL"],
  ] as const
  test.each(cases)("%s says to set %s, and nothing leaves", async (model, variable) => {
    const models = createModels(bare, neverFetch)
    const state = models.isConfigured(model, false)
    const message = `Set ${variable}`
    expect(state).toEqual({ configured: false, message: expect.stringContaining(message) })
    expect(await models.run(asking(model), call(model))).toMatchObject({
      status: "failed",
      failure: { reason: "not_configured", message: expect.stringContaining(message) },
      partialText: "",
    })
  })

  test("stays so for Ollama whatever key comes along: it has no address", async () => {
    const models = createModels(bare, neverFetch)
    expect(models.isConfigured("ollama/llama4", true).configured).toBe(false)
    expect(await models.run(asking("ollama/llama4"), call("ollama/llama4", "x"))).toMatchObject({
      failure: { reason: "not_configured" },
    })
  })
})

test.each(["", "/", "/v1", "/v1/"])("Ollama's address may end in %j", async (end) => {
  const server = await serve(["ollama"])
  const models = createModels({ ...bare, ollama: { baseUrl: server.url + end } }, exits)
  expect(await models.run(asking("ollama/llama4"), call("ollama/llama4"))).toMatchObject({ status: "answered" })
})

describe("a link of a chain", () => {
  const elsewhere = (server: ScriptedModel, more: Partial<ChainLink> = {}): ChainLink => ({
    ...linkOf("local-1"),
    baseUrl: server.openAiUrl,
    ...more,
  })
  const configured = { ...bare, openai: { baseUrl: "https://api.openai.com/v1", apiKey: "sk-of-the-environment" } }

  test("is asked at its own address, by the way out that is judged, and never with the environment's key", async () => {
    const server = await serve(["ollama"])
    const ways: string[] = []
    const way = (name: string) => (request: Request) => {
      ways.push(name)
      return fetch(request)
    }
    const models = createModels(configured, { operator: way("operator"), agent: way("agent") })
    const link = elsewhere(server)
    expect(await models.run(asking("x"), admitted(link))).toMatchObject({ status: "answered" })
    expect(server.requests[0]?.model).toBe("local-1")
    expect(ways).toEqual(["agent"])
  })

  test("at an address that the environment names too goes the environment's way, with its key", async () => {
    const server = await serve(["sk-of-the-environment"])
    const openai = { baseUrl: server.openAiUrl, apiKey: "sk-of-the-environment" }
    const models = createModels({ ...bare, openai }, { operator: straight, agent: never })
    expect(await models.run(asking("x"), admitted(elsewhere(server)))).toMatchObject({ status: "answered" })
  })

  test("is shown its own thoughts, and neither it nor the provider's usual server those of the other", async () => {
    const here = await serve(["sk-usual"])
    const there = await serve(["ollama"])
    for (const server of [here, there]) server.setScript(() => ({ kind: "answer", thinking: "hm", text: "ok" }))
    const openai = { baseUrl: here.openAiUrl, apiKey: "sk-usual" }
    const models = createModels({ ...bare, openai }, exits)
    const thoughts = (server: ScriptedModel) => JSON.stringify(server.requests.at(-1)?.body).includes('"reasoning":')
    const [usual, other] = [linkOf("local-1"), elsewhere(there)]
    for (const link of [usual, other]) {
      const outcome = await models.run(asking("x"), admitted(link))
      if (outcome.status === "failed") throw new Error(outcome.failure.message)
      const { blocks } = outcome.answer
      expect(blocks.map(({ type }) => type)).toEqual(["thinking", "text"])
      const request = asking("x")
      const messages = [...request.messages, { role: "assistant" as const, blocks }, ...request.messages]
      for (const [asked, server] of [
        [usual, here],
        [other, there],
      ] as const) {
        await models.run({ ...request, messages }, admitted(asked))
        expect(thoughts(server)).toBe(asked === link)
      }
    }
  })

  test("takes its own key along", async () => {
    const server = await serve(["sk-own"])
    const models = createModels(configured, exits)
    const call = admitted(elsewhere(server, { key: "own" }), "sk-own")
    expect(await models.run(asking("x"), call)).toMatchObject({ status: "answered" })
  })

  test("whose key cannot be had is not asked, least of all with another key", async () => {
    const models = createModels(configured, neverFetch)
    for (const key of ["own", "group"] as const) {
      expect(await models.run(asking("x"), admitted({ ...linkOf("gpt-x"), key }))).toMatchObject({
        failure: { reason: "not_configured" },
        billed: "nothing",
      })
    }
  })

  test("at a forbidden address says what to allow", async () => {
    const forbid = () => Promise.reject(new LoopError("egress_forbidden"))
    const models = createModels(configured, { operator: straight, agent: forbid })
    const link = { ...linkOf("local-1"), baseUrl: "http://10.0.0.1/v1" }
    expect(await models.run(asking("x"), admitted(link))).toMatchObject({
      failure: { reason: "not_configured", message: expect.stringContaining("EGRESS_ALLOW_PRIVATE") },
      billed: "nothing",
    })
  })

  test("is given up when it is silent for longer than its own patience", async () => {
    const server = await startScriptedModel({ script: () => ({ kind: "hang" }) })
    open.push(server)
    const models = createModels(configured, exits)
    const call = admitted(elsewhere(server, { timeoutMs: 50 }))
    expect(await models.run(asking("x"), call)).toMatchObject({
      failure: { reason: "first_byte_timeout" },
      billed: "unknown",
    })
  })

  test("is called once for each admission", async () => {
    const models = createModels(configured, neverFetch)
    const call = admitted({ ...linkOf("gpt-x"), key: "own" })
    await models.run(asking("x"), call)
    await expect(models.run(asking("x"), call)).rejects.toMatchObject({ code: "internal" })
  })
})

test.each([
  ["nothing", { kind: "error", status: 500 }],
  ["unknown", { kind: "drop" }],
  ["unknown", { kind: "spoiled", by: "cut", afterChunks: 1, answer: { text: "so far", chunkSize: 2 } }],
  ["unknown", { kind: "spoiled", by: "error", afterChunks: 0, answer: { text: "so far" } }],
] as const)("a call that fails is billed as %s by %j", async (billed, reply) => {
  const server = await startScriptedModel({ script: () => reply })
  open.push(server)
  const models = createModels({ ...bare, anthropic: { baseUrl: server.url, apiKey: "sk" } }, exits)
  expect(await models.run(asking("claude-x"), call("claude-x"))).toMatchObject({ status: "failed", billed })
})

test("nobody listens: nothing is billed", async () => {
  const server = await serve(["sk"])
  await server.close()
  open.splice(0)
  const models = createModels({ ...bare, anthropic: { baseUrl: server.url, apiKey: "sk" } }, exits)
  expect(await models.run(asking("claude-x"), call("claude-x"))).toMatchObject({ billed: "nothing" })
})

test("no tokenizer makes more of a request than its bound", async () => {
  const server = await serve(["sk"])
  const models = createModels({ ...bare, anthropic: { baseUrl: server.url, apiKey: "sk" } }, exits)
  const request = { ...asking("claude-x"), system: '"quotes" and ж'.repeat(50) }
  await models.run(request, call("claude-x"))
  expect(models.mostInputTokens(request, linkOf("claude-x"))).toBeGreaterThan(server.requests[0]?.sizeBytes ?? Infinity)
})
