import { expect, test } from "vitest"
import { stopWithin } from "./full-window.ts"

const stop = (inputTokens: number, outputTokens: number, contextWindow: number | null) => {
  const usage = { inputTokens, outputTokens, cacheReadTokens: 100, cacheWriteTokens: 0 }
  return stopWithin({ blocks: [], stop: "max_tokens", usage, model: "m" }, { maxOutputTokens: 1_000, contextWindow })
}

test("`length` means the window where the counts fill it and the limit of output was not reached", () => {
  expect(stop(3_500, 390, 4_000)).toBe("context_overflow")
  expect(stop(3_500, 390, 8_000)).toBe("max_tokens")
  expect(stop(3_000, 1_000, 4_000)).toBe("max_tokens")
  expect(stop(3_500, 390, null)).toBe("max_tokens")
  expect(stop(0, 0, 4_000)).toBe("max_tokens")
})
