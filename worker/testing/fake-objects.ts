/** Conversations and channels as the edge sees them, without turns: enough to obey their table of methods. */
import type { BudgetsState, ProviderState } from "../../core/budget/terms.ts"
import type { InboundMessage } from "../../core/channel/message.ts"
import { type ErrorCode, LoopError } from "../../core/errors.ts"
import type { LiveEvent } from "../../core/live/event.ts"
import type { Command } from "../../core/runner/command.ts"
import type { RunnerView } from "../../core/runner/fleet.ts"
import type { TurnReport } from "../../core/turn/report.ts"
import { after, type ConversationId, ConversationId as Id, type EpochMs, type UserId } from "../../core/units.ts"
import {
  type LoopState,
  methods,
  type ObjectKind,
  on,
  type Peers,
  type Route,
  routeOf,
  type Routes,
  streams,
  type Upgrade,
} from "../../durable-objects/peers.ts"
import { openPeer } from "../../durable-objects/transport.ts"
import type * as z from "zod"

type WatchInput = z.infer<typeof streams.conversation.watch>

export interface FakeObjects {
  readonly peers: Peers
  /** What was accepted, in order. */
  readonly accepted: { id: ConversationId; message: InboundMessage }[]
  /** Every call, `kind.method`, with its input. */
  readonly calls: { name: string; id: string; input: unknown }[]
  readonly watches: WatchInput[]
  /** What the live feed was told, in order. */
  readonly published: LiveEvent[]
  /** WebSockets that were asked for and taken. */
  readonly upgraded: { name: string; input: unknown }[]
  readonly upgrade: Upgrade
  /** Makes the next call of that method fail. */
  failNext(name: string, failure: Error | ErrorCode): void
  /** What the next `watch` streams. */
  nextStream: ReadableStream<Uint8Array>
  channelSecret: string
  turn: LoopState["currentTurn"]
  /** In base64, as they came. */
  readonly pictures: string[]
  /** Outputs of tools that are kept whole, by their digests. */
  readonly outputs: Map<string, string>
  /** How the Ledger says that budgets and providers stand. */
  budgets: BudgetsState
  providers: ProviderState[]
  /** Those that the RunnerHub knows. */
  readonly runners: RunnerView[]
  /** What becomes of every message's turn. */
  report: TurnReport
}

const encoder = new TextEncoder()
export const textStream = (...chunks: string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk))
      controller.close()
    },
  })

