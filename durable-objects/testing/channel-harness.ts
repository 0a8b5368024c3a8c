/** A Channel on a real object host, between a strict fake of Telegram and a conversation that only takes notes. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createChannel, removeChannel, updateChannel } from "../../adapters/store/channels.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import type { ChannelRow } from "../../adapters/store/rows.ts"
import { createVault } from "../../adapters/vault.ts"
import type { InboundMessage } from "../../core/channel/message.ts"
import { LoopError } from "../../core/errors.ts"
import type { LogEntry } from "../../core/log.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import { ChannelId } from "../../core/units.ts"
import { openObjectHost, type NodeObjects } from "../../sandbox-runner/host/objects/objects.ts"
import {
  startFakeTelegram,
  type FakeTelegram,
  type FakeTelegramOptions,
} from "../../sandbox-runner/testkit/fake-telegram.ts"
import { openMigrated } from "./migrated-database.ts"
import { createWaiters } from "../../sandbox-runner/testkit/waiters.ts"
import { Channel } from "../channel/channel.ts"
import { Config, parseEnvironment } from "../config.ts"
import type { HostedObject, ObjectHost } from "../host.ts"
import { methods, type ChannelStatus, type MethodInput, type MethodOutput, type Peer } from "../peers.ts"
import { HandMovedTime } from "./harness.ts"

export const telegramChannel = ChannelId.parse(`chan_${"a".repeat(24)}`)
export const webhookSecret = "hook-secret-0123456789"

export interface TakenNote {
  readonly conversationId: string
  readonly method: string
  readonly message: InboundMessage | undefined
}

export interface ChannelHarness {
  readonly fake: FakeTelegram
  readonly libsql: Libsql
  readonly objects: NodeObjects
  readonly time: HandMovedTime
  readonly channel: Peer<"channel">
  /** Every call that reached a conversation, in order; also those that `onAccept` let fail. */
  readonly notes: readonly TakenNote[]
  readonly texts: readonly string[]
  /** What the live feed was told. */
  readonly told: readonly LiveEvent[]
  /** What the host's log was told. */
  readonly logged: readonly string[]
  /** Looks at a message before it is accepted; throws or waits as a conversation might. */
  onAccept: (message: InboundMessage) => Promise<void> | void
  /** What the conversation says to an answer in its chat. */
  onAnswer: (input: MethodInput<"conversation", "answerInChat">) => MethodOutput<"conversation", "answerInChat">
  databaseIsAway: boolean
  readonly databaseRequests: number
  /** All that the channel's object has stored. */
  stored(): [key: string, value: unknown][]
  /** Another Channel on the same storage, as a second incarnation beside the first would be. */
  twin(): HostedObject
  create(row?: Partial<ChannelRow> & { botToken?: string }): Promise<ChannelStatus>
  change(changes: Partial<ChannelRow> & { botToken?: string }): Promise<ChannelStatus>
  remove(): Promise<ChannelStatus>
  status(): Promise<ChannelStatus>
  /** Posts an update as Telegram would. */
  post(update: unknown, secret?: string): Promise<{ status: "accepted" | "ignored" }>
  restart(environment?: Readonly<Record<string, string>>): Promise<void>
  until<T>(what: string, find: () => T | undefined): Promise<T>
  close(): Promise<void>
}

