import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { createGroup } from "../../adapters/store/agents.ts"
import { group, groupId, loop, loopId, modelCall, projection, turn, turnId } from "../../adapters/store/samples.ts"
import { EpochMs, toRfc3339 } from "../../core/units.ts"
import { dayOf, daySpans } from "../../core/usage/days.ts"
import { type Edge, openEdge, outcome } from "../testing/edge.ts"

let edge: Edge
let session: string
beforeEach(async () => {
  edge = await openEdge()
  ;({ session } = await edge.addUser("vic", "viewer"))
})
afterEach(() => edge.close())

const get = (path: string, bearer = session) => edge.fetch(`/api/${path}`, { bearer })
const read = async (path: string) => {
  const response = await get(path)
  expect(response.status).toBe(200)
  return response.json()
}
const calledAt = (number: number, startedAt: number, more = {}) => ({
  ...modelCall(1, number, 1),
  startedAt: EpochMs.parse(startedAt),
  ...more,
})
const tokens = { input: 10, cacheRead: 20, cacheWrite: 30, output: 40, total: 100 }
const noTokens = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, total: 0 }
const days = 24 * 60 * 60_000

describe("usage", () => {
  test("is summed, with its cost", async () => {
    expect(await read("usage")).toEqual({ calls: 0, tokens: noTokens, costMicroUsd: 0, unpricedCalls: 0 })
    await edge.libsql.project(
      projection({ modelCalls: [calledAt(1, edge.now()), calledAt(2, edge.now() - 40 * days)] }),
    )
    expect(await read("usage")).toMatchObject({ calls: 2, tokens: { total: 200 } })
    const from = encodeURIComponent(toRfc3339(EpochMs.parse(edge.now() - days)))
    expect(await read(`usage?from=${from}`)).toEqual({ calls: 1, tokens, costMicroUsd: 7, unpricedCalls: 0 })
    expect(await read(`usage?groupId=${groupId(9)}`)).toMatchObject({ calls: 0 })
    expect(await outcome(get("usage?from=x"))).toBe("400 invalid_query")
  })

  test("is told for each of the last 30 days of a zone", async () => {
    await edge.libsql.project(projection({ modelCalls: [calledAt(1, edge.now())] }))
    const { timeZone, data } = await read("usage/daily")
    expect(timeZone).toBe("UTC")
    expect(data).toHaveLength(30)
    expect(data.at(-1)).toEqual({
      day: toRfc3339(edge.now()).slice(0, 10),
      calls: 1,
      tokens,
      costMicroUsd: 7,
      unpricedCalls: 0,
    })
    expect(data[0]).toMatchObject({ calls: 0, tokens: noTokens })
    const berlin = await read("usage/daily?timeZone=Europe/Berlin&from=2026-01-01&to=2026-01-03")
    expect(berlin.data.map(({ day }: { day: string }) => day)).toEqual(["2026-01-01", "2026-01-02", "2026-01-03"])
  })

  test.each([
    "timeZone=Mars/Olympus",
    "from=2026-01-02&to=2026-01-01",
    "from=2020-01-01&to=2026-01-01",
    "from=2026-02-30",
    "to=tomorrow",
  ])("by days refuses %s", async (query) => {
    expect(await outcome(get(`usage/daily?${query}`))).toBe("400 invalid_query")
  })

  test("is told by model", async () => {
    const modelCalls = [calledAt(1, edge.now()), calledAt(2, edge.now(), { model: "large", outputTokens: 4_000 })]
    await edge.libsql.project(projection({ modelCalls }))
    const { data } = await read("usage/models")
    expect(data.map(({ model, calls }: { model: string; calls: number }) => [model, calls])).toEqual([
      ["large", 1],
      ["small", 1],
    ])
  })

  test("is told by group and by conversation, the one that used most first", async () => {
    await createGroup(edge.libsql, group(1))
    const other = {
      ...modelCall(2, 1, 1),
      groupId: null,
      startedAt: edge.now(),
      inputTokens: 9_000,
      costMicroUsd: null,
    }
    const modelCalls = [calledAt(1, edge.now()), calledAt(2, edge.now() - 40 * days), other]
    await edge.libsql.project(projection({ conversations: [loop(1, { title: "Trip" })], modelCalls }))
    expect((await read("usage/groups")).data).toMatchObject([
      { groupId: null, name: null, calls: 1, costMicroUsd: null, unpricedCalls: 1 },
      { groupId: groupId(1), name: group(1).name, calls: 2, costMicroUsd: 14 },
    ])
    expect((await read("usage/conversations")).data).toMatchObject([
      { conversationId: loopId(2), title: null, calls: 1, tokens: { input: 9_000 }, costMicroUsd: null },
      { conversationId: loopId(1), title: "Trip", calls: 2, tokens: { total: 200 }, costMicroUsd: 14 },
    ])
    const recent = encodeURIComponent(toRfc3339(EpochMs.parse(edge.now() - days)))
    expect((await read(`usage/conversations?from=${recent}&groupId=${groupId(1)}&limit=1`)).data).toMatchObject([
      { conversationId: loopId(1), calls: 1 },
    ])
  })

  test("is given as a file that spreadsheets read and do not obey", async () => {
    const reason = '=HYPERLINK("http://evil")\nand "more", too'
    const many = Array.from({ length: 300 }, (_, n) => calledAt(n + 1, edge.now() - n))
    await edge.libsql.project(
      projection({
        modelCalls: [...many, { ...modelCall(2, 1, 1), startedAt: EpochMs.parse(1), reason, costMicroUsd: null }],
      }),
    )
    const response = await get("usage/calls.csv")
    expect([response.status, response.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/csv")])
    expect(response.headers.get("content-disposition")).toContain("attachment")
    const lines = (await response.text()).split("\r\n")
    expect(lines).toHaveLength(303)
    expect(lines[0]).toBe(
      "startedAt,conversationId,turnId,groupId,provider,model,tier,reason,outcome,inputTokens,cacheReadTokens,cacheWriteTokens,outputTokens,costMicroUsd,firstDeltaMs,durationMs",
    )
    expect(lines[1]).toBe(
      `${toRfc3339(edge.now())},${loopId(1)},${turnId(1, 1)},${groupId(1)},ollama,small,,,end,10,20,30,40,7,,5`,
    )
    expect(lines[301]).toContain(`"'=HYPERLINK(""http://evil"")\nand ""more"", too",end,10,20,30,40,,,5`)
    const one = await (await get(`usage/calls.csv?conversationId=${loopId(2)}`)).text()
    expect(one.split("\r\n")).toHaveLength(3)
  })

  test("is listed call by call, in pages", async () => {
    const modelCalls = [calledAt(1, edge.now() - 2), calledAt(2, edge.now() - 1)]
    await edge.libsql.project(projection({ modelCalls }))
    const first = await read("usage/calls?limit=1")
    expect(first.data[0]).toMatchObject({ turnId: turnId(1, 2), model: "small", outcome: "end", tokens, durationMs: 5 })
    const second = await read(`usage/calls?limit=1&after=${first.nextCursor}&conversationId=${loopId(1)}`)
    expect(second.data[0].turnId).toBe(turnId(1, 1))
    expect(second.nextCursor).toBeNull()
    expect(await outcome(get("usage/calls?after=x"))).toBe("400 invalid_cursor")
  })

  test("is not for tokens that may only chat", async () => {
    const { id } = await edge.addUser("ada", "admin")
    const { token } = await edge.addToken(id, ["chat"])
    for (const path of [
      "usage",
      "usage/daily",
      "usage/models",
      "usage/calls",
      "usage/calls.csv",
      "usage/groups",
      "usage/conversations",
      "runs",
      `agent-groups/${groupId(1)}/stats`,
    ])
      expect(await outcome(get(path, token))).toBe("403 scope_missing")
  })
})

test("days begin where those of budgets do, unless a zone is asked for", async () => {
  const zone = "Pacific/Kiritimati"
  const { session: admin } = await edge.addUser("ada", "admin")
  await edge.fetch("/api/settings", {
    method: "PUT",
    bearer: admin,
    body: { version: 0, settings: { timeZone: zone } },
  })
  await createGroup(edge.libsql, group(1))
  const day = dayOf(edge.now(), zone)
  const [today] = daySpans(day, day, zone)
  const mine = { groupId: groupId(1) }
  const startsAt = today?.startsAt ?? 0
  await edge.libsql.project(projection({ modelCalls: [calledAt(1, startsAt, mine), calledAt(2, startsAt - 1, mine)] }))
  const { timeZone, data } = await read("usage/daily")
  expect(timeZone).toBe(zone)
  expect(data.slice(-2)).toMatchObject([{ calls: 1 }, { day, calls: 1 }])
  expect(await read(`agent-groups/${groupId(1)}/stats`)).toMatchObject({ today: { calls: 1 } })
  expect((await read("usage/daily?timeZone=UTC")).timeZone).toBe("UTC")
})

describe("an agent group's stats", () => {
  test("tell today, the month and all, its budget and how its runs ended", async () => {
    await createGroup(edge.libsql, group(1))
    const mine = { groupId: groupId(1) }
    const startedAt = edge.now()
    const old = EpochMs.parse(startedAt - 40 * days)
    await edge.libsql.project(
      projection({
        turns: [
          turn(1, 1, { ...mine, startedAt }),
          turn(1, 2, { ...mine, startedAt: EpochMs.parse(startedAt - 5), status: "failed" }),
          turn(1, 3, { ...mine, startedAt: old }),
        ],
        modelCalls: [
          calledAt(1, startedAt),
          calledAt(2, startedAt - 1),
          calledAt(3, old),
          calledAt(4, startedAt, { groupId: null }),
        ],
      }),
    )
    expect(await read(`agent-groups/${groupId(1)}/stats`)).toEqual({
      groupId: groupId(1),
      today: { calls: 2, tokens: expect.objectContaining({ total: 200 }), costMicroUsd: 14, unpricedCalls: 0 },
      thisMonth: expect.objectContaining({ calls: 2 }),
      total: expect.objectContaining({ calls: 3 }),
      budget: { maxTokensDay: 100_000, maxTokensMonth: null, maxUsdDay: null, maxUsdMonth: null },
      runs: { done: 1, failed: 1, interrupted: 0, running: 0, waiting: 0 },
      lastRunAt: toRfc3339(startedAt),
    })
    expect(await outcome(get(`agent-groups/${groupId(2)}/stats`))).toBe("404 group_not_found")
    expect(await outcome(get("agent-groups/x/stats"))).toBe("404 group_not_found")
  })
})

describe("runs", () => {
  test("are listed with how long they took and why they failed", async () => {
    await edge.libsql.project(
      projection({
        turns: [
          turn(1, 1),
          turn(1, 2, { status: "failed", errorCode: "internal", errorMessage: "Something broke." }),
          turn(1, 3, { status: "running", endedAt: null }),
        ],
      }),
    )
    const first = await read("runs?limit=2")
    expect(first.data).toMatchObject([
      { id: turnId(1, 3), status: "running", endedAt: null, durationMs: null, error: null },
      { id: turnId(1, 2), status: "failed", durationMs: 1, error: { code: "internal", message: "Something broke." } },
    ])
    const second = await read(`runs?limit=2&after=${first.nextCursor}`)
    expect(second).toMatchObject({ data: [{ id: turnId(1, 1), modelCalls: 1 }], nextCursor: null })
    expect((await read("runs?status=failed")).data).toHaveLength(1)
    expect(await outcome(get("runs?status=odd"))).toBe("400 invalid_query")
    expect(await outcome(get("runs?after=x"))).toBe("400 invalid_cursor")
    expect(await outcome(get(`runs?after=${turnId(9, 9)}`))).toBe("400 invalid_cursor")
  })
})
