/** When a provider is taken to be down, who tries it, and when it is up again. */
import { describe, expect, test } from "vitest"
import { after, EpochMs } from "../units.ts"
import {
  admit,
  beginCall,
  type Breaker,
  closedBreaker,
  endCall,
  failuresToOpen,
  failureWindowMs,
  firstCoolDownMs,
  longestCoolDownMs,
  probeLeaseMs,
} from "./breaker.ts"
import { CallId, type ProviderHealth } from "./reserve.ts"

const start = EpochMs.parse(1_790_000_000_000)
const callId = (n: number) => CallId.parse(`turn_loop_${"1".repeat(32)}_1.call.${n}`)
const failed = (reason: ProviderHealth["reason"] = "server") => ({ result: "failed" as const, reason })
const ok = { result: "ok" as const }

const fail = (breaker: Breaker, times: number, at = start): Breaker => {
  let now = breaker
  for (let n = 0; n < times; n += 1) now = endCall(now, { callId: callId(n), health: failed() }, at).breaker
  return now
}
const down = fail(closedBreaker, failuresToOpen)
const cooledAt = after(start, firstCoolDownMs)

describe("closed", () => {
  test("stays so below the number of failures, opens at it and says so once", () => {
    const almost = fail(closedBreaker, failuresToOpen - 1)
    expect(admit(almost, start)).toEqual({ status: "yes" })
    const last = endCall(almost, { callId: callId(9), health: failed("overloaded") }, start)
    expect(last).toMatchObject({
      change: "down",
      breaker: { status: "open", reason: "overloaded", openUntil: after(start, firstCoolDownMs) },
    })
  })

  test("forgets its failures with a success, and those that are long ago", () => {
    const almost = fail(closedBreaker, failuresToOpen - 1)
    const well = endCall(almost, { callId: callId(9), health: ok }, start).breaker
    expect(fail(well, failuresToOpen - 1).status).toBe("closed")
    const later = after(start, failureWindowMs + 1)
    expect(fail(almost, 1, later)).toMatchObject({ status: "closed", failures: 1 })
  })

  test.each(["auth", "invalid_request", "context_overflow", "aborted", "not_configured"] as const)(
    "takes %s for nobody's failure but the caller's",
    (reason) => {
      const almost = fail(closedBreaker, failuresToOpen - 1)
      expect(endCall(almost, { callId: callId(9), health: failed(reason) }, start)).toEqual({
        breaker: almost,
        change: null,
      })
    },
  )
})

describe("open", () => {
  test("admits nobody until it has cooled down, and then one that tries it", () => {
    expect(admit(down, start)).toEqual({ status: "no", retryAt: cooledAt })
    expect(admit(down, cooledAt)).toEqual({ status: "probe" })
    const tried = beginCall(down, callId(1), cooledAt)
    expect(admit(tried, cooledAt)).toMatchObject({ status: "no" })
  })

  test("learns nothing of calls that began before", () => {
    expect(endCall(down, { callId: callId(1), health: ok }, start)).toEqual({ breaker: down, change: null })
    expect(endCall(down, { callId: callId(1), health: failed() }, start)).toEqual({ breaker: down, change: null })
  })
})

describe("half open", () => {
  const tried = beginCall(down, callId(1), cooledAt)

  test("closes with the success of the one that tries, and of no other", () => {
    expect(endCall(tried, { callId: callId(2), health: ok }, cooledAt)).toEqual({ breaker: tried, change: null })
    expect(endCall(tried, { callId: callId(1), health: ok }, cooledAt)).toEqual({
      breaker: closedBreaker,
      change: "up",
    })
  })

  test("opens for twice as long with its failure, up to a bound, and does not say so again", () => {
    let now = cooledAt
    let breaker = tried
    for (let n = 0; n < 10; n += 1) {
      const ended = endCall(breaker, { callId: callId(1), health: failed() }, now)
      expect(ended.change).toBeNull()
      if (ended.breaker.status !== "open") throw new Error("not open")
      const coolDownMs = Math.min(longestCoolDownMs, firstCoolDownMs * 2 ** (n + 1))
      expect(ended.breaker.openUntil).toBe(now + coolDownMs)
      now = ended.breaker.openUntil
      breaker = beginCall(ended.breaker, callId(1), now)
    }
  })

  test("lets another try when the first says nothing of the provider, or nothing at all", () => {
    const stopped = endCall(tried, { callId: callId(1), health: null }, cooledAt)
    expect(admit(stopped.breaker, cooledAt)).toEqual({ status: "probe" })
    expect(admit(tried, after(cooledAt, probeLeaseMs))).toEqual({ status: "probe" })
  })
})
