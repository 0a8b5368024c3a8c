/** The scripted model against the real clients of both providers, its refusals, its orders and its kill points. */
import Anthropic, { APIConnectionError, APIError } from "@anthropic-ai/sdk"
import OpenAI from "openai"
import { afterEach, describe, expect, test } from "vitest"
import { callTool, demoScript, say, type Reply } from "./model-script.ts"
import { startScriptedModel, type ScriptedModel, type ScriptedModelOptions } from "./scripted-model.ts"

const open: ScriptedModel[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((model) => model.close()))
})

async function start(options: ScriptedModelOptions = {}) {
  const model = await startScriptedModel(options)
  open.push(model)
  const anthropic = new Anthropic({ apiKey: "key", baseURL: model.url, maxRetries: 0 })
  const openai = new OpenAI({ apiKey: "key", baseURL: model.openAiUrl, maxRetries: 0 })
  return { model, anthropic, openai }
}

const user = (content: string) => ({ role: "user" as const, content })
const base = { model: "claude-sonnet-5-5", max_tokens: 100 }
const tool = { name: "add", description: "Adds", input_schema: { type: "object" as const, properties: {} } }
const openAiTool = { type: "function" as const, function: { name: "add", parameters: { type: "object" } } }

describe("Anthropic's own client", () => {
  test("streams text, thinking and usage as the script says", async () => {
    const { anthropic, model } = await start({
      script: () => ({
        kind: "answer",
        thinking: "hm 🤔 hm",
        text: "Grüße 🎉 an alle",
        chunkSize: 3,
        usage: { inputTokens: 7, cacheReadTokens: 5, cacheWriteTokens: 3, outputTokens: 2 },
      }),
    })
    const stream = anthropic.messages.stream({ ...base, system: "be kind", messages: [user("hi")] })
    const deltas: string[] = []
    stream.on("text", (delta) => deltas.push(delta))
    const message = await stream.finalMessage()
    expect(deltas.join("")).toBe("Grüße 🎉 an alle")
    expect(deltas.length).toBeGreaterThan(3)
    expect(message.content.map((block) => block.type)).toEqual(["thinking", "text"])
    expect(message.stop_reason).toBe("end_turn")
    expect(message.usage).toMatchObject({
      input_tokens: 7,
      output_tokens: 2,
      cache_read_input_tokens: 5,
      cache_creation_input_tokens: 3,
    })
    expect(model.requests[0]).toMatchObject({ provider: "anthropic", system: "be kind", lastUserText: "hi", n: 1 })
  })

  test("gets several tool calls, sends results, and thinking goes back to the letter", async () => {
    const { anthropic, model } = await start({
      script: (request): Reply =>
        request.toolResults.length > 0
          ? say(`sum ${request.toolResults.map((result) => result.text).join("+")}`)
          : {
              kind: "answer",
              thinking: "let me add",
              text: "adding",
              tools: [
                { name: "add", input: { a: 1, b: "ü".repeat(100) } },
                { name: "add", input: {} },
              ],
            },
    })
    const first = await anthropic.messages.stream({ ...base, tools: [tool], messages: [user("go")] }).finalMessage()
    expect(first.stop_reason).toBe("tool_use")
    const calls = first.content.filter((block) => block.type === "tool_use")
    expect(calls.map((call) => call.input)).toEqual([{ a: 1, b: "ü".repeat(100) }, {}])
    const messages: Anthropic.MessageParam[] = [
      user("go"),
      { role: "assistant", content: first.content },
      {
        role: "user",
        content: calls.map((call, i) => ({ type: "tool_result", tool_use_id: call.id, content: `${i}` })),
      },
    ]
    const second = await anthropic.messages.create({ ...base, tools: [tool], messages })
    expect(second.content).toMatchObject([{ type: "text", text: "sum 0+1" }])
    expect(model.refused).toEqual([])
    const forged = first.content.map((block) => (block.type === "thinking" ? { ...block, thinking: "other" } : block))
    messages[1] = { role: "assistant", content: forged }
    await expect(anthropic.messages.create({ ...base, tools: [tool], messages })).rejects.toThrow(/signature/)
  })

  test.each([
    ["refusal", "refusal"],
    ["max_tokens", "max_tokens"],
    ["pause", "pause_turn"],
    ["context_overflow", "model_context_window_exceeded"],
  ] as const)("sees the stop %s as %s", async (stop, reason) => {
    const { anthropic } = await start({ script: () => ({ kind: "answer", text: "so", stop }) })
    const message = await anthropic.messages.stream({ ...base, messages: [user("hi")] }).finalMessage()
    expect(message.stop_reason).toBe(reason)
    expect(message.stop_details?.type).toBe(stop === "refusal" ? "refusal" : undefined)
  })

  test("may go on from a paused answer and from no other", async () => {
    const { anthropic } = await start()
    const order = user("pause: half\nthen say: whole")
    const paused = await anthropic.messages.stream({ ...base, messages: [order] }).finalMessage()
    const assistant = { role: "assistant" as const, content: paused.content }
    const next = await anthropic.messages.stream({ ...base, messages: [order, assistant] }).finalText()
    expect(next).toBe("whole")
    const other = { role: "assistant" as const, content: "made up" }
    await expect(anthropic.messages.create({ ...base, messages: [order, other] })).rejects.toThrow(/prefill/)
  })

  test("sees an error with its status, type and retry-after", async () => {
    const { anthropic } = await start({ script: () => ({ kind: "error", status: 529, retryAfter: "3" }) })
    const error = await anthropic.messages
      .create({ ...base, messages: [user("hi")] })
      .catch((caught: unknown) => caught)
    expect(error).toMatchObject({ status: 529, type: "overloaded_error" })
    expect(error instanceof APIError && error.headers?.get("retry-after")).toBe("3")
  })

  test.each(["stall", "cut", "end", "garbage", "error"] as const)("is left without an end by %s", async (by) => {
    const { anthropic, model } = await start({
      script: () => ({ kind: "spoiled", by, afterChunks: 2, answer: { text: "abcdefgh", chunkSize: 2 } }),
    })
    const stream = anthropic.messages.stream({ ...base, messages: [user("hi")] })
    let seen = ""
    stream.on("text", (delta) => {
      seen += delta
      if (by === "stall" && seen === "abcd") stream.abort()
    })
    await expect(stream.finalMessage()).rejects.toThrow()
    expect(seen).toBe("abcd")
    await expect.poll(() => model.activeCount).toBe(0)
  })
})

