import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { channelId, loop, loopId, message, projection } from "../../adapters/store/samples.ts"
import { type Edge, openEdge, outcome } from "../testing/edge.ts"

let edge: Edge
let session: string
beforeEach(async () => {
  edge = await openEdge()
  ;({ session } = await edge.addUser("vic", "viewer"))
})
afterEach(() => edge.close())

const get = (path: string) => edge.fetch(`/api/conversations${path}`, { bearer: session })
const unknown = `loop_${"0".repeat(32)}`

describe("conversations", () => {
  test("of every kind are listed in pages, the newest activity first", async () => {
    const chat = { kind: "telegram" as const, ownerId: null, channelId: channelId(1) }
    await edge.libsql.project(projection({ conversations: [loop(1), loop(2, chat), loop(3)] }))
    const first = await (await get("?limit=2")).json()
    expect(first).toMatchObject({
      data: [
        { id: loopId(3), kind: "loop" },
        { id: loopId(2), kind: "telegram", channelId: channelId(1) },
      ],
      nextCursor: loopId(2),
    })
    expect(first.data[0]).not.toHaveProperty("metadata")
    expect(await (await get(`?after=${first.nextCursor}`)).json()).toMatchObject({
      data: [{ id: loopId(1) }],
      nextCursor: null,
    })
    expect(await outcome(get("?after=x"))).toBe("400 invalid_cursor")
    expect(await outcome(get(`?after=${unknown}`))).toBe("400 invalid_cursor")
    expect(await outcome(get("?limit=1000"))).toBe("400 invalid_query")
  })

  test("are got one by one", async () => {
    await edge.libsql.project(projection({ conversations: [loop(1)] }))
    expect(await (await get(`/${loopId(1)}`)).json()).toMatchObject({ id: loopId(1), title: "loop 1", status: "idle" })
    expect(await outcome(get(`/${unknown}`))).toBe("404 conversation_not_found")
    expect(await outcome(get("/nonsense"))).toBe("404 conversation_not_found")
  })

  test("are not for tokens that may only chat", async () => {
    const { id } = await edge.addUser("ada", "admin")
    const { token } = await edge.addToken(id, ["chat"])
    expect(await outcome(edge.fetch("/api/conversations", { bearer: token }))).toBe("403 scope_missing")
  })
})

describe("messages", () => {
  test("come oldest first from the newest page on, and go back by cursor", async () => {
    const messages = [1, 2, 3, 4, 5].map((place) => message(1, 1, place, `text ${place}`))
    await edge.libsql.project(projection({ conversations: [loop(1)], messages }))
    const path = `/${loopId(1)}/messages`
    const texts = ({ data }: { data: { text: string }[] }) => data.map(({ text }) => text)
    const newest = await (await get(`${path}?limit=2`)).json()
    expect(texts(newest)).toEqual(["text 4", "text 5"])
    const before = await (await get(`${path}?limit=2&before=${newest.nextCursor}`)).json()
    expect(texts(before)).toEqual(["text 2", "text 3"])
    const first = await (await get(`${path}?limit=2&before=${before.nextCursor}`)).json()
    expect(texts(first)).toEqual(["text 1"])
    expect(first.nextCursor).toBeNull()
    expect(await outcome(get(`${path}?before=x`))).toBe("400 invalid_cursor")
    expect(await outcome(get(`/${unknown}/messages`))).toBe("404 conversation_not_found")
  })

  test("show the steps and hide a provider's thinking", async () => {
    const answer = {
      ...message(1, 1, 1, "Let me see"),
      role: "assistant" as const,
      source: null,
      blocks: [
        { type: "thinking" as const, provider: "anthropic", raw: { signature: "private" } },
        { type: "text" as const, text: "Let me see" },
        { type: "tool_use" as const, id: "t1", name: "current_time", input: { zone: "UTC" } },
      ],
    }
    const result = {
      ...message(1, 1, 2, ""),
      source: null,
      blocks: [{ type: "tool_result" as const, toolUseId: "t1", text: "noon", isError: false }],
    }
    await edge.libsql.project(projection({ conversations: [loop(1)], messages: [answer, result] }))
    const body = await (await get(`/${loopId(1)}/messages`)).text()
    expect(JSON.parse(body).data).toMatchObject([
      {
        role: "assistant",
        text: "Let me see",
        steps: [{ type: "tool_call", toolUseId: "t1", tool: "current_time", input: { zone: "UTC" } }],
      },
      { role: "user", text: "", steps: [{ type: "tool_result", toolUseId: "t1", ok: true, text: "noon" }] },
    ])
    expect(body).not.toContain("private")
  })

  test("of a megabyte are cut, whole characters only, and marked", async () => {
    const text = "x".repeat(199_999) + "😀".repeat(400_000)
    await edge.libsql.project(projection({ conversations: [loop(1)], messages: [message(1, 1, 1, text)] }))
    const [shown] = (await (await get(`/${loopId(1)}/messages`)).json()).data
    expect(shown.truncated).toBe(true)
    expect(shown.text).toBe("x".repeat(199_999))
  })
})

describe("health", () => {
  const health = async (own: Edge, bearer?: string) => {
    const response = await own.fetch("/api/health", bearer === undefined ? {} : { bearer })
    expect(response.status).toBe(200)
    return response.json()
  }

  test("tells strangers how it is and no version", async () => {
    edge.advance(90_500)
    expect(await health(edge)).toEqual({
      status: "ok",
      uptimeSeconds: 90,
      parts: { database: { status: "ok", hint: null }, models: { status: "ok", hint: null } },
    })
    expect(await health(edge, session)).toMatchObject({ version: "1.2.3" })
  })

  test("tells exactly what to set where no model can be called", async () => {
    const own = await openEdge({}, { modelProblem: "Set ANTHROPIC_API_KEY in .env, then restart." })
    expect(await health(own)).toMatchObject({
      status: "degraded",
      parts: { models: { status: "not_configured", hint: "Set ANTHROPIC_API_KEY in .env, then restart." } },
    })
    await own.close()
  })

  test("answers while the database is away, to callers with and without a token", async () => {
    edge.breakDatabase(true)
    const away = { status: "degraded", parts: { database: { status: "degraded", hint: expect.any(String) } } }
    expect(await health(edge)).toMatchObject(away)
    expect(await health(edge, session)).toMatchObject(away)
  })
})

test("the API describes itself", async () => {
  const response = await edge.fetch("/api/openapi.json")
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ openapi: "3.1.0", servers: [{ url: "/" }] })
})
