/** The proxy before a real sqld and before a streaming server: counts, stops, delays, and every way to be away. */
import { createClient } from "@libsql/client"
import { afterEach, expect, test } from "vitest"
import { startCountingProxy, type CountingProxyOptions } from "./counting-proxy.ts"
import { startLoopback } from "./loopback.ts"
import { startScriptedModel } from "./scripted-model.ts"
import { startSqld } from "./sqld.ts"

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close()
})

async function startEcho() {
  const seen: string[] = []
  const server = await startLoopback(async (request, response) => {
    let body = ""
    for await (const part of request) body += part
    seen.push(`${request.method} ${request.url} ${body}`)
    response.writeHead(201, { "x-answer": "yes" }).end(`got ${body}`)
  })
  open.push(server.close)
  return { server, seen }
}

async function startProxy(options: CountingProxyOptions) {
  const proxy = await startCountingProxy(options)
  open.push(proxy.close)
  return proxy
}

test("a real libSQL client works through it, and each batch is one round trip", async () => {
  const sqld = await startSqld()
  open.push(() => sqld.stop())
  const proxy = await startProxy({ upstream: sqld.url })
  const client = createClient({ url: proxy.url })
  await client.batch(["CREATE TABLE t (x INTEGER)", "INSERT INTO t VALUES (1), (2)"], "write")
  const before = proxy.requestCount
  const [result] = await client.batch(["SELECT sum(x) AS s FROM t", "SELECT 1"], "read")
  expect(result?.rows[0]?.s).toBe(3)
  expect(proxy.requestCount - before).toBe(1)
  await sqld.kill9()
  await expect(client.execute("SELECT 1")).rejects.toThrow()
  await sqld.restart()
  expect((await client.execute("SELECT count(*) AS n FROM t")).rows[0]?.n).toBe(2)
  client.close()
})

test("hooks stand before the request, between effect and answer, and behind the answer", async () => {
  const { server, seen } = await startEcho()
  const events: string[] = []
  const proxy = await startProxy({
    upstream: server.url,
    counts: ({ path }) => path !== "/quiet",
    before: (n) => void events.push(`before ${n}, upstream saw ${seen.length}`),
    beforeAnswer: (n) => void events.push(`between ${n}, upstream saw ${seen.length}`),
    after: (n) => void events.push(`after ${n}`),
  })
  const response = await fetch(`${proxy.url}/a?b=c`, { method: "POST", body: "ü" })
  expect([response.status, response.headers.get("x-answer"), await response.text()]).toEqual([201, "yes", "got ü"])
  await (await fetch(`${proxy.url}/quiet`)).text()
  await expect.poll(() => events).toEqual(["before 1, upstream saw 0", "between 1, upstream saw 1", "after 1"])
  expect(seen).toEqual(["POST /a?b=c ü", "GET /quiet "])
  expect(proxy.requestCount).toBe(1)
})

const failure = (error: unknown) => (error instanceof Error ? `${error.name} ${String(error.cause)}` : "")

test("it can refuse, reset and hang, and comes back on the same port", async () => {
  const { server, seen } = await startEcho()
  const proxy = await startProxy({ upstream: server.url })
  const ask = (signal?: AbortSignal) => fetch(proxy.url, { signal }).then((response) => response.text())
  await ask()
  await proxy.setMode("refused")
  expect(await ask().catch(failure)).toContain("ECONNREFUSED")
  await proxy.setMode("reset")
  expect(await ask().catch(failure)).toMatch(/ECONNRESET|other side closed/)
  await proxy.setMode("hangs")
  expect(await ask(AbortSignal.timeout(300)).catch(failure)).toContain("TimeoutError")
  await proxy.setMode("on")
  expect(await ask()).toBe("got ")
  expect(seen).toHaveLength(2)
  await server.close()
  expect(await ask().catch(failure)).toMatch(/ECONNRESET|other side closed/)
})

test("it delays, and passes a stream on as it comes", async () => {
  const model = await startScriptedModel()
  open.push(model.close)
  const proxy = await startProxy({ upstream: model.url })
  proxy.setDelay(40)
  const headers = { "x-api-key": "k", "anthropic-version": "2023-06-01" }
  const messages = [{ role: "user", content: "stall 2: abcdefghijkl" }]
  const body = JSON.stringify({ model: "m", max_tokens: 9, stream: true, messages })
  const controller = new AbortController()
  const startedAt = performance.now()
  const response = await fetch(`${proxy.url}/v1/messages`, { method: "POST", headers, body, signal: controller.signal })
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(39)
  let text = ""
  for await (const part of response.body ?? []) {
    text += Buffer.from(part).toString()
    if (text.includes("efgh")) break
  }
  expect(text).not.toContain("ijkl")
  controller.abort()
  await expect.poll(() => model.activeCount).toBe(0)
})