describe("OpenAI's own client", () => {
  test("streams text and usage, cached tokens included in the prompt's", async () => {
    const { openai } = await start({
      script: () => ({
        kind: "answer",
        text: "Hallo 🎉 Welt",
        chunkSize: 4,
        usage: { inputTokens: 7, cacheReadTokens: 5, outputTokens: 2 },
      }),
    })
    const stream = await openai.chat.completions.create({
      model: "gpt-5.5",
      messages: [{ role: "system", content: "be kind" }, user("hi")],
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ""
    let usage
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ""
      usage = chunk.usage ?? usage
    }
    expect(text).toBe("Hallo 🎉 Welt")
    expect(usage).toMatchObject({
      prompt_tokens: 12,
      completion_tokens: 2,
      prompt_tokens_details: { cached_tokens: 5 },
    })
  })

  test("streams tool calls and takes their results", async () => {
    const { openai, model } = await start({
      script: (request) =>
        request.toolResults.length > 0
          ? say(`sum ${request.toolResults.map((result) => result.text).join("+")}`)
          : {
              kind: "answer",
              tools: [
                { name: "add", input: { a: "x".repeat(90) } },
                { name: "add", input: {} },
              ],
            },
    })
    const first = await openai.chat.completions
      .stream({ model: "gpt-5.5", messages: [user("go")], tools: [openAiTool] })
      .finalChatCompletion()
    const asked = first.choices[0]
    expect(asked?.finish_reason).toBe("tool_calls")
    const calls = asked?.message.tool_calls ?? []
    expect(calls.map((call) => call.type === "function" && call.function.arguments)).toEqual([
      `{"a":"${"x".repeat(90)}"}`,
      "{}",
    ])
    const second = await openai.chat.completions.create({
      model: "gpt-5.5",
      tools: [openAiTool],
      messages: [
        user("go"),
        { role: "assistant", content: null, tool_calls: calls },
        ...calls.map((call, i) => ({ role: "tool" as const, tool_call_id: call.id, content: `${i}` })),
      ],
    })
    expect(second.choices[0]?.message.content).toBe("sum 0+1")
    expect(model.refused).toEqual([])
  })

  test("sees errors, lists models, and is refused for a model that is not listed", async () => {
    const { openai, model } = await start({ models: ["llama4"], keys: ["key"] })
    expect((await openai.models.list()).data.map((each) => each.id)).toEqual(["llama4"])
    const create = (name: string) => openai.chat.completions.create({ model: name, messages: [user("fail 429")] })
    await expect(create("gpt-2")).rejects.toMatchObject({ status: 404 })
    await expect(create("llama4")).rejects.toMatchObject({ status: 429, code: "rate_limit_exceeded" })
    const stranger = new OpenAI({ apiKey: "other", baseURL: model.openAiUrl, maxRetries: 0 })
    const refused = stranger.chat.completions.create({ model: "llama4", messages: [user("hi")] })
    await expect(refused).rejects.toMatchObject({ status: 401, code: "invalid_api_key" })
  })
})

const anthropicHeaders = { "x-api-key": "key", "anthropic-version": "2023-06-01", "content-type": "application/json" }
const call = { type: "tool_use", id: "t1", name: "add", input: {} }
const result = { type: "tool_result", tool_use_id: "t1", content: "1" }
const said = (...content: object[]) => ({ role: "assistant", content })
const told = (...content: object[]) => ({ role: "user", content })
const words = (text: string) => ({ type: "text", text })

test.each<[string, object, RegExp]>([
  ["no max_tokens", { max_tokens: undefined }, /max_tokens: Field required/],
  ["no model", { model: undefined }, /model: Field required/],
  ["no messages", { messages: [] }, /at least one message/],
  ["an assistant first", { messages: [said(words("hi"))] }, /first message must use the "user" role/],
  ["an assistant last", { messages: [user("hi"), said(words("so"))] }, /prefill/],
  ["an empty text block", { messages: [told(words(""))] }, /must be non-empty/],
  ["a text block of spaces", { messages: [told(words(" \n"))] }, /non-whitespace/],
  ["an empty string", { messages: [user("")] }, /must be non-empty/],
  ["no content", { messages: [told()] }, /non-empty content/],
  ["temperature", { temperature: 0.5 }, /temperature: Extra inputs are not permitted/],
  ["an unknown field in a block", { messages: [told({ ...words("x"), cache: 1 })] }, /cache: Extra inputs/],
  ["an unknown block", { messages: [told({ type: "video" })] }, /Input tag "video"/],
  ["an unknown role", { messages: [{ role: "tool", content: "x" }] }, /Input tag "tool"/],
  ["a tool_use without result", { messages: [user("x"), said(call), user("y")] }, /without `tool_result` blocks/],
  ["a tool_use at the end", { messages: [user("x"), said(call)] }, /without `tool_result` blocks/],
  ["text before a result", { messages: [user("x"), said(call), told(words("y"), result)] }, /without `tool_result`/],
  ["a result without tool_use", { messages: [told(result)] }, /unexpected `tool_use_id`/],
  ["one result twice", { messages: [user("x"), said(call), told(result, result)] }, /single result/],
  ["a repeated id", { messages: [user("x"), said(call, call), told(result)] }, /ids must be unique/],
  ["a bad tool name", { tools: [{ ...tool, name: "a b" }] }, /tools.0.name/],
  ["a long tool name", { tools: [{ ...tool, name: "a".repeat(129) }] }, /tools.0.name/],
  ["a schema without type", { tools: [{ ...tool, input_schema: {} }] }, /tools.0.input_schema.type: Field required/],
  ["two tools of one name", { tools: [tool, tool] }, /unique/],
  ["an input that is no object", { messages: [user("x"), said({ ...call, input: "1" }), told(result)] }, /input/],
  ["half a character", { messages: [user("\ud83d")] }, /not valid JSON/],
])("the Messages API refuses %s", async (_, change, message) => {
  const { model } = await start()
  const body = JSON.stringify({ ...base, messages: [user("hi")], ...change })
  const response = await fetch(`${model.url}/v1/messages`, { method: "POST", headers: anthropicHeaders, body })
  expect(response.status).toBe(400)
  const answer: unknown = await response.json()
  expect(answer).toMatchObject({ type: "error", error: { type: "invalid_request_error" } })
  expect(JSON.stringify(answer).replaceAll('\\"', '"')).toMatch(message)
  expect(model.refused).toHaveLength(1)
})

test.each<[string, Record<string, string>, number, string]>([
  ["no version", { "x-api-key": "key" }, 400, "invalid_request_error"],
  ["a strange version", { "x-api-key": "key", "anthropic-version": "new" }, 400, "invalid_request_error"],
  ["no key", { "anthropic-version": "2023-06-01" }, 401, "authentication_error"],
  ["a wrong key", { authorization: "Bearer no", "anthropic-version": "2023-06-01" }, 401, "authentication_error"],
])("the Messages API refuses a request with %s", async (_, headers, status, type) => {
  const { model } = await start({ keys: ["key"] })
  const response = await fetch(`${model.url}/v1/messages`, { method: "POST", headers, body: "{}" })
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ type: "error", error: { type } })
})

