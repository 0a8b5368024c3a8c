import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { loop as sampleLoop, projection } from "../../adapters/store/samples.ts"
import { LoopError } from "../../core/errors.ts"
import { ChoiceId, TurnId, UserId } from "../../core/units.ts"
import { textStream } from "../testing/fake-objects.ts"
import { type Edge, openEdge, outcome, type Sent } from "../testing/edge.ts"

let edge: Edge
let ada: { id: string; session: string }
let bob: { session: string }
beforeEach(async () => {
  edge = await openEdge()
  ada = await edge.addUser("ada", "operator")
  bob = await edge.addUser("bob", "operator")
})
afterEach(() => edge.close())

const send = (path: string, sent: Sent = {}) => edge.fetch(`/api/v1/loops${path}`, { bearer: ada.session, ...sent })
async function newLoop(body: object = {}): Promise<string> {
  const response = await send("", { body })
  expect(response.status).toBe(201)
  return (await response.json()).id
}
const events = async (response: Response) => (await response.text()).split("\n\n").filter((event) => event !== "")

describe("create", () => {
  test("answers the loop as the contract says", async () => {
    const response = await send("", { body: { title: " Plans ", metadata: { a: "b" } } })
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({
      id: expect.stringMatching(/^loop_[0-9a-f]{32}$/),
      title: "Plans",
      created_at: "2026-09-21T14:13:20.000Z",
      created_by: "ada",
      archived: false,
      archived_at: null,
      metadata: { a: "b" },
      profiles: [],
      vault: "default",
      repo: null,
    })
  })

  test("needs no body, and calls a loop without title untitled", async () => {
    const response = await send("", { method: "POST" })
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({ title: "untitled" })
  })

  test("drops fields that it does not know", async () => {
    const response = await send("", { body: { title: "x", colour: "red", id: `loop_${"0".repeat(32)}` } })
    expect(await response.json()).not.toHaveProperty("colour")
  })

  test("takes an agent group that exists and no other", async () => {
    const { session } = await edge.addUser("root", "admin")
    await edge.fetch("/api/agent-groups", { bearer: session, body: { name: "support" } })
    expect((await send("", { body: { profiles: ["support"] } })).status).toBe(201)
    expect(await outcome(send("", { body: { profiles: ["nobody"] } }))).toBe("400 unsupported_field")
  })

  test.each([
    ["more profiles", { profiles: ["a", "b"] }],
    ["a vault", { vault: "team" }],
    ["a repo", { repo: "https://example.com/x.git" }],
  ])("refuses %s rather than ignoring it", async (_, body) => {
    expect(await outcome(send("", { body }))).toBe("400 unsupported_field")
    expect(edge.objects.calls).toEqual([])
  })

  test.each([
    ["a title over 200 characters", { title: "x".repeat(201) }],
    ["a title that is no text", { title: 5 }],
    ["metadata of numbers", { metadata: { a: 1 } }],
    ["metadata over 16 KB", { metadata: { a: "ä".repeat(8_192) } }],
  ])("refuses %s and names the field", async (_, body) => {
    const response = await send("", { body })
    const { error } = await response.clone().json()
    expect(await outcome(response)).toBe("400 invalid_body")
    expect(error.message).toContain(`(${Object.keys(body)[0]}`)
  })

  test("tells when its object does not answer", async () => {
    edge.objects.failNext("conversation.create", "peer_unavailable")
    expect(await outcome(send("", { body: {} }))).toBe("503 peer_unavailable")
  })
})

