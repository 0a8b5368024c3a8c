/** A RunnerHub on a real object host, with runners that are driven by hand over real sockets, and conversations that take notes. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createToken } from "../../adapters/store/access.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { grantStatement } from "../../adapters/store/runners.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import { isLoopError, LoopError } from "../../core/errors.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import {
  Capability,
  Command,
  CommandId,
  type CommandOutcome,
  RunnerId,
  type RunnerWork,
} from "../../core/runner/command.ts"
import { GatewayFrame, linkProtocol, type RunnerFrame } from "../../core/runner/link.ts"
import { after, ConversationId, TokenId, UserId } from "../../core/units.ts"
import { openObjectHost, type NodeObjects } from "../../sandbox-runner/host/objects/objects.ts"
import { openMigrated } from "./migrated-database.ts"
import { opened, startSocketServer } from "../../sandbox-runner/testkit/socket-server.ts"
import { createWaiters } from "../../sandbox-runner/testkit/waiters.ts"
import type { HostedObject } from "../host.ts"
import { methods, type MethodInput, type Peer } from "../peers.ts"
import { RunnerHub } from "../runners/hub.ts"
import { HandMovedTime } from "./harness.ts"

export const conversationId = ConversationId.parse(`loop_${"c".repeat(32)}`)
export const runnerId = (digit: string): RunnerId => RunnerId.parse(`run_${digit.repeat(24)}`)

/** A runner's end of a link, of which every frame is said by the test. */
export interface FakeRunner {
  say(frame: RunnerFrame): void
  /** Anything at all. */
  raw(data: string | Uint8Array): void
  /** The next frame of that type; others before it stay unheard. */
  hear<T extends GatewayFrame["type"]>(type: T): Promise<Extract<GatewayFrame, { type: T }>>
  /** Frames that were not heard yet. */
  readonly unheard: readonly GatewayFrame[]
  readonly closed: Promise<{ code: number; reason: string }>
  /** Ends the connection, as a lost network does. */
  drop(): void
}

export interface HelloWords {
  readonly id?: RunnerId
  readonly protocol?: number
  readonly slots?: number
  readonly capabilities?: readonly Capability[]
  readonly held?: Extract<RunnerFrame, { type: "hello" }>["held"]
  readonly isDraining?: boolean
}

export type Via = { via: "memory" } | { via: "token"; token: TokenOf }
export interface TokenOf {
  readonly tokenId: TokenId
  readonly hash: string
  revoke(): Promise<void>
}

export interface RunnerHarness {
  readonly objects: NodeObjects
  readonly hub: Peer<"runners">
  readonly time: HandMovedTime
  readonly libsql: Libsql
  databaseIsAway: boolean
  /** Lets the next write wait on its way to the database until the returned function is called. */
  holdDatabase(): () => void
  readonly isHolding: boolean
  /** What conversations were told. */
  readonly told: readonly (MethodInput<"conversation", "commandEnded"> & { readonly to: string })[]
  /** Decides what a conversation answers to such news. */
  onTold: () => void
  readonly live: readonly LiveEvent[]
  /** Sets up a token, for these capabilities where they are named. */
  addToken(capabilities?: readonly Capability[]): Promise<TokenOf>
  /** A socket that has not said anything; by a token of the runner's own unless told. */
  dial(via?: Via, id?: RunnerId): Promise<FakeRunner>
  /** A runner that is linked. */
  link(words?: HelloWords, via?: Via): Promise<FakeRunner>
  refusalOf(token: TokenOf): Promise<string>
  /** A command as a tool call makes it. */
  command(changes?: Partial<Command>): Command
  submit(changes?: Partial<Command>): Promise<Command>
  statusOf(id: CommandId): Promise<string>
  outcomeOf(id: CommandId): Promise<CommandOutcome>
  /** Moves time on in steps, as alarms do their work between them. */
  pass(ms: number): Promise<void>
  restart(): Promise<void>
  until<T>(what: string, find: () => T | undefined): Promise<T>
  close(): Promise<void>
}

