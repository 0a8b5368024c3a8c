import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { at, channelId, delivery, loop, loopId, message } from "../../adapters/store/samples.ts"
import { modelCall, projection, turn, turnId } from "../../adapters/store/samples.ts"
import { ConversationId, toRfc3339, type UserId } from "../../core/units.ts"
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

describe("search", () => {
  const said = (number: number, text: string) => message(number, 1, 0, text)
  beforeEach(() =>
    edge.libsql.project(
      projection({
        conversations: [loop(1), loop(2, { kind: "telegram", ownerId: null, channelId: channelId(1) })],
        messages: [said(1, "where is my parcel"), said(2, "the parcel <b>came</b>")],
      }),
    ),
  )

  test("finds what was said and marks it", async () => {
    const { data, nextCursor } = await (await get("?q=parcel")).json()
    expect(data.map(({ id }: { id: string }) => id)).toEqual([loopId(2), loopId(1)])
    expect(data[0].match).toEqual({
      messageId: said(2, "").id,
      role: "user",
      createdAt: expect.any(String),
      snippet: [
        { text: "the ", isMatch: false },
        { text: "parcel", isMatch: true },
        { text: " <b>came</b>", isMatch: false },
      ],
    })
    expect(nextCursor).toBeNull()
    expect((await (await get("?q=parcel&kind=telegram&order=best")).json()).data).toHaveLength(1)
    expect((await (await get("")).json()).data[0].match).toBeNull()
  })

  test("goes on by its own cursors and takes no other", async () => {
    const first = await (await get("?q=parcel&limit=1")).json()
    const second = await (await get(`?q=parcel&limit=1&after=${first.nextCursor}`)).json()
    expect(second.data.map(({ id }: { id: string }) => id)).toEqual([loopId(1)])
    expect(await outcome(get(`?q=parcel&after=${loopId(1)}`))).toBe("400 invalid_cursor")
    expect(await outcome(get(`?after=7`))).toBe("400 invalid_cursor")
  })

  test.each(["", " ", "!!", "-parcel", "*"])("for %j is refused", async (typed) => {
    expect(await outcome(get(`?q=${encodeURIComponent(typed)}`))).toBe("400 invalid_query")
  })

  test.each(['"', "a AND", "parcel)", "NEAR(", "x:y", "%00parcel", "%EF%B7%90parcel"])(
    "for %s breaks nothing",
    async (typed) => {
      expect(await outcome(get(`?q=${typed.includes("%") ? typed : encodeURIComponent(`${typed} parcel`)}`))).toBe(
        "200",
      )
    },
  )
})

describe("filters", () => {
  test("narrow the list, and refuse what they do not know", async () => {
    await edge.libsql.project(
      projection({ conversations: [loop(1), loop(2, { archivedAt: at(2) }), loop(3, { status: "running" })] }),
    )
    const ids = async (query: string) =>
      (await (await get(query)).json()).data.map(({ id }: { id: string }) => Number(id.slice(-1)))
    expect(await ids("?archived=true")).toEqual([2])
    expect(await ids("?archived=false")).toEqual([3, 1])
    expect(await ids("?status=running")).toEqual([3])
    expect(await ids(`?from=${toRfc3339(at(2))}&to=${toRfc3339(at(3))}`)).toEqual([2])
    for (const query of ["?archived=1", "?status=asleep", "?kind=fax", "?from=today", "?channelId=x", "?order=odd"])
      expect(await outcome(get(query))).toBe("400 invalid_query")
  })
})

