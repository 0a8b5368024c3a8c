/** The OpenAI client: the promises of every client, and what is OpenAI's and its imitators' own. */
import { describe, expect, test } from "vitest"
import type { ModelRequest } from "../../core/model/call.ts"
import type { Message } from "../../core/model/message.ts"
import { describeModelClient } from "./model.suite.ts"
import { readOpenAi, toOpenAi } from "./openai-wire.ts"
import { createOpenAi } from "./openai.ts"

const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "gpt-5.5",
  choices: [{ index: 0, delta, finish_reason }],
})
const counts = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } }

for (const [name, model, provider] of [
  ["OpenAI-compatible", "qwen4", "openai"],
  ["Ollama", "llama4:8b", "ollama"],
] as const) {
  describeModelClient({
    name,
    model,
    rootPath: "/v1",
    path: "/chat/completions",
    headers: ["accept", "authorization", "content-type"],
    keyOf: (headers) => headers.authorization?.replace("Bearer ", ""),
    create: (endpoint, fetch, limits) => createOpenAi(endpoint, provider, fetch, limits),
    events: (text) => [
      ...[chunk({ role: "assistant", content: "" }), chunk({ content: text }), chunk({}, "stop"), counts].map(
        (each) => `data: ${JSON.stringify(each)}\n\n`,
      ),
      "data: [DONE]\n\n",
    ],
  })
}

const request: ModelRequest = {
  model: "gpt-5.5",
  system: "Be brief.",
  messages: [{ role: "user", blocks: [{ type: "text", text: "hi" }] }],
  tools: [],
  maxOutputTokens: 100,
}
const openAi = { provider: "openai", isOpenAi: true } as const
const compatible = { provider: "openai", isOpenAi: false } as const

const bodyOf = async (baseUrl: string, model: string, provider: "openai" | "ollama" = "openai") => {
  let body = ""
  const client = createOpenAi({ baseUrl, apiKey: "x" }, provider, async (sent) => {
    body = await sent.text()
    return new Response("{}", { status: 500 })
  })
  await client.run({ ...request, model }, { signal: new AbortController().signal, onDelta: () => {} })
  return body
}

const read = (chunks: readonly unknown[], kind: typeof openAi | typeof compatible = openAi) => {
  const deltas: string[] = []
  const reader = readOpenAi(request, kind, (delta) => deltas.push(`${delta.type}: ${delta.text}`))
  for (const each of chunks) reader.take(each)
  return { answer: reader.answer(), deltas }
}

const call = (name: string, args: string) => ({ function: { name, arguments: args } })

describe("OpenAI: the limit on output", () => {
  const cases = [
    ["https://api.openai.com/v1", "gpt-5.5", "openai", "max_completion_tokens"],
    ["https://eu.api.openai.com/v1", "ft:whatever", "openai", "max_completion_tokens"],
    ["https://proxy.example/v1", "o4-mini", "openai", "max_completion_tokens"],
    ["http://localhost:1234/v1", "gpt-oss:20b", "openai", "max_tokens"],
    ["http://localhost:1234/v1", "qwen4", "openai", "max_tokens"],
    ["https://openai.com.example/v1", "qwen4", "openai", "max_tokens"],
    ["http://localhost:11434/v1", "gpt-5.5", "ollama", "max_tokens"],
  ] as const
  test.each(cases)("at %s for %s of %s is %s", async (baseUrl, model, provider, field) => {
    const body = await bodyOf(baseUrl, model, provider)
    expect(body.match(/"max_(completion_)?tokens":100/g)).toEqual([`"${field}":100`])
  })
})

