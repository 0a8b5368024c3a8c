/** The OpenAI client: the promises of every client, and what is OpenAI's and its imitators' own. */
import { describe, expect, test } from "vitest"
import type { ModelRequest } from "../../core/model/call.ts"
import type { Message } from "../../core/model/message.ts"
import { callTool } from "../../sandbox-runner/testkit/model-script.ts"
import { answerOf, ask, clock, createBench, type Subject } from "./bench.suite.ts"
import { describeModelClient } from "./model.suite.ts"
import { kindOf, type OpenAiKind } from "./openai-kind.ts"
import { readOpenAi, toOpenAi } from "./openai-wire.ts"
import { createOpenAi } from "./openai.ts"
import { createWireIds } from "./tool-calls.ts"

const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "gpt-5.5",
  choices: [{ index: 0, delta, finish_reason }],
})
const counts = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } }

const subjectOf = (name: string, model: string, provider: "openai" | "ollama"): Subject => ({
  name,
  model,
  rootPath: "/v1",
  path: "/chat/completions",
  headers: ["accept", "authorization", "content-type"],
  keyOf: (headers) => headers.authorization?.replace("Bearer ", ""),
  create: (endpoint, fetch, limits) => createOpenAi(endpoint, provider, fetch, limits),
  ping: `: keep-alive\n\ndata: ${JSON.stringify(chunk({ content: "" }))}\n\n`,
  events: (text) => [
    ...[chunk({ role: "assistant", content: "" }), chunk({ content: text }), chunk({}, "stop"), counts].map(
      (each) => `data: ${JSON.stringify(each)}\n\n`,
    ),
    "data: [DONE]\n\n",
  ],
})
for (const [name, model, provider] of [
  ["OpenAI-compatible", "qwen4", "openai"],
  ["Ollama", "llama4:8b", "ollama"],
] as const) {
  describeModelClient(subjectOf(name, model, provider))
}

const request: ModelRequest = {
  model: "gpt-5.5",
  system: "Be brief.",
  messages: [{ role: "user", blocks: [{ type: "text", text: "hi" }] }],
  tools: [],
  maxOutputTokens: 100,
}
const openAi = kindOf("https://api.openai.com/v1", "openai", "gpt-5.5")
const compatible = kindOf("http://127.0.0.1:8000/v1", "openai", "qwen4")
const mistral = kindOf("https://api.mistral.ai/v1", "openai", "mistral-large-latest")
const gemini = kindOf("https://generativelanguage.googleapis.com/v1beta/openai/", "openai", "gemini-4-pro")

const bodyOf = async (baseUrl: string, model: string, provider: "openai" | "ollama" = "openai") => {
  let body = ""
  const client = createOpenAi({ baseUrl, apiKey: "x" }, provider, async (sent) => {
    body = await sent.text()
    return new Response("{}", { status: 500 })
  })
  await client.run({ ...request, model }, { signal: new AbortController().signal, onDelta: () => {} })
  return body
}

const read = (chunks: readonly unknown[], kind: OpenAiKind = openAi) => {
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

/** What stands for the id `a`. */
const shortA = createWireIds().ofCall("a")

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
      tool_calls: [{ type: "function", id: shortA, function: { name: "clock", arguments: '{"zone":"UTC"}' } }],
    },
    { role: "tool", tool_call_id: shortA, content: "Error: no clock here" },
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

