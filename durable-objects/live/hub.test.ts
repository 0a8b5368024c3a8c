/** The live feed: who hears what, what is kept for those who come back, and how soon a revoked credential hears nothing more. */
import { randomBytes } from "node:crypto"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { createSession, createToken, deleteSession, revokeToken } from "../../adapters/store/access.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import type { CredentialKey } from "../../adapters/store/standings.ts"
import type { Role, Scope } from "../../core/access/scope.ts"
import { isLoopError } from "../../core/errors.ts"
import { LiveFrame, type LiveEvent } from "../../core/live/event.ts"
import { after, ConversationId, GroupId, TokenId, UserId } from "../../core/units.ts"
import { opened, startSocketServer, type SocketServer } from "../../sandbox-runner/testkit/socket-server.ts"
import { toClient, type Client } from "../sockets.suite.ts"
import { openHarness, type Harness } from "../testing/harness.ts"

let harness: Harness
let server: SocketServer
beforeEach(async () => {
  harness = await openHarness()
  server = await startSocketServer(() => harness.objects)
})
afterEach(async () => {
  await harness.close()
  await server.close()
})

const hex = (bytes: number) => randomBytes(bytes).toString("hex")
const conversationId = ConversationId.parse(`loop_${"a".repeat(32)}`)
const groupId = GroupId.parse(`grp_${"b".repeat(24)}`)
const updated: LiveEvent = { event: "conversation:updated", data: { conversationId } }
const grouped: LiveEvent = { event: "group:updated", data: { groupId } }

async function addUser(role: Role): Promise<UserId> {
  const id = UserId.parse(`user_${hex(12)}`)
  const sql =
    "insert into users (id, username, username_key, password_hash, role, created_at, password_changed_at) values (?,?,?,'',?,0,0)"
  await harness.libsql.write([{ sql, args: [id, id, id, role] }])
  return id
}

async function addSession(role: Role = "admin", lifetimeMs = 3_600_000) {
  const userId = await addUser(role)
  const hash = sha256Hex(hex(32))
  const now = harness.time.now()
  const times = { createdAt: now, expiresAt: after(now, lifetimeMs), lastUsedAt: now }
  await createSession(harness.libsql, { tokenHash: hash, userId, userAgent: "", ...times })
  return {
    userId,
    key: { kind: "session", hash } satisfies CredentialKey,
    end: () => deleteSession(harness.libsql, hash),
  }
}

async function addToken(scopes: Scope[], role: Role = "admin") {
  const userId = await addUser(role)
  const hash = sha256Hex(hex(24))
  const id = TokenId.parse(`tok_${hex(6)}`)
  const row = { id, userId, label: "", tokenHash: hash, scopes, createdAt: harness.time.now() }
  await createToken(harness.libsql, { ...row, expiresAt: null, lastUsedAt: null, revokedAt: null })
  return {
    key: { kind: "token", hash } satisfies CredentialKey,
    revoke: () => revokeToken(harness.libsql, userId, id, harness.time.now()),
  }
}

interface Reader extends Client {
  frame(): Promise<LiveFrame>
  /** The next event's number and name. */
  event(): Promise<string>
  readonly hello: { seq: number; gap: boolean }
}

async function read(credential: CredentialKey, last: number | null = null): Promise<Reader> {
  const client = toClient(await opened(new WebSocket(server.urlOf("live", "main", { credential, after: last }))))
  const frame = async () => LiveFrame.parse(JSON.parse(String(await client.next())))
  const hello = await frame()
  if (hello.event !== "hello") throw new Error(`the first frame is ${hello.event}`)
  const event = async () => {
    const next = await frame()
    return next.event === "hello" ? "hello again" : `${next.seq} ${next.event}`
  }
  return { ...client, frame, event, hello: hello.data }
}

const hub = () => harness.objects.peers("live", "main")
const publish = (...events: LiveEvent[]) => hub().call("publish", { events })
const refusalOf = (credential: CredentialKey) =>
  harness.objects
    .upgrade("live", "main", new Request("http://gateway.example/"), { credential, after: null })
    .then(() => "taken")
    .catch((error: unknown) => (isLoopError(error) ? error.code : String(error)))
