import { afterEach, beforeEach, expect, test } from "vitest"
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

test("keep every version", async () => {
  for (const version of [0, 1, 2]) await put(version, { historyMessages: version + 1 })
  const [found] = await edge.libsql.read([
    { sql: "select version, value, updated_by from settings_history order by version", args: [] },
  ])
  expect(found?.rows.map((row) => JSON.parse(String(row.value)).historyMessages)).toEqual([1, 2, 3])
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
  expect(await get()).toMatchObject({ version: 0 })
})

test("belong to the administrator", async () => {
  for (const role of ["operator", "viewer"] as const) {
    const { session: bearer } = await edge.addUser(role, role)
    expect(await outcome(edge.fetch("/api/settings", { bearer }))).toBe("403 role_forbidden")
    const body = { version: 0, settings: { defaultModel: "x" } }
    expect(await outcome(edge.fetch("/api/settings", { method: "PUT", bearer, body }))).toBe("403 role_forbidden")
  }
})
