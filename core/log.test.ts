import { describe, expect, test } from "vitest"
import { LoopError } from "./errors.ts"
import { createLog, describeFailure, type LogEntry, type LogLevel, objectFields } from "./log.ts"
import { EpochMs } from "./units.ts"

const token = `la_${"0123456789ab".repeat(4)}`

function written(least: LogLevel, ...entries: LogEntry[]): { level: LogLevel; line: string }[] {
  const lines: { level: LogLevel; line: string }[] = []
  const write = (level: LogLevel, line: string) => void lines.push({ level, line })
  const log = createLog({ least, now: () => EpochMs.parse(0), write })
  for (const entry of entries) log(entry)
  return lines
}

describe("a log", () => {
  test("writes one JSON object a line, with its instant", () => {
    const [first] = written("info", { level: "warn", event: "late", turnId: "turn_1", count: 3, isGood: false })
    expect(first?.level).toBe("warn")
    expect(first?.line).not.toContain("\n")
    expect(JSON.parse(first?.line ?? "")).toEqual({
      time: "1970-01-01T00:00:00.000Z",
      level: "warn",
      event: "late",
      turnId: "turn_1",
      count: 3,
      isGood: false,
    })
  })

  test.each([
    ["debug", 4],
    ["info", 3],
    ["warn", 2],
    ["error", 1],
  ] as const)("of level %s writes that and what is more urgent", (least, count) => {
    const levels = ["debug", "info", "warn", "error"] as const
    expect(written(least, ...levels.map((level) => ({ level, event: "x" })))).toHaveLength(count)
  })

  test("shows no secret, whatever field it stands in", () => {
    const [first] = written("info", {
      level: "info",
      event: "x",
      path: `/api/x?token=${token}`,
      password: "hunter2",
      newPassword: "hunter2",
      note: `Authorization: Bearer ${token}`,
      count: 1,
      inputTokens: 5,
    })
    expect(first?.line).not.toContain(token)
    expect(first?.line).not.toContain("hunter2")
    expect(JSON.parse(first?.line ?? "")).toMatchObject({ password: "[redacted]", count: 1, inputTokens: 5 })
  })
})

describe("describeFailure", () => {
  const secrets = [token, "sk-ant-api03-abcdefgh", "12345678:AAE-abcdefghijklmnopqrstuvw", "hunter2"]
  const failures = secrets.flatMap((secret) => {
    const text = secret === "hunter2" ? `{"password":"${secret}"}` : `https://x.example/${secret}`
    return [
      new Error(text),
      new Error("outer", { cause: new Error("middle", { cause: text }) }),
      new LoopError("database_unavailable", {}, { cause: new Error(text) }),
      new AggregateError([new Error("one"), new Error(text)], "all of them"),
      text,
    ].map((failure) => ({ secret, failure }))
  })
  test.each(failures)("hides a secret in messages, causes and bundles ($secret)", ({ secret, failure }) => {
    const told = describeFailure(failure)
    expect(told).not.toContain(secret)
    expect(told).toContain("[redacted]")
  })

  test("tells causes in order, and ends where they form a circle", () => {
    const circle = new Error("a")
    circle.cause = new Error("b", { cause: circle })
    expect(describeFailure(circle)).toBe("Error: a <- Error: b <- Error: a <- Error: b <- Error: a")
    expect(describeFailure(new LoopError("internal", {}, { cause: new TypeError("no") }))).toBe(
      "internal <- TypeError: no",
    )
  })
})

test("an object's fields name its conversation", () => {
  const id = `loop_${"0".repeat(32)}`
  expect(objectFields(`conversation/${id}`)).toEqual({ object: `conversation/${id}`, conversationId: id })
  expect(objectFields("ledger/main")).toEqual({ object: "ledger/main" })
})