const sockets = () => harness.objects.stats().sockets
/** Moves time on in steps, as alarms do their work between them. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    harness.time.advance(Math.min(500, left))
    // A round trip through the hub and the database, behind what the alarm began.
    await hub().call("publish", { events: [grouped] })
    await harness.libsql.read([{ sql: "select 1", args: [] }])
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe("a reader", () => {
  test("is told the newest number, then everything that happens, numbered and dated", async () => {
    const { key } = await addSession()
    const reader = await read(key)
    expect(reader.hello.gap).toBe(false)
    await publish(updated, grouped)
    const first = await reader.frame()
    expect(first).toEqual({
      seq: reader.hello.seq + 1,
      at: new Date(harness.time.now()).toISOString(),
      event: "conversation:updated",
      data: { conversationId },
    })
    expect(await reader.event()).toBe(`${reader.hello.seq + 2} group:updated`)
  })

  test("hears what its scopes allow and nothing else, by token and by role", async () => {
    const agents = await read((await addToken(["agents:read", "chat"])).key)
    const talks = await read((await addToken(["conversations:read"])).key)
    const viewer = await read((await addSession("viewer")).key)
    await publish(updated, grouped)
    const { seq } = viewer.hello
    expect(await agents.event()).toBe(`${seq + 2} group:updated`)
    expect(await talks.event()).toBe(`${seq + 1} conversation:updated`)
    expect([await viewer.event(), await viewer.event()]).toEqual([
      `${seq + 1} conversation:updated`,
      `${seq + 2} group:updated`,
    ])
  })

  test("without a good credential, or with one that reads nothing here, is refused", async () => {
    expect(await refusalOf({ kind: "session", hash: sha256Hex("nobody") })).toBe("invalid_token")
    expect(await refusalOf((await addToken(["chat", "approvals:answer", "agents:write"])).key)).toBe("scope_missing")
    const session = await addSession()
    await session.end()
    expect(await refusalOf(session.key)).toBe("invalid_token")
    // A token's hash is no session's.
    const token = await addToken(["agents:read"])
    expect(await refusalOf({ kind: "session", hash: token.key.hash })).toBe("invalid_token")
    harness.databaseIsAway = true
    expect(await refusalOf(token.key)).toBe("database_unavailable")
  })

  test("has at most 20 sockets by one credential", async () => {
    const { key } = await addSession()
    for (let n = 0; n < 20; n += 1) await read(key)
    expect(await refusalOf(key)).toBe("too_many_requests")
    expect(await refusalOf((await addSession()).key)).toBe("taken")
  })

  test("that says anything but ping is closed", async () => {
    const reader = await read((await addSession()).key)
    reader.send("ping")
    expect(await reader.next()).toBe("pong")
    reader.send("hello?")
    expect(await reader.closed).toMatchObject({ code: 1008 })
  })

  test("keeps hearing while the hub leaves memory between events", async () => {
    const reader = await read((await addSession()).key)
    for (let n = 1; n <= 3; n += 1) {
      await harness.objects.evict("live", "main")
      await publish(updated)
      expect(await reader.event()).toBe(`${reader.hello.seq + n} conversation:updated`)
    }
  })
})

describe("a reader that comes back", () => {
  test("gets what it missed, in order, each once", async () => {
    const { key } = await addSession()
    const first = await read(key)
    await publish(updated)
    await first.event()
    first.close(1000, "")
    await first.closed
    await publish(grouped)
    await publish(updated, grouped)
    const { seq } = first.hello
    const again = await read(key, seq + 1)
    expect(again.hello).toEqual({ seq: seq + 4, gap: false })
    expect([await again.event(), await again.event(), await again.event()]).toEqual([
      `${seq + 2} group:updated`,
      `${seq + 3} conversation:updated`,
      `${seq + 4} group:updated`,
    ])
    await publish(updated)
    expect(await again.event()).toBe(`${seq + 5} conversation:updated`)
  })

  test("gets what it missed also after the gateway was restarted, even killed", async () => {
    const { key } = await addSession()
    const { hello } = await read(key)
    await publish(updated)
    await harness.restart()
    await publish(grouped)
    const again = await read(key, hello.seq)
    expect(again.hello).toEqual({ seq: hello.seq + 2, gap: false })
    expect([await again.event(), await again.event()]).toEqual([
      `${hello.seq + 1} conversation:updated`,
      `${hello.seq + 2} group:updated`,
    ])
  })

  test("gets only what it may read of what it missed", async () => {
    const { key } = await addToken(["agents:read"])
    const { hello } = await read(key)
    await publish(updated, grouped, updated)
    const again = await read(key, hello.seq)
    expect(again.hello).toEqual({ seq: hello.seq + 3, gap: false })
    expect(await again.event()).toBe(`${hello.seq + 2} group:updated`)
  })

  test("is told of the gap when it missed more than 1,000 events", async () => {
    const { key } = await addSession()
    const { hello } = await read(key)
    for (let n = 0; n < 11; n += 1) await publish(...Array.from({ length: 91 }, () => grouped))
    const seq = hello.seq + 1_001
    expect((await read(key, hello.seq + 1)).hello).toEqual({ seq, gap: false })
    expect((await read(key, hello.seq)).hello).toEqual({ seq, gap: true })
  })

  test("with a number of another gateway is told of the gap", async () => {
    const { key } = await addSession()
    const { hello } = await read(key)
    expect((await read(key, hello.seq + 1)).hello).toEqual({ seq: hello.seq, gap: true })
  })

  test("within a quarter of an hour after the last one left has no gap", async () => {
    const { key } = await addSession()
    const reader = await read(key)
    reader.close(1000, "")
    await reader.closed
    await vi.waitFor(() => expect(sockets()).toBe(0))
    harness.time.advance(14 * 60_000)
    await publish(updated)
    expect((await read(key, reader.hello.seq)).hello).toEqual({ seq: reader.hello.seq + 1, gap: false })
  })
})

describe("while nobody watches", () => {
  test("nothing is written, and who comes then has a gap", async () => {
    const { key } = await addSession()
    const reader = await read(key)
    reader.close(1000, "")
    await reader.closed
    await vi.waitFor(() => expect(sockets()).toBe(0))
    harness.time.advance(16 * 60_000)
    await publish(updated)
    const { commits } = harness.objects.stats()
    for (let n = 0; n < 10; n += 1) await publish(updated)
    expect(harness.objects.stats().commits).toBe(commits)
    expect((await read(key, reader.hello.seq)).hello.gap).toBe(true)
  })
})

describe("a credential that ends", () => {
  test.each([
    ["a revoked token", async () => addToken(["agents:read"]).then(({ key, revoke }) => ({ key, end: revoke }))],
    ["a session after its logout", () => addSession()],
    [
      "one of a disabled account",
      async () => {
        const { key, userId } = await addSession()
        const sql = "update users set disabled_at = 1 where id = ?"
        return { key, end: () => harness.libsql.write([{ sql, args: [userId] }]) }
      },
    ],
  ])("%s loses its socket within ten seconds, and others keep theirs", async (_, add) => {
    const other = await read((await addSession()).key)
    const ended = await add()
    const reader = await read(ended.key)
    await pass(3_000)
    expect(sockets()).toBe(2)
    await ended.end()
    const at = harness.time.now()
    const closedAt = reader.closed.then(() => harness.time.now())
    await pass(10_000)
    expect((await closedAt) - at).toBeLessThanOrEqual(10_000)
    expect(await reader.closed).toMatchObject({ code: 4401 })
    await publish(updated)
    let last = await other.event()
    while (!last.endsWith("conversation:updated")) last = await other.event()
  })

  test("an expired session loses its socket within ten seconds", async () => {
    const reader = await read((await addSession("admin", 20_000)).key)
    await pass(19_000)
    expect(sockets()).toBe(1)
    await pass(11_000)
    expect(await reader.closed).toMatchObject({ code: 4401 })
  })

  test("a role that shrinks loses what it may no longer read", async () => {
    const { key } = await addToken(["agents:read"])
    const reader = await read(key)
    await harness.libsql.write([
      { sql: "update tokens set scopes = ? where token_hash = ?", args: ['["chat"]', key.hash] },
    ])
    await pass(10_000)
    expect(await reader.closed).toMatchObject({ code: 4403 })
  })

  test("nobody hears anything by a credential that could not be looked up for ten seconds", async () => {
    const reader = await read((await addSession()).key)
    await pass(9_000)
    harness.databaseIsAway = true
    harness.time.advance(9_500)
    await publish(updated)
    harness.time.advance(500)
    expect(await reader.closed).toMatchObject({ code: 1013 })
  })

  test("a database that is away for a moment cuts nobody off", async () => {
    const reader = await read((await addSession()).key)
    harness.databaseIsAway = true
    await passWithoutDatabase(8_500)
    harness.databaseIsAway = false
    await pass(30_000)
    expect(sockets()).toBe(1)
    await publish(updated)
    let last = await reader.event()
    while (!last.endsWith("conversation:updated")) last = await reader.event()
  })
})

async function passWithoutDatabase(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    harness.time.advance(500)
    await hub().call("publish", { events: [grouped] })
    await new Promise((resolve) => setImmediate(resolve))
  }
}
