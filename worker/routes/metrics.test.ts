import { afterEach, beforeEach, expect, test } from "vitest"
import { parseExposition } from "../../core/metrics/parse-exposition.ts"
import { type Edge, openEdge, outcome } from "../testing/edge.ts"

let edge: Edge
let session: string
beforeEach(async () => {
  edge = await openEdge({ RATE_LIMIT_PER_MINUTE: "30" })
  session = (await edge.addUser("ada", "admin")).session
})
afterEach(() => edge.close())

const scrape = async () => {
  const response = await edge.fetch("/metrics", { bearer: session })
  expect(response.status).toBe(200)
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8")
  return parseExposition(await response.text())
}
const samplesOf = async (name: string) => (await scrape()).find((family) => family.name === name)?.samples ?? []

test("need a session or a token with operations:read, and are kept by nobody", async () => {
  const { id } = await edge.addUser("bo", "operator")
  const { token: chat } = await edge.addToken(id, ["chat"])
  const { token: operations } = await edge.addToken(id, ["operations:read"])
  expect(await outcome(edge.fetch("/metrics"))).toBe("401 missing_credentials")
  expect(await outcome(edge.fetch("/metrics", { bearer: chat }))).toBe("403 scope_missing")
  const response = await edge.fetch("/metrics", { bearer: operations })
  expect(response.status).toBe(200)
  expect(response.headers.get("cache-control")).toBe("no-store")
  expect(await outcome(edge.fetch("/metrics", { bearer: session, host: "evil.example" }))).toBe("421 host_forbidden")
})

test("count requests by their route's template, whatever the path", async () => {
  for (const letter of "abc") await edge.fetch(`/api/channels/chan_${letter.repeat(24)}`, { bearer: session })
  await edge.fetch("/api/no/such/thing", { bearer: session })
  await edge.fetch("/some/page")
  expect(await samplesOf("loop_http_requests_total")).toMatchObject([
    { labels: { route: "/api/channels/{channelId}", status: "404" }, value: 3 },
    { labels: { route: "unmatched", status: "404" }, value: 1 },
    { labels: { route: "page", status: "200" }, value: 1 },
  ])
  const counts = (await samplesOf("loop_http_request_duration_seconds")).filter(({ name }) => name.endsWith("_count"))
  expect(counts).toContainEqual(expect.objectContaining({ labels: { route: "/api/channels/{channelId}" }, value: 3 }))
})

test("count who was refused for coming too often", async () => {
  for (let times = 0; times < 33; times += 1) await edge.fetch("/api/health", { from: "192.0.2.9" })
  expect(await samplesOf("loop_rate_limit_refusals_total")).toMatchObject([
    { labels: { code: "too_many_requests" }, value: 3 },
  ])
})

test("are there while the database is away, to whom it knew before", async () => {
  const { id } = await edge.addUser("bo", "operator")
  const { token } = await edge.addToken(id, ["operations:read"])
  const ask = () => edge.fetch("/metrics", { bearer: token })
  expect(await (await ask()).text()).toContain("loop_outbox_parts{")
  edge.breakDatabase(true)
  const text = await (await ask()).text()
  expect(text).not.toContain("loop_outbox_parts{")
  expect(text).toContain("loop_uptime_seconds 0\n")
})

test("count an event stream while it is open", async () => {
  const loop = await (await edge.fetch("/api/v1/loops", { body: { title: "a" }, bearer: session })).json()
  edge.objects.nextStream = new ReadableStream()
  const watched = await edge.fetch(`/api/v1/loops/${Object(loop).id}/events`, { bearer: session })
  expect(await samplesOf("loop_event_readers")).toMatchObject([{ value: 1 }])
  await watched.body?.cancel()
  expect(await samplesOf("loop_event_readers")).toMatchObject([{ value: 0 }])
})

test("a request is one debug line with its id, its route and its conversation, and no secret", async () => {
  const id = `loop_${"a".repeat(32)}`
  const response = await edge.fetch(`/api/v1/loops/${id}?token=hunter2`, { bearer: session })
  const lines = edge.logs.filter(({ event }) => event === "request")
  expect(lines).toEqual([
    expect.objectContaining({
      level: "debug",
      requestId: response.headers.get("x-request-id"),
      conversationId: id,
      method: "GET",
      route: "/api/v1/loops/{id}",
      status: 404,
      durationMs: 0,
    }),
  ])
  expect(JSON.stringify(lines)).not.toContain("hunter2")
  expect(JSON.stringify(lines)).not.toContain(session)
})
