/** What every model client promises when things go wrong: each way to fail has its name, and nothing is left running. */
import { describe, expect, test, vi } from "vitest"
import { say, type Reply } from "../../sandbox-runner/testkit/model-script.ts"
import { failureOf, key, straight, stream, type Bench } from "./bench.suite.ts"

export function describeFailures(bench: Bench): void {
  const { subject } = bench
  describe(`${subject.name}: a failure`, () => {
    const statuses: [number, Partial<Extract<Reply, { kind: "error" }>>, string][] = [
      [400, { message: "messages: something is off" }, "invalid_request"],
      [401, { message: `invalid key ${key}` }, "auth"],
      [402, {}, "auth"],
      [403, { message: "not for you" }, "auth"],
      [404, { message: "model: nope" }, "not_configured"],
      [408, {}, "server"],
      [413, {}, "context_overflow"],
      [422, { message: `why, ${key}?` }, "invalid_request"],
      [429, {}, "rate_limited"],
      [500, { message: `Bearer ${key}` }, "server"],
      [502, {}, "server"],
      [503, {}, "overloaded"],
      [529, {}, "overloaded"],
    ]
    test.each(statuses)("of status %d %j is %s", async (status, more, reason) => {
      const server = await bench.scripted({ kind: "error", status, ...more })
      const { outcome } = await bench.run(server)
      expect(failureOf(outcome)).toMatchObject({ reason, message: expect.stringMatching(/\.$|: .+/) })
      expect(server.requestCount).toBe(1)
    })

    test("tells what the provider said, and names the model that it does not know", async () => {
      const refused = await bench.scripted({ kind: "error", status: 400, message: "tools.0: name is too long" })
      expect(failureOf((await bench.run(refused)).outcome).message).toContain("tools.0: name is too long")
      const unknown = await bench.scripted(say("ok"), { models: ["another"] })
      expect(failureOf((await bench.run(unknown)).outcome).message).toContain(subject.model)
    })

    test("carries the provider's wish to wait", async () => {
      const server = await bench.scripted({ kind: "error", status: 429, retryAfter: "7" })
      expect(failureOf((await bench.run(server)).outcome).retryAfterMs).toBe(7_000)
    })

    test("by an error's body that never ends is told by its status", async () => {
      const server = await bench.raw((_, response) => {
        response.writeHead(500, { "content-type": "application/json" })
        const more = () => void (response.write(`"${"x".repeat(100_000)}`) && setImmediate(more))
        response.on("drain", more)
        more()
      })
      expect(failureOf((await bench.run(server)).outcome).reason).toBe("server")
    })

    test("by a proxy's page is no answer", async () => {
      const server = await bench.scripted({ kind: "garbage", body: "<html>Log in</html>", contentType: "text/html" })
      expect(failureOf((await bench.run(server)).outcome).reason).toBe("server")
    })

    test("by a redirect does not take the key elsewhere", async () => {
      const elsewhere = await bench.scripted(say("ok"))
      const server = await bench.raw((_, response) =>
        response.writeHead(307, { location: `${elsewhere.url}/v1` }).end(),
      )
      expect(failureOf((await bench.run(server)).outcome)).toMatchObject({
        reason: "not_configured",
        message: expect.stringContaining("redirect"),
      })
      expect(elsewhere.requestCount).toBe(0)
    })

    const spoiled = { text: "one two three four", chunkSize: 4 }
    const cuts: [Extract<Reply, { kind: "spoiled" }>["by"], string][] = [
      ["cut", "network"],
      ["end", "network"],
      ["garbage", "server"],
    ]
    test.each(cuts)("by a stream that is %s after two chunks is %s, with what was said", async (by, reason) => {
      const server = await bench.scripted({ kind: "spoiled", by, afterChunks: 2, answer: spoiled })
      const { outcome, deltas } = await bench.run(server)
      expect(failureOf(outcome).reason).toBe(reason)
      expect(outcome).toMatchObject({ partialText: deltas.map((delta) => delta.slice(6)).join("") })
      expect(deltas.length).toBeGreaterThan(0)
    })

    test("inside a stream is what its event says", async () => {
      const server = await bench.scripted({ kind: "spoiled", by: "error", afterChunks: 1, answer: spoiled })
      const { outcome } = await bench.run(server)
      expect(["overloaded", "server"]).toContain(failureOf(outcome).reason)
      expect(outcome).toMatchObject({ partialText: "one " })
    })

    test.each([
      "7",
      "null",
      '"text"',
      "[]",
      '{"type":7}',
      '{"choices":[null]}',
      '{"choices":[{"delta":7}]}',
      "{broken",
    ])("by the event %s is the server's and harms nothing", async (data) => {
      const type = subject.name === "Anthropic" ? "event: content_block_delta\n" : ""
      const server = await bench.raw((_, response) => stream(response).end(`${type}data: ${data}\n\n`))
      expect(["server", "network"]).toContain(failureOf((await bench.run(server)).outcome).reason)
    })

    test("by a server that never stops is bounded", async () => {
      const server = await bench.raw((_, response) => {
        stream(response)
        const more = () => void (response.write(`: ${"x".repeat(60_000)}\n\n`) && setImmediate(more))
        response.on("drain", more)
        more()
      })
      const { outcome } = await bench.run(server, { limits: { responseBytes: 1_000_000 } })
      expect(failureOf(outcome).reason).toBe("server")
    })

    test("by a dropped connection is the network's", async () => {
      expect(failureOf((await bench.run(await bench.scripted({ kind: "drop" }))).outcome).reason).toBe("network")
    })

    test("by a port where nobody listens is the network's", async () => {
      const server = await bench.raw(() => {})
      await server.close()
      const failure = failureOf((await bench.run(server)).outcome)
      expect(failure.reason).toBe("network")
      expect(failure.message).not.toContain("127.0.0.1")
    })
  })

  describe(`${subject.name}: a call ends`, () => {
    test("when nothing comes in time", async () => {
      const server = await bench.scripted({ kind: "hang" })
      const { outcome } = await bench.run(server, { limits: { firstByteMs: 50 } })
      expect(failureOf(outcome).reason).toBe("first_byte_timeout")
      await vi.waitFor(() => expect(server.activeCount).toBe(0))
    })

    test("when headers come and then nothing", async () => {
      const server = await bench.raw((_, response) => stream(response).flushHeaders())
      const { outcome } = await bench.run(server, { limits: { firstByteMs: 50 } })
      expect(failureOf(outcome).reason).toBe("first_byte_timeout")
    })

    test("when the way out never answers, even if it does not heed the signal", async () => {
      const server = await bench.scripted(say("ok"))
      const { outcome } = await bench.run(server, { fetch: () => new Promise(() => {}), limits: { firstByteMs: 50 } })
      expect(failureOf(outcome).reason).toBe("first_byte_timeout")
    })

    test("when the server falls silent, and says what it had said", async () => {
      const answer = { text: "one two three", chunkSize: 4 }
      const server = await bench.scripted({ kind: "spoiled", by: "stall", afterChunks: 2, answer })
      const { outcome } = await bench.run(server, { limits: { stallMs: 50 } })
      expect(failureOf(outcome).reason).toBe("stalled")
      expect(outcome).toMatchObject({ partialText: "one two " })
      await vi.waitFor(() => expect(server.activeCount).toBe(0))
    })

    test("when the server shows that it lives and says nothing more for longer than it could write all of it", async () => {
      const [first = ""] = subject.events("never told")
      const server = await bench.raw((_, response) => {
        stream(response).write(first)
        const tick = setInterval(() => response.write(subject.ping), 10)
        response.on("close", () => clearInterval(tick))
      })
      const limits = { stallMs: 300, slowestTokenMs: 1 }
      const { outcome } = await bench.run(server, { limits, request: bench.requestOf("hello", { maxOutputTokens: 1 }) })
      expect(failureOf(outcome).reason).toBe("stalled")
      expect(outcome).toMatchObject({ billed: "unknown" })
    })

    test("when it took too long in all, though bytes kept coming", async () => {
      const server = await bench.raw((_, response) => {
        stream(response)
        const tick = setInterval(() => response.write(": ping\n\n"), 10)
        response.on("close", () => clearInterval(tick))
      })
      const { outcome } = await bench.run(server, { limits: { callMs: 100, stallMs: 5_000 } })
      expect(failureOf(outcome)).toMatchObject({ reason: "stalled", message: expect.stringContaining("in time") })
    })

    test.each([
      ["the server's connection", straight],
      ["the body of a way out that does not heed the signal", (request: Request) => unheeding(request)],
    ] as const)("when it is aborted in the middle, and so does %s", async (_, way) => {
      const ends: string[] = []
      const answer = { text: "one two three", chunkSize: 4 }
      const server = await bench.scripted(
        { kind: "spoiled", by: "stall", afterChunks: 2, answer },
        { afterResponse: (_n, ended) => ends.push(ended) },
      )
      const stop = new AbortController()
      const { outcome, deltas } = await bench.run(server, {
        fetch: way,
        signal: stop.signal,
        onDelta: ({ text }) => {
          if (text.startsWith("two")) stop.abort()
        },
      })
      expect(failureOf(outcome).reason).toBe("aborted")
      expect(outcome).toMatchObject({ partialText: "one two " })
      expect(deltas).toEqual(["text: one ", "text: two "])
      await vi.waitFor(() => expect(ends).toEqual(["cut_off"]))
    })

    test("without a delta more once it is aborted, even if more has arrived", async () => {
      const server = await bench.scripted({ kind: "answer", text: "one two three four", chunkSize: 4 })
      const stop = new AbortController()
      const { outcome, deltas } = await bench.run(server, { signal: stop.signal, onDelta: () => stop.abort() })
      expect(failureOf(outcome).reason).toBe("aborted")
      expect(deltas).toHaveLength(1)
    })

    test("before it begins when it is aborted before", async () => {
      const server = await bench.scripted(say("ok"))
      expect(failureOf((await bench.run(server, { signal: AbortSignal.abort() })).outcome).reason).toBe("aborted")
      expect(server.requestCount).toBe(0)
    })
  })
}

async function unheeding(request: Request): Promise<Response> {
  const { url, method, headers } = request
  return fetch(url, { method, headers, body: await request.text() })
}