describe("get, archive, interrupt", () => {
  test("a single loop shows what runs", async () => {
    const id = await newLoop()
    expect(await (await send(`/${id}`)).json()).toMatchObject({
      id,
      busy: false,
      queue_depth: 0,
      turn_count: 0,
      current_turn: null,
    })
    edge.objects.turn = {
      turnId: TurnId.parse(`turn_${id}_1`),
      startedAt: edge.now(),
      pendingChoiceId: ChoiceId.parse(`choice_${id}_1_1`),
    }
    expect(await (await send(`/${id}`)).json()).toMatchObject({
      busy: true,
      current_turn: {
        turn_id: `turn_${id}_1`,
        started_at: "2026-09-21T14:13:20.000Z",
        pending_choice_id: `choice_${id}_1_1`,
      },
    })
  })

  test("archiving stops and keeps", async () => {
    const id = await newLoop()
    expect((await send(`/${id}`, { method: "DELETE" })).status).toBe(204)
    expect(await (await send(`/${id}`)).json()).toMatchObject({ archived: true, archived_at: expect.any(String) })
    expect(await outcome(send(`/${id}/messages`, { body: { content: "hi" } }))).toBe("400 loop_archived")
  })

  test("interrupting is accepted", async () => {
    const id = await newLoop()
    expect((await send(`/${id}/interrupt`, { method: "POST" })).status).toBe(202)
    expect(edge.objects.calls.at(-1)).toMatchObject({ name: "conversation.interrupt", id })
  })

  const each: [string, (id: string) => [string, Sent]][] = [
    ["get", (id) => [`/${id}`, {}]],
    ["archive", (id) => [`/${id}`, { method: "DELETE" }]],
    ["send", (id) => [`/${id}/messages`, { body: { content: "hi" } }]],
    ["watch", (id) => [`/${id}/events`, {}]],
    ["answer", (id) => [`/${id}/choices/choice_${id}_1_1`, { body: { allow: true } }]],
    ["interrupt", (id) => [`/${id}/interrupt`, { method: "POST" }]],
  ]
  test.each(each)("%s is for the owner, and unknown ids are 404", async (_, request) => {
    const id = await newLoop()
    const [path, sent] = request(id)
    expect(await outcome(send(path, { ...sent, bearer: bob.session }))).toBe("403 not_loop_owner")
    for (const unknown of [`loop_${"0".repeat(32)}`, "nonsense", `conv_${"0".repeat(32)}`, "..%2f..%2fme"]) {
      const [elsewhere] = request(unknown)
      expect(await outcome(send(elsewhere, sent))).toBe("404 loop_not_found")
    }
  })

  test.each(each)("%s needs the scope chat", async (_, request) => {
    const id = await newLoop()
    const [path, sent] = request(id)
    const viewer = await edge.addUser("vic", "viewer")
    const { token } = await edge.addToken(viewer.id, ["agents:read"])
    expect(await outcome(send(path, { ...sent, bearer: token }))).toBe("403 scope_missing")
    expect(await outcome(send(path, { ...sent, bearer: viewer.session }))).toBe("403 role_forbidden")
    const { token: chat } = await edge.addToken(viewer.id, ["chat"])
    expect(await outcome(send(path, { ...sent, bearer: chat }))).toBe("403 role_forbidden")
  })
})

describe("list", () => {
  async function project(...numbers: number[]) {
    const rows = numbers.map((number) => sampleLoop(number, { ownerId: UserId.parse(ada.id) }))
    await edge.libsql.project(projection({ conversations: rows }))
    return rows.map(({ id }) => id)
  }

  test("gives one's own loops in pages, the newest activity first", async () => {
    const ids = (await project(1, 2, 3)).toReversed()
    const all = await (await send("")).json()
    expect(all.data.map(({ id }: { id: string }) => id)).toEqual(ids)
    expect(all).toMatchObject({ first_id: ids[0], last_id: ids[2], has_more: false })
    expect(all.data[0]).toMatchObject({ created_by: "ada", vault: "default" })
    const first = await (await send("?limit=2")).json()
    expect(first).toMatchObject({ last_id: ids[1], has_more: true })
    const second = await (await send(`?limit=2&after=${ids[1]}`)).json()
    expect(second).toMatchObject({ first_id: ids[2], has_more: false })
    const back = await (await send(`?limit=1&before=${ids[2]}`)).json()
    expect(back).toMatchObject({ first_id: ids[1], has_more: true })
    expect(await (await send("", { bearer: bob.session })).json()).toEqual({
      data: [],
      first_id: null,
      last_id: null,
      has_more: false,
    })
  })

  test.each(["limit=0", "limit=101", "limit=x", "limit=-1", "archived=maybe", "after=a&before=b"])(
    "refuses ?%s",
    async (query) => {
      expect(await outcome(send(`?${query}`))).toBe("400 invalid_query")
    },
  )

  test("refuses a cursor that names no loop of the caller", async () => {
    expect(await outcome(send("?after=nonsense"))).toBe("400 invalid_cursor")
    expect(await outcome(send(`?after=loop_${"0".repeat(32)}`))).toBe("400 invalid_cursor")
    const [id] = await project(1)
    expect(await outcome(send(`?after=${id}`, { bearer: bob.session }))).toBe("400 invalid_cursor")
  })
})

