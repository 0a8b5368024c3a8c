/** The door to all providers: whom a model's name reaches, and what it says when nobody is there. */
import { afterEach, describe, expect, test } from "vitest"
import type { ModelRequest } from "../../core/model/call.ts"
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
