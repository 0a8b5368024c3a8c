/** What projections, and the lists read from them, promise over any database. */
import { describe, expect, test } from "vitest"
import type { ConversationRow } from "../../core/projection.ts"
import type { ConversationId } from "../../core/units.ts"
import { type ConversationListOptions, findConversation, listConversations, listLoops } from "./conversations.ts"
import { findToolResult, listMessages, recall } from "./conversations.ts"
import type { Libsql } from "./libsql.ts"
import { at, channelId, delivery, loop, loopId, message, modelCall, projection, turn, userId } from "./samples.ts"
import type { Answer } from "./statement.ts"

const ids = ({ rows }: { rows: ConversationRow[] }) => rows.map(({ id }) => Number.parseInt(id.slice(5), 16))
const places = (rows: { position: number }[]) => rows.map(({ position }) => position)

/** @param database - an empty database with the present schema */
export function transcriptSuite(database: () => Libsql): void {
  const all = async (table: string): Promise<Answer["rows"]> => {
    const [answer] = await database().read([{ sql: `select * from ${table} order by id`, args: [] }])
    return answer?.rows ?? []
  }

  const project = (...conversations: ConversationRow[]) => database().project(projection({ conversations }))
  const mine = (options: Partial<ConversationListOptions> & { archived?: boolean }) =>
    listLoops(database(), userId(1), { limit: 2, archived: false, ...options })
  const write = (conversation: number, turns: number, text?: string) =>
    database().project(
      projection({
        conversations: [loop(conversation, { turnCount: turns })],
        messages: Array.from({ length: turns }, (_, index) => message(conversation, index + 1, 0, text)),
      }),
    )

  test("a call's newest result is found by its id, in its own conversation and among its newest turns alone", async () => {
    const result = (conversation: number, number: number, toolUseId: string) => ({
      ...message(conversation, number, 1, ""),
      blocks: [{ type: "tool_result" as const, toolUseId, text: `of turn ${number}`, isError: false }],
    })
    await database().project(
      projection({
        conversations: [loop(1), loop(2)],
        messages: [result(1, 1, "call_1"), result(1, 2, "call_1"), result(1, 3, "call_12"), result(2, 4, "call_1")],
      }),
    )
    const find = (callId: string, newestTurn: number) => findToolResult(database(), loopId(1), { callId, newestTurn })
    expect(await find("call_1", 3)).toMatchObject({ turnId: turn(1, 2).id, tainted: true })
    expect(await find("call_12", 1_003)).toMatchObject({ turnId: turn(1, 3).id })
    expect(await find("call_12", 1_004)).toBeUndefined()
    expect(await find("call_", 3)).toBeUndefined()
  })

  describe("projection", () => {
    const whole = projection({
      conversations: [loop(1)],
      messages: [message(1, 1, 0), message(1, 1, 1)],
      turns: [turn(1, 1)],
      modelCalls: [modelCall(1, 1, 1)],
      deliveries: [delivery(1, 1)],
    })

    test("rows come back as they were projected", async () => {
      await database().project(whole)
      expect(await findConversation(database(), loopId(1))).toEqual(loop(1))
      const page = await listMessages(database(), loopId(1), { limit: 10 })
      expect(page).toEqual({ rows: whole.messages, hasMore: false, turns: whole.turns })
      expect(await all("turns")).toMatchObject([{ id: turn(1, 1).id, status: "done", ended_at: at(2) }])
      expect(await all("model_calls")).toMatchObject([{ input_tokens: 10, first_delta_ms: null }])
      expect(await all("deliveries")).toMatchObject([{ status: "pending", maybe_repeated: 0 }])
    })

    test("the same rows projected again change nothing", async () => {
      const tables = ["conversations", "messages", "turns", "model_calls", "deliveries"]
      await database().project(whole)
      const once = await Promise.all(tables.map(all))
      await database().project(whole)
      expect(await Promise.all(tables.map(all))).toEqual(once)
    })

    test("an older version never replaces a newer one, in whatever order they arrive", async () => {
      const versions = [2, 4, 1, 3, 4].map((version) =>
        projection({
          conversations: [loop(1, { version, title: `v${version}` })],
          turns: [turn(1, 1, { version, modelCalls: version })],
          deliveries: [delivery(1, 1, { version, attempts: version })],
        }),
      )
      for (const rows of versions) await database().project(rows)
      expect(await findConversation(database(), loopId(1))).toMatchObject({ version: 4, title: "v4" })
      expect(await all("turns")).toMatchObject([{ version: 4, model_calls: 4 }])
      expect(await all("deliveries")).toMatchObject([{ version: 4, attempts: 4 }])
    })

    test("two versions of a row in one projection leave the newer one", async () => {
      await database().project(projection({ conversations: [loop(1, { version: 3 }), loop(1, { version: 2 })] }))
      expect(await findConversation(database(), loopId(1))).toMatchObject({ version: 3 })
    })

    test("an entry once written stays", async () => {
      await database().project(projection({ messages: [message(1, 1, 0, "first")] }))
      await database().project(projection({ messages: [message(1, 1, 0, "second")] }))
      const { rows } = await listMessages(database(), loopId(1), { limit: 10 })
      expect(rows.map(({ text }) => text)).toEqual(["first"])
    })

    test("messages may come before their conversation", async () => {
      await database().project(projection({ messages: [message(1, 1, 0)] }))
      expect((await recall(database(), loopId(1), 20)).conversation).toBeNull()
      await database().project(projection({ conversations: [loop(1)] }))
      expect((await recall(database(), loopId(1), 20)).messages).toHaveLength(1)
    })

    test("nothing to project is no work", async () => {
      await database().project(projection({}))
      expect(await all("conversations")).toEqual([])
    })

    test("text survives to the letter, and what no database text can hold becomes U+FFFD", async () => {
      const hostile = `'); drop table messages; -- "\\ \n\t\u2028 😀 $[0] ?1 ${"é".repeat(1000)}`
      await database().project(projection({ messages: [message(1, 1, 0, hostile)] }))
      const broken = "half \uD83D pair \uDE00 and nul \0 end"
      await database().project(projection({ messages: [message(1, 1, 1, broken)] }))
      await database().project(projection({ conversations: [loop(1, { metadata: { key: broken }, title: broken })] }))
      const { rows } = await listMessages(database(), loopId(1), { limit: 10 })
      const healed = "half \u{FFFD} pair \u{FFFD} and nul \u{FFFD} end"
      expect(rows.map(({ text }) => text)).toEqual([hostile, healed])
      expect(rows[1]?.blocks).toEqual([{ type: "text", text: broken }])
      expect(await findConversation(database(), loopId(1))).toMatchObject({ title: healed, metadata: { key: broken } })
    })

    test("many large messages are projected in one piece", async () => {
      const large = Array.from({ length: 12 }, (_, place) => message(1, 1, place, `${place}${"x".repeat(1_000_000)}`))
      await database().project(projection({ messages: large }))
      const [counted] = await database().read([{ sql: "select count(*) as stored from messages", args: [] }])
      expect(counted?.rows[0]).toMatchObject({ stored: 12 })
    })
  })

  describe("lists of conversations", () => {
    test("the loop with the newest activity comes first, and equal instants keep one order", async () => {
      const same = { lastActivityAt: at(5) }
      await project(loop(1), loop(3), loop(2), loop(8, same), loop(7, same), loop(9, same))
      expect(ids(await mine({ limit: 10 }))).toEqual([9, 8, 7, 3, 2, 1])
    })

    test("a list is walked down by `after` and up again by `before`", async () => {
      await project(...[1, 2, 3, 4, 5].map((number) => loop(number)))
      const down = await mine({})
      expect([ids(down), down.hasMore]).toEqual([[5, 4], true])
      const lower = await mine({ after: loopId(4) })
      expect([ids(lower), lower.hasMore]).toEqual([[3, 2], true])
      const last = await mine({ after: loopId(2) })
      expect([ids(last), last.hasMore]).toEqual([[1], false])
      const up = await mine({ before: loopId(1) })
      expect([ids(up), up.hasMore]).toEqual([[3, 2], true])
      const top = await mine({ before: loopId(4), limit: 5 })
      expect([ids(top), top.hasMore]).toEqual([[5], false])
      const between = await mine({ after: loopId(5), before: loopId(2), limit: 5 })
      expect([ids(between), between.hasMore]).toEqual([[4, 3], false])
    })

    test("open and archived loops are two lists", async () => {
      await project(loop(1), loop(2, { archivedAt: at(9) }), loop(3))
      expect(ids(await mine({ limit: 10 }))).toEqual([3, 1])
      expect(ids(await mine({ limit: 10, archived: true }))).toEqual([2])
    })

    test("a cursor keeps its place when its loop was archived meanwhile", async () => {
      await project(loop(1), loop(2), loop(3))
      await project(loop(2, { archivedAt: at(9), version: 2 }))
      expect(ids(await mine({ after: loopId(2) }))).toEqual([1])
    })

    test("only one's own loops are listed, and only they are cursors", async () => {
      await project(loop(1), loop(2, { ownerId: userId(2) }), loop(3, { ownerId: null }))
      expect(ids(await mine({}))).toEqual([1])
      for (const cursor of [{ after: loopId(2) }, { before: loopId(3) }, { after: loopId(99) }]) {
        await expect(mine(cursor)).rejects.toMatchObject({ code: "invalid_cursor" })
      }
    })

    test("an administrator sees every kind, open or archived", async () => {
      const chat = { kind: "telegram" as const, ownerId: null, channelId: channelId(1) }
      await project(loop(1), loop(2, { archivedAt: at(9) }), loop(3, chat))
      expect(ids(await listConversations(database(), { limit: 10 }))).toEqual([3, 2, 1])
      expect(ids(await listConversations(database(), { limit: 10, archived: false, after: loopId(3) }))).toEqual([1])
      await expect(listConversations(database(), { limit: 1, before: loopId(9) })).rejects.toMatchObject({
        code: "invalid_cursor",
      })
    })
  })

  describe("transcripts", () => {
    test("the newest entries come in order, and older ones before a position", async () => {
      await write(1, 5)
      await write(2, 1)
      const newest = await listMessages(database(), loopId(1), { limit: 2 })
      expect([places(newest.rows), newest.hasMore]).toEqual([[400_000, 500_000], true])
      const older = await listMessages(database(), loopId(1), { limit: 3, before: 400_000 })
      expect([places(older.rows), older.hasMore]).toEqual([[100_000, 200_000, 300_000], false])
      const unknown = await listMessages(database(), loopId(3), { limit: 3 })
      expect(unknown).toEqual({ rows: [], hasMore: false, turns: [] })
    })

    test("entries come with what became of their turns, and of no others", async () => {
      await write(1, 5)
      const failed = { status: "failed", errorCode: "model_unavailable", errorMessage: "The model is away." } as const
      await database().project(projection({ turns: [1, 3, 4, 5].map((n) => turn(1, n, n === 4 ? failed : {})) }))
      await database().project(projection({ turns: [turn(2, 4)] }))
      const page = await listMessages(database(), loopId(1), { limit: 2 })
      expect(page.turns).toEqual([turn(1, 4, failed), turn(1, 5)])
      expect((await listMessages(database(), loopId(1), { limit: 2, before: 400_000 })).turns).toEqual([turn(1, 3)])
    })

    test("a page of very long entries ends early and says that there is more", async () => {
      await write(1, 6, "x".repeat(1_000_000))
      const seen: number[] = []
      let before: number | undefined
      for (let pages = 0; pages < 6; pages++) {
        const page = await listMessages(database(), loopId(1), { limit: 10, before })
        expect(page.rows.length).toBeGreaterThan(0)
        seen.unshift(...places(page.rows))
        before = page.rows[0]?.position
        if (!page.hasMore) break
      }
      expect(seen).toEqual([1, 2, 3, 4, 5, 6].map((number) => number * 100_000))
    })

    test("a lost object recalls its row, its newest entries in order and a turn number never used", async () => {
      const conversation: ConversationId = loopId(1)
      await write(1, 5)
      const recalled = await recall(database(), conversation, 2)
      expect(recalled.conversation).toEqual(loop(1, { turnCount: 5 }))
      expect(places(recalled.messages)).toEqual([400_000, 500_000])
      expect(recalled.nextTurn).toBe(6)
      await database().project(projection({ messages: [message(1, 7, 3)] }))
      expect((await recall(database(), conversation, 2)).nextTurn).toBe(8)
      await database().project(projection({ turns: [turn(1, 12), turn(1, 9)] }))
      expect((await recall(database(), conversation, 2)).nextTurn).toBe(13)
      expect(await recall(database(), loopId(2), 2)).toMatchObject({ conversation: null, messages: [] })
    })

    test("a new conversation begins with turn 1", async () => {
      await write(1, 0)
      expect(await recall(database(), loopId(1), 2)).toMatchObject({ messages: [], nextTurn: 1 })
    })
  })
}
