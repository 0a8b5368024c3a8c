import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { findChannel } from "../../adapters/store/channels.ts"
import { ChannelId } from "../../core/units.ts"
import { type Edge, openEdge, outcome, type Sent } from "../testing/edge.ts"

let edge: Edge
let session: string
beforeEach(async () => {
  edge = await openEdge()
  ;({ session } = await edge.addUser("ada", "operator"))
})
afterEach(() => edge.close())

const botToken = "123456:AAE-secret-of-the-bot-wxyz"
const telegram = { kind: "telegram", name: "Support", config: { botToken, allowedUserIds: [42, "43"] } }
const channels = (path = "", sent: Sent = {}) => edge.fetch(`/api/channels${path}`, { bearer: session, ...sent })
const make = async (body: object = telegram) => (await channels("", { body })).json()
const change = (id: string, body: object) => channels(`/${id}`, { method: "PUT", body })
const secrets = async (id: string) => {
  const row = await findChannel(edge.libsql, ChannelId.parse(id))
  if (row === undefined) throw new Error("no such channel")
  const open = (column: string, sealed: string) => edge.vault.open({ table: "channels", row: id, column }, sealed)
  return {
    secret: JSON.parse(open("secret", row.secretSealed)),
    webhook: open("webhook_secret", row.webhookSecretSealed),
    row,
  }
}
const refreshes = () => edge.objects.calls.filter(({ name }) => name === "channel.refresh").map(({ id }) => id)
const unknown = `chan_${"0".repeat(24)}`

describe("create", () => {
  test("stores the row, connects, and shows the last four characters of the secret alone", async () => {
    const response = await channels("", { body: telegram })
    expect(response.status).toBe(201)
    const text = await response.text()
    const view = JSON.parse(text)
    expect(view).toEqual({
      id: expect.stringMatching(/^chan_[0-9a-f]{24}$/),
      kind: "telegram",
      name: "Support",
      enabled: true,
      groupId: null,
      config: { allowedUserIds: [42, 43], approverUserIds: null, botTokenHint: "wxyz" },
      status: "connected",
      mode: "polling",
      problem: null,
      lastInboundAt: null,
      managed: false,
      createdAt: "2026-09-21T14:13:20.000Z",
      updatedAt: "2026-09-21T14:13:20.000Z",
    })
    expect(refreshes()).toEqual([view.id])
    expect(text).not.toContain("secret")
  })

  test("seals the bot token and a web hook secret of its own", async () => {
    const { id } = await make()
    const { secret, webhook, row } = await secrets(id)
    expect(secret).toEqual({ botToken })
    expect(webhook).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(row)).not.toContain("secret-of-the-bot")
  })

  test("shows nothing of a token that a hint would give away", async () => {
    expect(await make({ ...telegram, config: { botToken: "123456:abcd" } })).toMatchObject({
      config: { botTokenHint: "" },
    })
  })

  test("serves nobody unless told whom", async () => {
    expect(await make({ ...telegram, config: { botToken } })).toMatchObject({ config: { allowedUserIds: [] } })
  })

  test.each([
    ["another kind", { ...telegram, kind: "pigeon" }],
    ["no bot token", { ...telegram, config: {} }],
    ["a token that would leave its place in an address", { ...telegram, config: { botToken: "1:a/../../x" } }],
    ["a negative user id", { ...telegram, config: { botToken, allowedUserIds: [-5] } }],
    ["a user name for an id", { ...telegram, config: { botToken, allowedUserIds: ["@ada"] } }],
    ["no name", { ...telegram, name: "" }],
  ])("refuses %s and stores nothing", async (_, body) => {
    const response = await channels("", { body })
    expect(await response.clone().text()).not.toContain("secret-of-the-bot")
    expect(await outcome(response)).toBe("400 invalid_body")
    expect(await (await channels()).json()).toEqual({ data: [], nextCursor: null })
  })

  test("stands even when its object does not answer, and says so", async () => {
    edge.objects.failNext("channel.refresh", new Error(`connect to https://api.telegram.org/bot${botToken}/getMe`))
    const response = await channels("", { body: telegram })
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({
      status: "failing",
      problem: expect.stringContaining("does not answer"),
    })
    expect(JSON.stringify(edge.logs)).toContain("channel_unavailable")
    expect(JSON.stringify(edge.logs)).not.toContain("secret-of-the-bot")
  })
})

