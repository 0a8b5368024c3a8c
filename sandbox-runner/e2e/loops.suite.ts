/** The loop API over the wire: loops, turns, their streams, and what is refused before anything is stored. */
import { beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { LoopView, LoopWithTurn } from "../../core/api/loops.ts"
import { maxContentBytes } from "../../core/channel/message.ts"
import { enter, makeProgram, type Client, type Sent } from "./client.ts"
import { lastId, outline, shownText, type EventReader } from "./event-reader.ts"
import type { Stage } from "./stage.ts"

const LoopList = z.object({
  data: z.array(LoopView),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
})
const unknownLoop = `loop_${"0".repeat(32)}`

/** A program that drives loops. */
export interface LoopDriver {
  readonly program: Client
  create(fields?: object): Promise<string>
  get(id: string): Promise<LoopWithTurn>
  say(id: string, content: string, sent?: Sent): Promise<EventReader>
}

export async function openLoops({ anyone, transcript }: Stage): Promise<LoopDriver> {
  const program = await makeProgram(await enter(anyone, "login", transcript), transcript)
  return {
    program,
    async create(fields = {}) {
      const answer = await program.send("POST", "/api/v1/loops", { json: fields })
      expect(answer.status).toBe(201)
      return answer.read(LoopView).id
    },
    get: async (id) => (await program.send("GET", `/api/v1/loops/${id}`)).read(LoopWithTurn),
    say: (id, content, sent = {}) =>
      program.open("POST", `/api/v1/loops/${id}/messages`, { json: { content }, ...sent }),
  }
}

export function loopSuite(stage: () => Stage): void {
  let loops: LoopDriver
  let program: Client
  beforeAll(async () => {
    loops = await openLoops(stage())
    program = loops.program
  })

  describe("a loop", () => {
    test("is created with what it was given, read, and archived for good", async () => {
      const id = await loops.create({ title: "A plan", metadata: { ticket: "42" } })
      const view = await loops.get(id)
      expect(view).toMatchObject({ title: "A plan", metadata: { ticket: "42" }, archived: false, vault: "default" })
      expect(view).toMatchObject({ busy: false, queue_depth: 0, turn_count: 0, current_turn: null })
      expect((await program.send("DELETE", `/api/v1/loops/${id}`)).status).toBe(204)
      expect((await loops.get(id)).archived_at).not.toBeNull()
      const late = await program.send("POST", `/api/v1/loops/${id}/messages`, { json: { content: "say: no" } })
      expect(late.outcome).toBe("400 loop_archived")
      const list = async (query: string) => (await program.send("GET", `/api/v1/loops${query}`)).read(LoopList)
      await expect.poll(async () => (await list("?archived=true")).data.map((loop) => loop.id)).toContain(id)
      expect((await list("")).data.map((loop) => loop.id)).not.toContain(id)
    })

    test("is listed newest first, page by page in both directions", async () => {
      const list = async (query: string) => (await program.send("GET", `/api/v1/loops?${query}`)).read(LoopList)
      const made: string[] = []
      for (const title of ["one", "two", "three", "four"]) made.unshift(await loops.create({ title }))
      await expect.poll(async () => (await list("limit=4")).data.map(({ id }) => id)).toEqual(made)
      const first = await list("limit=2")
      expect(first).toMatchObject({ first_id: made[0], last_id: made[1], has_more: true })
      const second = await list(`limit=2&after=${first.last_id}`)
      expect(second.data.map(({ id }) => id)).toEqual(made.slice(2))
      const back = await list(`limit=2&before=${second.first_id}`)
      expect(back.data.map(({ id }) => id)).toEqual(made.slice(0, 2))
    })

    test.each([
      ["/api/v1/loops?limit=0", "400 invalid_query"],
      ["/api/v1/loops?limit=101", "400 invalid_query"],
      ["/api/v1/loops?limit=many", "400 invalid_query"],
      ["/api/v1/loops?after=nothing", "400 invalid_cursor"],
      [`/api/v1/loops?after=${unknownLoop}&before=${unknownLoop}`, "400 invalid_query"],
      [`/api/v1/loops/${unknownLoop}`, "404 loop_not_found"],
      [`/api/v1/loops/${unknownLoop}/events`, "404 loop_not_found"],
      ["/api/v1/loops/loop_x", "404 loop_not_found"],
      ["/api/v1/loops/..%2f..%2fme", "404 loop_not_found"],
      ["/api/v1/nothing", "404 route_not_found"],
    ])("GET %s answers %s", async (path, outcome) => {
      expect((await program.send("GET", path)).outcome).toBe(outcome)
    })
  })

  describe("a turn", () => {
    test("streams from its start to its end, with ids that only grow", async () => {
      const id = await loops.create()
      const stream = await loops.say(id, "Please say: all is well in the house of the rising sun")
      expect(stream.headers.get("cache-control")).toContain("no-store")
      const events = await stream.rest()
      expect(outline(events)).toEqual(["started", "assistant_delta", "done"])
      expect(shownText(events)).toBe("echo: Please say: all is well in the house of the rising sun")
      const numbers = events.map((event) => (event.id ?? "0.0").split(".").map(Number))
      expect(numbers).toEqual(numbers.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0)))
      expect(new Set(events.map((event) => event.id)).size).toBe(events.length)
      expect(await loops.get(id)).toMatchObject({ busy: false, turn_count: 1 })
      expect((await loops.get(id)).title).toMatch(/^Please say/)
    })

    test("shows thinking and tool calls as steps, and runs a tool once", async () => {
      const { lines, model } = stage()
      const id = await loops.create()
      const events = await (
        await loops.say(id, 'tool append_line {"line":"first"}\nthen think: hm\nthen results')
      ).rest()
      expect(outline(events).slice(0, 4)).toEqual(["started", "tool_call", "tool_result", "thinking_delta"])
      expect(outline(events).at(-1)).toBe("done")
      expect(events.find(({ event }) => event === "tool_call")?.data).toMatchObject({
        tool: "append_line",
        input_summary: '{"line":"first"}',
      })
      expect(events.find(({ event }) => event === "tool_result")?.data).toMatchObject({ ok: true })
      expect(lines.lines.filter((line) => line === "first")).toEqual(["first"])
      expect(model.refused).toEqual([])
    })

    test("remembers what was said before", async () => {
      const id = await loops.create()
      await (await loops.say(id, "my cat is called Mia")).rest()
      expect(shownText(await (await loops.say(id, "history")).rest())).toContain("my cat is called Mia")
    })

    test("lets a second message wait, and is stopped by an interrupt", async () => {
      const { model } = stage()
      const id = await loops.create()
      const first = await loops.say(id, "hang")
      await first.until("started")
      await model.waitForRequest(({ lastUserText }) => lastUserText === "hang")
      const second = await loops.say(id, "say: next")
      expect(await second.until("queued")).toMatchObject([{ data: { position: 1 } }])
      const view = await loops.get(id)
      expect(view).toMatchObject({ busy: true, queue_depth: 1 })
      expect((await program.send("POST", `/api/v1/loops/${id}/interrupt`)).status).toBe(202)
      expect(await first.rest()).toMatchObject([
        { event: "interrupted", data: { turn_id: view.current_turn?.turn_id } },
      ])
      const rest = await second.rest()
      expect(outline(rest)).toEqual(["started", "assistant_delta", "done"])
      expect(shownText(rest)).toBe("next")
      expect((await program.send("POST", `/api/v1/loops/${id}/interrupt`)).status).toBe(202)
    })

    test("goes on when its reader leaves, and can be watched by others", async () => {
      const id = await loops.create()
      const sender = await loops.say(id, "slow: one two three four five six seven eight nine ten")
      await sender.until("assistant_delta")
      await sender.close()
      const watcher = await program.open("GET", `/api/v1/loops/${id}/events`)
      const events = await watcher.rest()
      expect(outline(events)[0]).toBe("snapshot")
      expect(events.at(-1)?.event).toBe("done")
      expect(shownText(events)).toBe("one two three four five six seven eight nine ten")
    })

    test("can be taken up where a reader left it, without a gap", async () => {
      const id = await loops.create()
      const content = 'tool append_line {"line":"resumed"}\nthen say: and that was it'
      const whole = await (await loops.say(id, content)).rest()
      const call = whole.findIndex(({ event }) => event === "tool_call")
      const headers = { "last-event-id": lastId(whole.slice(0, call + 1)) }
      const resumed = await (await program.open("GET", `/api/v1/loops/${id}/events`, { headers })).rest()
      expect(outline(resumed)).toEqual(["tool_result", "snapshot", "done"])
      expect(resumed[0]).toEqual(whole[call + 1])
      expect(shownText(resumed)).toBe("and that was it")
    })

    test.each([
      ["fail 400", "model_refused_request"],
      ["refuse: I would rather not", "model_refusal"],
      ["overflow", "context_overflow"],
    ])("that fails (%s) says so in an error event and leaves the loop usable", async (order, code) => {
      const id = await loops.create()
      const events = await (await loops.say(id, order)).rest()
      expect(events.at(-1)).toMatchObject({ event: "error", data: { code, message: expect.stringMatching(/\w/) } })
      expect(shownText(await (await loops.say(id, "say: better now")).rest())).toBe("better now")
    })

    test("is ended by the loop's archiving", async () => {
      const id = await loops.create()
      const stream = await loops.say(id, "hang")
      await stream.until("started")
      expect((await program.send("DELETE", `/api/v1/loops/${id}`)).status).toBe(204)
      expect(outline(await stream.rest())).toEqual(["interrupted"])
    })

    test("takes a message of exactly 1 MB", async () => {
      const order = "\nsay: read it all"
      const content = `${"ж".repeat((maxContentBytes - order.length) / 2)}${order}`.padStart(
        maxContentBytes - Math.floor((maxContentBytes - order.length) / 2),
      )
      expect(Buffer.byteLength(content)).toBe(maxContentBytes)
      const events = await (await loops.say(await loops.create(), content)).rest()
      expect(shownText(events)).toBe("read it all")
      expect(stage().model.requests.at(-1)?.sizeBytes).toBeGreaterThan(maxContentBytes)
    })
  })

  describe("an Idempotency-Key", () => {
    const headers = { "idempotency-key": "once and only once" }

    test("joins the running turn, then replays it; the model is asked once", async () => {
      const { model } = stage()
      const id = await loops.create()
      const content = "slow: this is said one time only"
      const first = await loops.say(id, content, { headers })
      await first.until("assistant_delta")
      const joined = await (await loops.say(id, content, { headers })).rest()
      expect(outline(joined)[0]).toBe("started")
      expect(shownText(joined)).toBe("this is said one time only")
      await first.rest()
      const replay = await (await loops.say(id, content, { headers })).rest()
      expect(replay.map(({ event }) => event)).toEqual(["started", "assistant_delta", "done"])
      expect(shownText(replay)).toBe("this is said one time only")
      expect(model.requests.filter(({ lastUserText }) => lastUserText === content)).toHaveLength(1)
      expect(await loops.get(id)).toMatchObject({ turn_count: 1 })
    })

    test("is bound to its body", async () => {
      const id = await loops.create()
      await (await loops.say(id, "say: one", { headers })).rest()
      const other = { json: { content: "say: two" }, headers }
      expect((await program.send("POST", `/api/v1/loops/${id}/messages`, other)).outcome).toBe(
        "409 idempotency_key_reused",
      )
    })

    test("makes one turn of ten requests at once", async () => {
      const id = await loops.create()
      const streams = await Promise.all(Array.from({ length: 10 }, () => loops.say(id, "say: together", { headers })))
      const texts = await Promise.all(streams.map(async (stream) => shownText(await stream.rest())))
      expect(new Set(texts)).toEqual(new Set(["together"]))
      expect(await loops.get(id)).toMatchObject({ turn_count: 1, queue_depth: 0 })
    })
  })

  describe("a permission mode", () => {
    test("may only tighten: in plan mode the model sees no tools", async () => {
      const { model } = stage()
      const id = await loops.create()
      const say = async (permission_mode: string) => {
        const json = { content: `say: in ${permission_mode}`, permission_mode }
        await (await program.open("POST", `/api/v1/loops/${id}/messages`, { json })).rest()
        return model.requests.at(-1)?.tools.map(({ name }) => name)
      }
      expect(await say("default")).toContain("append_line")
      expect(await say("plan")).toEqual([])
      for (const permission_mode of ["bypassPermissions", "acceptEdits", ""]) {
        const json = { content: "say: no", permission_mode }
        expect((await program.send("POST", `/api/v1/loops/${id}/messages`, { json })).outcome).toBe(
          "403 permission_mode_forbidden",
        )
      }
    })
  })

  describe("bad input", () => {
    let id: string
    beforeAll(async () => {
      id = await loops.create({ title: "untouched" })
    })
    const invalidUtf8 = Uint8Array.from([...Buffer.from('{"content":"'), 0xff, 0xfe, ...Buffer.from('"}')])
    const json = (value: unknown): Sent => ({ json: value })
    const refusals: [string, Sent, string][] = [
      ["malformed JSON", { bytes: '{"content": "say: hi"' }, "400 invalid_json"],
      ["invalid UTF-8", { bytes: invalidUtf8 }, "400 invalid_json"],
      ["half a surrogate pair", { bytes: '{"content":"say: \\ud800"}' }, "400 invalid_body"],
      ["an array", json(["say: hi"]), "400 invalid_body"],
      ["content that is no text", json({ content: 42 }), "400 invalid_body"],
      ["a mode that is no text", json({ content: "say: hi", permission_mode: {} }), "400 invalid_body"],
      ["no content", json({}), "400 missing_content"],
      ["only spaces", json({ content: " \n\t\u00a0\u200b " }), "400 missing_content"],
      ["a byte more than 1 MB", json({ content: "a".repeat(maxContentBytes + 1) }), "400 content_too_large"],
      ["10 MB", json({ content: "a".repeat(10 * 1024 * 1024) }), "400 content_too_large"],
      [
        "another media type",
        { bytes: "say: hi", headers: { "content-type": "text/plain" } },
        "415 unsupported_media_type",
      ],
      [
        "an endless key",
        { ...json({ content: "say: hi" }), headers: { "idempotency-key": "k".repeat(257) } },
        "400 invalid_header",
      ],
      [
        "a position that is none",
        { ...json({ content: "say: hi" }), headers: { "last-event-id": "now" } },
        "400 invalid_header",
      ],
    ]
    test.each(refusals)("%s as a message", async (_, sent, outcome) => {
      expect((await program.send("POST", `/api/v1/loops/${id}/messages`, sent)).outcome).toBe(outcome)
    })

    test.each([
      ["a title that is too long", { title: "t".repeat(201) }, "400 invalid_body"],
      ["metadata that is no text", { metadata: { a: 1 } }, "400 invalid_body"],
      ["metadata that is too large", { metadata: { a: "x".repeat(17_000) } }, "400 invalid_body"],
      ["an agent group that is not there", { profiles: ["nobody"] }, "400 unsupported_field"],
      ["two profiles", { profiles: ["a", "b"] }, "400 unsupported_field"],
      ["a vault", { vault: "mine" }, "400 unsupported_field"],
      ["a repository", { repo: "https://example.org/a.git" }, "400 unsupported_field"],
    ])("%s as a new loop", async (_, body, outcome) => {
      expect((await program.send("POST", "/api/v1/loops", { json: body })).outcome).toBe(outcome)
    })

    test.each([
      ["PATCH", "/api/v1/loops", "405 method_not_allowed"],
      ["POST", `/api/v1/loops/${unknownLoop}/messages`, "404 loop_not_found"],
      ["POST", `/api/v1/loops/${unknownLoop}/interrupt`, "404 loop_not_found"],
      ["DELETE", `/api/v1/loops/${unknownLoop}`, "404 loop_not_found"],
    ])("%s %s answers %s", async (method, path, outcome) => {
      const body = method === "POST" ? { json: { content: "say: hi" } } : {}
      expect((await program.send(method, path, body)).outcome).toBe(outcome)
    })

    test("a choice that nobody was asked", async () => {
      for (const choice of [`choice_${id}_1_1`, "choice_x"]) {
        const path = `/api/v1/loops/${id}/choices/${choice}`
        expect((await program.send("POST", path, { json: { allow: true } })).outcome).toBe("404 choice_not_found")
      }
    })

    test("leaves nothing behind", async () => {
      expect(await loops.get(id)).toMatchObject({ title: "untouched", busy: false, queue_depth: 0, turn_count: 0 })
      expect(shownText(await (await loops.say(id, "say: first")).rest())).toBe("first")
    })
  })
}
