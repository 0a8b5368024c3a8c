/** What search, filters and erasure promise over any database. */
import { describe, expect, test } from "vitest"
import type { ConversationRow, MessageRow } from "../../core/projection.ts"
import { toSearchQuery } from "../../core/conversations/search-query.ts"
import { listConversations, listMessages, recall } from "./conversations.ts"
import { eraseConversation } from "./erasure.ts"
import type { Libsql } from "./libsql.ts"
import { at, channel, channelId, delivery, group, groupId, loop, loopId, message } from "./samples.ts"
import { modelCall, projection, turn, userId } from "./samples.ts"
import { bindChannel, createChannel } from "./channels.ts"
import { createGroup } from "./agents.ts"
import { searchConversations, type SearchOptions } from "./search.ts"

const numbers = (rows: readonly ConversationRow[]) => rows.map(({ id }) => Number.parseInt(id.slice(5), 16))
const chat = { kind: "telegram" as const, ownerId: null, channelId: channelId(1) }

/** @param database - an empty database with the present schema */
export function searchSuite(database: () => Libsql): void {
  const project = (conversations: ConversationRow[], messages: MessageRow[] = []) =>
    database().project(projection({ conversations, messages }))
  const search = async (typed: string, options: Partial<SearchOptions> = {}) => {
    const query = toSearchQuery(typed) ?? ""
    return searchConversations(database(), { query, order: "newest", limit: 10, ...options })
  }
  const found = async (typed: string, options: Partial<SearchOptions> = {}) =>
    numbers((await search(typed, options)).rows.map(({ conversation }) => conversation))

  describe("filters of the list", () => {
    test("narrow it, alone and together", async () => {
      await createGroup(database(), group(1, { name: "sales" }))
      await createChannel(database(), channel(1))
      await bindChannel(database(), channelId(1), groupId(1), at(1))
      await project([
        loop(1, { groupName: "sales", status: "running" }),
        loop(2, { ...chat }),
        loop(3, { ...chat, channelId: channelId(2), archivedAt: at(5) }),
        loop(4, { ownerId: userId(2), status: "waiting" }),
      ])
      const listed = async (filters: Parameters<typeof listConversations>[1]) =>
        numbers((await listConversations(database(), filters)).rows)
      const limit = 10
      expect(await listed({ limit })).toEqual([4, 3, 2, 1])
      expect(await listed({ limit, kind: "telegram" })).toEqual([3, 2])
      expect(await listed({ limit, status: "running" })).toEqual([1])
      expect(await listed({ limit, status: "idle" })).toEqual([3, 2])
      expect(await listed({ limit, archived: false })).toEqual([4, 2, 1])
      expect(await listed({ limit, archived: true })).toEqual([3])
      expect(await listed({ limit, channelId: channelId(2) })).toEqual([3])
      expect(await listed({ limit, groupId: groupId(1) })).toEqual([2, 1])
      expect(await listed({ limit, ownerId: userId(2) })).toEqual([4])
      expect(await listed({ limit, from: at(2), to: at(4) })).toEqual([3, 2])
      expect(await listed({ limit, groupId: groupId(1), kind: "loop" })).toEqual([1])
      expect(await listed({ limit, after: loopId(4), archived: false })).toEqual([2, 1])
    })
  })

  describe("search", () => {
    test("finds what was said, without regard to case and accents, once a conversation, newest first", async () => {
      await project([loop(1), loop(2), loop(3)], [message(1, 1, 0, "The CAFÉ opens"), message(2, 1, 0, "no coffee")])
      await project([], [message(3, 1, 0, "a café"), message(1, 2, 0, "cafe again")])
      expect(await found("cafe")).toEqual([1, 3])
      expect(await found("Café opens")).toEqual([1])
      expect(await found('"cafe opens"')).toEqual([1])
      expect(await found('"opens cafe"')).toEqual([])
      expect(await found("caf*")).toEqual([1, 3])
      expect(await found("caf")).toEqual([])
      expect(await found("cafe -again")).toEqual([3, 1])
      expect(await found("nothing")).toEqual([])
    })

    test("shows where it matched", async () => {
      const text = `${"far away ".repeat(60)}here the needle lies ${"and more ".repeat(60)}`
      await project([loop(1)], [{ ...message(1, 1, 0, text), role: "assistant", source: null }])
      const { rows } = await search("needle lies")
      expect(rows[0]?.match).toMatchObject({ messageId: message(1, 1, 0).id, role: "assistant", createdAt: at(1) })
      const parts = rows[0]?.match.snippet ?? []
      expect(parts.filter(({ isMatch }) => isMatch).map((part) => part.text)).toEqual(["needle", "lies"])
      const whole = parts.map((part) => part.text).join("")
      expect(whole).toContain("here the needle lies and more")
      expect(whole.length).toBeLessThan(400)
    })

    test("looks at people's and the agent's words, not at tool traffic", async () => {
      const blocks = [{ type: "tool_result" as const, toolUseId: "t", text: "needle", isError: false }]
      await project([loop(1)], [{ ...message(1, 1, 0, ""), blocks }, message(1, 1, 1, "straw")])
      expect(await found("needle")).toEqual([])
      expect(await found("tool_result")).toEqual([])
    })

    test.each([
      "a'b",
      'say "',
      "AND",
      "x OR",
      "NEAR(a, b)",
      "text:x",
      "* ^ ( )x",
      "é\u0301x",
      "中文",
      "😀 x",
      "a\0b",
      "'; drop --",
    ])("takes %j without a complaint", async (typed) => {
      await project([loop(1)], [message(1, 1, 0, typed)])
      expect(await found(typed)).toEqual([1])
    })

    test("does not look at ids", async () => {
      await project([loop(1)], [message(1, 1, 0, "hello")])
      expect(await found("loop")).toEqual([])
      expect(await found(loopId(1).slice(5))).toEqual([])
    })

    test("goes on where the page ended and tells of no conversation twice", async () => {
      const conversations = [1, 2, 3, 4, 5].map((number) => loop(number))
      // Each conversation says it three times, in turns.
      const said = [1, 2, 3].flatMap((round) => conversations.map((_, index) => message(index + 1, round, 0, "needle")))
      await project(conversations, said)
      const seen: number[] = []
      let after: number | undefined
      do {
        const page = await search("needle", { limit: 2, ...(after === undefined ? {} : { after }) })
        seen.push(...numbers(page.rows.map(({ conversation }) => conversation)))
        after = page.next ?? undefined
      } while (after !== undefined)
      expect(seen).toEqual([5, 4, 3, 2, 1])
    })

    test("obeys the filters, those of time by the message", async () => {
      await project(
        [loop(1), loop(2, { ...chat }), loop(3, { archivedAt: at(9) })],
        [1, 2, 3].flatMap((number) => [message(number, 1, 0, "needle"), message(number, 5, 0, "needle once more")]),
      )
      expect(await found("needle", { kind: "telegram" })).toEqual([2])
      expect(await found("needle", { archived: false })).toEqual([2, 1])
      expect(await found("needle", { from: at(6) })).toEqual([])
      const { rows } = await search("needle", { to: at(5), kind: "telegram" })
      expect(rows.map(({ match }) => match.createdAt)).toEqual([at(1)])
    })

    test("of a word that is everywhere is answered in pieces that together miss nothing", async () => {
      await project(
        [loop(1), loop(2)],
        [message(2, 1, 0, "word rare"), ...Array.from({ length: 2_100 }, (_, place) => message(1, 1, place, "word"))],
      )
      const first = await search("word", { ownerId: userId(1), limit: 5 })
      expect(numbers(first.rows.map(({ conversation }) => conversation))).toEqual([1])
      const second = await search("word", { limit: 5, after: first.next ?? 0 })
      expect(numbers(second.rows.map(({ conversation }) => conversation))).toEqual([2])
      expect(second.next).toBeNull()
    })

    test("by relevance puts first what says it most", async () => {
      const filler = "and so on and so forth ".repeat(20)
      await project(
        [loop(1), loop(2), loop(3)],
        [
          message(1, 1, 0, "needle needle needle"),
          message(2, 1, 0, `${filler} needle ${filler}`),
          message(3, 1, 0, "needle in a haystack"),
        ],
      )
      expect(await found("needle", { order: "best" })).toEqual([1, 3, 2])
      const first = await search("needle", { order: "best", limit: 2 })
      expect(await found("needle", { order: "best", limit: 2, after: first.next ?? 0 })).toEqual([2])
    })

    test("forgets what was changed or deleted", async () => {
      await project([loop(1)], [message(1, 1, 0, "old words")])
      await database().write([{ sql: "update messages set text = 'new words'", args: [] }])
      expect(await found("old")).toEqual([])
      expect(await found("new")).toEqual([1])
      await database().write([{ sql: "delete from messages", args: [] }])
      expect(await found("new")).toEqual([])
      const check = { sql: "insert into message_search(message_search, rank) values ('integrity-check', 1)", args: [] }
      await database().write([check])
    })
  })

  describe("an erased conversation", () => {
    const whole = (number: number, turns = 3) =>
      projection({
        conversations: [loop(number, { version: 7, turnCount: turns, title: "a secret title" })],
        messages: Array.from({ length: turns }, (_, n) => message(number, n + 1, 0, `secret number ${n}`)),
        turns: Array.from({ length: turns }, (_, n) => turn(number, n + 1)),
        modelCalls: [modelCall(number, 1, 1)],
        deliveries: [delivery(number, 1)],
      })
    const tables = ["conversations", "messages", "turns", "model_calls", "deliveries"]
    const count = async () => {
      const answers = await database().read(
        tables.map((table) => ({ sql: `select count(*) as n from ${table}`, args: [] })),
      )
      return answers.map(({ rows }) => Number(rows[0]?.n))
    }
    const erase = (number: number) =>
      eraseConversation(database(), loopId(number), { lastTurn: 3, lastVersion: 7 }, at(100))

    test("leaves no row, not in search, and others stay whole", async () => {
      await database().project(whole(1))
      await database().project(whole(2))
      await erase(1)
      expect(await count()).toEqual([1, 3, 3, 1, 1])
      expect(await found("secret")).toEqual([2])
      await erase(1)
      expect(await count()).toEqual([1, 3, 3, 1, 1])
    })

    test("of a thousand entries is gone too", async () => {
      await database().project(whole(1, 1_000))
      await eraseConversation(database(), loopId(1), { lastTurn: 1_000, lastVersion: 7 }, at(100))
      expect(await count()).toEqual([0, 0, 0, 0, 0])
      expect(await found("secret")).toEqual([])
    })

    test("is not brought back by rows that come late", async () => {
      await erase(1)
      await database().project(whole(1))
      expect(await count()).toEqual([0, 0, 0, 0, 0])
    })

    test("leaves of itself a digest of its id, two numbers and an instant", async () => {
      await database().project(whole(1))
      await erase(1)
      const [left] = await database().read([{ sql: "select * from erased_conversations", args: [] }])
      expect(left?.rows).toEqual([
        { id_hash: expect.stringMatching(/^[0-9a-f]{64}$/), last_turn: 3, last_version: 7, erased_at: at(100) },
      ])
      expect(JSON.stringify(left?.rows)).not.toContain(loopId(1).slice(5))
    })

    test("may begin anew with the numbers that follow", async () => {
      await database().project(whole(1))
      await erase(1)
      expect(await recall(database(), loopId(1), 5)).toEqual({
        conversation: null,
        messages: [],
        nextTurn: 4,
        nextVersion: 8,
      })
      await database().project(
        projection({ conversations: [loop(1, { version: 8 })], messages: [message(1, 4, 0, "new life")] }),
      )
      expect((await listMessages(database(), loopId(1), { limit: 10 })).rows.map(({ text }) => text)).toEqual([
        "new life",
      ])
      expect(await found("life")).toEqual([1])
      await database().project(whole(1))
      expect(await count()).toEqual([1, 1, 0, 0, 0])
    })

    test("stays counted in what was used", async () => {
      await database().project(whole(1))
      await erase(1)
      const [used] = await database().read([
        { sql: "select sum(calls) as n, sum(output_tokens) as o from model_usage", args: [] },
      ])
      expect(used?.rows[0]).toMatchObject({ n: 1, o: 40 })
    })
  })
}
