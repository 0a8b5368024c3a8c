/** What every model client promises of its requests and answers, held against a server as strict as the real ones. */
import type { IncomingMessage, ServerResponse } from "node:http"
import { describe, expect, test, vi } from "vitest"
import type { Message } from "../../core/model/message.ts"
import { callTool, say, tellResults } from "../../sandbox-runner/testkit/model-script.ts"
import { answerOf, ask, clock, createBench, failureOf, key, stream, type Bench, type Subject } from "./bench.suite.ts"
import type { Fetch } from "./client.ts"
import { describeFailures } from "./failures.suite.ts"

/** The whole contract of a model client. */
export function describeModelClient(subject: Subject): void {
  const bench = createBench(subject)
  describeAnswers(bench)
  describeRequests(bench)
  describeFailures(bench)
}

function describeAnswers(bench: Bench): void {
  const { subject } = bench
  describe(`${subject.name}: an answer`, () => {
    test("streams its text in order and comes back whole", async () => {
      const server = await bench.scripted({ kind: "answer", text: "Guten Tag, 日本 🎌!", chunkSize: 4 })
      const { outcome, deltas } = await bench.run(server)
      expect(deltas.length).toBeGreaterThan(2)
      expect(deltas.map((delta) => delta.slice("text: ".length)).join("")).toBe("Guten Tag, 日本 🎌!")
      expect(answerOf(outcome)).toMatchObject({
        blocks: [{ type: "text", text: "Guten Tag, 日本 🎌!" }],
        stop: "end",
        model: subject.model,
      })
    })

    test("counts tokens so that they never overlap", async () => {
      const usage = { inputTokens: 70, cacheReadTokens: 900, cacheWriteTokens: 30, outputTokens: 11 }
      const server = await bench.scripted({ kind: "answer", text: "ok", usage })
      expect(answerOf((await bench.run(server)).outcome).usage).toEqual(usage)
    })

    test("carries two tool calls with their own ids and inputs", async () => {
      const tools = [
        { name: "clock", input: {} },
        { name: "clock", input: { zone: "Asia/Tokyo", nested: { list: [1, "zwei", null] } } },
      ]
      const server = await bench.scripted({ kind: "answer", text: "Let me look.", tools, chunkSize: 3 })
      const answer = answerOf(
        (await bench.run(server, { request: bench.requestOf("time?", { tools: [clock] }) })).outcome,
      )
      const calls = answer.blocks.filter((block) => block.type === "tool_use")
      expect(answer.stop).toBe("tool_use")
      expect(answer.blocks[0]).toEqual({ type: "text", text: "Let me look." })
      expect(calls.map(({ name, input }) => ({ name, input }))).toEqual(tools)
      expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
    })

    test("goes on after its tool results, and the server sees the transcript that we have", async () => {
      const server = await bench.scripted((request) =>
        request.toolResults.length > 0 ? tellResults(request) : callTool("clock", { zone: "UTC" }, "Looking."),
      )
      const tools = [clock]
      const first = answerOf((await bench.run(server, { request: bench.requestOf("time?", { tools }) })).outcome)
      const call = first.blocks.find((block) => block.type === "tool_use")
      const messages: Message[] = [
        ...ask("time?"),
        { role: "assistant", blocks: first.blocks },
        {
          role: "user",
          blocks: [
            { type: "text", text: "Quick, please." },
            { type: "tool_result", toolUseId: call?.id ?? "", text: "12:00", isError: false },
          ],
        },
      ]
      const second = answerOf((await bench.run(server, { request: bench.requestOf(messages, { tools }) })).outcome)
      expect(second.blocks).toEqual([{ type: "text", text: "done: 12:00" }])
      expect(server.refused).toEqual([])
      const seen = server.requests[1]
      expect(seen?.system).toBe("Be brief.")
      expect(seen?.maxOutputTokens).toBe(1_000)
      expect(seen?.tools.map(({ name }) => name)).toEqual(["clock"])
      expect(seen?.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"])
      expect(seen?.lastUserText).toBe("Quick, please.")
      // Ids of calls may have another form on their way.
      const named = (block: object) => ({ ...block, ...("id" in block && { id: "an id" }) })
      expect(seen?.messages[1]?.blocks.map(named)).toEqual(first.blocks.map(named))
    })

    test("keeps its thinking apart, replays it to its own provider and to no other", async () => {
      const server = await bench.scripted({ kind: "answer", thinking: "Hmm, let me see.", text: "Yes.", chunkSize: 5 })
      const { outcome, deltas } = await bench.run(server)
      const { blocks } = answerOf(outcome)
      expect(deltas.filter((delta) => delta.startsWith("thinking: ")).join("")).toContain("Hmm")
      expect(blocks.map(({ type }) => type)).toEqual(["thinking", "text"])
      const foreign = { type: "thinking", provider: "elsewhere", raw: { thinking: "foreign thought" } } as const
      const messages: Message[] = [
        ...ask("sure?"),
        { role: "assistant", blocks: [foreign, ...blocks] },
        ...ask("really?"),
      ]
      answerOf((await bench.run(server, { request: bench.requestOf(messages) })).outcome)
      expect(server.refused).toEqual([])
      const sent = JSON.stringify(server.requests[1]?.body)
      expect(sent).toContain("Hmm, let me see.")
      expect(sent).not.toContain("foreign thought")
    })

    test.each([
      ["max_tokens", "max_tokens"],
      ["refusal", "refusal"],
    ] as const)("that stopped by %s says so", async (stop, expected) => {
      const server = await bench.scripted({ kind: "answer", text: "Well", stop })
      const answer = answerOf((await bench.run(server)).outcome)
      expect(answer.stop).toBe(expected)
      expect(answer.blocks).toEqual([{ type: "text", text: "Well" }])
    })

    test("of nothing is an answer", async () => {
      expect(answerOf((await bench.run(await bench.scripted(say("")))).outcome)).toMatchObject({
        blocks: [],
        stop: "end",
      })
    })

    test("with invalid arguments is kept as a call that must not run, cut or not", async () => {
      const input = { text: "x".repeat(50) }
      const server = await bench.scripted({ kind: "answer", tools: [{ name: "clock", input }], stop: "max_tokens" })
      const request = bench.requestOf("go", { tools: [clock] })
      const answer = answerOf((await bench.run(server, { request, fetch: cutShort })).outcome)
      expect(answer.blocks).toMatchObject([{ type: "tool_use", input: { __invalid_json: expect.any(String) } }])
      const [call] = answer.blocks
      const id = call?.type === "tool_use" ? call.id : ""
      const messages: Message[] = [
        ...ask("go"),
        { role: "assistant", blocks: answer.blocks },
        { role: "user", blocks: [{ type: "tool_result", toolUseId: id, text: "Not valid JSON.", isError: true }] },
      ]
      answerOf((await bench.run(server, { request: bench.requestOf(messages, { tools: [clock] }) })).outcome)
      expect(server.refused).toEqual([])
    })

    test("never repeats the id of an earlier call, whatever the server says", async () => {
      const tools = [
        { id: "call_0", name: "clock", input: {} },
        { id: "call_0", name: "clock", input: { again: true } },
      ]
      const server = await bench.scripted({ kind: "answer", tools })
      const earlier: Message[] = [
        ...ask("one"),
        { role: "assistant", blocks: [{ type: "tool_use", id: "call_0", name: "clock", input: {} }] },
        { role: "user", blocks: [{ type: "tool_result", toolUseId: "call_0", text: "1", isError: false }] },
      ]
      const answer = answerOf(
        (await bench.run(server, { request: bench.requestOf(earlier, { tools: [clock] }) })).outcome,
      )
      const ids = answer.blocks.flatMap((block) => (block.type === "tool_use" ? [block.id] : []))
      expect(new Set(["call_0", ...ids]).size).toBe(3)
    })

    test("leaves its connection to the next call", async () => {
      const connections = new Set<unknown>()
      const responses: ServerResponse[] = []
      const server = await bench.raw((request, response) => {
        connections.add(request.socket)
        responses.push(response)
        stream(response).write(subject.events("ok").join(""))
      })
      for (let call = 0; call < 10; call += 1) {
        answerOf((await bench.run(server, { limits: { lingerMs: 5_000 } })).outcome)
        const response = responses[call]
        if (response === undefined) throw new Error("not asked")
        await new Promise((resolve) => response.once("close", resolve).end())
      }
      // A call may begin before the client has seen the end of the one before: a few connections, not ten.
      expect(connections.size).toBeLessThanOrEqual(3)
    })

    test("is complete at its end even when the server then does not hang up", async () => {
      const server = await bench.raw((_, response) => stream(response).write(subject.events("ok").join("")))
      expect(answerOf((await bench.run(server, { limits: { stallMs: 200 } })).outcome).blocks).toEqual([
        { type: "text", text: "ok" },
      ])
    })

    test("arrives whole however the bytes are cut", async () => {
      const bytes = Buffer.from(subject.events("Größe 日本 🎌").join("").replaceAll("\n", "\r\n"))
      const server = await bench.raw((_, response) => {
        stream(response)
        for (const byte of bytes) response.write(Buffer.of(byte))
        response.end()
      })
      expect(answerOf((await bench.run(server)).outcome).blocks).toEqual([{ type: "text", text: "Größe 日本 🎌" }])
    })
  })
}

function describeRequests(bench: Bench): void {
  const { subject } = bench
  describe(`${subject.name}: a request`, () => {
    test("adds little of its own to what is said", async () => {
      const server = await bench.scripted(say("ok"))
      const request = bench.requestOf("hello", { tools: [clock] })
      await bench.run(server, { request })
      const said = JSON.stringify([request.model, request.system, "hello", clock]).length
      expect((server.requests[0]?.sizeBytes ?? Infinity) - said).toBeLessThan(300)
    })

    test("has no tools field when there are none", async () => {
      const server = await bench.scripted(say("ok"))
      await bench.run(server)
      expect(server.requests[0]?.body).not.toHaveProperty("tools")
    })

    test("leaves out what is empty, and so is accepted", async () => {
      const server = await bench.scripted(say("ok"))
      const messages: Message[] = [
        {
          role: "user",
          blocks: [
            { type: "text", text: "hi" },
            { type: "text", text: "  " },
          ],
        },
        {
          role: "assistant",
          blocks: [
            { type: "text", text: "" },
            { type: "thinking", provider: "x", raw: {} },
          ],
        },
        { role: "user", blocks: [{ type: "text", text: "again" }] },
      ]
      answerOf((await bench.run(server, { request: bench.requestOf(messages, { system: "" }) })).outcome)
      expect(server.refused).toEqual([])
      expect(server.requests[0]?.body).not.toHaveProperty("system")
    })

    test("carries half a surrogate pair as the replacement character, not as an escape that providers refuse", async () => {
      const server = await bench.scripted(say("ok"))
      answerOf(
        (await bench.run(server, { request: bench.requestOf(String.raw`half \ud83d here` + " \ud83d!") })).outcome,
      )
      expect(server.requests[0]?.lastUserText).toBe(String.raw`half \ud83d here` + " \ufffd!")
    })

    test("goes below a base URL with a path", async () => {
      const paths: (string | undefined)[] = []
      const server = await bench.raw((request, response) => {
        paths.push(request.url)
        stream(response).end(subject.events("ok").join(""))
      })
      answerOf((await bench.run(server, { prefix: "/gateway/team-1" })).outcome)
      expect(paths).toEqual([`/gateway/team-1${subject.rootPath}${subject.path}`])
    })

    test("carries our headers alone, whatever the process's environment holds", async () => {
      for (const prefix of ["ANTHROPIC", "OPENAI"]) {
        vi.stubEnv(`${prefix}_API_KEY`, "sk-of-the-environment")
        vi.stubEnv(`${prefix}_BASE_URL`, "http://127.0.0.1:9/elsewhere")
        vi.stubEnv(`${prefix}_CUSTOM_HEADERS`, "X-Leaked: yes\nX-Api-Key: sk-leaked\nAuthorization: Bearer leaked")
        vi.stubEnv(`${prefix}_LOG`, "debug")
      }
      vi.stubEnv("ANTHROPIC_AUTH_TOKEN", "token-of-the-environment")
      vi.stubEnv("OPENAI_ADMIN_KEY", "sk-admin-of-the-environment")
      vi.stubEnv("OPENAI_ORG_ID", "org-leaked")
      vi.stubEnv("OPENAI_PROJECT_ID", "proj-leaked")
      const logged = (["debug", "info", "log", "warn", "error"] as const).map((level) => vi.spyOn(console, level))
      const seen: IncomingMessage["headers"][] = []
      const server = await bench.raw((request, response) => {
        seen.push(request.headers)
        stream(response).end(subject.events("ok").join("") + "event: x\ndata: {broken\n\n")
      })
      await bench.run(server)
      const [headers = {}] = seen
      expect(JSON.stringify(headers)).not.toMatch(/leaked|environment/)
      expect(subject.keyOf(headers)).toBe(key)
      // What fetch itself adds, on Node.
      const ofFetch = ["accept-encoding", "accept-language", "connection", "content-length", "host", "sec-fetch-mode"]
      expect(Object.keys(headers).toSorted()).toEqual([...subject.headers, ...ofFetch, "user-agent"].toSorted())
      expect(logged.flatMap((spy) => spy.mock.calls)).toEqual([])
    })

    test("uses the caller's own key instead of the configured one", async () => {
      const server = await bench.scripted(say("ok"), { keys: ["sk-own-key-of-a-group"] })
      const { outcome } = await bench.run(server, { apiKey: "sk-own-key-of-a-group\n" })
      expect(answerOf(outcome).blocks).toHaveLength(1)
      const refused = failureOf((await bench.run(server)).outcome)
      expect(refused.reason).toBe("auth")
    })

    test.each(["", "  ", "two\nlines", "schlüssel"])("with the unusable key %j never leaves", async (unusable) => {
      const server = await bench.scripted(say("ok"))
      const failure = failureOf((await bench.run(server, { apiKey: unusable })).outcome)
      expect(failure.reason).toBe("auth")
      expect(server.requestCount).toBe(0)
    })
  })
}

const cutShort: Fetch = async (request) => {
  const response = await fetch(request)
  return new Response((await response.text()).replaceAll('\\"}', ""), { headers: response.headers })
}
