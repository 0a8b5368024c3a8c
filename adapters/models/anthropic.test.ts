/** The Anthropic client: the promises of every client, and what is Anthropic's own. */
import Anthropic from "@anthropic-ai/sdk"
import { describe, expect, test } from "vitest"
import type { ModelRequest } from "../../core/model/call.ts"
import type { Message } from "../../core/model/message.ts"
import { toAnthropic, readAnthropic } from "./anthropic-wire.ts"
import { createAnthropic } from "./anthropic.ts"
import { describeModelClient } from "./model.suite.ts"

const event = (type: string, fields: object = {}) => ({ type, ...fields })
const started = event("message_start", {
  message: { id: "msg_1", model: "claude-sonnet-5-5", usage: { input_tokens: 3, output_tokens: 1 } },
})
const stopped = [
  event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } }),
  event("message_stop"),
]
const block = (index: number, content_block: object, ...deltas: object[]) => [
  event("content_block_start", { index, content_block }),
  ...deltas.map((delta) => event("content_block_delta", { index, delta })),
  event("content_block_stop", { index }),
]

describeModelClient({
  name: "Anthropic",
  model: "claude-sonnet-5-5",
  rootPath: "",
  path: "/v1/messages",
  headers: ["accept", "anthropic-version", "content-type", "x-api-key"],
  keyOf: (headers) => String(headers["x-api-key"]),
  create: createAnthropic,
  ping: 'event: ping\ndata: {"type":"ping"}\n\n',
  events: (text) =>
    [started, ...block(0, { type: "text", text: "" }, { type: "text_delta", text }), ...stopped].map(
      (each) => `event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`,
    ),
})

const request: ModelRequest = {
  model: "claude-sonnet-5-5",
  system: "Be brief.",
  messages: [{ role: "user", blocks: [{ type: "text", text: "hi" }] }],
  tools: [],
  maxOutputTokens: 100,
}

const read = (events: readonly unknown[]) => {
  const reader = readAnthropic(request, () => {})
  const progress = events.map((each) => reader.take(each))
  return { progress, answer: reader.answer() }
}

const marks = (value: unknown) => JSON.stringify(value).split('"cache_control"').length - 1

const refuse = async () => new Response("{}", { status: 400 })

describe("Anthropic: events", () => {
  test("of thinking come back word for word, signature and redacted data included", () => {
    const { answer } = read([
      started,
      ...block(
        0,
        { type: "thinking", thinking: "", signature: "" },
        { type: "thinking_delta", thinking: "Hm" },
        { type: "thinking_delta", thinking: "m." },
        { type: "signature_delta", signature: "EqQB==" },
      ),
      ...block(1, { type: "redacted_thinking", data: "opaque" }),
      ...stopped,
    ])
    const thinking = { type: "thinking", thinking: "Hmm.", signature: "EqQB==" }
    const redacted = { type: "redacted_thinking", data: "opaque" }
    expect(answer?.blocks).toEqual([
      { type: "thinking", provider: "anthropic", raw: thinking },
      { type: "thinking", provider: "anthropic", raw: redacted },
    ])
    const messages: Message[] = [...request.messages, { role: "assistant", blocks: answer?.blocks ?? [] }]
    expect(toAnthropic({ ...request, messages }).messages[1]?.content).toEqual([thinking, redacted])
  })

  test("of kinds that are not known yet are passed over", () => {
    const { progress, answer } = read([
      event("ping"),
      started,
      event("brand_new", { anything: 1 }),
      ...block(0, { type: "server_tool_use", id: "x" }, { type: "input_json_delta", partial_json: "{" }),
      ...block(1, { type: "text", text: "", citations: null }, { type: "citations_delta", citation: {} }),
      ...block(2, { type: "text", text: "Hel" }, { type: "text_delta", text: "lo" }),
      ...stopped,
    ])
    expect(progress).not.toContain("invalid")
    expect(answer?.blocks).toEqual([{ type: "text", text: "Hello" }])
  })

  const broken = [
    [event("content_block_delta", { index: 0, delta: { type: "text_delta", text: "x" } })],
    block(0, { type: "text", text: "" }, { type: "input_json_delta", partial_json: "{}" }),
    block(0, { type: "text" }),
    [event("message_start", { message: {} })],
    [event("message_delta", { delta: { stop_reason: 7 } })],
  ]
  test.each(broken)("that break the protocol are invalid", (...events) => {
    expect(read([...events]).progress).toContain("invalid")
  })

  const stops = [
    ["end_turn", "end"],
    ["stop_sequence", "end"],
    ["max_tokens", "max_tokens"],
    ["pause_turn", "pause"],
    ["refusal", "refusal"],
    ["model_context_window_exceeded", "context_overflow"],
    ["something_new", "end"],
    ["tool_use", "end"],
  ] as const
  test.each(stops)("with stop reason %s end by %s", (stop_reason, stop) => {
    const { answer } = read([started, event("message_delta", { delta: { stop_reason }, usage: {} }), stopped[1]])
    expect(answer?.stop).toBe(stop)
  })

  test("with counts only at the start or null later keep what was counted", () => {
    const { answer } = read([
      event("message_start", {
        message: { model: "m", usage: { input_tokens: 5, cache_read_input_tokens: 7, output_tokens: 1 } },
      }),
      event("message_delta", {
        delta: { stop_reason: "end_turn" },
        usage: { input_tokens: null, cache_creation_input_tokens: 2, output_tokens: 9 },
      }),
      stopped[1],
    ])
    expect(answer?.usage).toEqual({ inputTokens: 5, cacheReadTokens: 7, cacheWriteTokens: 2, outputTokens: 9 })
  })
})

