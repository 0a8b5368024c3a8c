/** What runs, sums of usage and calls promise over any database. */
import { describe, expect, test } from "vitest"
import { daySpans } from "../../core/usage/days.ts"
import { EpochMs } from "../../core/units.ts"
import { eraseConversation } from "./erasure.ts"
import type { Libsql } from "./libsql.ts"
import { countRuns, listRuns, listTurnsFrom } from "./runs.ts"
import { at, groupId, loopId, modelCall, projection, turn, turnId } from "./samples.ts"
import { callCursor, listModelCalls, listModelCallsFrom, sumUsage, sumUsageByModel, sumUsageBySpan } from "./usage.ts"

const hour = 3_600_000
const none = {
  calls: 0,
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  costMicroUsd: 0,
  unpricedCalls: 0,
}
const one = {
  calls: 1,
  inputTokens: 10,
  cacheReadTokens: 20,
  cacheWriteTokens: 30,
  outputTokens: 40,
  costMicroUsd: 7,
  unpricedCalls: 0,
}
const times = (count: number) => Object.fromEntries(Object.entries(one).map(([name, value]) => [name, value * count]))

/** @param database - an empty database with the present schema */
export function usageSuite(database: () => Libsql): void {
  describe("runs", () => {
    const ids = async (options: Partial<Parameters<typeof listRuns>[1]>) =>
      (await listRuns(database(), { limit: 10, ...options })).rows.map(({ id }) => id)

    test("are listed from the newest on, narrowed by filters, in stretches", async () => {
      await database().project(
        projection({
          turns: [
            turn(1, 1, { groupId: groupId(1) }),
            turn(1, 2, { status: "failed", errorCode: "internal", errorMessage: "no" }),
            turn(2, 3, { status: "running", endedAt: null }),
            turn(2, 4, { startedAt: at(3) }),
          ],
        }),
      )
      const all = [turnId(2, 4), turnId(2, 3), turnId(1, 2), turnId(1, 1)]
      expect(await ids({})).toEqual(all)
      expect(await ids({ limit: 1, after: turnId(2, 4) })).toEqual([turnId(2, 3)])
      expect(await ids({ status: "failed" })).toEqual([turnId(1, 2)])
      expect(await ids({ status: "done" })).toEqual([turnId(2, 4), turnId(1, 1)])
      expect(await ids({ conversationId: loopId(2) })).toEqual(all.slice(0, 2))
      expect(await ids({ groupId: groupId(1) })).toEqual([turnId(1, 1)])
      expect(await ids({ from: at(2), to: at(3) })).toEqual([turnId(1, 2)])
      await expect(ids({ after: turnId(9, 9) })).rejects.toMatchObject({ code: "invalid_cursor" })
    })

    test("of one conversation are read from the oldest on", async () => {
      await database().project(projection({ turns: [turn(1, 1), turn(1, 2), turn(1, 3), turn(2, 1)] }))
      const first = await listTurnsFrom(database(), loopId(1), { limit: 2, after: undefined })
      expect(first.map(({ id }) => id)).toEqual([turnId(1, 1), turnId(1, 2)])
      const rest = await listTurnsFrom(database(), loopId(1), { limit: 2, after: first.at(-1) })
      expect(rest.map(({ id }) => id)).toEqual([turnId(1, 3)])
    })

    test("of a group are counted by status", async () => {
      const of = { groupId: groupId(1) }
      await database().project(
        projection({ turns: [turn(1, 1, of), turn(1, 2, of), turn(1, 3, { ...of, status: "failed" })] }),
      )
      await database().project(projection({ turns: [turn(2, 1)] }))
      expect(await countRuns(database(), groupId(1), at(2))).toEqual([
        { status: "done", runs: 1, last: at(2) },
        { status: "failed", runs: 1, last: at(3) },
      ])
    })
  })

  describe("usage", () => {
    const call = (loop: number, number: number, startedAt: number, more = {}) => ({
      ...modelCall(loop, number, 1),
      startedAt: EpochMs.parse(startedAt),
      ...more,
    })
    const noon = Date.parse("2026-11-21T12:00:00Z")

    test("of nothing is zero", async () => {
      expect(await sumUsage(database(), {})).toEqual(none)
      expect(await sumUsageByModel(database(), {})).toEqual([])
    })

    test("is summed over all, a time, a group and each model", async () => {
      const other = { model: "large", groupId: groupId(2), outputTokens: 4_000 }
      await database().project(
        projection({
          modelCalls: [call(1, 1, noon), call(1, 2, noon + 5), call(1, 3, noon + hour), call(2, 1, noon, other)],
        }),
      )
      expect(await sumUsage(database(), { groupId: groupId(1) })).toEqual(times(3))
      expect(await sumUsage(database(), {})).toMatchObject({ calls: 4, inputTokens: 40, outputTokens: 4_120 })
      const first = { from: EpochMs.parse(noon), to: EpochMs.parse(noon + hour) }
      expect(await sumUsage(database(), { ...first, groupId: groupId(1) })).toEqual(times(2))
      expect((await sumUsageByModel(database(), {})).map(({ model, calls }) => [model, calls])).toEqual([
        ["large", 1],
        ["small", 3],
      ])
    })

    test("says how many calls nobody knows the cost of", async () => {
      await database().project(projection({ modelCalls: [call(1, 1, noon), call(1, 2, noon, { costMicroUsd: null })] }))
      expect(await sumUsage(database(), {})).toMatchObject({ calls: 2, costMicroUsd: 7, unpricedCalls: 1 })
    })

    test("of a call that comes twice is counted once", async () => {
      const rows = projection({ modelCalls: [call(1, 1, noon)] })
      await database().project(rows)
      await database().project(rows)
      expect(await sumUsage(database(), {})).toEqual(one)
    })

    test("is told day by day, as the zone's clocks have it", async () => {
      const calls = [call(1, 1, Date.parse("2026-10-24T21:45:00Z")), call(1, 2, Date.parse("2026-10-24T22:00:00Z"))]
      await database().project(projection({ modelCalls: [...calls, call(1, 3, Date.parse("2026-10-25T22:59:59Z"))] }))
      const spans = daySpans("2026-10-23", "2026-10-26", "Europe/Berlin")
      expect(await sumUsageBySpan(database(), spans, undefined)).toEqual([none, one, times(2), none])
      expect(await sumUsageBySpan(database(), spans, groupId(2))).toEqual([none, none, none, none])
      expect(await sumUsageBySpan(database(), [], undefined)).toEqual([])
    })

    test("is listed call by call, the newest first", async () => {
      const calls = [
        call(1, 1, noon),
        call(1, 2, noon + 1, { model: "large" }),
        call(2, 1, noon + 1, { groupId: null }),
      ]
      await database().project(projection({ modelCalls: calls }))
      const [first, second, third] = calls
      const list = async (options: Partial<Parameters<typeof listModelCalls>[1]>) =>
        listModelCalls(database(), { limit: 10, ...options })
      expect(await list({})).toEqual({ rows: [third, second, first], hasMore: false })
      const after = third && callCursor(third)
      expect(await list({ limit: 1, after })).toEqual({ rows: [second], hasMore: true })
      expect((await list({ model: "large" })).rows).toEqual([second])
      expect((await list({ groupId: groupId(1) })).rows).toEqual([second, first])
      expect((await list({ conversationId: loopId(2) })).rows).toEqual([third])
      expect((await list({ turnId: first?.turnId })).rows).toEqual([first])
      for (const none of ["nothing", "1.", ".x", third?.id])
        await expect(list({ after: none ?? "" })).rejects.toMatchObject({ code: "invalid_cursor" })
      expect(await listModelCallsFrom(database(), loopId(1), { limit: 1, after: undefined })).toEqual([first])
      expect(await listModelCallsFrom(database(), loopId(1), { limit: 9, after: first?.id })).toEqual([second])
    })

    test("is listed on where the conversation of the last call was erased meanwhile", async () => {
      const calls = [call(1, 1, noon), call(2, 1, noon + 1), call(1, 2, noon + 2)]
      await database().project(projection({ modelCalls: calls }))
      const [oldest, middle] = calls
      if (middle === undefined) throw new Error("no call")
      await eraseConversation(database(), loopId(2), { lastTurn: 1, lastVersion: 1 }, at(9))
      const { rows } = await listModelCalls(database(), { limit: 10, after: callCursor(middle) })
      expect(rows).toEqual([oldest])
    })
  })
}
