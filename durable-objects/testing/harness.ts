/** A whole object host for tests of objects: real storage, database and model server on loopback; time moved by hand. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { createVault } from "../../adapters/vault.ts"
import type { Catalogue } from "../../core/catalogue/catalogue.ts"
import type { InboundMessage } from "../../core/channel/message.ts"
import type { OutgoingPart, SendOutcome } from "../../core/channel/outgoing.ts"
import { LoopError } from "../../core/errors.ts"
import type { LogEntry } from "../../core/log.ts"
import { createMetrics, type Metrics } from "../../core/metrics/metrics.ts"
import type { ApprovalRow } from "../../core/projection.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import { after, ChannelId, ConversationId, EpochMs, UserId } from "../../core/units.ts"
import { openObjectHost, type NodeObjects } from "../../sandbox-runner/host/objects/objects.ts"
import type { Timers } from "../../sandbox-runner/host/objects/timers.ts"
import { openMigrated } from "./migrated-database.ts"
import { startScriptedModel, type ScriptedModel } from "../../sandbox-runner/testkit/scripted-model.ts"
import { createWaiters } from "../../sandbox-runner/testkit/waiters.ts"
import { Config, parseEnvironment } from "../config.ts"
import { Conversation } from "../conversation/conversation.ts"
import type { HostedObject } from "../host.ts"
import { Ledger } from "../ledger/ledger.ts"
import { LiveHub } from "../live/hub.ts"
import { createLiveInterest } from "../live/interest.ts"
import { methods, on, routeOf, type Routes } from "../peers.ts"
import { RunnerHub } from "../runners/hub.ts"
import { currentTime } from "../tools/current-time.ts"
import type { Tool } from "../tools/tool.ts"

export const owner = UserId.parse(`user_${"1".repeat(24)}`)
export const stranger = UserId.parse(`user_${"2".repeat(24)}`)
export const channelId = ChannelId.parse(`chan_${"3".repeat(24)}`)
export const loopId = ConversationId.parse(`loop_${"4".repeat(32)}`)
export const chatId = ConversationId.parse(`conv_${"5".repeat(32)}`)

/** Time that stands still until it is moved; alarms and idle objects follow it, model servers do not. */
export class HandMovedTime implements Timers {
  #now = EpochMs.parse(1_790_000_000_000)
  readonly #timers = new Set<{ at: number; fire: () => void }>()
  #flow: NodeJS.Timeout | undefined

  now(): EpochMs {
    return this.#now
  }

