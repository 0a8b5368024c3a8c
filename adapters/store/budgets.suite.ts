/** What budgets in the record promise over any database. */
import { describe, expect, test } from "vitest"
import { noLimits } from "../../core/budget/limits.ts"
import { windowsAt } from "../../core/budget/window.ts"
import { EpochMs } from "../../core/units.ts"
import { createGroup } from "./agents.ts"
import {
  findConversationBudget,
  readBudgetTerms,
  readConversationSpending,
  readSpending,
  writeConversationBudget,
} from "./budgets.ts"
import type { Libsql } from "./libsql.ts"
import { at, group, groupId, loop, loopId, modelCall, projection } from "./samples.ts"
import { writeSettings } from "./settings.ts"
import { sumUsage, sumUsageByConversation, sumUsageByGroup } from "./usage.ts"

/** @param database - an empty database with the present schema */
export function budgetsSuite(database: () => Libsql): void {
  const noon = EpochMs.parse(Date.parse("2026-11-21T12:00:00Z"))
  const windows = windowsAt(noon, "Europe/Berlin", undefined)
  const call = (conversation: number, turn: number, startedAt: number, more = {}) => ({
    ...modelCall(conversation, turn, 1),
    startedAt: EpochMs.parse(startedAt),
    ...more,
  })

  describe("what is set", () => {
    test("of nothing is no limit", async () => {
      expect(await readBudgetTerms(database())).toEqual([
        { kind: "global", version: 0, limits: noLimits, conversationLimits: noLimits, timeZone: "UTC", home: null },
      ])
    })

    test("is read of the gateway, its groups and conversations with limits of their own, with their versions", async () => {
      const value = { budgetMaxUsdDay: 0.07, conversationMaxTokensDay: 5, timeZone: "Asia/Tokyo" }
      const settings = { key: "gateway" as const, value, version: 0, updatedAt: at(1), updatedBy: "x" }
      await writeSettings(database(), settings)
      await createGroup(database(), { ...group(1), budgetMaxMicroUsdMonth: 9, conversationMaxTokensMonth: 8 })
      await database().project(projection({ conversations: [loop(1)] }))
      await writeConversationBudget(database(), loopId(1), { ...noLimits, maxTokensDay: 3 }, { seen: 0, now: at(1) })
      await writeConversationBudget(database(), loopId(1), { ...noLimits, maxTokensDay: 4 }, { seen: 1, now: at(2) })
      expect(await readBudgetTerms(database())).toEqual([
        {
          kind: "global",
          version: 1,
          limits: { ...noLimits, maxMicroUsdDay: 70_000 },
          conversationLimits: { ...noLimits, maxTokensDay: 5 },
          timeZone: "Asia/Tokyo",
          home: null,
        },
        expect.objectContaining({
          kind: "group",
          groupId: groupId(1),
          limits: { ...noLimits, maxTokensDay: group(1).budgetMaxTokensDay, maxMicroUsdMonth: 9 },
          conversationLimits: { ...noLimits, maxTokensMonth: 8 },
        }),
        {
          kind: "conversation",
          conversationId: loopId(1),
          version: 2,
          limits: { ...noLimits, maxTokensDay: 4 },
        },
      ])
    })

    test("for a conversation that is not on record is not stored", async () => {
      const when = { seen: 0, now: at(1) }
      expect(await writeConversationBudget(database(), loopId(9), noLimits, when)).toEqual({ status: "not_found" })
      expect(await findConversationBudget(database(), loopId(9))).toBeUndefined()
    })

    test("are a change of the newest alone", async () => {
      await database().project(projection({ conversations: [loop(1)] }))
      const write = async (maxTokensDay: number, seen: number) =>
        (await writeConversationBudget(database(), loopId(1), { ...noLimits, maxTokensDay }, { seen, now: at(1) }))
          .status
      expect([await write(1, 7), await write(2, 0), await write(3, 0), await write(4, 1)]).toEqual([
        "conflict",
        "written",
        "conflict",
        "written",
      ])
      expect(await findConversationBudget(database(), loopId(1))).toMatchObject({ version: 2, maxTokensDay: 4 })
    })
  })

  describe("what is spent", () => {
    test("is summed in the day and the month, by group and for a conversation", async () => {
      await database().project(
        projection({
          modelCalls: [
            call(1, 1, noon),
            call(1, 2, windows.day.startsAt, { groupId: null, costMicroUsd: null }),
            call(1, 3, windows.day.startsAt - 1),
            call(2, 1, windows.month.startsAt - 1),
          ],
        }),
      )
      expect(await readSpending(database(), windows)).toEqual([
        { groupId: null, day: { tokens: 100, microUsd: 0 }, month: { tokens: 100, microUsd: 0 } },
        { groupId: groupId(1), day: { tokens: 100, microUsd: 7 }, month: { tokens: 200, microUsd: 14 } },
      ])
      expect(await readConversationSpending(database(), loopId(1), windows, noon)).toEqual({
        day: { tokens: 100, microUsd: 0 },
        month: { tokens: 200, microUsd: 7 },
      })
      expect((await readConversationSpending(database(), loopId(2), windows, noon)).month.tokens).toBe(0)
    })

    test("is the same by group, by conversation and in all", async () => {
      const modelCalls = [
        call(1, 1, noon),
        call(1, 2, noon, { costMicroUsd: null, outputTokens: 900 }),
        call(2, 1, noon, { groupId: null }),
      ]
      await database().project(projection({ conversations: [loop(1, { title: "Trip" })], modelCalls }))
      const all = await sumUsage(database(), {})
      const groups = await sumUsageByGroup(database(), {})
      const conversations = await sumUsageByConversation(database(), { limit: 10 })
      expect(groups.map((sum) => sum.groupId)).toEqual([groupId(1), null])
      expect(conversations.map(({ conversationId, title }) => [conversationId, title])).toEqual([
        [loopId(1), "Trip"],
        [loopId(2), null],
      ])
      for (const parts of [groups, conversations]) {
        const summed = (field: "calls" | "outputTokens" | "costMicroUsd" | "unpricedCalls") =>
          parts.reduce((sum, part) => sum + part[field], 0)
        for (const field of ["calls", "outputTokens", "costMicroUsd", "unpricedCalls"] as const)
          expect(summed(field)).toBe(all[field])
      }
      expect(await sumUsageByConversation(database(), { limit: 1, to: noon })).toEqual([])
    })
  })
}
