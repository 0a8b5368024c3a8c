/** Whether a provider is worth a call: closed while it answers, open after failures in a row, half open for one that tries it. */
import * as z from "zod"
import { type FailureReason, isRetryable } from "../model/call.ts"
import { after, EpochMs, toEpochMs } from "../units.ts"
import { CallId, type ProviderHealth } from "./reserve.ts"

/** So many curable failures in a row, the first of them not longer ago than the window, and the provider is taken to be down. */
export const failuresToOpen = 5
export const failureWindowMs = 5 * 60_000
/** Before the first try; doubled with each that fails. */
export const firstCoolDownMs = 15_000
export const longestCoolDownMs = 5 * 60_000
/** A try that says nothing for so long is given to another call. */
export const probeLeaseMs = 2 * 60_000
/** While one tries, others look again so soon. */
export const probeLookMs = 5_000

const failed = {
  failures: z.number().int().nonnegative(),
  reason: z.string().nullable(),
  coolDownMs: z.number().int().positive(),
  openUntil: EpochMs,
}
export const Breaker = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("closed"),
    failures: z.number().int().nonnegative(),
    firstFailureAt: EpochMs.nullable(),
    reason: z.string().nullable(),
  }),
  z.object({ status: z.literal("open"), ...failed }),
  z.object({ status: z.literal("half_open"), ...failed, probe: CallId, probeEndsAt: EpochMs }),
])
export type Breaker = z.infer<typeof Breaker>

export const closedBreaker: Breaker = { status: "closed", failures: 0, firstFailureAt: null, reason: null }

/** Whether a call may go to the provider now. `probe`: as the one that tries it. */
export function admit(
  breaker: Breaker,
  now: EpochMs,
): { status: "yes" | "probe" } | { status: "no"; retryAt: EpochMs } {
  switch (breaker.status) {
    case "closed":
      return { status: "yes" }
    case "open":
      return now < breaker.openUntil ? { status: "no", retryAt: breaker.openUntil } : { status: "probe" }
    case "half_open":
      if (now >= breaker.probeEndsAt) return { status: "probe" }
      return { status: "no", retryAt: toEpochMs(Math.min(breaker.probeEndsAt, now + probeLookMs)) }
  }
}

/** The call goes out; one that was admitted as a probe is the only one until it ends or its lease does. */
export function beginCall(breaker: Breaker, callId: CallId, now: EpochMs): Breaker {
  if (breaker.status === "closed") return breaker
  const { failures, reason, coolDownMs, openUntil } = breaker
  const probeEndsAt = after(now, probeLeaseMs)
  return { status: "half_open", failures, reason, coolDownMs, openUntil, probe: callId, probeEndsAt }
}

/**
 * What a call's end says of its provider. Of a provider that is open, only the probe's end counts: others began before.
 * `health` null, or a failure that no other provider would cure: nothing is said, and a probe makes room for the next.
 */
export function endCall(
  breaker: Breaker,
  { callId, health }: { callId: CallId; health: Pick<ProviderHealth, "result" | "reason"> | null },
  now: EpochMs,
): { breaker: Breaker; change: "down" | "up" | null } {
  const verdict = verdictOf(health)
  switch (breaker.status) {
    case "closed":
      if (verdict === "unsaid") return { breaker, change: null }
      return verdict === "ok" ? { breaker: closedBreaker, change: null } : countFailure(breaker, health?.reason, now)
    case "open":
      return { breaker, change: null }
    case "half_open": {
      if (breaker.probe !== callId) return { breaker, change: null }
      const { failures, coolDownMs, openUntil, reason } = breaker
      if (verdict === "ok") return { breaker: closedBreaker, change: "up" }
      if (verdict === "unsaid")
        return { breaker: { status: "open", failures, reason, coolDownMs, openUntil }, change: null }
      const next = Math.min(longestCoolDownMs, coolDownMs * 2)
      return {
        breaker: {
          status: "open",
          failures: failures + 1,
          reason: health?.reason ?? reason,
          coolDownMs: next,
          openUntil: after(now, next),
        },
        change: null,
      }
    }
  }
}

function countFailure(
  breaker: Extract<Breaker, { status: "closed" }>,
  reason: FailureReason | undefined,
  now: EpochMs,
): { breaker: Breaker; change: "down" | null } {
  const first = breaker.firstFailureAt
  const goesOn = first !== null && now - first <= failureWindowMs
  const failures = goesOn ? breaker.failures + 1 : 1
  if (failures < failuresToOpen) {
    const firstFailureAt = goesOn ? first : now
    return { breaker: { status: "closed", failures, firstFailureAt, reason: reason ?? null }, change: null }
  }
  const openUntil = after(now, firstCoolDownMs)
  return {
    breaker: { status: "open", failures, reason: reason ?? null, coolDownMs: firstCoolDownMs, openUntil },
    change: "down",
  }
}

/** A refused key or request is the caller's mistake, and would take the provider from all others. */
function verdictOf(health: Pick<ProviderHealth, "result" | "reason"> | null): "ok" | "failed" | "unsaid" {
  if (health === null) return "unsaid"
  if (health.result === "ok") return "ok"
  return health.reason === undefined || isRetryable(health.reason) ? "failed" : "unsaid"
}