export function createFakeObjects(now: () => EpochMs): FakeObjects {
  const loops = new Map<string, LoopState>()
  const inbox = new Map<string, string | undefined>()
  const claims = new Map<string, { conversationId: ConversationId; externalId: string }>()
  const failures = new Map<string, Error>()
  const fake: FakeObjects = {
    accepted: [],
    calls: [],
    watches: [],
    published: [],
    upgraded: [],
    async upgrade(kind, id, _, input) {
      fake.upgraded.push({ name: `${kind}/${id}`, input })
      // As a server answers it; Node makes no such Response.
      return Object.defineProperty(new Response(null), "status", { value: 101 })
    },
    nextStream: textStream(),
    channelSecret: "right-secret",
    turn: null,
    pictures: [],
    outputs: new Map(),
    budgets: {
      timeZone: "UTC",
      day: { startsAt: now(), endsAt: after(now(), 1) },
      month: { startsAt: now(), endsAt: after(now(), 1) },
      scopes: [],
    },
    providers: [],
    runners: [],
    report: { status: "unknown" },
    failNext: (name, failure) =>
      void failures.set(name, typeof failure === "string" ? new LoopError(failure) : failure),
    peers: (kind, id) =>
      openPeer(kind, {
        async call(method, input) {
          const name = `${kind}.${method}`
          if (kind !== "live") fake.calls.push({ name, id, input })
          const failure = failures.get(name)
          failures.delete(name)
          if (failure !== undefined) throw failure
          return routeOf(routesOf(kind, id), method)(structuredClone(input))
        },
        async stream(_, input) {
          fake.watches.push(streams.conversation.watch.parse(input))
          return fake.nextStream
        },
      }),
  }

  const find = (id: ConversationId, viewer: UserId | null): LoopState => {
    const loop = loops.get(id)
    if (loop === undefined) throw new LoopError("loop_not_found")
    if (viewer !== null && loop.ownerId !== viewer) throw new LoopError("not_loop_owner")
    return { ...loop, currentTurn: fake.turn }
  }

  const conversation = (id: ConversationId): Routes<"conversation"> => ({
    create: on(methods.conversation.create, (input) => {
      const state = { id, ...input, createdAt: now(), archivedAt: null, queueDepth: 0, turnCount: 0, currentTurn: null }
      loops.set(id, state)
      return state
    }),
    view: on(methods.conversation.view, ({ viewer }) => find(id, viewer)),
    open: on(methods.conversation.open, ({ ownerId, profiles }) => {
      const state = { id, ownerId, profiles, title: "", metadata: {}, createdAt: now(), archivedAt: null }
      if (!loops.has(id)) loops.set(id, { ...state, queueDepth: 0, turnCount: 0, currentTurn: null })
      return find(id, ownerId)
    }),
    keepPicture: on(methods.conversation.keepPicture, ({ mediaType, data }) => {
      fake.pictures.push(data)
      return { type: "image" as const, mediaType, sha256: "a".repeat(64), sizeBytes: 3 }
    }),
    keptOutput: on(methods.conversation.keptOutput, ({ sha256 }) => ({ text: fake.outputs.get(sha256) ?? null })),
    claim: on(methods.conversation.claim, ({ bodyHash, isRetry, externalId, elsewhere }) => {
      const known = claims.get(id + bodyHash)
      if (isRetry && known !== undefined) return { ...known, isAttached: true }
      const fresh = { conversationId: (loops.has(id) ? elsewhere : null) ?? id, externalId }
      claims.set(id + bodyHash, fresh)
      return { ...fresh, isAttached: false }
    }),
    report: on(methods.conversation.report, () => fake.report),
    archive: on(methods.conversation.archive, ({ viewer }) => {
      loops.set(id, { ...find(id, viewer), archivedAt: now() })
      return {}
    }),
    chooseModel: on(methods.conversation.chooseModel, ({ viewer, model }) => {
      find(id, viewer)
      if (model !== null) throw new LoopError("model_unknown", { field: "model" })
      return { model }
    }),
    unarchive: on(methods.conversation.unarchive, ({ viewer }) => {
      loops.set(id, { ...find(id, viewer), archivedAt: null })
      return {}
    }),
    erase: on(methods.conversation.erase, () => {
      find(id, null)
      loops.delete(id)
      return {}
    }),
    accept: on(methods.conversation.accept, ({ viewer, message }) => {
      if (find(id, viewer).archivedAt !== null) throw new LoopError("loop_archived")
      const key = `${id} ${message.externalId}`
      if (inbox.has(key)) {
        if (inbox.get(key) !== message.bodyHash) throw new LoopError("idempotency_key_reused")
        return { status: "repeated" as const, position: 0 }
      }
      inbox.set(key, message.bodyHash)
      fake.accepted.push({ id, message })
      return { status: "accepted" as const, position: 0 }
    }),
    answer: on(methods.conversation.answer, ({ viewer, choiceId }) => {
      find(id, viewer)
      if (fake.turn?.pendingChoiceId !== choiceId) throw new LoopError("choice_not_found")
      return {}
    }),
    answerInChat: on(methods.conversation.answerInChat, () => ({ text: "Approved.", status: "over" as const })),
    interrupt: on(methods.conversation.interrupt, ({ viewer }) => {
      find(id, viewer)
      return {}
    }),
    flush: on(methods.conversation.flush, () => ({})),
    commandEnded: on(methods.conversation.commandEnded, () => ({})),
    wake: on(methods.conversation.wake, () => ({})),
    budgetFreed: on(methods.conversation.budgetFreed, () => ({})),
  })

  const status = { status: "connected" as const, mode: "polling" as const, problem: null, lastInboundAt: null }
  const channel: Routes<"channel"> = {
    refresh: on(methods.channel.refresh, () => status),
    status: on(methods.channel.status, () => status),
    webhook: on(methods.channel.webhook, ({ secret }) => {
      if (secret !== fake.channelSecret) throw new LoopError("invalid_webhook_secret")
      return { status: "accepted" as const }
    }),
    send: on(methods.channel.send, () => ({ status: "sent" as const, externalId: "1" })),
    showTyping: on(methods.channel.showTyping, () => ({})),
    forget: on(methods.channel.forget, () => ({})),
  }
  const ledger: Routes<"ledger"> = {
    acquireSlot: on(methods.ledger.acquireSlot, () => ({ granted: true })),
    releaseSlot: on(methods.ledger.releaseSlot, () => ({})),
    forget: on(methods.ledger.forget, () => ({})),
    setLimit: on(methods.ledger.setLimit, () => ({})),
    reserve: on(methods.ledger.reserve, ({ candidates }) => ({
      status: "allowed" as const,
      candidate: 0,
      maxOutputTokens: candidates[0]?.maxOutputTokens ?? 1,
      countedAt: now(),
    })),
    settle: on(methods.ledger.settle, ({ usage, costMicroUsd }) => {
      const used = usage ?? { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 }
      const tokens = used.inputTokens + used.cacheReadTokens + used.cacheWriteTokens + used.outputTokens
      return { charged: { tokens, microUsd: costMicroUsd ?? 0 }, usage: used }
    }),
    answering: on(methods.ledger.answering, () => ({})),
    setBudget: on(methods.ledger.setBudget, () => ({})),
    budgets: on(methods.ledger.budgets, () => fake.budgets),
    providers: on(methods.ledger.providers, () => ({ providers: [...fake.providers] })),
    check: on(methods.ledger.check, () => ({})),
  }
  const live: Routes<"live"> = {
    publish: on(methods.live.publish, ({ events }) => {
      fake.published.push(...events)
      return {}
    }),
  }
  const commands = new Map<string, Command>()
  const companion = (id: string) => {
    const runner = fake.runners.find((one) => one.id === id)
    if (runner === undefined) throw new LoopError("runner_not_found")
    if (runner.isBuiltIn) throw new LoopError("runner_built_in")
    return {}
  }
  const runners: Routes<"runners"> = {
    submit: on(methods.runners.submit, (command) => {
      commands.set(command.id, command)
      return { status: "pending" as const }
    }),
    cancel: on(methods.runners.cancel, () => ({})),
    forget: on(methods.runners.forget, () => ({})),
    available: on(methods.runners.available, () => ({ capabilities: [] })),
    list: on(methods.runners.list, () => ({ runners: [...fake.runners] })),
    show: on(methods.runners.show, ({ commandId }) => {
      const command = commands.get(commandId)
      if (command === undefined) throw new LoopError("command_not_found")
      const never = { runnerId: null, acceptedAt: null, startedAt: null, endedAt: null, outcome: null }
      return { ...command, status: "pending" as const, ...never, output: { stdout: "", stderr: "" } }
    }),
    order: on(methods.runners.order, ({ runnerId }) => companion(runnerId)),
    revoke: on(methods.runners.revoke, ({ runnerId }) => companion(runnerId)),
    recheck: on(methods.runners.recheck, () => ({})),
  }
  const routesOf = (kind: ObjectKind, id: string): Readonly<Record<string, Route>> => {
    switch (kind) {
      case "conversation":
        return conversation(Id.parse(id))
      case "channel":
        return channel
      case "ledger":
        return ledger
      case "live":
        return live
      case "runners":
        return runners
    }
  }
  return fake
}
