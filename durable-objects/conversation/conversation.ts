/** One conversation: accepts messages once, runs a turn at a time, and lets nothing of it be lost. */
import { createModels } from "../../adapters/models/models.ts"
import { addCondition } from "../../adapters/store/approval-rules.ts"
import { chatOf, type InboundMessage } from "../../core/channel/message.ts"
import { channelProfile } from "../../core/channel/profile.ts"
import { telegramParts } from "../../core/channel/telegram-text.ts"
import { isLoopError, LoopError } from "../../core/errors.ts"
import type { LoopEvent } from "../../core/loop/event.ts"
import type { ImageBlock } from "../../core/model/message.ts"
import type { TurnOutcome } from "../../core/turn/event.ts"
import { nextModelCall, nextSummaryCall } from "../../core/turn/call-ids.ts"
import { foldTurn, pendingChoice, turnText } from "../../core/turn/fold.ts"
import { readChatCommand } from "../../core/turn/chat-command.ts"
import { policyDefaults } from "../../core/turn/policy.ts"
import { findNamed, knownModels } from "../../core/turn/model-command.ts"
import { costOf, type TurnReport } from "../../core/turn/report.ts"
import { after, EpochMs, ConversationId, type TurnId, type UserId } from "../../core/units.ts"
import type { HostedObject, ObjectHost } from "../host.ts"
import { modelsConfig, type GatewayParts } from "../parts.ts"
import {
  methods,
  on,
  routeOf,
  streams,
  type LoopState,
  type MethodInput,
  type MethodOutput,
  type Routes,
} from "../peers.ts"
import { AskedMessages } from "./asked.ts"
import { Choices, type InChat } from "./choices.ts"
import { takeClaim } from "./claims.ts"
import { LivePublisher } from "../live/publisher.ts"
import { Announcer } from "./announcer.ts"
import { Driver } from "./driver.ts"
import { Erasure } from "./erasure.ts"
import { LiveEvents } from "./events.ts"
import { meterEvent } from "./meter.ts"
import { Outbox } from "./outbox.ts"
import { Projector } from "./projector.ts"
import { keepPicture } from "./pictures.ts"
import { chatBegunBy, findConversation, newConversation, type Origin, recallHistory } from "./recall.ts"
import { reportMessage } from "./report.ts"
import { Spending } from "./spending.ts"
import { ConversationState, type Queued, type Turn } from "./state.ts"

/** An unfinished turn, an unsent part or an unflushed projection is looked at again after this long at the latest. */
const safetyAlarmMs = 60_000
const eventsKeptMs = 24 * 60 * 60_000
const inboxKeptMs = 30 * 24 * 60 * 60_000
const longestQueue = 100

export class Conversation implements HostedObject {
  readonly #host: ObjectHost
  readonly #parts: GatewayParts
  readonly #state: ConversationState
  readonly #events: LiveEvents
  readonly #choices: Choices
  readonly #outbox: Outbox
  readonly #projector: Projector
  readonly #driver: Driver
  readonly #spending: Spending
  readonly #erasure: Erasure
  /** The one that was open when this life of the object began. */
  readonly #turnAtStart: TurnId | undefined
  #armedAt: EpochMs | null | undefined
  #typingAt: EpochMs | null = null
  #isCold = true
  #isAwake = false
  /** Deliveries with their flush that run now. */
  #settling = 0

