/**
 * Whatever order calls, hours, month ends, changes of the time zone and restarts come in: every call counts in the day and month
 * in which it was allowed, in each of its scopes, and no limit is passed in any of them.
 */
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { createGroup } from "../../adapters/store/agents.ts"
import { group, groupId, loopId } from "../../adapters/store/samples.ts"
import { type Amount, plus } from "../../core/budget/account.ts"
import { worstCase } from "../../core/budget/judge.ts"
import { noLimits, setLimits } from "../../core/budget/limits.ts"
import { CallId } from "../../core/budget/reserve.ts"
import type { BudgetState } from "../../core/budget/terms.ts"
import { type EpochMs, type GroupId, TurnId } from "../../core/units.ts"
import { openHarness } from "../testing/harness.ts"

const hourMs = 3_600_000
const leaseMs = 20 * 60_000
const zones = ["Europe/Berlin", "Pacific/Honolulu", "Pacific/Kiritimati", "Asia/Kathmandu", "America/New_York", "UTC"]
const price = { inputMicroUsdPerMTok: 3_000_000, outputMicroUsdPerMTok: 15_000_000 }
const limits = { ...noLimits, maxTokensDay: 6_000, maxTokensMonth: 15_000, maxMicroUsdDay: 70_000 }
const conversationLimits = { ...noLimits, maxTokensDay: 3_500, maxMicroUsdMonth: 90_000 }
const groupLimits = { budgetMaxTokensDay: 4_000, budgetMaxTokensMonth: 9_000 }
const conversations = [1, 2, 3]
/** The first conversation is of no group. */
const groupOf = (conversation: number): GroupId | null => (conversation === 1 ? null : groupId(1))

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("reserve" as const),
      conversation: fc.constantFrom(...conversations),
      inputTokens: fc.integer({ min: 0, max: 1_500 }),
      maxOutputTokens: fc.integer({ min: 1, max: 2_000 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("settle" as const),
      which: fc.nat(),
      share: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("wait" as const), hours: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("wait_for_month" as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("move" as const), zone: fc.constantFrom(...zones) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("restart" as const) }) },
)

interface Call {
  readonly callId: CallId
  readonly conversation: number
  readonly inputTokens: number
  readonly output: number
  readonly begun: { readonly day: EpochMs; readonly month: EpochMs }
  readonly at: EpochMs
  /** Undefined while it runs. */
  charged?: Amount
  isSettled: boolean
}

test("every sequence of calls and clocks keeps to the limits of every day and month", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), async (steps) => {
      const harness = await openHarness()
      try {
        await createGroup(harness.libsql, group(1, groupLimits))
        const ledger = () => harness.objects.peers("ledger", "main")
        let version = 0
        const moveTo = (timeZone: string) => {
          version += 1
          const terms = { kind: "global" as const, version, limits, conversationLimits, timeZone, home: null }
          return ledger().call("setBudget", terms)
        }
        await moveTo("UTC")
        const stateOf = (conversation: number) =>
          ledger().call("budgets", { of: { conversationId: loopId(conversation), groupId: groupOf(conversation) } })
        const calls: Call[] = []
        for (const [n, one] of steps.entries()) {
          const now = harness.time.now()
          switch (one.type) {
            case "reserve": {
              const { conversation, inputTokens, maxOutputTokens } = one
              const conversationId = loopId(conversation)
              const turnId = TurnId.parse(`turn_${conversationId}_${n + 1}`)
              const callId = CallId.parse(`${turnId}.m1`)
              const { day, month } = await stateOf(conversation)
              const candidates = [{ provider: "p", model: "m", inputTokens, maxOutputTokens, price }]
              const asked = { callId, turnId, conversationId, groupId: groupOf(conversation), candidates }
              const answer = await ledger().call("reserve", asked)
              if (answer.status === "refused" && answer.nextAllowedAt !== null)
                expect([day.endsAt, month.endsAt]).toContain(answer.nextAllowedAt)
              if (answer.status !== "allowed") break
              const begun = { day: day.startsAt, month: month.startsAt }
              const output = answer.maxOutputTokens
              calls.push({ callId, conversation, inputTokens, output, begun, at: now, isSettled: false })
              break
            }
            case "settle": {
              // Who is told of later than the Ledger remembers was charged when its lease ended.
              const open = calls.filter(({ isSettled, at }) => !isSettled && now - at < 20 * hourMs)
              const call = open[one.which % Math.max(1, open.length)]
              if (call === undefined) break
              const part = (all: number) => Math.floor(all * (one.share ?? 0))
              const used = { inputTokens: part(call.inputTokens), outputTokens: part(call.output) }
              const usage = one.share === null ? null : { ...used, cacheReadTokens: 0, cacheWriteTokens: 0 }
              const end = { callId: call.callId, started: true, usage, costMicroUsd: null, health: null }
              call.charged = (await ledger().call("settle", end)).charged
              call.isSettled = true
              break
            }
            case "wait":
              harness.time.advance(one.hours * hourMs)
              break
            case "wait_for_month":
              harness.time.advance(Math.max(0, (await stateOf(1)).month.endsAt - now - hourMs))
              break
            case "move":
              await moveTo(one.zone)
              break
            case "restart":
              await harness.restart()
              break
          }
          for (const call of calls)
            if (call.charged === undefined && harness.time.now() - call.at >= leaseMs)
              call.charged = worstCase({ inputTokens: call.inputTokens, price }, call.output)
          const isSwept = async () => {
            const running = calls.filter(({ charged }) => charged === undefined)
            const { scopes, day } = await stateOf(1)
            return scopes[0]?.day.reserved.tokens === sumOf(running, "day", day.startsAt, worstOf).tokens
          }
          await expect.poll(isSwept, { interval: 1 }).toBe(true)
          for (const conversation of conversations) {
            const { scopes, day, month } = await stateOf(conversation)
            for (const scope of scopes) {
              const mine = calls.filter((call) => isOf(call, scope, conversation))
              expect(scope.day.spent).toEqual(sumOf(mine, "day", day.startsAt, chargedOf))
              expect(scope.month.spent).toEqual(sumOf(mine, "month", month.startsAt, chargedOf))
              for (const { unit, period, value } of setLimits(scope.limits)) {
                const held = plus(scope[period].spent, scope[period].reserved)
                expect(unit === "tokens" ? held.tokens : held.microUsd).toBeLessThanOrEqual(value)
              }
            }
          }
        }
      } finally {
        await harness.close()
      }
    }),
    { numRuns: 15 },
  )
})

function isOf(call: Call, { scope }: BudgetState, conversation: number): boolean {
  switch (scope.kind) {
    case "global":
      return true
    case "group":
      return groupOf(call.conversation) === scope.groupId
    case "conversation":
      return call.conversation === conversation
  }
}

const nothing: Amount = { tokens: 0, microUsd: 0 }
const chargedOf = ({ charged }: Call) => charged ?? nothing
const worstOf = ({ inputTokens, output }: Call) => worstCase({ inputTokens, price }, output)

/** Of the calls that began in the window. */
function sumOf(calls: readonly Call[], period: "day" | "month", startsAt: EpochMs, of: (call: Call) => Amount): Amount {
  return calls.filter(({ begun }) => begun[period] === startsAt).reduce((sum, call) => plus(sum, of(call)), nothing)
}
