/** The way to a libSQL server: one request a batch, and failures that repeat neither address, token nor arguments. */
import { once } from "node:events"
import { createServer, type RequestListener, type Server } from "node:http"
import { inspect } from "node:util"
import { afterEach, expect, test } from "vitest"
import type { Libsql } from "./libsql.ts"
import { openRemote } from "./remote.ts"

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function listen(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (typeof address !== "object" || address === null) throw new Error("no port")
  return `http://127.0.0.1:${address.port}`
}

function reach(url: string, timeoutMs = 10_000): Libsql {
  const opened = openRemote({ url, authToken: "token-of-the-database", fetch: (request) => fetch(request), timeoutMs })
  if (opened.status !== "open") throw new Error(opened.message)
  return opened.libsql
}

async function failureOf(libsql: Libsql): Promise<unknown> {
  return libsql.write([{ sql: "select ?", args: ["the argument"] }]).catch((thrown: unknown) => thrown)
}

const leaks = /token-of-the-database|the argument|127\.0\.0\.1/

test("a batch is one request with the token", async () => {
  const seen: unknown[] = []
  const url = await listen((request, response) => {
    seen.push([request.url, request.headers.authorization])
    response.writeHead(500).end()
  })
  await failureOf(reach(url))
  expect(seen).toEqual([["/v2/pipeline", "Bearer token-of-the-database"]])
})

test.each([
  ["refuses the token", 401, "token-of-the-database is not valid"],
  ["echoes the argument", 400, '{"message":"invalid type: the argument","code":"the argument"}'],
  ["answers something else", 200, "<html>the argument</html>"],
])("a server that %s is unavailable, and repeats nothing", async (_name, status, body) => {
  const url = await listen((_request, response) => {
    response.writeHead(status, { "content-type": status === 400 ? "application/json" : "text/plain" }).end(body)
  })
  const failure = await failureOf(reach(url))
  expect(failure).toMatchObject({ code: "database_unavailable", details: {} })
  expect(inspect(failure, { depth: 10 })).not.toMatch(leaks)
})

test("a server that is not there is unavailable, and the cause says how", async () => {
  const url = await listen(() => {})
  server?.close()
  const failure = await failureOf(reach(url))
  expect(failure).toMatchObject({ code: "database_unavailable" })
  expect(inspect(failure, { depth: 10 })).toContain("ECONNREFUSED")
  expect(inspect(failure, { depth: 10 })).not.toMatch(leaks)
})

test("a server that stalls in the middle of its answer is given up", async () => {
  const url = await listen((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).write('{"baton":')
  })
  const failure = await failureOf(reach(url, 100))
  expect(failure).toMatchObject({ code: "database_unavailable" })
  expect(inspect(failure, { depth: 10 })).toContain("TimeoutError")
})

test("a server that hangs costs one request its whole timeout, and the others almost nothing", async () => {
  let isAnswering = false
  const url = await listen((_request, response) => {
    if (isAnswering) response.writeHead(401).end()
  })
  const libsql = reach(url, 100)
  await failureOf(libsql)
  const probing = failureOf(libsql)
  const failures = await Promise.all(Array.from({ length: 50 }, () => failureOf(libsql)))
  for (const failure of failures) expect(inspect(failure, { depth: 10 })).toContain("SERVER_AWAY")
  isAnswering = true
  server?.closeAllConnections()
  await probing
})

test.each(["wss://example.org", "file:gateway.db", "ftp://example.org", "not an address", "https://x.io?mode=1"])(
  "the address %s is refused before anything is sent",
  (url) => {
    const opened = openRemote({ url, fetch: () => Promise.reject(new Error("sent")) })
    expect(opened).toMatchObject({ status: "invalid" })
  },
)