describe("Anthropic: counts", () => {
  const start = (usage: object) => event("message_start", { message: { model: "m", usage } })
  const end = (usage: object) => event("message_delta", { delta: { stop_reason: "end_turn" }, usage })

  test("of output that come with the start alone are not those of the answer", () => {
    const { answer } = read([start({ input_tokens: 5, output_tokens: 1 }), end({}), stopped[1]])
    expect(answer?.usage).toMatchObject({ inputTokens: 5, outputTokens: 0 })
  })

  test.each([-1, 1.5, 9e15, "many", {}])("of %j are none", (output_tokens) => {
    const { answer } = read([start({ input_tokens: 5 }), end({ output_tokens }), stopped[1]])
    expect(answer?.usage).toMatchObject({ inputTokens: 5, outputTokens: 0 })
  })
})

describe("Anthropic: prompt caching", () => {
  const tools = [{ name: "clock", description: "Tells the time.", inputSchema: { type: "object" } }]

  test("is not asked for where no model caches", () => {
    expect(marks(toAnthropic({ ...request, tools }))).toBe(0)
  })

  test("marks the end of tools and system, and the newest message", () => {
    const params = toAnthropic({ ...request, tools, system: "x".repeat(5_000) })
    expect(params.system).toMatchObject([{ cache_control: { type: "ephemeral" } }])
    expect(params.messages.at(-1)?.content).toMatchObject([{ text: "hi", cache_control: { type: "ephemeral" } }])
    expect(marks(params)).toBe(2)
  })

  test("marks the last tool when there is no system prompt, and the last of several results", () => {
    const result = { type: "tool_result", toolUseId: "a", text: "x".repeat(5_000), isError: true } as const
    const messages: Message[] = [
      ...request.messages,
      {
        role: "assistant",
        blocks: [
          { type: "tool_use", id: "a", name: "clock", input: {} },
          { type: "tool_use", id: "b", name: "clock", input: {} },
        ],
      },
      { role: "user", blocks: [result, { ...result, toolUseId: "b", isError: false }] },
    ]
    const params = toAnthropic({ ...request, system: "", tools, messages })
    expect(params.tools).toMatchObject([{ name: "clock", cache_control: { type: "ephemeral" } }])
    expect(params.messages.at(-1)?.content).toMatchObject([
      { tool_use_id: "a", is_error: true },
      { tool_use_id: "b", cache_control: { type: "ephemeral" } },
    ])
    expect(marks(params)).toBe(2)
  })

  test("leaves the request's own objects as they were", () => {
    const before = JSON.stringify(tools)
    toAnthropic({
      ...request,
      system: "",
      tools,
      messages: [{ role: "user", blocks: [{ type: "text", text: "x".repeat(9_000) }] }],
    })
    expect(JSON.stringify(tools)).toBe(before)
  })
})

test("the API version is the one that the SDK's types describe", async () => {
  const versions: (string | null)[] = []
  const sdk = new Anthropic({
    apiKey: "x",
    maxRetries: 0,
    fetch: (_, init) => {
      versions.push(new Headers(init?.headers).get("anthropic-version"))
      return refuse()
    },
  })
  await sdk.messages.create(toAnthropic(request)).catch(() => {})
  const client = createAnthropic({ baseUrl: "http://127.0.0.1:1", apiKey: "x" }, (sent) => {
    versions.push(sent.headers.get("anthropic-version"))
    return refuse()
  })
  await client.run(request, { signal: new AbortController().signal, onDelta: () => {} })
  expect(versions).toHaveLength(2)
  expect(versions[0]).toBe(versions[1])
})

test("a picture goes as base64 in its place, and one without bytes is left out", () => {
  const picture = (digit: string) =>
    ({ type: "image", mediaType: "image/png", sha256: digit.repeat(64), sizeBytes: 3 }) as const
  const blocks = [picture("a"), picture("b"), { type: "text" as const, text: "What is it?" }]
  const asked = { ...request, messages: [{ role: "user" as const, blocks }], images: { ["a".repeat(64)]: "AAAA" } }
  expect(toAnthropic(asked).messages.at(-1)).toMatchObject({
    role: "user",
    content: [
      { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
      { type: "text", text: "What is it?" },
    ],
  })
})