  start(delayMs: number, fire: () => void): () => void {
    // What is due now fires with the next turn of the event loop, as a real timer would.
    if (delayMs <= 0) {
      const immediate = setImmediate(fire)
      return () => clearImmediate(immediate)
    }
    const timer = { at: this.#now + delayMs, fire }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Moves time on and fires what came due, in order. */
  advance(ms: number): void {
    this.#now = after(this.#now, ms)
    const due = [...this.#timers].filter((timer) => timer.at <= this.#now).sort((a, b) => a.at - b.at)
    for (const timer of due) if (this.#timers.delete(timer)) timer.fire()
  }

  /** Moves time on by itself from now on, so that pauses pass. */
  flow(stepMs: number): void {
    this.stop()
    this.#flow = setInterval(() => this.advance(stepMs), 5)
  }

  stop(): void {
    clearInterval(this.#flow)
  }
}

export interface Harness {
  /** Holds all files of objects and database. */
  readonly directory: string
  readonly objects: NodeObjects
  readonly model: ScriptedModel
  readonly libsql: Libsql
  readonly time: HandMovedTime
  /** Parts that the stub channel was asked to send. */
  readonly sent: readonly OutgoingPart[]
  /** Decides what becomes of a part; sent by default. */
  onSend: (part: OutgoingPart) => Promise<SendOutcome> | SendOutcome
  /** Told which channel is to forget which conversation; throws as a channel might. */
  onForget: (channel: string, conversationId: ConversationId) => void
  /** Questions as they were projected. */
  readonly listed: readonly ApprovalRow[]
  /** While true, every request to the database fails. */
  databaseIsAway: boolean
  /** Lets the next projection wait on its way to the database until it is released. */
  holdNextProjection(): { readonly isUnderWay: boolean; release(): Promise<void> }
  /** How often the database was asked. */
  readonly databaseRequests: number
  readonly logs: readonly LogEntry[]
  readonly metrics: Metrics
  /** Ends the process's part of the world and starts it again on the same files. */
  restart(options?: { losingObjects?: boolean }): Promise<void>
  until<T>(what: string, find: () => T | undefined): Promise<T>
  notify(): void
  close(): Promise<void>
}

export async function openHarness(
  options: {
    tools?: readonly Tool[]
    concurrentTurns?: number
    /** Variables of the environment beside those that name the scripted model. */
    environment?: (model: ScriptedModel) => Readonly<Record<string, string>>
    catalogue?: Catalogue
    /** Stands in for the live feed, which always seems to be watched then. */
    onLive?: (events: LiveEvent[]) => void
  } = {},
): Promise<Harness> {
  const directory = mkdtempSync(join(tmpdir(), "objects-"))
  const model = await startScriptedModel()
  const waiters = createWaiters()
  const time = new HandMovedTime()
  const sent: OutgoingPart[] = []
  const listed: ApprovalRow[] = []
  const database = await openMigrated(join(directory, "gateway.db"))
  const parsed = parseEnvironment(Config, {
    ANTHROPIC_API_KEY: "sk-test",
    ANTHROPIC_BASE_URL: model.url,
    ...options.environment?.(model),
  })
  if (parsed.status !== "ok") throw new Error(parsed.problems.join())
  const logs: LogEntry[] = []
  const metrics = createMetrics("")
  const parts = {
    config: parsed.config,
    vault: createVault(new Uint8Array(32).fill(7)),
    tools: [currentTime, ...(options.tools ?? [])],
    concurrentTurns: options.concurrentTurns ?? 10,
    log: (entry: LogEntry) => void logs.push(entry),
    metrics,
    liveInterest: createLiveInterest(),
    systemPrompt: () => "You are a test.",
    catalogue: options.catalogue ?? [],
  }
  let requests = 0
  let held: (() => Promise<void>) | undefined
  let file = 0

  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    requests += 1
    if (harness.databaseIsAway) throw new LoopError("database_unavailable")
    return work().finally(waiters.notify)
  }
  const libsql: Libsql = {
    read: (statements) => ask(() => database.libsql.read(statements)),
    write: (statements) => ask(() => database.libsql.write(statements)),
    project: (rows) =>
      ask(async () => {
        await held?.()
        await database.libsql.project(rows)
        listed.push(...rows.approvals)
      }),
    scrub: () => ask(() => database.libsql.scrub()),
  }
  const openObjects = () => {
    // What an earlier process knew is gone with it.
    parts.liveInterest.isWatched = true
    return openObjectHost({
      path: join(directory, `objects-${file}.db`),
      blobDirectory: join(directory, "blobs"),
      libsql,
      timers: time,
      fetch: { operator: (request) => fetch(request), agent: (request) => fetch(request) },
      create(kind, host): HostedObject {
        switch (kind) {
          case "conversation":
            return new Conversation(host, parts)
          case "live":
            return options.onLive === undefined
              ? new LiveHub(host, parts.liveInterest)
              : stubHub(options.onLive, waiters.notify)
          case "ledger":
            return new Ledger(host, parts)
          case "runners":
            return new RunnerHub(host, parts)
          case "channel":
            return stubChannel(
              async (part) => {
                sent.push(part)
                waiters.notify()
                return harness.onSend(part)
              },
              (conversationId) => harness.onForget(host.id, conversationId),
            )
        }
      },
      log: () => waiters.notify(),
    })
  }
  const world = { objects: openObjects() }
  const harness: Harness = {
    directory,
    get objects() {
      return world.objects
    },
    model,
    libsql: database.libsql,
    time,
    logs,
    metrics,
    sent,
    listed,
    onSend: () => ({ status: "sent", externalId: String(sent.length) }),
    onForget: () => {},
    databaseIsAway: false,
    holdNextProjection() {
      let release = () => {}
      const released = new Promise<void>((resolve) => (release = resolve))
      let isUnderWay = false
      held = () => {
        held = undefined
        isUnderWay = true
        waiters.notify()
        return released
      }
      return {
        get isUnderWay() {
          return isUnderWay
        },
        async release() {
          release()
          // The held write is asked for first, and the database takes what it is asked in order.
          await new Promise<void>((resolve) => setImmediate(resolve))
          await database.libsql.read([{ sql: "select 1", args: [] }])
        },
      }
    },
    get databaseRequests() {
      return requests
    },
    async restart({ losingObjects = false } = {}) {
      await world.objects.close(0)
      if (losingObjects) file += 1
      world.objects = openObjects()
    },
    until: (what, find) => waiters.until(what, find),
    notify: waiters.notify,
    async close() {
      time.stop()
      waiters.close("the test is over")
      await world.objects.close(0)
      await database.close()
      await model.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  return harness
}

function stubHub(onLive: (events: LiveEvent[]) => void, notify: () => void): HostedObject {
  const routes: Routes<"live"> = {
    publish: on(methods.live.publish, ({ events }) => {
      onLive(events)
      notify()
      return {}
    }),
  }
  return {
    call: async (name, input) => routeOf(routes, name)(input),
    stream: () => new ReadableStream(),
    alarm: async () => {},
  }
}

function stubChannel(
  send: (part: OutgoingPart) => Promise<SendOutcome>,
  forget: (conversationId: ConversationId) => void,
): HostedObject {
  const status = { status: "connected" as const, mode: null, problem: null, lastInboundAt: null }
  const routes: Routes<"channel"> = {
    refresh: on(methods.channel.refresh, () => status),
    status: on(methods.channel.status, () => status),
    webhook: on(methods.channel.webhook, () => ({ status: "ignored" as const })),
    send: on(methods.channel.send, send),
    showTyping: on(methods.channel.showTyping, () => ({})),
    forget: on(methods.channel.forget, ({ conversationId }) => {
      forget(conversationId)
      return {}
    }),
  }
  return {
    call: async (name, input) => routeOf(routes, name)(input),
    stream: () => new ReadableStream(),
    alarm: async () => {},
  }
}

let messageCount = 0

export function apiMessage(text: string, rest: Partial<InboundMessage> = {}): InboundMessage {
  messageCount += 1
  return {
    externalId: `api:${messageCount}`,
    text,
    source: { kind: "api", userId: owner },
    permissionMode: "default",
    whileBusy: "queue",
    tainted: false,
    receivedAt: EpochMs.parse(1_790_000_000_000),
    ...rest,
  }
}

export function chatMessage(text: string, rest: Partial<InboundMessage> = {}): InboundMessage {
  messageCount += 1
  return apiMessage(text, {
    externalId: `tg:${messageCount}`,
    source: { kind: "telegram", channelId, chatId: 77, messageId: messageCount, senderId: 5, senderName: "Ada" },
    whileBusy: "join",
    ...rest,
  })
}

export interface SeenEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: Readonly<Record<string, unknown>>
}

/** Reads a stream of events to its end, or until `enough` says so. */
export async function readEvents(
  stream: ReadableStream<Uint8Array>,
  enough: (events: readonly SeenEvent[]) => boolean = () => false,
): Promise<SeenEvent[]> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  const events: SeenEvent[] = []
  let text = ""
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return events
    text += decoder.decode(value, { stream: true })
    const blocks = text.split("\n\n")
    text = blocks.pop() ?? ""
    events.push(...blocks.map(parseEvent))
    if (!enough(events)) continue
    await reader.cancel()
    return events
  }
}

function parseEvent(block: string): SeenEvent {
  const field = (name: string) =>
    block
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2)
  return { event: field("event") ?? "", id: field("id"), data: JSON.parse(field("data") ?? "{}") }
}

/** What a reader of these events shows at last: snapshots replace, deltas add. */
export function shownText(events: readonly SeenEvent[]): string {
  let text = ""
  for (const { event, data } of events) {
    if (event === "assistant_delta") text += String(data.text)
    if (event === "snapshot") text = String(data.assistant_text_so_far)
  }
  return text
}
