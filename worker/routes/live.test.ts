import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { Scope } from "../../core/access/scope.ts"
import { type Edge, openEdge, outcome, type Sent } from "../testing/edge.ts"

let edge: Edge
beforeEach(async () => {
  edge = await openEdge()
})
afterEach(() => edge.close())

const upgrade = { upgrade: "websocket", connection: "upgrade" }
const ask = (sent: Sent, path = "/api/live") => edge.fetch(path, { ...sent, headers: { ...upgrade, ...sent.headers } })
const tokenOf = async (...scopes: Scope[]) => {
  const { id } = await edge.addUser("ada", "admin")
  return (await edge.addToken(id, scopes)).token
}

describe("a WebSocket of the live feed", () => {
  test("is asked for by a signed-in page of ours, with the number that it has", async () => {
    const { session: cookie } = await edge.addUser("ada", "viewer")
    expect((await ask({ cookie })).status).toBe(101)
    expect((await ask({ cookie }, "/api/live?after=41")).status).toBe(101)
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/)
    expect(edge.objects.upgraded).toEqual([
      { name: "live/main", input: { credential: { kind: "session", hash }, after: null } },
      { name: "live/main", input: { credential: { kind: "session", hash }, after: 41 } },
    ])
  })

  test("is asked for by a program with a token, without any Origin", async () => {
    expect((await ask({ bearer: await tokenOf("agents:read") })).status).toBe(101)
    expect(edge.objects.upgraded).toMatchObject([{ input: { credential: { kind: "token" } } }])
  })

  test.each(["https://evil.example", "null", "http://localhost:3001", "https://localhost:3000"])(
    "is refused to a page of %s, which has the browser send the cookie",
    async (origin) => {
      const { session: cookie } = await edge.addUser("ada", "admin")
      expect(await outcome(ask({ cookie, origin }))).toBe("403 origin_forbidden")
    },
  )

  test("is refused to a cookie without any Origin", async () => {
    const { session: cookie } = await edge.addUser("ada", "admin")
    expect(await outcome(ask({ cookie, origin: null }))).toBe("403 origin_forbidden")
  })

  test("needs credentials, and valid ones", async () => {
    expect(await outcome(ask({}))).toBe("401 missing_credentials")
    expect(await outcome(ask({ bearer: `la_${"0".repeat(48)}` }))).toBe("401 invalid_token")
    const expired = await edge.addToken((await edge.addUser("ada", "admin")).id, ["agents:read"], edge.now())
    expect(await outcome(ask({ bearer: expired.token }))).toBe("401 invalid_token")
  })

  test("needs a scope that reads something of the feed", async () => {
    const response = await ask({ bearer: await tokenOf("chat", "approvals:answer", "access:read", "agents:write") })
    expect(await response.clone().text()).toContain("conversations:read")
    expect(await outcome(response)).toBe("403 scope_missing")
  })

  test.each(["-1", "1.5", "x", "9".repeat(16)])("takes no number like %s", async (after) => {
    expect(await outcome(ask({ bearer: await tokenOf("agents:read") }, `/api/live?after=${after}`))).toBe(
      "400 invalid_query",
    )
  })

  test("is nothing else: a plain request learns what to ask for", async () => {
    const bearer = await tokenOf("agents:read")
    for (const sent of [{}, { headers: { upgrade: "h2c" } }, { method: "HEAD", headers: upgrade }]) {
      const response = await edge.fetch("/api/live", { bearer, ...sent })
      expect(response.status).toBe(426)
      expect(response.headers.get("upgrade")).toBe("websocket")
    }
    expect(await outcome(edge.fetch("/api/live", { bearer, body: {} }))).toBe("405 method_not_allowed")
    expect(edge.objects.upgraded).toEqual([])
  })

  test("counts among the requests of its caller", async () => {
    await edge.close()
    edge = await openEdge({ RATE_LIMIT_PER_MINUTE: "2" })
    const { session: cookie } = await edge.addUser("ada", "admin")
    const answers = [await ask({ cookie }), await ask({ cookie }), await ask({ cookie })]
    expect(answers.map(({ status }) => status)).toEqual([101, 101, 429])
  })
})

describe("the live feed is told by the edge", () => {
  test("of agent groups and channels that were made, changed, bound and deleted, once they are", async () => {
    const { session: cookie } = await edge.addUser("ada", "admin")
    const made = async (path: string, body: unknown) =>
      String(Object(await (await edge.fetch(path, { cookie, body })).json()).id)
    const send = (method: string, path: string, body?: unknown) => edge.fetch(path, { cookie, method, body })
    const groupId = await made("/api/agent-groups", { name: "support" })
    await send("PUT", `/api/agent-groups/${groupId}`, { description: "helps" })
    const config = { botToken: "123456:ABC-DEF", allowedUserIds: [7] }
    const channelId = await made("/api/channels", { kind: "telegram", name: "Home", config })
    await send("PUT", `/api/channels/${channelId}`, { name: "House" })
    await send("DELETE", `/api/channels/${channelId}`)
    await send("DELETE", `/api/agent-groups/${groupId}`)
    await edge.settle()
    const channel = { event: "settings:changed", data: { what: "channel", id: channelId } }
    expect(edge.objects.published).toEqual([
      { event: "group:created", data: { groupId } },
      { event: "group:updated", data: { groupId } },
      channel,
      channel,
      channel,
      { event: "group:deleted", data: { groupId } },
    ])
  })

  test("of nothing that was refused, and its absence hurts nobody", async () => {
    const { session: cookie } = await edge.addUser("ada", "admin")
    const create = () => edge.fetch("/api/agent-groups", { cookie, body: { name: "support" } })
    edge.objects.failNext("live.publish", "peer_unavailable")
    expect((await create()).status).toBe(201)
    expect((await create()).status).toBe(409)
    await edge.settle()
    expect(edge.objects.published).toEqual([])
  })
})