describe("messages", () => {
  test("are accepted first, then their turn is streamed", async () => {
    const id = await newLoop()
    edge.objects.nextStream = textStream(
      'event: started\nid: 1.1\ndata: {"turn_id":"t"}\n\n',
      "event: done\ndata: {}\n\n",
    )
    const response = await send(`/${id}/messages`, { body: { content: "hello", permission_mode: "plan" } })
    expect(response.status).toBe(200)
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8")
    expect(response.headers.get("cache-control")).toBe("no-store")
    expect(response.headers.get("x-accel-buffering")).toBe("no")
    expect(await events(response)).toEqual(['event: started\nid: 1.1\ndata: {"turn_id":"t"}', "event: done\ndata: {}"])
    const [accepted] = edge.objects.accepted
    expect(accepted).toMatchObject({
      id,
      message: {
        externalId: expect.stringMatching(/^api:[0-9a-f]{32}$/),
        text: "hello",
        permissionMode: "plan",
        whileBusy: "queue",
        tainted: false,
        source: { kind: "api", userId: ada.id },
      },
    })
    expect(edge.objects.watches).toEqual([{ viewer: ada.id, externalId: accepted?.message.externalId }])
  })

  test.each([
    ["nothing", undefined],
    ["an empty object", {}],
    ["empty content", { content: "" }],
    ["only spaces", { content: " \n\t\u00a0\u2003 " }],
    ["only characters without a shape", { content: "\u200b\ufeff\u0000\u2060" }],
  ])("with %s are refused as missing content", async (_, body) => {
    const id = await newLoop()
    expect(await outcome(send(`/${id}/messages`, { method: "POST", body }))).toBe("400 missing_content")
    expect(edge.objects.accepted).toEqual([])
  })

  test("are taken up to 1 MB of UTF-8 and not beyond", async () => {
    const id = await newLoop()
    const most = "ä".repeat(524_288)
    expect((await send(`/${id}/messages`, { body: { content: most } })).status).toBe(200)
    expect(edge.objects.accepted[0]?.message.text).toBe(most)
    expect(await outcome(send(`/${id}/messages`, { body: { content: `${most}a` } }))).toBe("400 content_too_large")
  })

  test("are taken at 1 MB even from a client that escapes all but ASCII", async () => {
    const id = await newLoop()
    const body = `{"content":"${"\\u0431".repeat(524_288)}"}`
    expect(body.length).toBeGreaterThan(3_000_000)
    expect((await send(`/${id}/messages`, { body })).status).toBe(200)
  })

  test("of 10 MB are refused without being read", async () => {
    const id = await newLoop()
    let pulled = 0
    const chunk = new Uint8Array(65_536).fill(97)
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += chunk.length
        controller.enqueue(chunk)
        if (pulled >= 10_000_000) controller.close()
      },
    })
    const headers = {
      "content-type": "application/json",
      host: "localhost:3000",
      authorization: `Bearer ${ada.session}`,
    }
    const url = `http://localhost:3000/api/v1/loops/${id}/messages`
    const sent = { method: "POST", headers, body: stream, duplex: "half" }
    expect(await outcome(edge.raw(new Request(url, sent)))).toBe("400 content_too_large")
    expect(pulled).toBeLessThan(4_000_000)
    expect(edge.objects.accepted).toEqual([])
  })

  test.each([
    ["a number", { content: 5 }],
    ["null", { content: null }],
    ["half a surrogate pair", '{"content":"a\\ud83d"}'],
    ["a NUL among letters", { content: "a\u0000b" }],
    ["an array for a body", []],
  ])("with %s are refused as invalid", async (_, body) => {
    const id = await newLoop()
    expect(await outcome(send(`/${id}/messages`, { body }))).toBe("400 invalid_body")
  })

  test.each(["bypassPermissions", "acceptEdits", "auto", ""])("may not loosen to %j", async (permission_mode) => {
    const id = await newLoop()
    const body = { content: "hi", permission_mode }
    expect(await outcome(send(`/${id}/messages`, { body }))).toBe("403 permission_mode_forbidden")
  })

  test("with the same Idempotency-Key are one message, and another body is refused", async () => {
    const id = await newLoop()
    const headers = { "idempotency-key": "k1" }
    for (let time = 0; time < 3; time += 1) {
      edge.objects.nextStream = textStream("event: done\ndata: {}\n\n")
      expect((await send(`/${id}/messages`, { headers, body: { content: "hi" } })).status).toBe(200)
    }
    expect(edge.objects.accepted).toHaveLength(1)
    expect(new Set(edge.objects.watches.map(({ externalId }) => externalId)).size).toBe(1)
    const other = { headers, body: { content: "other" } }
    expect(await outcome(send(`/${id}/messages`, other))).toBe("409 idempotency_key_reused")
    const otherMode = { headers, body: { content: "hi", permission_mode: "plan" } }
    expect(await outcome(send(`/${id}/messages`, otherMode))).toBe("409 idempotency_key_reused")
  })

  test("mean the same when the mode is left out and when it is default", async () => {
    const id = await newLoop()
    const headers = { "idempotency-key": "k1" }
    await send(`/${id}/messages`, { headers, body: { content: "hi" } })
    const named = { headers, body: { permission_mode: "default", content: "hi" } }
    edge.objects.nextStream = textStream()
    expect((await send(`/${id}/messages`, named)).status).toBe(200)
  })

  test("keep one person's Idempotency-Key apart from another's", async () => {
    const id = await newLoop()
    await send(`/${id}/messages`, { headers: { "idempotency-key": "k1" }, body: { content: "hi" } })
    const other = await (await send("", { bearer: bob.session, body: {} })).json()
    edge.objects.nextStream = textStream()
    const sent = { bearer: bob.session, headers: { "idempotency-key": "k1" }, body: { content: "hi" } }
    expect((await send(`/${other.id}/messages`, sent)).status).toBe(200)
    const [first, second] = edge.objects.accepted.map(({ message }) => message.externalId)
    expect(first).toMatch(/^idem:[0-9a-f]{64}$/)
    expect(first).not.toBe(second)
  })

  test.each(["", "x".repeat(257)])("refuse an Idempotency-Key of a wrong length", async (key) => {
    const id = await newLoop()
    const sent = { headers: { "idempotency-key": key }, body: { content: "hi" } }
    expect(await outcome(send(`/${id}/messages`, sent))).toBe("400 invalid_header")
  })

  test("are refused with a status when the queue is full or the disk is", async () => {
    const id = await newLoop()
    edge.objects.failNext("conversation.accept", "queue_full")
    expect(await outcome(send(`/${id}/messages`, { body: { content: "hi" } }))).toBe("429 queue_full")
    edge.objects.failNext("conversation.accept", new LoopError("storage_failed"))
    expect(await outcome(send(`/${id}/messages`, { body: { content: "hi" } }))).toBe("503 storage_failed")
  })

  test("that came from a page go by the cookie with our Origin only", async () => {
    const id = await newLoop()
    const forged = { bearer: undefined, cookie: ada.session, origin: "https://evil.example", body: { content: "hi" } }
    expect(await outcome(edge.fetch(`/api/v1/loops/${id}/messages`, forged))).toBe("403 origin_forbidden")
    expect(edge.objects.accepted).toEqual([])
  })
})

