/** Whatever order calls, kills and restarts come in: nothing goes above the limit, and the sums are what was charged. */
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { loopId } from "../../adapters/store/samples.ts"
import { noLimits } from "../../core/budget/limits.ts"
import { worstCase } from "../../core/budget/judge.ts"
import { CallId } from "../../core/budget/reserve.ts"
import { TurnId } from "../../core/units.ts"
import { openHarness } from "../testing/harness.ts"

const price = { inputMicroUsdPerMTok: 3_000_000, outputMicroUsdPerMTok: 15_000_000 }
const limits = { ...noLimits, maxTokensDay: 9_000, maxMicroUsdDay: 90_000 }
const ofConversation = { ...noLimits, maxTokensDay: 5_000 }
const share = fc.double({ min: 0, max: 1, noNaN: true })
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("reserve" as const),
      conversation: fc.integer({ min: 1, max: 3 }),
      inputTokens: fc.integer({ min: 0, max: 2_000 }),
      maxOutputTokens: fc.integer({ min: 1, max: 3_000 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("settle" as const), which: fc.nat(), share }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("repeat" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("kill" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("never_left" as const), which: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("ask_again" as const),
      which: fc.nat(),
      grownBy: fc.constantFrom(0, 300),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("lease_ends" as const) }) },
)

interface Call {
  readonly callId: CallId
  readonly conversation: number
  readonly input: number
  readonly output: number
}

test("every sequence of calls, kills and restarts keeps to the limits", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const harness = await openHarness()
      try {
        const ledger = () => harness.objects.peers("ledger", "main")
        await ledger().call("setBudget", {
          kind: "global",
          version: 1,
          limits,
          conversationLimits: ofConversation,
          timeZone: "UTC",
          home: null,
        })
        const inFlight: Call[] = []
        const over: Call[] = []
        const charged = new Map<string, { conversation: number; tokens: number; microUsd: number }>()
        const stateOf = async (conversation: number) =>
          (await ledger().call("budgets", { of: { conversationId: loopId(conversation), groupId: null } })).scopes
        const take = (which: number) => inFlight.splice(which % Math.max(1, inFlight.length), 1)[0]
        const settle = async (
          call: Call | undefined,
          end: { started: boolean; usage: { input: number; output: number } | null },
        ) => {
          if (call === undefined) return
          const usage = end.usage && {
            inputTokens: end.usage.input,
            cacheReadTokens: 0,
            cacheWriteTokens: 0,
            outputTokens: end.usage.output,
          }
          const { charged: sum } = await ledger().call("settle", {
            callId: call.callId,
            started: end.started,
            usage,
            costMicroUsd: null,
            health: null,
          })
          const before = over.includes(call) ? charged.get(call.callId) : undefined
          if (before === undefined) over.push(call)
          else expect(sum).toEqual({ tokens: before.tokens, microUsd: before.microUsd })
          charged.set(call.callId, { conversation: call.conversation, ...sum })
        }
        for (const [n, one] of steps.entries()) {
          switch (one.type) {
            case "reserve": {
              const conversationId = loopId(one.conversation)
              const turnId = TurnId.parse(`turn_${conversationId}_${n + 1}`)
              const callId = CallId.parse(`${turnId}.call.1`)
              const { inputTokens, maxOutputTokens } = one
              const candidates = [{ provider: "p", model: "m", inputTokens, maxOutputTokens, price }]
              const answer = await ledger().call("reserve", {
                callId,
                turnId,
                conversationId,
                groupId: null,
                candidates,
              })
              if (answer.status !== "allowed") break
              const output = answer.maxOutputTokens
              inFlight.push({ callId, conversation: one.conversation, input: inputTokens, output })
              break
            }
            case "settle": {
              const call = take(one.which)
              const part = (all: number) => Math.floor(all * one.share)
              const usage = { input: part(call?.input ?? 0), output: part(call?.output ?? 0) }
              await settle(call, { started: true, usage })
              break
            }
            case "repeat": {
              const call = over[one.which % Math.max(1, over.length)]
              // Says something else than the first time, in vain.
              if (call !== undefined) await settle(call, { started: true, usage: { input: 0, output: 0 } })
              break
            }
            case "kill":
              await harness.restart()
              await settle(take(one.which), { started: true, usage: null })
              break
            case "never_left":
              await settle(take(one.which), { started: false, usage: null })
              break
            case "ask_again": {
              // As a conversation does that was killed between the answer and the start, however long it was away and whatever joined.
              const call = inFlight[one.which % Math.max(1, inFlight.length)]
              if (call === undefined) break
              const { callId, conversation, output: maxOutputTokens } = call
              const inputTokens = call.input + one.grownBy
              const conversationId = loopId(conversation)
              const turnId = TurnId.parse(callId.replace(/\.call\.1$/, ""))
              const candidates = [{ provider: "p", model: "m", inputTokens, maxOutputTokens, price }]
              const asked = { callId, turnId, conversationId, groupId: null, candidates }
              const answer = await ledger().call("reserve", asked)
              charged.delete(callId)
              inFlight.splice(inFlight.indexOf(call), 1)
              if (answer.status === "allowed")
                inFlight.push({ ...call, input: inputTokens, output: answer.maxOutputTokens })
              break
            }
            case "restart":
              await harness.restart()
              break
            case "lease_ends":
              harness.time.advance(20 * 60_000)
              await expect.poll(async () => (await stateOf(1))[0]?.day.reserved.tokens).toBe(0)
              for (const { callId, conversation, input, output } of inFlight)
                if (!charged.has(callId))
                  charged.set(callId, { conversation, ...worstCase({ inputTokens: input, price }, output) })
              break
          }
          const sums = [...charged.values()]
          const [all] = await stateOf(1)
          const tokens = sums.reduce((sum, call) => sum + call.tokens, 0)
          expect(all?.day.spent).toEqual({ tokens, microUsd: sums.reduce((sum, call) => sum + call.microUsd, 0) })
          expect(tokens + (all?.day.reserved.tokens ?? 0)).toBeLessThanOrEqual(limits.maxTokensDay)
          expect((all?.day.spent.microUsd ?? 0) + (all?.day.reserved.microUsd ?? 0)).toBeLessThanOrEqual(
            limits.maxMicroUsdDay,
          )
          for (const conversation of [1, 2, 3]) {
            const own = (await stateOf(conversation))[1]?.day
            const mine = sums.filter((call) => call.conversation === conversation)
            expect(own?.spent.tokens).toBe(mine.reduce((sum, call) => sum + call.tokens, 0))
            expect((own?.spent.tokens ?? 0) + (own?.reserved.tokens ?? 0)).toBeLessThanOrEqual(
              ofConversation.maxTokensDay,
            )
          }
        }
      } finally {
        await harness.close()
      }
    }),
    { numRuns: 15 },
  )
})