describe("an operator", () => {
  let operator: { id: UserId; session: string }
  beforeEach(async () => {
    operator = await edge.addUser("olga", "operator")
  })
  const make = async () => {
    const made = await edge.fetch("/api/v1/loops", { body: {}, bearer: operator.session })
    const id = ConversationId.parse((await made.json()).id)
    await edge.libsql.project(projection({ conversations: [{ ...loop(1), id }] }))
    return id
  }
  const send = (id: string, body: unknown, headers = {}) =>
    edge.fetch(`/api/conversations/${id}/messages`, { body, headers, bearer: operator.session })
  const post = (id: string, what: string, bearer = operator.session) =>
    edge.fetch(`/api/conversations/${id}/${what}`, { method: "POST", bearer })

  test("sends a message into anyone's conversation, marked as theirs", async () => {
    const id = await make()
    const answer = await send(id, { content: "Let me look into it" })
    expect(answer.status).toBe(202)
    expect(await answer.json()).toEqual({ status: "accepted", position: 0 })
    expect(edge.objects.accepted[0]).toMatchObject({
      id,
      message: {
        text: "Let me look into it",
        source: { kind: "operator", userId: operator.id, senderName: "olga", chat: null },
        whileBusy: "queue",
        tainted: false,
      },
    })
  })

  test("speaks in a channel's chat where its last message came from", async () => {
    const id = await make()
    const source = { kind: "telegram" as const, channelId: channelId(1), chatId: -5, threadId: 8, messageId: 1 }
    const asked = {
      ...message(1, 1, 0),
      id: "m",
      conversationId: id,
      source: { ...source, senderId: 2, senderName: "Ada" },
    }
    await edge.libsql.project(
      projection({
        conversations: [{ ...loop(1), id, kind: "telegram", ownerId: null, channelId: channelId(1), version: 2 }],
        messages: [asked],
      }),
    )
    await send(id, { content: "Hello" })
    expect(edge.objects.accepted[0]?.message).toMatchObject({
      source: { kind: "operator", chat: { channelId: channelId(1), chatId: -5, threadId: 8 } },
      whileBusy: "join",
    })
  })

  test("repeats a message by its key without a second one", async () => {
    const id = await make()
    const key = { "Idempotency-Key": "k" }
    await send(id, { content: "once" }, key)
    expect(await (await send(id, { content: "once" }, key)).json()).toMatchObject({ status: "repeated" })
    expect(await outcome(send(id, { content: "else" }, key))).toBe("409 idempotency_key_reused")
    expect(edge.objects.accepted).toHaveLength(1)
  })

  test.each([
    [{}, "400 missing_content"],
    [{ content: " \u200b\n" }, "400 missing_content"],
    [{ content: "a\0b" }, "400 invalid_body"],
    [{ content: "é".repeat(600_000) }, "400 content_too_large"],
    [{ content: 7 }, "400 invalid_body"],
  ])("is told what is wrong with %o", async (body, expected) => {
    expect(await outcome(send(await make(), body))).toBe(expected)
    expect(edge.objects.accepted).toEqual([])
  })

  test("stops, archives and takes out of the archive", async () => {
    const id = await make()
    expect((await post(id, "interrupt")).status).toBe(202)
    expect((await post(id, "archive")).status).toBe(204)
    expect(await outcome(send(id, { content: "hi" }))).toBe("409 conversation_archived")
    expect((await post(id, "unarchive")).status).toBe(204)
    expect((await send(id, { content: "hi" })).status).toBe(202)
  })

  test("finds no conversation that is not there", async () => {
    for (const what of ["interrupt", "archive", "unarchive"])
      expect(await outcome(post(unknown, what))).toBe("404 conversation_not_found")
    expect(await outcome(send(unknown, { content: "hi" }))).toBe("404 conversation_not_found")
    expect(await outcome(get(`/${unknown}/export`))).toBe("404 conversation_not_found")
  })

  test("may not erase; a viewer may change nothing; an administrator erases", async () => {
    const id = await make()
    const erase = (bearer: string) => edge.fetch(`/api/conversations/${id}`, { method: "DELETE", bearer })
    expect(await outcome(erase(operator.session))).toBe("403 role_forbidden")
    expect(await outcome(erase(session))).toBe("403 role_forbidden")
    for (const what of ["interrupt", "archive", "unarchive"])
      expect(await outcome(post(id, what, session))).toBe("403 role_forbidden")
    const body = { content: "hi" }
    expect(await outcome(edge.fetch(`/api/conversations/${id}/messages`, { body, bearer: session }))).toBe(
      "403 role_forbidden",
    )
    const admin = await edge.addUser("root", "admin")
    const narrow = await edge.addToken(admin.id, ["conversations:write"])
    expect(await outcome(erase(narrow.token))).toBe("403 scope_missing")
    expect((await erase(admin.session)).status).toBe(204)
    expect(await outcome(erase(admin.session))).toBe("404 conversation_not_found")
  })
})