describe("events", () => {
  test("resume after the Last-Event-ID header, which is newer than the query", async () => {
    const id = await newLoop()
    await send(`/${id}/events?last_event_id=1.1`)
    edge.objects.nextStream = textStream()
    await send(`/${id}/events?last_event_id=1.1`, { headers: { "last-event-id": "2.7" } })
    expect(edge.objects.watches).toEqual([
      { viewer: ada.id, lastEventId: "1.1" },
      { viewer: ada.id, lastEventId: "2.7" },
    ])
  })

  test("are not opened to be thrown away", async () => {
    const id = await newLoop()
    const response = await send(`/${id}/events`, { method: "HEAD" })
    expect(response.status).toBe(405)
    expect(response.headers.get("allow")).toBe("GET")
    expect(edge.objects.watches).toEqual([])
    expect(edge.timers.size).toBe(0)
  })

  test("refuse an id that none of ours has", async () => {
    const id = await newLoop()
    expect(await outcome(send(`/${id}/events`, { headers: { "last-event-id": "x" } }))).toBe("400 invalid_header")
    expect(await outcome(send(`/${id}/events?last_event_id=x`))).toBe("400 invalid_query")
  })

  test("carry pings in between and stop watching when the reader leaves", async () => {
    const id = await newLoop()
    let left: unknown
    edge.objects.nextStream = new ReadableStream({ cancel: (reason) => void (left = reason) })
    const response = await send(`/${id}/events`)
    const reader = response.body?.getReader()
    const [timer] = edge.timers
    expect(timer?.intervalMs).toBe(15_000)
    timer?.tick()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("event: ping\ndata: {}\n\n")
    await reader?.cancel("gone")
    expect(left).toBe("gone")
    expect(edge.timers.size).toBe(0)
  })
})