export const hello = (words: HelloWords = {}): Extract<RunnerFrame, { type: "hello" }> => ({
  type: "hello",
  protocol: words.protocol ?? linkProtocol,
  runnerId: words.id ?? runnerId("a"),
  hostname: "pi",
  platform: "linux arm64",
  version: "0.1.0",
  slots: words.slots ?? 2,
  capabilities: (words.capabilities ?? Capability.options).map((name) => ({ name, status: "ok", problem: null })),
  held: words.held ?? [],
  isDraining: words.isDraining ?? false,
})

export const echo: Extract<RunnerWork, { kind: "sandbox.run" }> = {
  kind: "sandbox.run",
  workspace: conversationId,
  program: { form: "argv", argv: ["echo", "hi"] },
  stdin: "",
  timeoutMs: 60_000,
}

export const echoed: CommandOutcome = {
  status: "succeeded",
  result: {
    kind: "sandbox.run",
    exitCode: 0,
    stdout: "hi\n",
    stderr: "",
    stdoutCutBytes: 0,
    stderrCutBytes: 0,
    durationMs: 3,
  },
}

export const resultOf = (id: CommandId, outcome: CommandOutcome): Extract<RunnerFrame, { type: "result" }> => ({
  type: "result",
  id,
  index: 0,
  count: 1,
  part: JSON.stringify(outcome),
})

