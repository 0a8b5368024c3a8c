import { afterEach, beforeEach, expect, test } from "vitest"
import * as z from "zod"
import { SettingsVersion } from "../../core/api/settings.ts"
import { readPolicySource } from "../../adapters/store/policy.ts"
import { type Edge, openEdge, outcome } from "../testing/edge.ts"

let edge: Edge
let session: string
beforeEach(async () => {
  edge = await openEdge({ DEFAULT_MODEL: "claude-env" })
  session = (await edge.addUser("ada", "admin")).session
})
afterEach(() => edge.close())

const get = async () => (await edge.fetch("/api/settings", { bearer: session })).json()
const put = (version: number, settings: unknown) =>
  edge.fetch("/api/settings", { method: "PUT", bearer: session, body: { version, settings } })
const limits = () => edge.objects.calls.filter(({ name }) => name === "ledger.setLimit").map(({ input }) => input)

test("are unset at first, and the environment is in force", async () => {
  expect(await get()).toMatchObject({
    version: 0,
    settings: { defaultModel: null },
    effective: { defaultModel: "claude-env", timeZone: "UTC", concurrentTurns: 10 },
    managed: [],
    updatedAt: null,
    updatedBy: null,
  })
})

test("change by name, by version, and say who did it", async () => {
  expect((await put(0, { defaultModel: "gpt-5", timeZone: "Europe/Berlin" })).status).toBe(200)
  const second = await (await put(1, { historyMessages: 7 })).json()
  expect(second).toMatchObject({
    version: 2,
    settings: { defaultModel: "gpt-5", historyMessages: 7 },
    effective: { defaultModel: "gpt-5", timeZone: "Europe/Berlin", historyMessages: 7 },
    updatedBy: "ada",
  })
  expect(await get()).toEqual(second)
  expect(await (await put(2, { defaultModel: null })).json()).toMatchObject({
    effective: { defaultModel: "claude-env" },
  })
})

test("reach the policy of the next stretch of a turn", async () => {
  await put(0, { defaultModel: "gpt-5" })
  expect((await readPolicySource(edge.libsql, {})).settings.defaultModel).toBe("gpt-5")
})

test("of one version change once: of two at the same time one is refused, and nothing of it is kept", async () => {
  const answers = await Promise.all([put(0, { defaultModel: "a" }), put(0, { defaultModel: "b" })])
  expect((await Promise.all(answers.map(outcome))).sort()).toEqual(["200", "409 edit_conflict"])
  expect(await get()).toMatchObject({ version: 1 })
  expect(await outcome(put(0, { defaultModel: "c" }))).toBe("409 edit_conflict")
})

test("let no more turns run at once than a small machine has room for", async () => {
  const small = await openEdge({ EDGE_MODE: "true", EDGE_MAX_CONCURRENT: "3" })
  const { session: root } = await small.addUser("root", "admin")
  for (const [version, concurrentTurns] of [50, 1, null].entries())
    await small.fetch("/api/settings", {
      method: "PUT",
      bearer: root,
      body: { version, settings: { concurrentTurns } },
    })
  const told = small.objects.calls
    .filter(({ name }) => name === "ledger.setLimit")
    .map(({ input }) => Object(input).limit)
  const shown = Object(await (await small.fetch("/api/settings", { bearer: root })).json())
  await small.close()
  expect(told).toEqual([3, 1, null])
  expect(shown.effective).toMatchObject({ concurrentTurns: 3, historyMessages: 8, defaultModel: "claude-haiku-5-5" })
})

const history = async (query = "") => {
  const response = await edge.fetch(`/api/settings/history${query}`, { bearer: session })
  return z.object({ data: z.array(SettingsVersion), nextCursor: z.string().nullable() }).parse(await response.json())
}