  readonly #routes: Routes<"conversation"> = {
    create: on(methods.conversation.create, (input) => this.#create(input)),
    view: on(methods.conversation.view, ({ viewer }) => this.#view(viewer)),
    open: on(methods.conversation.open, (input) => this.#open(input)),
    keepPicture: on(methods.conversation.keepPicture, (input) => this.#keepPicture(input)),
    claim: on(methods.conversation.claim, (input) => this.#claim(input)),
    report: on(methods.conversation.report, (input) => this.#report(input)),
    archive: on(methods.conversation.archive, ({ viewer }) => this.#archive(viewer)),
    unarchive: on(methods.conversation.unarchive, ({ viewer }) => this.#unarchive(viewer)),
    erase: on(methods.conversation.erase, () => this.#erase()),
    accept: on(methods.conversation.accept, ({ viewer, message }) => this.#accept(viewer, message)),
    answer: on(methods.conversation.answer, (input) => this.#answer(input)),
    answerInChat: on(methods.conversation.answerInChat, (input) => this.#answerInChat(input)),
    interrupt: on(methods.conversation.interrupt, ({ viewer }) => this.#interrupt(viewer)),
    flush: on(methods.conversation.flush, () => this.#flush()),
    commandEnded: on(methods.conversation.commandEnded, (input) => this.#commandEnded(input)),
    wake: on(methods.conversation.wake, ({ slotFor }) => this.#wake(slotFor)),
    chooseModel: on(methods.conversation.chooseModel, (input) => this.#chooseModel(input)),
    budgetFreed: on(methods.conversation.budgetFreed, () => {
      this.#work()
      return {}
    }),
  }

  constructor(host: ObjectHost, parts: GatewayParts) {
    this.#host = host
    this.#parts = parts
    const announcer = new Announcer(
      new LivePublisher(host, parts.liveInterest),
      () => this.#state.lastPolicy()?.groupId ?? null,
    )
    this.#state = new ConversationState(host, (meta, turn, event) => {
      meterEvent(parts, meta, turn, event)
      announcer.onEvent(meta, turn, event)
    })
    this.#events = new LiveEvents(host, this.#state)
    const asked = new AskedMessages(host, this.#state, () => this.#outbox, parts.config.PUBLIC_URL)
    this.#choices = new Choices(host, this.#state, this.#events, asked)
    this.#outbox = new Outbox(host, this.#state, (row) => asked.onOver(row))
    this.#projector = new Projector(host, this.#state, this.#outbox, {
      behind: parts.metrics.behind,
      onProjected: (rows, known) => announcer.onProjected(rows, known),
    })
    const models = createModels(modelsConfig(parts.config), {
      operator: (request) => host.fetch(request, "operator"),
      agent: (request) => host.fetch(request, "agent"),
    })
    this.#spending = new Spending(host)
    this.#turnAtStart = this.#state.openTurn?.id
    const hooks = {
      startNextTurn: () => this.#startNextTurn(),
      joinQueued: (turn: Turn) => this.#joinQueued(turn),
      finish: (turn: Turn, outcome: TurnOutcome, reply: string | null) => this.#finish(turn, outcome, reply),
      recallHistory: () => recallHistory(this.#host, this.#state),
    }
    const work = {
      models,
      spending: this.#spending,
      state: this.#state,
      events: this.#events,
      choices: this.#choices,
      hooks,
    }
    this.#driver = new Driver(host, parts, work)
    this.#erasure = new Erasure(host, this.#state, this.#projector, {
      settle: () => this.#spending.tell(),
      onErased: () => {
        this.#armedAt = null
        this.#isCold = true
        this.#spending.forget()
        announcer.onErased(this.#id)
      },
    })
  }

  async call(name: string, input: unknown): Promise<unknown> {
    if (!this.#isAwake) this.#resume()
    return routeOf(this.#routes, name)(input)
  }

  stream(name: string, input: unknown): ReadableStream<Uint8Array> {
    if (name !== "watch") throw new LoopError("internal", { method: name })
    const { viewer, externalId, lastEventId } = streams.conversation.watch.parse(input)
    this.#allow(viewer)
    return this.#events.watch(externalId, lastEventId)
  }

  /** Whatever woke the object after an absence: what an earlier life left unfinished goes on at once. */
  #resume(): void {
    this.#isAwake = true
    if (this.#state.meta === undefined) return
    this.#work()
    this.#arm()
  }

  /** Starts what is due and returns at once: a turn awaited here would hold up the next alarm. */
  async alarm(): Promise<void> {
    this.#armedAt = null
    this.#resume()
  }

  async #create(input: {
    ownerId: UserId
    title: string
    metadata: Record<string, string>
    profiles: string[]
  }): Promise<LoopState> {
    if (this.#state.meta === undefined)
      this.#state.create(newConversation(this.#id, this.#host.now(), { kind: "loop", channelId: null, ...input }))
    this.#arm()
    await this.#flush().catch(passUnlessDatabase)
    return this.#loopState()
  }

  async #open({ ownerId, profiles, history }: MethodInput<"conversation", "open">): Promise<LoopState> {
    const begins: Origin = { kind: "loop", ownerId, channelId: null, title: "", metadata: {}, profiles }
    if ((await this.#find(begins)) === "begun") this.#state.begin(history, this.#host.now())
    this.#allow(ownerId)
    this.#arm()
    return this.#loopState()
  }

  async #keepPicture({ viewer, mediaType, data }: MethodInput<"conversation", "keepPicture">): Promise<ImageBlock> {
    if (this.#state.meta !== undefined) this.#allow(viewer)
    return keepPicture(this.#host.blobs, mediaType, data)
  }

  async #claim({ viewer, bodyHash, isRetry, externalId, elsewhere }: MethodInput<"conversation", "claim">) {
    const hasBegun = this.#state.meta !== undefined
    if (hasBegun) this.#allow(viewer)
    const now = this.#host.now()
    const fresh = { conversationId: (hasBegun ? elsewhere : null) ?? this.#id, externalId }
    return takeClaim(this.#host.storage, { bodyHash, isRetry, fresh }, now, ago(now, eventsKeptMs))
  }

  async #report({ viewer, externalId }: MethodInput<"conversation", "report">): Promise<TurnReport> {
    await this.#find()
    this.#allow(viewer)
    return reportMessage(this.#state, externalId)
  }

  async #view(viewer: UserId | null): Promise<LoopState> {
    await this.#find()
    this.#allow(viewer)
    return this.#loopState()
  }

  async #accept(
    viewer: UserId | null,
    message: InboundMessage,
  ): Promise<{ status: "accepted" | "repeated"; position: number }> {
    await this.#find(chatBegunBy(message))
    const meta = this.#allow(viewer)
    const { externalId, bodyHash = null } = message
    const now = this.#host.now()
    const known = this.#state.inbox(externalId)
    const isStale = known !== undefined && externalId.startsWith("idem:") && known.at < now - eventsKeptMs
    if (known !== undefined && !isStale) {
      if (known.bodyHash !== bodyHash) throw new LoopError("idempotency_key_reused")
      return { status: "repeated", position: known.turn === null ? this.#positionOf(known.queued) : 0 }
    }
    // Who writes in a chat knows nothing of archives.
    const archivedAt = message.source.kind === "api" || message.source.kind === "operator" ? meta.archivedAt : null
    if (archivedAt !== null) throw new LoopError("loop_archived")
    if (this.#state.queue.length >= longestQueue) throw new LoopError("queue_full")
    const wished = message.wishes?.model ?? null
    const wishes = message.wishes && { ...message.wishes, model: wished === null ? null : this.#named(wished) }
    const title = meta.title === "" ? titleFrom(message.text) : meta.title
    this.#state.change({ title, archivedAt, expireAt: meta.expireAt ?? after(now, eventsKeptMs) }, "row")
    const entry = this.#state.enqueue(wishes === undefined ? message : { ...message, wishes })
    this.#state.recordInbox(externalId, { at: now, bodyHash, queued: entry.sequence, turn: null })
    if (this.#state.openTurn === undefined) this.#startNextTurn()
    this.#work()
    this.#arm()
    return { status: "accepted", position: this.#positionOf(entry.sequence) }
  }

  async #answer({ viewer, always, ...given }: MethodInput<"conversation", "answer">): Promise<Record<string, never>> {
    await this.#find()
    this.#allow(viewer)
    if (always === true) {
      const by = { name: given.by?.name ?? given.source, now: this.#host.now() }
      await addCondition(this.#host.libsql, this.#choices.alwaysFor(given), by)
    }
    this.#choices.answer(given)
    this.#work()
    return {}
  }

  async #answerInChat(input: InChat): Promise<MethodOutput<"conversation", "answerInChat">> {
    await this.#find()
    const { choiceId, by, given } = input
    const isForGood = given.kind === "always" && by.isApprover && this.#choices.isAskedIn(choiceId, input.place)
    if (isForGood) {
      if (!this.#choices.hasAlways(choiceId)) return { text: "This can only be allowed once.", status: "refused" }
      const condition = this.#choices.alwaysFor({ choiceId, answer: { allow: true }, source: "telegram" })
      await addCondition(this.#host.libsql, condition, { name: by.name, now: this.#host.now() })
    }
    const told = this.#choices.answerInChat(input)
    this.#work()
    this.#arm()
    return told
  }

  async #interrupt(viewer: UserId | null): Promise<Record<string, never>> {
    await this.#find()
    this.#allow(viewer)
    const turn = this.#state.openTurn
    if (turn !== undefined) this.#finish(turn, { status: "interrupted" }, null)
    this.#work()
    return {}
  }

  async #chooseModel({ viewer, model }: MethodInput<"conversation", "chooseModel">) {
    await this.#find()
    this.#allow(viewer)
    const named = model === null ? null : this.#named(model)
    this.#state.change({ model: named }, "internal")
    return { model: named }
  }

  #named(model: string): string {
    const policy = this.#state.lastPolicy() ?? { model: this.#parts.config.DEFAULT_MODEL }
    const listed = this.#parts.catalogue.map(({ name }) => name)
    const named = findNamed(knownModels(policy, listed), model)
    if (named === undefined) throw new LoopError("model_unknown", { field: "model" })
    return named
  }

  /** What runs is stopped; what waits is told the same. */
  async #archive(viewer: UserId | null): Promise<Record<string, never>> {
    await this.#find()
    const meta = this.#allow(viewer)
    this.#stopAll()
    if (meta.archivedAt === null) this.#state.change({ archivedAt: this.#host.now() }, "row")
    this.#arm()
    await this.#flush().catch(passUnlessDatabase)
    return {}
  }

  async #unarchive(viewer: UserId | null): Promise<Record<string, never>> {
    await this.#find()
    if (this.#allow(viewer).archivedAt !== null) this.#state.change({ archivedAt: null }, "row")
    this.#arm()
    await this.#flush().catch(passUnlessDatabase)
    return {}
  }

  async #erase(): Promise<Record<string, never>> {
    if (!this.#erasure.isUnderWay) {
      await this.#find()
      this.#stopAll()
      this.#outbox.drop()
      this.#events.end()
      // Nothing is looked through any more, and what is due and never done would wake the object without end.
      this.#state.change({ erasingAt: this.#host.now(), expireAt: null }, "row")
      this.#arm()
    }
    await this.#erasure.finish()
    return {}
  }

  #stopAll(): void {
    for (let turn = this.#state.openTurn ?? this.#startNextTurn(); turn !== undefined; turn = this.#startNextTurn()) {
      this.#finish(turn, { status: "interrupted" }, null)
    }
  }

  async #flush(): Promise<Record<string, never>> {
    if (this.#state.meta !== undefined) await this.#projector.flush().finally(() => this.#afterFlush())
    return {}
  }

  async #commandEnded({ commandId, outcome }: MethodInput<"conversation", "commandEnded">) {
    const turn = this.#state.meta === undefined ? undefined : this.#state.openTurn
    if (turn === undefined) return {}
    await this.#driver.commandEnded(turn, commandId, outcome)
    this.#work()
    this.#arm()
    return {}
  }

  async #wake(slotFor: TurnId): Promise<Record<string, never>> {
    if (this.#state.meta !== undefined && this.#state.openTurn?.id === slotFor) {
      this.#driver.slotGranted(slotFor)
      this.#work()
    } else {
      this.#host.keepAlive(this.#host.peer("ledger", "main").call("releaseSlot", { turnId: slotFor }))
    }
    return {}
  }

  /** Opens a turn with the head of the queue; messages of a chat that stand together go in together. */
  #startNextTurn(): Turn | undefined {
    const [head, ...rest] = this.#state.queue
    if (head === undefined) return undefined
    const joins = mayJoin(head)
    const more = joins ? takeWhile(rest, mayJoin) : []
    const turn = this.#state.openNextTurn([head.message, ...more.map((entry) => entry.message)], this.#host.now())
    this.#state.change({ turnSegment: this.#events.beginSegment() }, "internal")
    this.#state.dequeue([head, ...more])
    this.#events.assign(new Set([head, ...more].map((entry) => entry.message.externalId)), turn.number)
    this.#events.step(turn, { event: "started", data: { turn_id: turn.id, cold_start: this.#isCold } })
    this.#isCold = false
    if (this.#state.require().channelId !== null) this.#typingAt = this.#host.now()
    return turn
  }

  #joinQueued(turn: Turn): void {
    const entries = takeWhile(this.#state.queue, mayJoin)
    if (entries.length === 0) return
    const at = this.#host.now()
    for (const { message } of entries) this.#state.append(turn, { type: "message_joined", message, at })
    this.#state.dequeue(entries)
  }

  #finish(turn: Turn, outcome: TurnOutcome, reply: string | null): void {
    const at = this.#host.now()
    const isOfEarlierLife = turn.id === this.#turnAtStart
    for (const callId of [nextModelCall(turn), nextSummaryCall(turn)])
      this.#spending.abandon(callId, { isOfEarlierLife })
    this.#choices.cancel(turn)
    this.#driver.callBack(turn, "The turn that asked for it is over.")
    this.#state.append(turn, { type: "turn_ended", outcome, at })
    const cost = costOf(turn.events)
    this.#state.recordEnd(turn, { at, outcome, text: turnText(foldTurn(turn.events)), cost })
    this.#state.change({ lastActivityAt: at }, "row")
    this.#events.step(turn, endEvent(turn, outcome))
    if (reply !== null) this.#reply(turn, reply)
    this.#typingAt = null
    this.#driver.release(turn.id)
    this.#host.keepAlive(this.#afterTurn())
    this.#arm()
  }

  #reply(turn: Turn, text: string): void {
    const first = turn.events[0]
    const source = first?.type === "turn_started" ? first.messages[0]?.source : undefined
    const chat = source && chatOf(source)
    if (chat === undefined) return
    const { channelId, ...place } = chat
    this.#outbox.add(
      turn,
      channelId,
      telegramParts(text).map((part) => ({ ...place, text: part, format: "markdown" as const })),
    )
  }

  /** The answer goes out first, so that one batch can tell libSQL of it too. */
  async #afterTurn(): Promise<void> {
    this.#settling += 1
    try {
      // Who is asked by the page or the API finds the question there before anyone is asked in a chat.
      if (this.#choices.isWaiting) await this.#projector.flush().catch(passUnlessDatabase)
      await Promise.all([this.#outbox.deliver(), this.#spending.tell()])
      await this.#projector.flush().catch(passUnlessDatabase)
    } finally {
      this.#settling -= 1
      this.#afterFlush()
    }
  }

  #afterFlush(): void {
    if (this.#state.meta === undefined) return
    this.#state.pruneTurns(this.#state.lastPolicy()?.historyMessages ?? policyDefaults.historyMessages)
    this.#arm()
  }

  /** Starts all that is due. Safe to call at any time: each part joins its own running work. */
  #work(): void {
    if (this.#state.meta === undefined) return
    if (this.#erasure.isUnderWay) return this.#host.keepAlive(this.#erasure.finish().catch(passUnlessDatabase))
    const now = this.#host.now()
    if (this.#state.openTurn !== undefined || this.#state.queue.length > 0) {
      this.#host.keepAlive(this.#driver.renewSlot())
      this.#host.keepAlive(this.#driver.drive().finally(() => this.#arm()))
    }
    const flushDueAt = this.#driver.isResting && this.#settling === 0 ? this.#projector.dueAt : this.#flushDueAt
    if (isDue(this.#outbox.dueAt, now) || isDue(flushDueAt, now)) this.#host.keepAlive(this.#afterTurn())
    if (isDue(this.#spending.dueAt, now)) this.#host.keepAlive(this.#spending.tell().finally(() => this.#arm()))
    if (isDue(this.#typingAt, now)) this.#showTyping(now)
    if (isDue(this.#state.require().expireAt, now)) this.#expire(now)
  }

  #showTyping(now: EpochMs): void {
    const first = this.#state.openTurn?.events[0]
    const source = first?.type === "turn_started" ? first.messages[0]?.source : undefined
    this.#typingAt = null
    const chat = source && chatOf(source)
    // Whoever waits for a person types nothing.
    if (chat === undefined || this.#choices.isWaiting) return
    const { channelId, ...place } = chat
    this.#typingAt = after(now, channelProfile("telegram").typingIntervalMs)
    this.#host.keepAlive(this.#host.peer("channel", channelId).call("showTyping", place))
  }

  #expire(now: EpochMs): void {
    const isLeft = this.#state.expire(ago(now, eventsKeptMs), ago(now, inboxKeptMs))
    this.#state.change({ expireAt: isLeft ? after(now, eventsKeptMs) : null }, "internal")
  }

  /** Sets the alarm for what is due next; in the same step as the write that made it so. */
  #arm(): void {
    if (this.#state.meta === undefined) return
    const now = this.#host.now()
    const safety = after(now, safetyAlarmMs)
    const isUnfinished =
      this.#state.openTurn !== undefined ||
      !this.#outbox.isEmpty ||
      this.#projector.isBehind ||
      this.#spending.dueAt !== null ||
      this.#erasure.isUnderWay
    const isIdle = this.#state.openTurn === undefined && this.#state.queue.length > 0 && !this.#driver.isRunning
    const due = [
      isUnfinished ? safety : null,
      isIdle ? now : null,
      this.#driver.isRunning ? null : this.#driver.dueAt,
      this.#outbox.dueAt,
      this.#spending.dueAt,
      this.#flushDueAt,
      this.#typingAt,
      this.#state.require().expireAt,
    ].flatMap((at) => (at === null ? [] : [Math.max(at, now)]))
    const next = due.length === 0 ? null : EpochMs.parse(Math.min(...due))
    if (next === this.#armedAt) return
    // Whoever looks in meanwhile must not put the alarm off: an earlier one stays while there is unfinished work.
    const isAhead = next !== null && this.#armedAt != null && this.#armedAt > now && this.#armedAt <= next
    if (isAhead && isUnfinished) return
    this.#armedAt = next
    this.#host.setAlarm(next)
  }

  /** A running turn flushes at its end, one that waits for its slot with it; what settles now flushes itself. */
  get #flushDueAt(): EpochMs | null {
    const isCovered = this.#driver.isRunning || this.#driver.waitsForSlot || this.#settling > 0
    return isCovered ? null : this.#projector.dueAt
  }

  get #id(): ConversationId {
    return this.#state.meta?.id ?? ConversationId.parse(this.#host.id)
  }

  /** Makes sure that the conversation is there. */
  async #find(begins?: Origin): Promise<"found" | "begun"> {
    if (this.#erasure.isUnderWay) await this.#erasure.finish()
    if (this.#state.meta !== undefined) return "found"
    return findConversation(this.#host, this.#state, this.#id, begins)
  }

  #allow(viewer: UserId | null) {
    const { meta } = this.#state
    if (meta === undefined || meta.erasingAt !== null) throw new LoopError("loop_not_found")
    if (viewer !== null && meta.ownerId !== viewer) throw new LoopError("not_loop_owner")
    return meta
  }

  #positionOf(sequence: number): number {
    return this.#state.queue.findIndex((entry) => entry.sequence === sequence) + 1
  }

  #loopState(): LoopState {
    const { id, ownerId, title, metadata, profiles, createdAt, archivedAt, turn: turnCount } = this.#state.require()
    const turn = this.#state.openTurn
    const state = turn === undefined ? undefined : foldTurn(turn.events)
    return {
      id,
      ownerId,
      title,
      metadata,
      profiles,
      createdAt,
      archivedAt,
      queueDepth: this.#state.queue.length,
      turnCount,
      currentTurn:
        turn === undefined || state?.startedAt === undefined
          ? null
          : { turnId: turn.id, startedAt: state.startedAt, pendingChoiceId: pendingChoice(state)?.choiceId ?? null },
    }
  }
}

/** A command has a turn of its own. */
function mayJoin({ message }: Queued): boolean {
  return message.whileBusy === "join" && readChatCommand(message) === undefined
}

function endEvent(turn: Turn, outcome: TurnOutcome): LoopEvent {
  switch (outcome.status) {
    case "done":
      return { event: "done", data: { turn_id: turn.id } }
    case "interrupted":
      return { event: "interrupted", data: { turn_id: turn.id } }
    case "failed":
      return { event: "error", data: { code: outcome.code, message: outcome.message, turn_id: turn.id } }
  }
}

/** The first line that says something, short enough for a list. */
function titleFrom(text: string): string {
  const line =
    text
      .split("\n")
      .find((candidate) => candidate.trim() !== "")
      ?.trim() ?? ""
  const characters = Array.from(line.slice(0, 400))
  return characters.length <= 80 ? characters.join("") : `${characters.slice(0, 79).join("")}…`
}

function takeWhile<T>(items: readonly T[], accepts: (item: T) => boolean): T[] {
  const end = items.findIndex((item) => !accepts(item))
  return items.slice(0, end < 0 ? items.length : end)
}

function isDue(at: EpochMs | null, now: EpochMs): boolean {
  return at !== null && at <= now
}

function ago(now: EpochMs, ms: number): EpochMs {
  return EpochMs.parse(Math.max(0, now - ms))
}

/** libSQL may be away: the alarm flushes again. */
function passUnlessDatabase(error: unknown): void {
  if (!isLoopError(error) || error.code !== "database_unavailable") throw error
}