const asking = {
  role: "assistant",
  content: null,
  tool_calls: [{ id: "c1", type: "function", function: { name: "add", arguments: "{}" } }],
}
const answering = { role: "tool", tool_call_id: "c1", content: "1" }

test.each<[string, object, RegExp]>([
  ["no messages", { messages: [] }, /empty array/],
  ["missing messages", { messages: undefined }, /Missing required parameter: 'messages'/],
  ["an unknown field", { colour: "red" }, /Unknown parameter: 'colour'/],
  ["a tool message first", { messages: [answering] }, /must be a response to a preceeding message/],
  [
    "a tool message for another id",
    { messages: [user("x"), asking, { ...answering, tool_call_id: "c2" }] },
    /not found/,
  ],
  ["a call without its answer", { messages: [user("x"), asking, user("y")] }, /must be followed by tool messages/],
  ["a call at the end", { messages: [user("x"), asking] }, /must be followed by tool messages/],
  ["an assistant without content", { messages: [user("x"), { role: "assistant", content: null }] }, /got null/],
  [
    "arguments that are no string",
    {
      messages: [
        user("x"),
        { ...asking, tool_calls: [{ id: "c1", type: "function", function: { name: "add", arguments: {} } }] },
        answering,
      ],
    },
    /arguments/,
  ],
  ["a bad tool name", { tools: [{ type: "function", function: { name: "a.b" } }] }, /tools\[0\].function.name/],
  [
    "a schema that is no object",
    { tools: [{ type: "function", function: { name: "a", parameters: {} } }] },
    /Invalid schema/,
  ],
  ["stream_options without stream", { stream_options: { include_usage: true } }, /only allowed when 'stream'/],
  ["max_tokens on a reasoning model", { max_tokens: 5 }, /max_completion_tokens/],
])("chat completions refuse %s", async (_, change, message) => {
  const { model } = await start()
  const body = JSON.stringify({ model: "gpt-5.5", messages: [user("hi")], ...change })
  const headers = { authorization: "Bearer key", "content-type": "application/json" }
  const response = await fetch(`${model.openAiUrl}/chat/completions`, { method: "POST", headers, body })
  expect(response.status).toBe(400)
  const answer: unknown = await response.json()
  expect(answer).toMatchObject({ error: { type: "invalid_request_error" } })
  expect(JSON.stringify(answer).replaceAll('\\"', '"')).toMatch(message)
})

