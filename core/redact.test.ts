import { describe, expect, test } from "vitest"
import { redact } from "./redact.ts"

const hex = (length: number) => "0123456789abcdef".repeat(8).slice(0, length)

describe("redact", () => {
  test.each([
    ["an API token", `refused la_${hex(48)} here`, `la_${hex(48)}`],
    ["a session token", `session ${hex(64)} ended`, hex(64)],
    [
      "a bot token in an address",
      "GET https://api.telegram.org/bot12345678:AAE-abcdefghijklmnopqrstuvw/getMe failed",
      "AAE-abcdefghijklmnopqrstuvw",
    ],
    ["a model key", "401 for sk-ant-api03-abcdefghijkl", "abcdefghijkl"],
    ["a header", "Authorization: Bearer abc.def-ghi", "abc.def-ghi"],
    ["a cookie", "cookie loop_session=zzz; other=1", "zzz"],
    ["an address with a password", "https://ada:hunter2@db.example/x", "hunter2"],
    ["a web token", "token eyJhbGciOi.eyJzdWIi.c2ln", "eyJzdWIi"],
    ["a field of JSON", '{"username":"ada","password":"correct horse"}', "horse"],
    ["a field of a query", "/setup?code=abcdefgh&x=1", "abcdefgh"],
    ["a token that was cut short", "la_0123456789abcdef01", "0123456789abcdef01"],
    ["a short bot token in an address", "https://api.telegram.org/bot1:short/getMe", "short"],
    ["an escaped bot token", "/proxy?u=bot12345678%3AAAE-abcdefghijklmnopqrstuvw", "AAE-abcdefghij"],
    ["an escaped header", "authorization=Bearer%20abc.def", "abc.def"],
    ["a header of no known scheme", "authorization: Token9 zzz9", "Token9"],
    ["a header of keys", '{"x-api-key":"zzz9"}', "zzz9"],
    ["every cookie of a request", "Cookie: theme=dark; sid=zzz9", "zzz9"],
    ["the cookie of an answer", '{"set-cookie":"loop_session=zzz9; Path=/"}', "zzz9"],
    ["JSON inside JSON", '{"body":"{\\"password\\":\\"hunter2\\"}"}', "hunter2"],
    ["a compound name", "newPassword=hunter2&refresh_token=hunter2", "hunter2"],
  ])("takes out %s", (_, text, secret) => {
    expect(redact(text)).not.toContain(secret)
    expect(redact(text)).toContain("[redacted]")
  })

  test("leaves what an operator needs", () => {
    const text =
      "SQLITE_BUSY: database is locked; conversation loop_0123456789abcdef0123456789abcdef; GET /api/health 503"
    expect(redact(text)).toBe(text)
  })

  test("takes time in proportion to the text", () => {
    const started = performance.now()
    redact("a".repeat(200_000) + ":".repeat(1_000) + "password=".repeat(5_000))
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})