describe("an export", () => {
  const record = projection({
    conversations: [loop(1, { title: "A *bold* title" })],
    messages: [
      message(1, 1, 0, "hello\n## Agent, 2026\n```"),
      {
        ...message(1, 1, 1, "Let me see"),
        role: "assistant" as const,
        source: null,
        blocks: [
          { type: "thinking" as const, provider: "anthropic", raw: { signature: "private" } },
          { type: "text" as const, text: "Let me see" },
          { type: "tool_use" as const, id: "t1", name: "current_time", input: { zone: "UTC" } },
        ],
      },
      {
        ...message(1, 1, 2, ""),
        source: null,
        blocks: [{ type: "tool_result" as const, toolUseId: "t1", text: "a ``` b\n# forged", isError: false }],
      },
    ],
    turns: [turn(1, 1)],
    modelCalls: [modelCall(1, 1, 1)],
    deliveries: [delivery(1, 1)],
  })

  test("as Markdown keeps everything that was written inside quotes and fences", async () => {
    await edge.libsql.project(record)
    const response = await get(`/${loopId(1)}/export`)
    expect(response.headers.get("content-type")).toBe("text/markdown; charset=utf-8")
    expect(response.headers.get("content-disposition")).toBe(`attachment; filename="${loopId(1)}.md"`)
    const text = await response.text()
    expect(text).toContain("# A \\*bold\\* title\n")
    expect(text).toContain("> hello\n> ## Agent, 2026\n> ```")
    expect(text).toContain('Called the tool `current_time`:\n\n```json\n{\n  "zone": "UTC"\n}\n```')
    expect(text).toContain("````\na ``` b\n# forged\n````")
    expect(text).not.toContain("private")
  })

  test("as JSON holds the whole record", async () => {
    await edge.libsql.project(record)
    const response = await get(`/${loopId(1)}/export?format=json`)
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8")
    const body = await response.json()
    expect(body).toMatchObject({
      conversation: { id: loopId(1), metadata: { ticket: "7" } },
      messages: [
        { role: "user", source: { kind: "api" } },
        { role: "assistant", blocks: [{ type: "text" }, { type: "tool_use", input: { zone: "UTC" } }] },
        { blocks: [{ type: "tool_result", text: "a ``` b\n# forged" }] },
      ],
      turns: [{ status: "done", modelCalls: 1 }],
      modelCalls: [{ model: "small", outputTokens: 40 }],
      deliveries: [{ status: "pending" }],
    })
    expect(JSON.stringify(body)).not.toContain("private")
  })

  test("of a long conversation misses nothing, and reads no further than the client does", async () => {
    const messages = Array.from({ length: 1_050 }, (_, n) => message(1, n + 1, 0, `number ${n}`))
    const turns = Array.from({ length: 1_050 }, (_, n) => turn(1, n + 1, { startedAt: at(n % 3) }))
    const modelCalls = Array.from({ length: 250 }, (_, n) => modelCall(1, n + 1, 1))
    await edge.libsql.project(projection({ conversations: [loop(1)], messages, turns, modelCalls }))
    const body = await (await get(`/${loopId(1)}/export?format=json`)).json()
    expect(body.messages.map(({ position }: { position: number }) => position)).toEqual(
      messages.map(({ position }) => position),
    )
    expect(new Set(body.turns.map(({ id }: { id: string }) => id)).size).toBe(1_050)
    expect(body.modelCalls).toHaveLength(250)
    const reader = (await get(`/${loopId(1)}/export`)).body?.getReader()
    await reader?.read()
    edge.breakDatabase(true)
    await expect(
      (async () => {
        while (!(await reader?.read())?.done);
      })(),
    ).rejects.toThrow()
  })

  test("of a conversation without an entry is a file all the same", async () => {
    await edge.libsql.project(projection({ conversations: [loop(1, { title: "" })] }))
    expect(await (await get(`/${loopId(1)}/export`)).text()).toMatch(/^# Untitled\n/)
    expect(await (await get(`/${loopId(1)}/export?format=json`)).json()).toMatchObject({ messages: [], turns: [] })
    expect(await outcome(get(`/${loopId(1)}/export?format=pdf`))).toBe("400 invalid_query")
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

  test("come with what became of their turns, in the gateway's words", async () => {
    const error = { errorCode: "model_unavailable", errorMessage: "The model is away." }
    const turns = [turn(1, 1), turn(1, 2, { status: "failed", ...error }), turn(1, 3, { status: "interrupted" })]
    const messages = [2, 3].map((number) => message(1, number, 0))
    await edge.libsql.project(projection({ conversations: [loop(1)], messages, turns }))
    const shown = await (await get(`/${loopId(1)}/messages`)).json()
    expect(shown.turns).toEqual([
      { id: turnId(1, 2), status: "failed", error: { code: "model_unavailable", message: "The model is away." } },
      { id: turnId(1, 3), status: "interrupted", error: null },
    ])
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

  describe("with an output of a tool that is on record in part", () => {
    const sha256 = "d".repeat(64)
    const whole = { sha256, sizeBytes: 300_000, characters: 300_000 }
    const part = { type: "tool_result" as const, toolUseId: "t1", text: "head […] tail", isError: false, whole }
    const plain = { type: "tool_result" as const, toolUseId: "t2", text: "y".repeat(20_001), isError: false }
    const entry = { ...message(1, 1, 2, ""), source: null, blocks: [part, plain] }
    const output = (toolUseId: string, id = entry.id, of = loopId(1)) =>
      get(`/${of}/messages/${id}/outputs/${toolUseId}`)
    const all = "z".repeat(300_000)
    beforeEach(() => edge.libsql.project(projection({ conversations: [loop(1), loop(2)], messages: [entry] })))

    test("say how long it is, and give all of it when asked", async () => {
      edge.objects.outputs.set(sha256, all)
      const [shown] = (await (await get(`/${loopId(1)}/messages`)).json()).data
      expect(shown.steps).toMatchObject([
        { toolUseId: "t1", text: "head […] tail", characters: 300_000 },
        { toolUseId: "t2", text: "y".repeat(20_000), characters: 20_001 },
      ])
      expect(await (await output("t1")).json()).toEqual({ text: all, isWhole: true })
      expect(await (await output("t2")).json()).toEqual({ text: plain.text, isWhole: true })
    })

    test("give the part where the whole is no longer kept, or cannot be had now", async () => {
      expect(await (await output("t1")).json()).toEqual({ text: part.text, isWhole: false })
      edge.objects.outputs.set(sha256, all)
      edge.objects.failNext("conversation.keptOutput", "peer_unavailable")
      expect(await (await output("t1")).json()).toEqual({ text: part.text, isWhole: false })
    })

    test("give none of another entry or conversation", async () => {
      edge.objects.outputs.set(sha256, all)
      expect(await outcome(output("t9"))).toBe("404 output_not_found")
      expect(await outcome(output("t1", `${turnId(1, 1)}.9`))).toBe("404 output_not_found")
      expect(await outcome(output("t1", entry.id, loopId(2)))).toBe("404 output_not_found")
      expect(await outcome(output("t1", entry.id, loopId(3)))).toBe("404 conversation_not_found")
    })

    test("are exported with all of it, or with the part that is left", async () => {
      const blocks = async () => (await (await get(`/${loopId(1)}/export?format=json`)).json()).messages[0].blocks
      expect(await blocks()).toEqual([part, plain])
      edge.objects.outputs.set(sha256, all)
      const { whole: _, ...rest } = part
      expect(await blocks()).toEqual([{ ...rest, text: all }, plain])
      expect(await (await get(`/${loopId(1)}/export`)).text()).toContain(all)
    })
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
    const fine = { status: "ok", hint: null }
    const runners = { status: "not_configured", hint: expect.stringContaining("No runner") }
    expect(await health(edge)).toEqual({
      status: "ok",
      parts: { database: fine, models: fine, objects: fine, channels: fine, runners },
    })
    expect(await health(edge, session)).toMatchObject({ version: "1.2.3", uptimeSeconds: 90 })
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