describe("orders in the text", () => {
  const tools = [tool, { ...tool, name: "append_line" }]
  async function converse(text: string) {
    const { anthropic, model } = await start()
    const messages: Anthropic.MessageParam[] = [user(text)]
    const answers: string[] = []
    for (let turn = 0; turn < 6; turn++) {
      const message = await anthropic.messages.create({ ...base, tools, messages })
      answers.push(message.content.map((block) => (block.type === "text" ? block.text : block.type)).join(","))
      if (message.stop_reason !== "tool_use") break
      messages.push({ role: "assistant", content: message.content })
      const calls = message.content.filter((block) => block.type === "tool_use")
      messages.push({
        role: "user",
        content: calls.map((use) => ({ type: "tool_result", tool_use_id: use.id, content: JSON.stringify(use.input) })),
      })
    }
    return { answers, model }
  }

  test.each<[string, string[]]>([
    ["say: hello\nworld", ["hello\nworld"]],
    ["no order", ["echo: no order"]],
    ["history of Rome\nsystem design", ["echo: history of Rome\nsystem design"]],
    ["From Ada:\nsay: hi", ["hi"]],
    ['tool append_line {"line":"x"}', ["tool_use", 'done: {"line":"x"}']],
    ['tool append_line {"line":"x"}\ntool add {}\nthen results', ["tool_use,tool_use", 'done: {"line":"x"} | {}']],
    ["tool add {}\nthen tool add {}\nthen say: bye", ["tool_use", "tool_use", "bye"]],
    ["long 3", ["0       1       2       "]],
    ["history", ['["history"]']],
    ["max: cut", ["cut"]],
  ])("%j", async (text, expected) => {
    expect((await converse(text)).answers).toEqual(expected)
  })

  test("a counted failure ends when it is spent", async () => {
    const { anthropic } = await start()
    const ask = () => anthropic.messages.create({ ...base, messages: [user("fail 529 2\nthen say: ok")] })
    await expect(ask()).rejects.toMatchObject({ status: 529 })
    await expect(ask()).rejects.toMatchObject({ status: 529 })
    expect((await ask()).content).toMatchObject([{ text: "ok" }])
  })

  test("a spent failure is not played again behind a tool call", async () => {
    const { answers } = await converse("fail 500 0\nthen tool add {}\nthen say: end")
    expect(answers).toEqual(["tool_use", "end"])
  })

  test("a hanging model answers nothing and notices when its client leaves", async () => {
    const { anthropic, model } = await start()
    const controller = new AbortController()
    const asked = anthropic.messages.create({ ...base, messages: [user("hang")] }, { signal: controller.signal })
    await model.waitForRequest(1)
    expect(model.activeCount).toBe(1)
    controller.abort()
    await expect(asked).rejects.toThrow(/abort/i)
    await expect.poll(() => model.activeCount).toBe(0)
  })

  test("a dropped connection is a network failure", async () => {
    const { anthropic } = await start()
    const asked = anthropic.messages.create({ ...base, messages: [user("drop")] })
    await expect(asked).rejects.toBeInstanceOf(APIConnectionError)
  })
})

