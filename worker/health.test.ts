import { afterEach, beforeEach, expect, test } from "vitest"
import { RunnerId } from "../core/runner/command.ts"
import { EpochMs } from "../core/units.ts"
import { type Edge, openEdge } from "./testing/edge.ts"

let edge: Edge
let session: string
beforeEach(async () => {
  edge = await openEdge({ OPENAI_API_KEY: "sk-x" })
  session = (await edge.addUser("ada", "admin")).session
})
afterEach(() => edge.close())

const health = async (bearer: string | undefined = session) => {
  const response = await edge.fetch("/api/health", bearer === "" ? {} : { bearer })
  return { code: response.status, ...Object(await response.json()) }
}

test("names each part with its numbers to who signed in, and only its state to strangers", async () => {
  edge.metrics.behind.add("loop_x")
  edge.hostHealth = { lastLostCommitAt: null, freeBytes: 5_000_000_000 }
  expect(await health()).toMatchObject({
    code: 200,
    status: "ok",
    parts: {
      database: { status: "ok", latencyMs: 0, behind: 1 },
      objects: { status: "ok", lastLostCommitAt: null },
      disk: { status: "ok", freeBytes: 5_000_000_000 },
      models: {
        status: "ok",
        providers: { anthropic: false, openai: true, ollama: false },
        choice: { hotSwap: false, fallbacks: [], onlyModel: null },
      },
      channels: { status: "ok", total: 0, failing: 0 },
    },
  })
  const stranger = await health("")
  expect(Object.keys(stranger.parts.disk).sort()).toEqual(["hint", "status"])
  expect(stranger).not.toHaveProperty("uptimeSeconds")
  expect(stranger).not.toHaveProperty("version")
})

test("is 503 when nothing can be written down, and tells when something was lost", async () => {
  edge.hostHealth = { lastLostCommitAt: EpochMs.parse(0) }
  edge.objects.failNext("ledger.check", "storage_failed")
  expect(await health()).toMatchObject({
    code: 503,
    status: "failing",
    parts: { objects: { status: "failing", lastLostCommitAt: "1970-01-01T00:00:00.000Z" } },
  })
  edge.advance(5_000)
  expect(await health()).toMatchObject({ code: 200, status: "ok" })
})

test("names providers that are taken to be down to who signed in alone", async () => {
  const openUntil = EpochMs.parse(60_000)
  edge.objects.providers = [
    { provider: "anthropic", status: "open", failures: 5, reason: "overloaded", openUntil },
    { provider: "openai", status: "closed", failures: 0, reason: null, openUntil: null },
  ]
  const down = [{ provider: "anthropic", status: "open", reason: "overloaded", openUntil: "1970-01-01T00:01:00.000Z" }]
  expect(await health()).toMatchObject({
    code: 200,
    status: "degraded",
    parts: { models: { status: "degraded", down } },
  })
  expect(JSON.stringify((await health("")).parts)).not.toContain("anthropic")
})

test("warns of a disk with less than 200 MB", async () => {
  edge.hostHealth = { lastLostCommitAt: null, freeBytes: 209_715_199 }
  expect(await health("")).toMatchObject({ code: 200, status: "degraded", parts: { disk: { status: "degraded" } } })
})

test("counts channels that cannot reach their platform", async () => {
  for (const name of ["a", "b"]) {
    const body = { kind: "telegram", name, config: { botToken: "123456:ABC" } }
    await edge.fetch("/api/channels", { bearer: session, body })
  }
  edge.objects.failNext("channel.status", "peer_unavailable")
  expect(await health()).toMatchObject({ status: "degraded", parts: { channels: { total: 2, failing: 1 } } })
})

test("says what runners lack, and is no worse for it", async () => {
  expect(await health()).toMatchObject({ status: "ok", parts: { runners: { status: "not_configured", online: 0 } } })
  const at = edge.now()
  edge.objects.runners.push({
    id: RunnerId.parse(`run_${"a".repeat(24)}`),
    hostname: "pi",
    platform: "linux arm64",
    version: "0.1.0",
    slots: 3,
    state: "online",
    isBuiltIn: true,
    capabilities: [
      { name: "sandbox", status: "unavailable", problem: "Start Docker." },
      { name: "browser", status: "ok", problem: null },
    ],
    running: 0,
    firstSeenAt: at,
    lastSeenAt: at,
  })
  edge.advance(6_000)
  const lacks = { status: "not_configured", hint: "Start Docker.", online: 1, capabilities: ["browser"] }
  expect(await health()).toMatchObject({ status: "ok", parts: { runners: lacks } })
  expect((await health("")).parts.runners).toEqual({ status: "not_configured", hint: "Start Docker." })
  edge.objects.failNext("runners.list", "peer_unavailable")
  edge.advance(6_000)
  expect(await health()).toMatchObject({ status: "degraded", parts: { runners: { status: "degraded" } } })
})

test("tells a bad configuration file's mistakes to who signed in alone", async () => {
  const mistakes = [{ line: 3, column: 5, path: "groups[0].name", message: "no" }]
  edge.hostHealth = { lastLostCommitAt: null, file: { status: "degraded", hint: "The file is wrong.", mistakes } }
  expect(await health()).toMatchObject({ status: "degraded", parts: { file: { mistakes } } })
  expect(JSON.stringify(await health(""))).not.toContain("groups[0]")
})

test("looks at most once in five seconds, however many ask", async () => {
  const checks = () => edge.objects.calls.filter(({ name }) => name === "ledger.check").length
  await Promise.all(Array.from({ length: 20 }, () => health()))
  expect(checks()).toBe(1)
  edge.advance(4_999)
  await health()
  expect(checks()).toBe(1)
  edge.advance(1)
  await health()
  expect(checks()).toBe(2)
})
