/** The whole edge over a real embedded database, with fake objects, and with time moved by hand. */
import { randomBytes } from "node:crypto"
import { builtInTools } from "../../durable-objects/tools/tools.ts"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createSession, createToken } from "../../adapters/store/access.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import { createVault, type Vault } from "../../adapters/vault.ts"
import { checkCatalogue } from "../../core/catalogue/catalogue.ts"
import type { Role, Scope } from "../../core/access/scope.ts"
import { LoopError } from "../../core/errors.ts"
import { createMetrics, type Metrics } from "../../core/metrics/metrics.ts"
import { after, EpochMs, TokenId, UserId } from "../../core/units.ts"
import { Config, parseEnvironment } from "../../durable-objects/config.ts"
import { createApp } from "../app.ts"
import { createKeyCheck } from "../key-check.ts"
import type { HostHealth } from "../deps.ts"
import type { LogEntry } from "../../core/log.ts"
import modelsJson from "../../models.json" with { type: "json" }
import { openMigrated } from "../../durable-objects/testing/migrated-database.ts"
import { createFakeObjects, type FakeObjects } from "./fake-objects.ts"

export const origin = "http://localhost:3000"
export const setupCode = "open-sesame-1234"

export interface Sent {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
  /** A session token, sent as the cookie with our Origin. */
  readonly cookie?: string
  /** A session or API token, sent as a bearer. */
  readonly bearer?: string
  readonly from?: string
  readonly host?: string
  readonly origin?: string | null
}

export interface Edge {
  /** What the host says of itself. */
  hostHealth: HostHealth
  readonly objects: FakeObjects
  readonly libsql: Libsql
  readonly vault: Vault
  readonly logs: LogEntry[]
  readonly metrics: Metrics
  /** Ticks of the timers that run, by their interval. */
  readonly timers: Set<{ intervalMs: number; tick: () => void }>
  now(): EpochMs
  advance(ms: number): void
  /** Makes the database fail until it is called with false; `badly`: with an error that is none of ours. */
  breakDatabase(isBroken: boolean | "badly"): void
  /** Waits for work that was left for after the answers. */
  settle(): Promise<void>
  fetch(path: string, sent?: Sent): Promise<Response>
  raw(request: Request, from?: string): Promise<Response>
  addUser(name: string, role: Role): Promise<{ id: UserId; session: string }>
  addToken(userId: UserId, scopes: Scope[], expiresAt?: EpochMs): Promise<{ tokenId: TokenId; token: string }>
  close(): Promise<void>
}

const hex = (bytes: number) => randomBytes(bytes).toString("hex")