test("the demo model explains itself and looks at the clock when it may", async () => {
  const { anthropic } = await start({ script: demoScript() })
  const greeted = await anthropic.messages.stream({ ...base, messages: [user("hi there")] }).finalText()
  expect(greeted).toContain("ANTHROPIC_API_KEY")
  expect(greeted).toContain("> hi there")
  const clock = { ...tool, name: "current_time" }
  const asked = anthropic.messages.stream({ ...base, tools: [clock], messages: [user("What time is it?")] })
  expect((await asked.finalMessage()).content).toMatchObject([
    { type: "text" },
    { type: "tool_use", name: "current_time" },
  ])
})

test("kill points stand before and behind the answer", async () => {
  const events: string[] = []
  const { anthropic } = await start({
    onRequest: (n) => void events.push(`before ${n}`),
    afterResponse: (n, ended) => void events.push(`after ${n} ${ended}`),
  })
  await anthropic.messages.create({ ...base, messages: [user("say: a")] })
  await anthropic.messages.create({ ...base, messages: [user("drop")] }).catch(() => undefined)
  await expect.poll(() => events).toEqual(["before 1", "after 1 finished", "before 2", "after 2 cut_off"])
})

test("a waiter gets the request that it waits for, and says what it waited for when time runs out", async () => {
  const { anthropic, model } = await start({ script: () => callTool("add", {}) })
  const waiting = model.waitForRequest((request) => request.lastUserText === "second")
  await anthropic.messages.create({ ...base, messages: [user("first")] })
  await anthropic.messages.create({ ...base, messages: [user("second")] })
  expect((await waiting).n).toBe(2)
  await expect(model.waitForRequest(3, 1)).rejects.toThrow("waited 1 ms for model request 3")
})