export async function openChannelHarness(
  environment: Readonly<Record<string, string>> = {},
  telegram: FakeTelegramOptions = {},
): Promise<ChannelHarness> {
  const directory = mkdtempSync(join(tmpdir(), "channel-"))
  const fake = await startFakeTelegram({ allowHttpWebhook: true, ...telegram })
  const waiters = createWaiters()
  const time = new HandMovedTime()
  const vault = createVault(new Uint8Array(32).fill(9))
  const notes: TakenNote[] = []
  const logged: string[] = []
  const told: LiveEvent[] = []
  const database = await openMigrated(join(directory, "gateway.db"))
  let requests = 0
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    requests += 1
    if (harness.databaseIsAway) throw new LoopError("database_unavailable")
    return work()
  }
  const libsql: Libsql = {
    read: (statements) => ask(() => database.libsql.read(statements)),
    write: (statements) => ask(() => database.libsql.write(statements)),
    project: (rows) => ask(() => database.libsql.project(rows)),
    scrub: () => ask(() => database.libsql.scrub()),
  }

  const conversation = (id: string): HostedObject => ({
    async call(method, input) {
      const accept = methods.conversation.accept.input.safeParse(input)
      notes.push({ conversationId: id, method, message: accept.data?.message })
      waiters.notify()
      if (accept.data !== undefined) await harness.onAccept(accept.data.message)
      const answer = methods.conversation.answerInChat.input.safeParse(input)
      if (method === "answerInChat" && answer.success) return harness.onAnswer(answer.data)
      return method === "accept" ? { status: "accepted", position: 0 } : {}
    },
    stream: () => new ReadableStream(),
    alarm: async () => {},
  })
  const live: HostedObject = {
    async call(_, input) {
      told.push(...methods.live.publish.input.parse(input).events)
      return {}
    },
    stream: () => new ReadableStream(),
    alarm: async () => {},
  }
  let port: ObjectHost | undefined
  let parts = partsOf(environment)
  function partsOf(variables: Readonly<Record<string, string>>) {
    const parsed = parseEnvironment(Config, { TELEGRAM_API_ROOT: fake.url, ...variables })
    if (parsed.status !== "ok") throw new Error(parsed.problems.join())
    return { config: parsed.config, vault, log: (entry: LogEntry) => void logged.push(JSON.stringify(entry)) }
  }
  const openObjects = () =>
    openObjectHost({
      path: join(directory, "objects.db"),
      blobDirectory: join(directory, "blobs"),
      libsql,
      timers: time,
      fetch: { operator: (request) => fetch(request), agent: () => Promise.reject(new Error("not for agents")) },
      create(kind, host): HostedObject {
        if (kind === "channel") {
          port = host
          return new Channel(host, parts)
        }
        if (kind === "conversation") return conversation(host.id)
        if (kind === "live") return live
        throw new Error(`no ${kind} here`)
      },
      log: ({ object, during, error }) => logged.push(`${object} ${during} ${String(error)} ${JSON.stringify(error)}`),
    })
  const openPort = () => {
    if (port === undefined) throw new Error("the channel has not been called yet")
    return port
  }
  const seal = (botToken: string) => ({
    secretSealed: vault.seal(
      { table: "channels", row: telegramChannel, column: "secret" },
      JSON.stringify({ botToken }),
    ),
    webhookSecretSealed: vault.seal(
      { table: "channels", row: telegramChannel, column: "webhook_secret" },
      webhookSecret,
    ),
  })
  const world = { objects: openObjects() }
  const channel = () => world.objects.peers("channel", telegramChannel)
  let row: ChannelRow | undefined

  const harness: ChannelHarness = {
    fake,
    libsql,
    time,
    notes,
    logged,
    told,
    databaseIsAway: false,
    onAccept: () => {},
    onAnswer: () => ({ text: "Approved.", status: "over" }),
    get objects() {
      return world.objects
    },
    get channel() {
      return channel()
    },
    get texts() {
      return notes.flatMap((note) => (note.message === undefined ? [] : [note.message.text]))
    },
    get databaseRequests() {
      return requests
    },
    stored: () => openPort().storage.list({ prefix: "" }),
    twin: () => new Channel(openPort(), parts),
    async create({ botToken = fake.token, ...fields } = {}) {
      row = await createChannel(database.libsql, {
        id: telegramChannel,
        kind: "telegram",
        name: "Home",
        config: { allowedUserIds: [7, 8] },
        ...seal(botToken),
        enabled: true,
        createdAt: time.now(),
        updatedAt: time.now(),
        ...fields,
      })
      return channel().call("refresh", {})
    },
    async change({ botToken, ...changes }) {
      if (row === undefined) throw new Error("there is no channel yet")
      const secrets = botToken === undefined ? {} : seal(botToken)
      const updated = await updateChannel(database.libsql, { ...row, ...changes, ...secrets })
      if (updated.status !== "updated") throw new Error(updated.status)
      row = updated.channel
      return channel().call("refresh", {})
    },
    async remove() {
      await removeChannel(database.libsql, telegramChannel)
      return channel().call("refresh", {})
    },
    status: () => channel().call("status", {}),
    post: (update, secret = webhookSecret) => channel().call("webhook", { secret, body: JSON.stringify(update) }),
    async restart(changed) {
      await world.objects.close(0)
      if (changed !== undefined) parts = partsOf(changed)
      world.objects = openObjects()
    },
    until: (what, find) => waiters.until(what, find),
    async close() {
      waiters.close("the test is over")
      await world.objects.close(0)
      await database.close()
      await fake.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  return harness
}

/** An update with a text in a private chat. */
export function textUpdate(updateId: number, text: string, fromId = 7): Record<string, unknown> {
  const from = { id: fromId, is_bot: false, first_name: "Ada" }
  return {
    update_id: updateId,
    message: { message_id: updateId, date: 1, from, chat: { id: fromId, type: "private" }, text },
  }
}