describe("change", () => {
  test("keeps the secrets unless a new token comes", async () => {
    const { id } = await make()
    const before = await secrets(id)
    const response = await change(id, { name: "Sales", enabled: false, config: { allowedUserIds: [7] } })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      name: "Sales",
      enabled: false,
      config: { allowedUserIds: [7], botTokenHint: "wxyz" },
    })
    expect(await secrets(id)).toMatchObject({ secret: before.secret, webhook: before.webhook })
    expect(refreshes()).toEqual([id, id])
  })

  test("of the bot makes a new web hook secret too", async () => {
    const { id } = await make()
    const before = await secrets(id)
    const view = await (await change(id, { config: { botToken: "654321:AAE-other-token-abcd" } })).json()
    expect(view.config).toEqual({ allowedUserIds: [42, 43], approverUserIds: null, botTokenHint: "abcd" })
    const now = await secrets(id)
    expect(now.secret).toEqual({ botToken: "654321:AAE-other-token-abcd" })
    expect(now.webhook).not.toBe(before.webhook)
  })

  test("loses nothing when two change different fields at once", async () => {
    const { id } = await make()
    await Promise.all([change(id, { name: "N" }), change(id, { enabled: false })])
    expect(await (await channels(`/${id}`)).json()).toMatchObject({ name: "N", enabled: false })
  })

  test("refuses nonsense", async () => {
    const { id } = await make()
    expect(await outcome(change(id, { enabled: "no" }))).toBe("400 invalid_body")
  })
})

describe("list, get, delete", () => {
  test("lists in pages with live status, though one object fails", async () => {
    const ids: string[] = []
    for (let number = 0; number < 3; number += 1) {
      ids.push((await make()).id)
      edge.advance(1)
    }
    edge.objects.failNext("channel.status", "peer_unavailable")
    const first = await (await channels("?limit=2")).json()
    expect(first.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2))
    expect(first.data.map(({ status }: { status: string }) => status)).toEqual(["failing", "connected"])
    expect(await (await channels(`?after=${first.nextCursor}`)).json()).toMatchObject({
      data: [{ id: ids[2] }],
      nextCursor: null,
    })
    expect(await outcome(channels("?after=x"))).toBe("400 invalid_cursor")
  })

  test("deletes and disconnects", async () => {
    const { id } = await make()
    expect((await channels(`/${id}`, { method: "DELETE" })).status).toBe(204)
    expect(refreshes()).toEqual([id, id])
    expect(await outcome(channels(`/${id}`, { method: "DELETE" }))).toBe("404 channel_not_found")
  })

  test.each([unknown, "nonsense"])("knows no channel %s", async (id) => {
    expect(await outcome(channels(`/${id}`))).toBe("404 channel_not_found")
    expect(await outcome(change(id, { name: "x" }))).toBe("404 channel_not_found")
    expect(await outcome(channels(`/${id}`, { method: "DELETE" }))).toBe("404 channel_not_found")
    expect(edge.objects.calls).toEqual([])
  })

  test("are for those with the scope", async () => {
    const viewer = await edge.addUser("vic", "viewer")
    expect((await channels("", { bearer: viewer.session })).status).toBe(200)
    expect(await outcome(channels("", { bearer: viewer.session, body: telegram }))).toBe("403 role_forbidden")
    const { token } = await edge.addToken(viewer.id, ["chat"])
    expect(await outcome(channels("", { bearer: token }))).toBe("403 scope_missing")
  })
})