describe("OpenAI: chunks", () => {
  test("of whole calls without index or id, as some servers send them, become calls", () => {
    const { answer } = read([
      chunk({ tool_calls: [{ ...call("clock", '{"zone":"UTC"}'), id: "a" }] }),
      chunk({ tool_calls: [{ ...call("clock", "{}"), id: "b" }] }, "stop"),
    ])
    expect(answer?.stop).toBe("tool_use")
    expect(answer?.blocks).toMatchObject([
      { type: "tool_use", id: "a", name: "clock", input: { zone: "UTC" } },
      { type: "tool_use", id: "b", name: "clock", input: {} },
    ])
  })

  test("of parallel calls that all have the index 0, as some servers count them, become calls", () => {
    const pieces = [
      { index: 0, id: "a", function: { name: "clock", arguments: '{"zone":' } },
      { index: 0, function: { arguments: '"UTC"}' } },
      { index: 0, id: "b", function: { name: "clock", arguments: "{" } },
      // The same call under an id of its own, as others send each piece.
      { index: 0, id: "c", function: { name: "", arguments: "}" } },
    ]
    const { answer } = read([...pieces.map((piece) => chunk({ tool_calls: [piece] })), chunk({}, "tool_calls")])
    expect(answer?.blocks).toMatchObject([
      { id: "a", input: { zone: "UTC" } },
      { id: "b", input: {} },
    ])
    expect(answer?.blocks).toHaveLength(2)
  })

  test("with the finish reason error are no answer: a gateway's upstream failed in the middle", () => {
    expect(read([chunk({ content: "half of" }), chunk({}, "error")]).answer).toBeUndefined()
  })

  test.each([undefined, "", "functions.clock:0", "x".repeat(41)])("with the call id %j get one that fits", (id) => {
    const { answer } = read([
      chunk({ tool_calls: [{ index: 0, id, function: { name: "my tool!", arguments: "{}" } }] }),
      chunk({}, "tool_calls"),
    ])
    expect(answer?.blocks).toEqual([
      { type: "tool_use", id: expect.stringMatching(/^call_[0-9a-f]{24}$/), name: "my_tool_", input: {} },
    ])
  })

  test("that say tool_calls and call nothing are an end", () => {
    expect(read([chunk({ content: "x" }, "tool_calls")]).answer?.stop).toBe("end")
  })

  test.each([
    ["stop", "end"],
    ["length", "max_tokens"],
    ["content_filter", "refusal"],
    ["eos", "end"],
  ])("with finish reason %s end by %s", (finish, stop) => {
    expect(read([chunk({ content: "x" }, finish)]).answer?.stop).toBe(stop)
  })

  test("without a finish reason are no answer", () => {
    expect(read([chunk({ content: "x" }), counts]).answer).toBeUndefined()
  })

  test("of prompt tokens that include the cached ones are taken apart", () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 7,
      prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 },
    }
    expect(read([chunk({ content: "x" }, "stop"), { choices: [], usage }]).answer?.usage).toEqual({
      inputTokens: 10,
      cacheReadTokens: 60,
      cacheWriteTokens: 30,
      outputTokens: 7,
    })
  })

  test("whose total holds reasoning that the completion does not are counted with it", () => {
    const usage = { prompt_tokens: 100, completion_tokens: 7, total_tokens: 150 }
    expect(read([chunk({ content: "x" }, "stop"), { choices: [], usage }]).answer?.usage.outputTokens).toBe(50)
  })

  test.each([-1, 1.5, 9e15, "many", {}])(
    "that count %j tokens say nothing of how many there were",
    (completion_tokens) => {
      const usage = { prompt_tokens: 100, completion_tokens, total_tokens: completion_tokens }
      const { answer } = read([chunk({ content: "x" }, "stop"), { choices: [], usage }])
      expect(answer?.usage).toMatchObject({ inputTokens: 100, outputTokens: 0 })
    },
  )

  test("with counts of what had come so far, and none behind the end, say nothing of how many there were", () => {
    const soFar = { ...chunk({ content: "x" }), usage: { prompt_tokens: 100, completion_tokens: 1 } }
    expect(read([soFar, chunk({ content: "y" }, "stop")]).answer?.usage.outputTokens).toBe(0)
  })

  test.each(["reasoning", "reasoning_content"])(
    "of %s go back under that name, but never to OpenAI's own models",
    (field) => {
      const { answer, deltas } = read([
        chunk({ [field]: "Let me " }),
        chunk({ [field]: "see" }),
        chunk({ content: "ok" }, "stop"),
      ])
      expect(deltas).toEqual(["thinking: Let me ", "thinking: see", "text: ok"])
      const messages: Message[] = [...request.messages, { role: "assistant", blocks: answer?.blocks ?? [] }]
      expect(toOpenAi({ ...request, messages }, compatible).messages.at(-1)).toEqual({
        role: "assistant",
        content: "ok",
        [field]: "Let me see",
      })
      expect(toOpenAi({ ...request, messages }, openAi).messages.at(-1)).toEqual({ role: "assistant", content: "ok" })
    },
  )
})

test("OpenAI: a failed tool's result says so in words, for there is no field", () => {
  const messages: Message[] = [
    ...request.messages,
    { role: "assistant", blocks: [{ type: "tool_use", id: "a", name: "clock", input: { zone: "UTC" } }] },
    {
      role: "user",
      blocks: [
        { type: "text", text: "and?" },
        { type: "tool_result", toolUseId: "a", text: "no clock here", isError: true },
      ],
    },
  ]
  expect(toOpenAi({ ...request, messages }, openAi).messages.slice(2)).toEqual([
    {
      role: "assistant",
      content: null,
      tool_calls: [{ type: "function", id: "a", function: { name: "clock", arguments: '{"zone":"UTC"}' } }],
    },
    { role: "tool", tool_call_id: "a", content: "Error: no clock here" },
    { role: "user", content: "and?" },
  ])
})

test("a picture goes as base64 in its place, and one without bytes is left out", () => {
  const picture = (digit: string) =>
    ({ type: "image", mediaType: "image/png", sha256: digit.repeat(64), sizeBytes: 3 }) as const
  const blocks = [picture("a"), picture("b"), { type: "text" as const, text: "What is it?" }]
  const asked = { ...request, messages: [{ role: "user" as const, blocks }], images: { ["a".repeat(64)]: "AAAA" } }
  expect(toOpenAi(asked, openAi).messages.at(-1)).toMatchObject({
    role: "user",
    content: [
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
      { type: "text", text: "What is it?" },
    ],
  })
})
