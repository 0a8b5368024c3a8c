import { describe, expect, test } from "vitest"
import { EpochMs } from "../../core/units.ts"
import { createRateLimiter } from "./rate-limit.ts"

const start = 1_790_000_000_000
const at = (ms: number) => EpochMs.parse(start + ms)

describe("a limiter", () => {
  test("allows exactly the limit to who starts fresh", () => {
    const limiter = createRateLimiter(10)
    const allowed = Array.from({ length: 200 }, (_, ms) => limiter.take("a", 120, at(ms)).status)
    expect(allowed.filter((status) => status === "allowed")).toHaveLength(120)
  })

  test("lets no burst of twice the limit pass where two windows meet", () => {
    const limiter = createRateLimiter(10)
    let passed = 0
    for (let request = 0; request < 120; request += 1)
      if (limiter.take("a", 120, at(59_000)).status === "allowed") passed += 1
    for (let request = 0; request < 120; request += 1)
      if (limiter.take("a", 120, at(61_000)).status === "allowed") passed += 1
    expect(passed).toBe(120)
  })

  test.each([0, 10_000, 30_000, 59_999, 60_000, 75_000])("keeps its word on when to come back, %i ms in", (spentAt) => {
    const limiter = createRateLimiter(10)
    limiter.take("a", 5, at(0))
    for (let request = 0; request < 10; request += 1) limiter.take("a", 5, at(spentAt))
    const verdict = limiter.check("a", 5, at(spentAt))
    if (verdict.status !== "limited") throw new Error("expected a limit")
    expect(verdict.retryAfterSeconds).toBeLessThanOrEqual(120)
    expect(limiter.take("a", 5, at(spentAt + verdict.retryAfterSeconds * 1_000)).status).toBe("allowed")
  })

  test("does not count what it refused", () => {
    const limiter = createRateLimiter(10)
    for (let request = 0; request < 1_000; request += 1) limiter.take("a", 2, at(0))
    expect(limiter.take("a", 2, at(120_000)).status).toBe("allowed")
    expect(limiter.take("a", 2, at(120_000)).status).toBe("allowed")
  })

  test("looks without counting when only asked", () => {
    const limiter = createRateLimiter(10)
    for (let question = 0; question < 100; question += 1) expect(limiter.check("a", 1, at(0)).status).toBe("allowed")
    expect(limiter.take("a", 1, at(0)).status).toBe("allowed")
    expect(limiter.check("a", 1, at(0)).status).toBe("limited")
  })

  test("remembers a bounded number of keys, those used last", () => {
    const limiter = createRateLimiter(1_000)
    limiter.take("kept", 1, at(0))
    for (let key = 0; key < 100_000; key += 1) {
      limiter.take(`key-${key}`, 1, at(0))
      if (key % 500 === 0) limiter.take("kept", 1, at(0))
    }
    expect(limiter.size()).toBe(1_000)
    expect(limiter.check("kept", 1, at(0)).status).toBe("limited")
    expect(limiter.check("key-0", 1, at(0)).status).toBe("allowed")
  })

  test("keeps nobody out because the clock was set back", () => {
    const limiter = createRateLimiter(10)
    limiter.take("a", 1, at(3_600_000))
    expect(limiter.take("a", 1, at(0)).status).toBe("allowed")
  })
})