describe("choices", () => {
  const ask = (id: string) => {
    const pendingChoiceId = ChoiceId.parse(`choice_${id}_1_1`)
    edge.objects.turn = { turnId: TurnId.parse(`turn_${id}_1`), startedAt: edge.now(), pendingChoiceId }
    return pendingChoiceId
  }

  test("are answered, and the source is told apart", async () => {
    const id = await newLoop()
    const choice = ask(id)
    const body = { allow: true }
    expect((await send(`/${id}/choices/${choice}`, { body })).status).toBe(202)
    const page = await edge.fetch(`/api/v1/loops/${id}/choices/${choice}`, { cookie: ada.session, body })
    expect(page.status).toBe(202)
    const answers = edge.objects.calls.filter(({ name }) => name === "conversation.answer")
    expect(answers.map(({ input }) => input)).toEqual([
      { viewer: ada.id, choiceId: choice, answer: body, source: "api", by: { id: ada.id, name: "ada" } },
      { viewer: ada.id, choiceId: choice, answer: body, source: "web", by: { id: ada.id, name: "ada" } },
    ])
  })

  test("that are unknown or answered are 404", async () => {
    const id = await newLoop()
    const body = { allow: true }
    for (const choice of [`choice_${id}_9_9`, "nonsense"]) {
      expect(await outcome(send(`/${id}/choices/${choice}`, { body }))).toBe("404 choice_not_found")
    }
  })

  test.each([{}, { allow: "yes" }, { answers: { a: 1 } }, { answers: [] }])("refuse the answer %j", async (body) => {
    const id = await newLoop()
    expect(await outcome(send(`/${id}/choices/${ask(id)}`, { body }))).toBe("400 invalid_body")
  })

  test("tell when the answer does not fit the question", async () => {
    const id = await newLoop()
    edge.objects.failNext("conversation.answer", "choice_answer_invalid")
    const body = { answers: { a: "b" } }
    expect(await outcome(send(`/${id}/choices/${ask(id)}`, { body }))).toBe("400 choice_answer_invalid")
  })
})
