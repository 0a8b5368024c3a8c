/** How endings become failures: by the table, and with nothing in their words that must not be public. */
import { describe, expect, test } from "vitest"
import { failureOf, type FailedCall } from "./failure.ts"
import { providerError, retryAfterMs } from "./provider-error.ts"

const call: FailedCall = {
  provider: "openai",
  name: "OpenAI",
  model: "gpt-5.5",
  hasOwnKey: false,
  secrets: ["very-secret-key"],
}
const refused = (status: number | undefined, body: unknown, of: Partial<FailedCall> = {}) =>
  failureOf({ reason: "refused", status, retryAfterMs: undefined, said: providerError(body) }, { ...call, ...of })
const openAi = (code: string | null, message = "", type = "invalid_request_error") => ({
  error: { message, type, param: null, code },
})
const anthropic = (type: string, message = "", details: object | null = null) => ({
  type: "error",
  error: { type, message, details },
  request_id: "req_1",
})

describe("a refusal", () => {
  const cases: [string, number | undefined, unknown, string][] = [
    [
      "Anthropic's long prompt",
      400,
      anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
      "context_overflow",
    ],
    [
      "Anthropic's long prompt with its output",
      400,
      anthropic("invalid_request_error", "input length and `max_tokens` exceed context limit: 1 + 2 > 2"),
      "context_overflow",
    ],
    [
      "OpenAI's long prompt",
      400,
      openAi("context_length_exceeded", "This model's maximum context length is 8 tokens."),
      "context_overflow",
    ],
    [
      "llama.cpp's long prompt",
      400,
      {
        error: {
          code: 400,
          type: "exceed_context_size_error",
          message: "the request exceeds the available context size",
        },
      },
      "context_overflow",
    ],
    [
      "Gemini's long prompt, in a list",
      400,
      [
        {
          error: { code: 400, message: "The input token count exceeds the maximum number of tokens allowed 1048576." },
        },
      ],
      "context_overflow",
    ],
    ["too many bytes", 413, anthropic("request_too_large"), "context_overflow"],
    [
      "Anthropic without credit",
      400,
      anthropic("invalid_request_error", "Your credit balance is too low to access the API."),
      "auth",
    ],
    [
      "Anthropic's limit that the account's owner set",
      400,
      anthropic(
        "invalid_request_error",
        "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
      ),
      "auth",
    ],
    [
      "Anthropic for an account that is closed",
      400,
      anthropic("invalid_request_error", "This organization has been disabled."),
      "auth",
    ],
    [
      "Anthropic's spending limit",
      429,
      anthropic("rate_limit_error", "", { error_code: "enforced_spend_limit_reached" }),
      "auth",
    ],
    [
      "OpenAI without quota",
      429,
      openAi("insufficient_quota", "You exceeded your current quota.", "insufficient_quota"),
      "auth",
    ],
    ["a rate limit", 429, openAi("rate_limit_exceeded", "", "tokens"), "rate_limited"],
    ["an overload inside a stream", undefined, anthropic("overloaded_error", "Overloaded"), "overloaded"],
    ["a rate limit inside a stream", undefined, { message: "slow down", code: "rate_limit_exceeded" }, "rate_limited"],
    [
      "a proxy's numeric code inside a stream",
      undefined,
      { error: { code: 429, message: "slow down" } },
      "rate_limited",
    ],
    ["an expired key inside a stream", undefined, anthropic("authentication_error"), "auth"],
    ["an unnamed error inside a stream", undefined, anthropic("brand_new_error", "?"), "server"],
    [
      "an error with status 200",
      200,
      { error: { message: "no such model", code: "model_not_found" } },
      "not_configured",
    ],
    ["a model that is not there", 404, anthropic("not_found_error", "model: claude-1"), "not_configured"],
    ["a model that is there no more", 400, openAi("model_decommissioned", "It was decommissioned."), "not_configured"],
    ["a page", 502, "<html>Bad gateway</html>", "server"],
    ["another redirect", 302, "", "not_configured"],
  ]
  test.each(cases)("by %s (%s) is told by its meaning", (_, status, body, reason) => {
    expect(refused(status, body).reason).toBe(reason)
  })

  test("by a wrong key says which one to check", () => {
    expect(refused(401, "").message).toContain("OPENAI_API_KEY")
    expect(refused(401, "", { hasOwnKey: true }).message).toContain("stored for this agent")
  })

  test("by Ollama for a model that is not there says how to get it", () => {
    const message = refused(
      404,
      { error: "model not found" },
      { provider: "ollama", name: "Ollama", model: "llama4" },
    ).message
    expect(message).toContain("ollama pull llama4")
  })

  test("tells a public part of the provider's words: no keys, no control characters, 300 characters", () => {
    const words = `bad \u0007\n${"x".repeat(500)}`
    const { message } = refused(400, openAi(null, `key very-secret-key, sk-proj-abcdef123456, Bearer abc.def ${words}`))
    expect(message).not.toMatch(/very-secret|sk-proj|abc\.def|\p{Cc}/u)
    expect(message.length).toBeLessThan(350)
    expect(message).toMatch(/…$/)
  })
})

describe("an error's body", () => {
  const cases: [unknown, object][] = [
    ['{"error":"model requires more memory"}', { message: "model requires more memory" }],
    ['{"detail":"Not Found"}', { message: "Not Found" }],
    ['{"message":"Forbidden"}', { message: "Forbidden" }],
    ['{"error":{"type":7,"code":null,"message":["x"]}}', {}],
    ['{"error":null}', {}],
    ["[]", {}],
    ["nonsense", {}],
    [undefined, {}],
  ]
  test.each(cases)("%j is read for what it holds", (body, said) => {
    expect(providerError(body)).toEqual(said)
  })
})

describe("the wish to wait", () => {
  const now = Date.UTC(2026, 10, 21, 12)
  const cases: [Record<string, string>, number | undefined][] = [
    [{}, undefined],
    [{ "retry-after": "12" }, 12_000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after-ms": "250.4", "retry-after": "12" }, 251],
    [{ "retry-after": "Sat, 21 Nov 2026 12:00:30 GMT" }, 30_000],
    [{ "retry-after": "Sat, 21 Nov 2026 11:00:00 GMT" }, undefined],
    [{ "retry-after": "0" }, undefined],
    [{ "retry-after": "86400" }, 600_000],
    [{ "retry-after": "-5" }, undefined],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "Infinity" }, undefined],
  ]
  test.each(cases)("%j is %s ms", (headers, ms) => {
    expect(retryAfterMs(new Headers(headers), now)).toBe(ms)
  })
})