test("keep every version: what it changed, when, and who did it", async () => {
  expect(await history()).toEqual({ data: [], nextCursor: null })
  const { session: grace } = await edge.addUser("grace", "admin")
  await put(0, { historyMessages: 1, timeZone: "Europe/Berlin" })
  edge.advance(60_000)
  const body = { version: 1, settings: { historyMessages: 2, timeZone: "Europe/Berlin" } }
  await edge.fetch("/api/settings", { method: "PUT", bearer: grace, body })
  await put(2, { timeZone: null })
  const { data } = await history()
  expect(data.map(({ version, changed, by }) => [version, changed.join(" "), by])).toEqual([
    [3, "timeZone", "ada"],
    [2, "historyMessages", "grace"],
    [1, "historyMessages timeZone", "ada"],
  ])
  expect(data[0]?.settings).toMatchObject({ historyMessages: 2, timeZone: null })
  expect(data[2]).toMatchObject({ at: "2026-09-21T14:13:20.000Z", settings: { timeZone: "Europe/Berlin" } })
  expect(data[1]?.at).toBe("2026-09-21T14:14:20.000Z")
})

test("show their versions page by page, each with what it alone changed", async () => {
  for (const version of [0, 1, 2, 3, 4]) await put(version, { historyMessages: version + 1 })
  const first = await history("?limit=2")
  const second = await history(`?limit=2&after=${first.nextCursor}`)
  const third = await history(`?limit=2&after=${second.nextCursor}`)
  const pages = [first, second, third].map(({ data }) => data.map(({ version }) => version))
  expect(pages).toEqual([[5, 4], [3, 2], [1]])
  expect(third.nextCursor).toBeNull()
  expect([...first.data, ...second.data].every(({ changed }) => changed.join() === "historyMessages")).toBe(true)
  expect(await outcome(edge.fetch("/api/settings/history?after=x", { bearer: session }))).toBe("400 invalid_cursor")
})

test("tell who watches that they changed, and nothing of one that was refused", async () => {
  await put(0, { historyMessages: 3 })
  await put(0, { historyMessages: 4 })
  await edge.settle()
  expect(edge.objects.published).toEqual([{ event: "settings:changed", data: { what: "gateway", id: null } }])
})

test("tell the ledger its slots at once, and stand when it does not answer", async () => {
  await put(0, { concurrentTurns: 3 })
  edge.objects.failNext("ledger.setLimit", "peer_unavailable")
  expect((await put(1, { concurrentTurns: 4 })).status).toBe(200)
  expect(limits()).toEqual([
    { limit: 3, version: 1 },
    { limit: 4, version: 2 },
  ])
  expect(edge.logs.filter(({ event }) => event === "ledger_not_told")).toHaveLength(1)
})

test("refuse nonsense by its field, and a home that does not exist", async () => {
  const refused = await put(0, { timeZone: "Mars/Olympus" })
  expect(await refused.clone().text()).toContain("(settings.timeZone)")
  expect(await outcome(refused)).toBe("400 invalid_body")
  expect(await outcome(put(0, { home: { channelId: `chan_${"a".repeat(24)}`, chatId: 1 } }))).toBe(
    "404 channel_not_found",
  )
  const misspelt = await put(0, { timeZone: "UTC", budgetMaxUsdPerDay: 5 })
  expect(await misspelt.clone().text()).toContain("There is no such field here. (settings.budgetMaxUsdPerDay)")
  expect(await outcome(misspelt)).toBe("400 invalid_body")
  expect(await get()).toMatchObject({ version: 0 })
})

test("belong to the administrator", async () => {
  for (const role of ["operator", "viewer"] as const) {
    const { session: bearer } = await edge.addUser(role, role)
    expect(await outcome(edge.fetch("/api/settings", { bearer }))).toBe("403 role_forbidden")
    expect(await outcome(edge.fetch("/api/settings/history", { bearer }))).toBe("403 role_forbidden")
    const body = { version: 0, settings: { defaultModel: "x" } }
    expect(await outcome(edge.fetch("/api/settings", { method: "PUT", bearer, body }))).toBe("403 role_forbidden")
  }
})