export async function openRunnerHarness(): Promise<RunnerHarness> {
  const directory = mkdtempSync(join(tmpdir(), "runners-"))
  const waiters = createWaiters()
  const time = new HandMovedTime()
  const database = await openMigrated(join(directory, "gateway.db"))
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    if (harness.databaseIsAway) throw new LoopError("database_unavailable")
    return work().finally(waiters.notify)
  }
  const libsql: Libsql = {
    read: (statements) => ask(() => database.libsql.read(statements)),
    write: (statements) =>
      ask(async () => {
        await hold?.()
        return database.libsql.write(statements)
      }),
    project: (rows) => ask(() => database.libsql.project(rows)),
    scrub: () => ask(() => database.libsql.scrub()),
  }
  let hold: (() => Promise<void>) | undefined
  let isHolding = false
  const told: (MethodInput<"conversation", "commandEnded"> & { to: string })[] = []
  const live: LiveEvent[] = []
  const noteTaker = (take: (input: unknown) => void): HostedObject => ({
    async call(_, input) {
      take(input)
      waiters.notify()
      return {}
    },
    stream: () => new ReadableStream(),
    alarm: async () => {},
  })
  const openObjects = () =>
    openObjectHost({
      path: join(directory, "objects.db"),
      blobDirectory: join(directory, "blobs"),
      libsql,
      timers: time,
      fetch: { operator: (request) => fetch(request), agent: () => Promise.reject(new Error("not for agents")) },
      create(kind, host): HostedObject {
        if (kind === "runners") return new RunnerHub(host, {})
        if (kind === "live") return noteTaker((input) => live.push(...methods.live.publish.input.parse(input).events))
        return noteTaker((input) => {
          harness.onTold()
          told.push({ ...methods.conversation.commandEnded.input.parse(input), to: host.id })
        })
      },
      log: ({ object, during, error }) => console.error(object, during, error),
    })
  let objects = openObjects()
  const server = await startSocketServer(() => objects)
  const userId = UserId.parse(`user_${"e".repeat(24)}`)
  const user =
    "insert into users (id, username, username_key, password_hash, role, created_at, password_changed_at) values (?,?,?,'','admin',0,0)"
  await database.libsql.write([{ sql: user, args: [userId, "ada", "ada"] }])
  let made = 0
  const inputOf = (via: Via, id: RunnerId) =>
    via.via === "memory"
      ? { via: "memory" as const, runnerId: id }
      : {
          via: "token" as const,
          credential: { kind: "token" as const, hash: via.token.hash },
          tokenId: via.token.tokenId,
        }

  const own = new Map<RunnerId, TokenOf>()
  const tokenOf = async (id: RunnerId) => {
    const token = own.get(id) ?? (await harness.addToken())
    own.set(id, token)
    return token
  }

  const harness: RunnerHarness = {
    get objects() {
      return objects
    },
    get hub() {
      return objects.peers("runners", "main")
    },
    time,
    libsql: database.libsql,
    databaseIsAway: false,
    holdDatabase() {
      let release = () => {}
      const released = new Promise<void>((resolve) => (release = resolve))
      hold = () => {
        hold = undefined
        isHolding = true
        waiters.notify()
        return released
      }
      return release
    },
    get isHolding() {
      return isHolding
    },
    told,
    onTold: () => {},
    live,
    async addToken(capabilities) {
      made += 1
      const id = TokenId.parse(`tok_${String(made).padStart(12, "0")}`)
      const hash = sha256Hex(`token ${made}`)
      const row = { id, userId, label: "", tokenHash: hash, scopes: ["runner"], createdAt: time.now() }
      await createToken(database.libsql, { ...row, expiresAt: null, lastUsedAt: null, revokedAt: null })
      if (capabilities !== undefined) await database.libsql.write([grantStatement(id, capabilities, time.now())])
      const revoke = async () => {
        await database.libsql.write([{ sql: "update tokens set revoked_at = 1 where id = ?", args: [id] }])
      }
      return { tokenId: id, hash, revoke }
    },
    async dial(via, id = runnerId("a")) {
      const input = inputOf(via ?? { via: "token", token: await tokenOf(id) }, id)
      return toFakeRunner(await opened(new WebSocket(server.urlOf("runners", "main", input))))
    },
    async link(words = {}, via) {
      const runner = await harness.dial(via, words.id)
      runner.say(hello(words))
      await runner.hear("welcome")
      return runner
    },
    refusalOf: (token) =>
      objects
        .upgrade("runners", "main", new Request("http://gateway.example/"), {
          via: "token",
          credential: { kind: "token", hash: token.hash },
          tokenId: token.tokenId,
        })
        .then(() => "taken")
        .catch((error: unknown) => (isLoopError(error) ? error.code : String(error))),
    command(changes = {}) {
      made += 1
      return {
        id: CommandId.parse(`cmd_${String(made).padStart(24, "0")}`),
        work: echo,
        conversationId,
        correlationId: null,
        createdAt: time.now(),
        expiresAt: after(time.now(), 60_000),
        ...changes,
      }
    },
    async submit(changes) {
      const command = harness.command(changes)
      await harness.hub.call("submit", command)
      return command
    },
    async statusOf(id) {
      return (await harness.hub.call("show", { commandId: id })).status
    },
    async outcomeOf(id) {
      const { outcome } = await harness.hub.call("show", { commandId: id })
      if (outcome === null) throw new Error("it has not ended")
      return outcome
    },
    async pass(ms) {
      for (let left = ms; left > 0; left -= 1_000) {
        time.advance(Math.min(1_000, left))
        // A round trip through the hub and the database, behind what the alarm began.
        await new Promise((resolve) => setImmediate(resolve))
        await harness.hub.call("available", {})
        await database.libsql.read([{ sql: "select 1", args: [] }])
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    async restart() {
      await objects.close(0)
      objects = openObjects()
    },
    until: (what, find) => waiters.until(what, find),
    async close() {
      waiters.close("the test is over")
      await objects.close(0)
      await server.close()
      await database.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  return harness
}

function toFakeRunner(socket: WebSocket): FakeRunner {
  const frames: GatewayFrame[] = []
  const waiters = createWaiters()
  socket.addEventListener("message", ({ data }) => {
    frames.push(GatewayFrame.parse(JSON.parse(String(data))))
    waiters.notify()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => {
      waiters.close(`the gateway closed the link with ${code} ${reason}`)
      resolve({ code, reason })
    })
  })
  return {
    say: (frame) => socket.send(JSON.stringify(frame)),
    raw: (data) => socket.send(typeof data === "string" ? data : new Uint8Array(data)),
    hear<T extends GatewayFrame["type"]>(type: T) {
      return waiters.until(`a frame ${type}`, () => {
        const at = frames.findIndex((frame) => frame.type === type)
        if (at < 0) return undefined
        const [found] = frames.splice(at, 1)
        return isOfType(found, type) ? found : undefined
      })
    },
    unheard: frames,
    closed,
    drop: () => socket.close(),
  }
}

function isOfType<T extends GatewayFrame["type"]>(
  frame: GatewayFrame | undefined,
  type: T,
): frame is Extract<GatewayFrame, { type: T }> {
  return frame?.type === type
}
