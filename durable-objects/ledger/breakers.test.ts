/** Which provider gets a call when one of them does not answer. */
import { afterEach, describe, expect, test } from "vitest"
import { failuresToOpen, firstCoolDownMs } from "../../core/budget/breaker.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import { openHarness, type Harness } from "../testing/harness.ts"
import { allowed, candidate, openLedgerDesk, usage } from "../testing/ledger-desk.ts"

let harness: Harness
afterEach(async () => harness.close())
const { ledger, reserve, settle, setGlobal } = openLedgerDesk(() => harness)

describe("a provider", () => {
  const both = [candidate(), candidate({ provider: "openai", model: "gpt-x" })]
  const fail = async (n: number) => {
    await reserve(n)
    await settle(n, {
      usage: usage(0, 0),
      costMicroUsd: 0,
      health: { provider: "anthropic", result: "failed", reason: "server" },
    })
  }
  const breakIt = async () => {
    for (let n = 1; n <= failuresToOpen; n += 1) await fail(n)
  }

  test("that fails too often is passed over, tried again by one, and comes back", async () => {
    const told: LiveEvent[] = []
    harness = await openHarness({ onLive: (events) => void told.push(...events) })
    await breakIt()
    await harness.restart()
    expect(await reserve(11)).toMatchObject({ status: "providers_down", retryAt: harness.time.now() + firstCoolDownMs })
    expect(await reserve(12, { candidates: both })).toEqual({ ...allowed, candidate: 1 })
    harness.time.advance(firstCoolDownMs)
    expect(await reserve(13, { candidates: both })).toEqual({ ...allowed, isProbe: true })
    expect(await reserve(14, { candidates: both })).toEqual({ ...allowed, candidate: 1 })
    await settle(13, { health: { provider: "anthropic", result: "ok" } })
    expect(await reserve(15, { candidates: both })).toEqual(allowed)
    await harness.until("the news", () => (told.length >= 2 ? true : undefined))
    expect(told.map(({ event }) => event)).toEqual(["provider:down", "provider:up"])
    const { providers } = await ledger().call("providers", {})
    expect(providers).toEqual([
      expect.objectContaining({ provider: "anthropic", status: "closed", failures: 0 }),
      expect.objectContaining({ provider: "openai", status: "closed" }),
    ])
  })

  test("that fails now and then is not, and is when its failures come in a row later", async () => {
    harness = await openHarness()
    for (let n = 101; n < 110; n += 1) {
      await fail(n)
      harness.time.advance(6 * 60_000)
    }
    expect(await reserve(110)).toEqual(allowed)
    await breakIt()
    expect(await reserve(111)).toMatchObject({ status: "providers_down" })
  })

  test("that has no room in the budget is not tried, and stays to be tried", async () => {
    harness = await openHarness()
    await breakIt()
    harness.time.advance(firstCoolDownMs)
    await setGlobal({ maxTokensDay: 10 })
    expect(await reserve(11)).toMatchObject({ status: "refused" })
    await setGlobal({})
    expect(await reserve(11)).toEqual({ ...allowed, isProbe: true })
  })
})
