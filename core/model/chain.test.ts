/** Who comes next, and who stands and falls together. */
import { describe, expect, test } from "vitest"
import { breakerOf, headedBy, linkOfEntry, nextTry, switchWithinMs, wireName, type ChainLink } from "./chain.ts"

const link = (model: string, more: Partial<ChainLink> = {}): ChainLink => ({
  label: model,
  provider: "openai",
  model,
  key: "environment",
  maxRetries: 2,
  timeoutMs: 60_000,
  ...more,
})
const failed = (candidate: number, tries: number, elapsedMs = 0, retryAfterMs?: number) => ({
  failure: { reason: "server" as const, message: "", ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  candidate,
  tries,
  elapsedMs,
})

describe("after a failure", () => {
  const chain = [link("a"), link("b"), link("c")]
  test("retries are short while another stands ready, and end within the bound", () => {
    expect(nextTry(chain, failed(0, 1))).toEqual({ status: "try", candidate: 0, delayMs: 250 })
    expect(nextTry(chain, failed(0, 2))).toEqual({ status: "try", candidate: 0, delayMs: 1_000 })
    expect(nextTry(chain, failed(0, 3))).toEqual({ status: "try", candidate: 1, delayMs: 0 })
    expect(nextTry(chain, failed(0, 1, switchWithinMs))).toEqual({ status: "try", candidate: 1, delayMs: 0 })
    expect(nextTry(chain, failed(0, 1, 0, switchWithinMs + 1))).toMatchObject({ candidate: 1 })
  })
  test("the last one is waited for as before, and then given up", () => {
    expect(nextTry(chain, failed(2, 2, 50_000))).toEqual({ status: "try", candidate: 2, delayMs: 4_000 })
    expect(nextTry(chain, failed(2, 3))).toEqual({ status: "give_up" })
  })
  test("pauses grow, but not to hours where an operator asks for many retries", () => {
    const patient = [link("a", { maxRetries: 10 })]
    const pauses = [1, 2, 3, 4, 5, 10].map((tries) => nextTry(patient, failed(0, tries)))
    expect(pauses.map((next) => (next.status === "try" ? next.delayMs : null))).toEqual([
      1_000, 4_000, 16_000, 30_000, 30_000, 30_000,
    ])
    expect(nextTry(patient, failed(0, 11))).toEqual({ status: "give_up" })
  })
})

describe("a chain", () => {
  const [x, a, b] = [link("x"), link("a"), link("b")]

  test("asks the same model at the same place once, wherever it stands", () => {
    expect(headedBy(a, [x, a, b, a, b])).toEqual([a, b])
    const elsewhere = link("a", { baseUrl: "https://other.example/v1" })
    expect(headedBy(a, [x, b, elsewhere])).toEqual([elsewhere, b])
    expect(headedBy(x, [x, a, elsewhere])).toEqual([x, a, elsewhere])
  })

  test("takes one model with two keys for two: what one account may not, the other may", () => {
    const first = link("a", { key: "own", label: "First account" })
    const second = link("a", { key: "own", label: "Second account" })
    expect(headedBy(x, [x, first, second])).toEqual([x, first, second])
    expect(breakerOf(first, "grp_1")).not.toBe(breakerOf(second, "grp_1"))
  })

  test("is headed by a fallback that names the chosen model, which says how that is called", () => {
    const patient = link("a", { timeoutMs: 5_000, maxRetries: 0 })
    expect(headedBy(a, [x, b, patient])).toEqual([patient, b])
  })

  test("keeps the agent's own key for its model, however patiently that is called", () => {
    const patient = link("a", { label: "Patient", timeoutMs: 5_000, maxRetries: 0 })
    const own = link("a", { key: "group" })
    expect(headedBy(own, [own, patient, b])).toEqual([{ ...patient, key: "group" }, b])
    const reserve = { ...patient, key: "own" } as const
    expect(headedBy(own, [own, reserve, b])).toEqual([{ ...patient, key: "group" }, reserve, b])
  })
})

test("Ollama's models have a prefix in the gateway and none on the wire", () => {
  const entry = { label: "Local", type: "ollama" as const, model: "llama3", maxRetries: 1, timeoutMs: 1_000 }
  const local = linkOfEntry(entry, "environment")
  expect(local.model).toBe("ollama/llama3")
  expect(wireName(local)).toBe("llama3")
  expect(wireName(link("ollama/x"))).toBe("ollama/x")
})

test("a breaker is of an address and of whose key it is", () => {
  expect(breakerOf(link("a"), "grp_1")).toBe("openai")
  expect(breakerOf(link("b", { key: "group" }), "grp_1")).toBe("openai (grp_1)")
  expect(breakerOf(link("a", { baseUrl: "https://x.example:8/v1" }), null)).toBe("openai x.example:8")
  expect(breakerOf(link("a", { key: "own", label: "Mine" }), "grp_1")).toBe("openai (grp_1, Mine)")
  expect(breakerOf(link("a", { baseUrl: `https://${"x".repeat(1_000)}.example` }), null).length).toBeLessThanOrEqual(
    300,
  )
})
