/** What the typed client makes of answers, good and bad, from a real server. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { listChannels, updateChannel } from "../../../core/api/channels.ts"
import { getHealth } from "../../../core/api/operations.ts"
import { sendMessage } from "../../../core/api/loops.ts"
import { logIn, logOut } from "../../../core/api/access.ts"
import { createClient } from "./call.ts"
import { isPassing, Problem } from "./problem.ts"

let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void
let signedOut = 0
const server = createServer((request, response) => {
  let body = ""
  request.on("data", (chunk: Buffer) => (body += chunk.toString()))
  request.on("end", () => answer(request, response, body))
})
let client: ReturnType<typeof createClient>
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  client = createClient(`http://127.0.0.1:${address.port}`, () => (signedOut += 1))
})
beforeEach(() => {
  signedOut = 0
})
afterAll(() => server.close())

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body))
const failure = (type: string, code: string) => ({ error: { type, code, message: `The sentence of ${code}.` } })
const health = { status: "ok", uptimeSeconds: 1, parts: { database: ok(), models: ok() } }
function ok() {
  return { status: "ok", hint: null }
}
const problemOf = async (work: Promise<unknown>): Promise<Problem> => {
  const error: unknown = await work.catch((caught: unknown) => caught)
  if (error instanceof Problem) return error
  throw new Error("no problem was thrown")
}

test("path, query, method and body come from the contract", async () => {
  const seen: unknown[] = []
  answer = (request, response, body) => {
    seen.push([request.method, request.url, request.headers["content-type"], body])
    json(response, 400, failure("invalid_request_error", "invalid_body"))
  }
  await problemOf(client.call(listChannels, { query: { after: "a/b&c" } }))
  await problemOf(client.call(updateChannel, { params: { channelId: "chan/../x" }, body: { enabled: false } }))
  expect(seen).toEqual([
    ["GET", "/api/channels?after=a%2Fb%26c", undefined, ""],
    ["PUT", "/api/channels/chan%2F..%2Fx", "application/json", '{"enabled":false}'],
  ])
})

test("an answer is parsed; fields that the contract does not name are dropped", async () => {
  answer = (_request, response) => json(response, 200, { ...health, surprise: 1 })
  expect(await client.call(getHealth, {})).toEqual(health)
})

test("204 needs no body", async () => {
  answer = (_request, response) => response.writeHead(204).end()
  expect(await client.call(logOut, {})).toEqual({})
})

test.each([
  ["another shape", 200, { status: "fine" }],
  ["no JSON", 200, "<html>"],
])("an answer with %s is not taken for the real one", async (_name, status, body) => {
  answer = (_request, response) => json(response, status, body)
  expect((await problemOf(client.call(getHealth, {}))).code).toBe("unexpected_answer")
})

test.each([
  [400, "invalid_request_error", "invalid_body", false],
  [403, "permission_error", "role_forbidden", false],
  [409, "conflict_error", "name_taken", false],
  [429, "rate_limit_error", "too_many_requests", true],
  [429, "rate_limit_error", "queue_full", false],
  [503, "internal_error", "storage_failed", true],
])("%i %s %s keeps its sentence; worth another try: %s", async (status, type, code, passing) => {
  answer = (_request, response) => json(response, status, failure(type, code), { "retry-after": "7" })
  const problem = await problemOf(client.call(getHealth, {}))
  expect(problem).toMatchObject({ code, status, retryAfterMs: 7_000 })
  expect(problem.message).toContain(`The sentence of ${code}.`)
  expect(isPassing(problem)).toBe(passing)
  expect(signedOut).toBe(0)
})

test("a session that is over is told once; a wrong password is no such thing", async () => {
  answer = (_request, response) => json(response, 401, failure("authentication_error", "invalid_token"))
  await problemOf(client.call(getHealth, {}))
  expect(signedOut).toBe(1)
  answer = (_request, response) => json(response, 401, failure("authentication_error", "invalid_login"))
  await problemOf(client.call(logIn, { body: { username: "a", password: "b" } }))
  expect(signedOut).toBe(1)
})

test("a proxy's error page is a problem with its status", async () => {
  answer = (_request, response) => response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>")
  expect(await problemOf(client.call(getHealth, {}))).toMatchObject({ code: "unexpected_answer", status: 502 })
})

test("a connection that breaks before or within the answer is `unreachable`", async () => {
  answer = (request) => request.socket.destroy()
  expect((await problemOf(client.call(getHealth, {}))).code).toBe("unreachable")
  answer = (request, response) => {
    response.writeHead(200, { "content-length": "1000" }).write("{")
    setImmediate(() => request.socket.destroy())
  }
  expect((await problemOf(client.call(getHealth, {}))).code).toBe("unreachable")
})

test("a stream is given as it is, and what is no stream is refused", async () => {
  const open = () =>
    client.open(
      sendMessage,
      { params: { id: "loop_1" }, body: { content: "hi" } },
      { signal: new AbortController().signal, headers: { "idempotency-key": "k" } },
    )
  answer = (request, response, body) =>
    response
      .writeHead(200, { "content-type": "text/event-stream" })
      .end(`data: ${String(request.headers["idempotency-key"])} ${body}\n\n`)
  expect(await new Response(await open()).text()).toBe('data: k {"content":"hi"}\n\n')
  answer = (_request, response) => json(response, 200, {})
  expect((await problemOf(open())).code).toBe("unexpected_answer")
})