describe("a transcript that began elsewhere", () => {
  const use = (id: string) => ({ type: "tool_use" as const, id, name: "clock", input: {} })
  const result = (toolUseId: string) => ({ type: "tool_result" as const, toolUseId, text: "12:00", isError: false })
  const said = (text: string) => ({ type: "text" as const, text })
  const loop = (...ids: string[]): Message[] => [
    ...ask("time?"),
    { role: "assistant", blocks: ids.map(use) },
    { role: "user", blocks: ids.map(result) },
  ]
  const idsOf = (messages: Message[], kind = compatible) =>
    toOpenAi({ ...request, messages }, kind).messages.flatMap((message) => {
      if (message.role === "tool") return [message.tool_call_id]
      return message.role === "assistant" ? (message.tool_calls ?? []).map(({ id }) => id) : []
    })

  test("has ids of nine letters and digits, each once and that of its result, whoever made them", () => {
    const made = ["toolu_01A09q90qw90lq917835lq9", "call_0", "functions.clock:0", "a".repeat(40), "abcDEF123"]
    const ids = idsOf(loop(...made))
    expect(ids.every((id) => /^[a-zA-Z0-9]{9}$/.test(id))).toBe(true)
    expect(ids.slice(0, 5)).toEqual(ids.slice(5))
    expect(new Set(ids).size).toBe(5)
    expect(ids).toContain("abcDEF123")
  })

  test("keeps its ids as it grows, so that caches of prompts hold, also where an id is used again", () => {
    const first = loop("call_0", "call_1")
    const grown = [...first, { role: "assistant" as const, blocks: [said("noon")] }, ...loop("call_0")]
    const [before, after] = [idsOf(first), idsOf(grown)]
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after.at(-1)).toBe(after.at(-2))
    expect(before).not.toContain(after.at(-1))
    // What stands for another id is not taken for one that happens to be written so.
    expect(new Set(idsOf(loop("call_0", shortA, "a"))).size).toBe(3)
  })

  test("has a word of the model's between a result and the person, where Mistral's models would refuse it", () => {
    const messages = loop("a")
    messages.at(-1)?.blocks.push(said("Quick, please."))
    const roles = (kind: OpenAiKind) => toOpenAi({ ...request, messages }, kind).messages.map(({ role }) => role)
    expect(roles(mistral)).toEqual(["system", "user", "assistant", "tool", "assistant", "user"])
    expect(roles(kindOf("http://127.0.0.1/v1", "ollama", "ollama/devstral:24b"))).toEqual(roles(mistral))
    expect(roles(compatible)).toEqual(["system", "user", "assistant", "tool", "user"])
    expect(toOpenAi({ ...request, messages: loop("a") }, mistral).messages.at(-1)?.role).toBe("tool")
  })

  test("asks Mistral's own API for nothing that it does not know", () => {
    const body = toOpenAi({ ...request, messages: loop("a") }, mistral)
    expect(Object.keys(body).toSorted()).toEqual(["max_tokens", "messages", "model", "stream"])
    expect(toOpenAi(request, compatible).stream_options).toEqual({ include_usage: true })
  })

  test("brings Gemini its own signatures back, and Google's word for calls of others", () => {
    const extra = { google: { thought_signature: "c2lnbmVk" } }
    const piece = (index: number, more: object) => ({ index, id: `g${index}`, ...call("clock", "{}"), ...more })
    const { answer } = read(
      [chunk({ tool_calls: [piece(0, { extra_content: extra }), piece(1, {})] }), chunk({}, "tool_calls")],
      gemini,
    )
    const blocks = answer?.blocks ?? []
    const messages: Message[] = [...loop("toolu_1", "toolu_2"), { role: "assistant", blocks }]
    const sent = (kind: OpenAiKind) =>
      toOpenAi({ ...request, messages }, kind).messages.flatMap((message) =>
        message.role === "assistant" ? (message.tool_calls ?? []).map((each) => ({ ...each })) : [],
      )
    const foreign = { extra_content: { google: { thought_signature: "skip_thought_signature_validator" } } }
    const [first, second, third, fourth] = sent(gemini)
    expect(first).toMatchObject(foreign)
    expect(second).not.toHaveProperty("extra_content")
    expect(third).toMatchObject({ extra_content: extra })
    expect(fourth).not.toHaveProperty("extra_content")
    expect(JSON.stringify(sent(compatible))).not.toContain("extra_content")
  })
})

describe("Mistral", () => {
  const bench = createBench(subjectOf("Mistral", "mistral-large-latest", "openai"))
  test("is shown text and thoughts that come in parts as text and thoughts", () => {
    const thinking = [{ type: "thinking", thinking: [{ type: "text", text: "Hm." }] }]
    const { answer, deltas } = read(
      [
        chunk({ content: thinking }),
        chunk({ content: [{ type: "text", text: "No" }] }),
        chunk({ content: "on." }, "stop"),
      ],
      mistral,
    )
    expect(deltas).toEqual(["thinking: Hm.", "text: No", "text: on."])
    expect(answer?.blocks).toEqual([{ type: "text", text: "Noon." }])
  })

  test("goes on with what Anthropic began, results, interruption and all", async () => {
    const server = await bench.scripted(callTool("clock", {}))
    const messages: Message[] = [
      ...ask("time?"),
      {
        role: "assistant",
        blocks: [{ type: "tool_use", id: "toolu_01A09q90qw90lq917835lq9", name: "clock", input: {} }],
      },
      {
        role: "user",
        blocks: [
          { type: "tool_result", toolUseId: "toolu_01A09q90qw90lq917835lq9", text: "12:00", isError: false },
          { type: "text", text: "and tomorrow?" },
        ],
      },
    ]
    answerOf((await bench.run(server, { request: bench.requestOf(messages, { tools: [clock] }) })).outcome)
    expect(server.refused).toEqual([])
  })
})