export async function openEdge(
  environment: Record<string, string> = {},
  options: { setupCode?: string | undefined; modelProblem?: string } = { setupCode },
): Promise<Edge> {
  const folder = await mkdtemp(join(tmpdir(), "edge-"))
  const opened = await openMigrated(join(folder, "gateway.db"))
  const parsed = parseEnvironment(Config, environment)
  if (parsed.status !== "ok") throw new Error(parsed.problems.join())
  const models = checkCatalogue(modelsJson)
  let clock = EpochMs.parse(1_790_000_000_000)
  let isBroken: boolean | "badly" = false
  const guarded = <T>(work: () => Promise<T>) => {
    if (isBroken === false) return work()
    const cause = new Error("gone")
    return Promise.reject(isBroken === "badly" ? cause : new LoopError("database_unavailable", {}, { cause }))
  }
  const libsql: Libsql = {
    read: (statements) => guarded(() => opened.libsql.read(statements)),
    write: (statements) => guarded(() => opened.libsql.write(statements)),
    project: (rows) => guarded(() => opened.libsql.project(rows)),
    scrub: () => guarded(() => opened.libsql.scrub()),
  }
  const vault = createVault(new Uint8Array(randomBytes(32)))
  const objects = createFakeObjects(() => clock)
  const logs: LogEntry[] = []
  const metrics = createMetrics("Of this test.")
  const timers: Edge["timers"] = new Set()
  const left: Promise<void>[] = []
  const app = createApp({
    config: parsed.config,
    libsql,
    peers: objects.peers,
    upgrade: objects.upgrade,
    vault,
    keyState: createKeyCheck({ libsql, vault, now: () => clock, log: (entry) => void logs.push(entry) }),
    version: "1.2.3",
    startedAt: clock,
    now: () => clock,
    random: (size) => new Uint8Array(randomBytes(size)),
    every(intervalMs, tick) {
      const timer = { intervalMs, tick }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    background: (work) => void left.push(work),
    setupCode: () => options.setupCode,
    modelProblem: () => options.modelProblem ?? null,
    catalogue: models.status === "ok" ? models.catalogue : [],
    tools: builtInTools,
    hostHealth: async () => edge.hostHealth,
    metrics,
    log: (entry) => void logs.push(entry),
    async assets(request) {
      if (new URL(request.url).pathname.startsWith("/assets/")) {
        const headers = { "content-type": "text/javascript", "cache-control": "public, max-age=31536000, immutable" }
        return new Response("1", { headers })
      }
      return new Response("<!doctype html>", { headers: { "content-type": "text/html; charset=utf-8" } })
    },
  })

  const edge: Edge = {
    hostHealth: { lastLostCommitAt: null },
    objects,
    metrics,
    libsql,
    vault,
    logs,
    timers,
    now: () => clock,
    advance: (ms) => (clock = after(clock, ms)),
    breakDatabase: (broken) => (isBroken = broken),
    async settle() {
      while (left.length > 0) await left.shift()
    },
    async fetch(path, sent = {}) {
      const method = sent.method ?? (sent.body === undefined ? "GET" : "POST")
      const headers = new Headers({ host: sent.host ?? "localhost:3000" })
      if (sent.body !== undefined) headers.set("content-type", "application/json")
      if (sent.cookie !== undefined) {
        headers.set("cookie", `loop_session=${sent.cookie}`)
        headers.set("origin", origin)
      }
      if (sent.bearer !== undefined) headers.set("authorization", `Bearer ${sent.bearer}`)
      if (sent.origin === null) headers.delete("origin")
      if (typeof sent.origin === "string") headers.set("origin", sent.origin)
      for (const [name, value] of Object.entries(sent.headers ?? {})) headers.set(name, value)
      const body = toBody(sent.body)
      return edge.raw(
        new Request(new URL(path, origin), { method, headers, ...(body === undefined ? {} : { body }) }),
        sent.from,
      )
    },
    raw: async (request, from = "192.0.2.1") => app.fetch(request, { remoteAddress: from }),
    async addUser(name, role) {
      const id = UserId.parse(`user_${hex(12)}`)
      await libsql.write([
        {
          sql: "insert into users (id, username, username_key, password_hash, role, created_at, password_changed_at) values (?,?,?,?,?,?,?)",
          args: [id, name, name, "$none", role, clock, clock],
        },
      ])
      const session = hex(32)
      const times = { createdAt: clock, expiresAt: after(clock, 1_000_000), lastUsedAt: clock }
      await createSession(libsql, { tokenHash: sha256Hex(session), userId: id, userAgent: "", ...times })
      return { id, session }
    },
    async addToken(userId, scopes, expiresAt) {
      const token = `la_${hex(24)}`
      const tokenId = TokenId.parse(`tok_${hex(6)}`)
      const row = { id: tokenId, userId, label: "test", tokenHash: sha256Hex(token), scopes, createdAt: clock }
      await createToken(libsql, { ...row, expiresAt: expiresAt ?? null, lastUsedAt: null, revokedAt: null })
      return { tokenId, token }
    },
    async close() {
      await edge.settle()
      await opened.close()
      await rm(folder, { recursive: true })
    },
  }
  return edge
}

/** Status and code of an answer, for one-line expectations. */
export async function outcome(answer: Response | Promise<Response>): Promise<string> {
  const response = await answer
  if (response.ok) return String(response.status)
  const body: unknown = await response.json()
  const code =
    typeof body === "object" &&
    body !== null &&
    "error" in body &&
    typeof body.error === "object" &&
    body.error !== null
      ? Object(body.error).code
      : "no code"
  return `${response.status} ${code}`
}

/** Bytes and texts as they are, anything else as JSON. */
function toBody(body: unknown): string | Uint8Array<ArrayBuffer> | undefined {
  if (body instanceof Uint8Array) return body.slice()
  return typeof body === "string" || body === undefined ? body : JSON.stringify(body)
}
