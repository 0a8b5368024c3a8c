/**
 * What others may ask of a conversation: each method of `durable-objects/peers.ts`, who may call it, and what it is answered. What a
 * call makes due is begun and left to go on.
 */
import { addCondition } from "../../adapters/store/approval-rules.ts"
import type { InboundMessage } from "../../core/channel/message.ts"
import { LoopError } from "../../core/errors.ts"
import type { ImageBlock } from "../../core/model/message.ts"
import { foldTurn, pendingChoice } from "../../core/turn/fold.ts"
import { findNamed, knownModels } from "../../core/turn/model-command.ts"
import type { TurnReport } from "../../core/turn/report.ts"
import { after, type TurnId, type UserId } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { GatewayParts } from "../parts.ts"
import { methods, on, streams, type LoopState, type MethodInput, type MethodOutput, type Routes } from "../peers.ts"
import type { Choices, InChat } from "./choices.ts"
import { takeClaim } from "./claims.ts"
import type { Driver } from "./driver.ts"
import type { Erasure } from "./erasure.ts"
import type { LiveEvents } from "./events.ts"
import type { Outbox } from "./outbox.ts"
import { readKeptOutput } from "./outputs.ts"
import { keepPicture } from "./pictures.ts"
import { passUnlessDatabase } from "./projector.ts"
import { chatBegunBy, findConversation, newConversation, type Origin } from "./recall.ts"
import { eventsKeptMs } from "./records.ts"
import { reportMessage } from "./report.ts"
import type { ConversationState } from "./state.ts"
import type { Turns } from "./turns.ts"

/** The rest of the conversation, as its doors need it. */
export interface Inside {
  readonly state: ConversationState
  readonly events: LiveEvents
  readonly choices: Choices
  readonly outbox: Outbox
  readonly driver: Driver
  readonly turns: Turns
  readonly erasure: Erasure
  /** Starts all that is due. */
  work(): void
  /** Sets the alarm for what is due next. */
  arm(): void
  /** Tells libSQL all that it does not know. @throws LoopError `database_unavailable` */
  flush(): Promise<void>
}

const longestQueue = 100

export class Doors {
  readonly #host: ObjectHost
  readonly #parts: GatewayParts
  readonly #state: ConversationState
  readonly #inside: Inside

  readonly routes: Routes<"conversation"> = {
    create: on(methods.conversation.create, (input) => this.#create(input)),
    view: on(methods.conversation.view, ({ viewer }) => this.#view(viewer)),
    open: on(methods.conversation.open, (input) => this.#open(input)),
    keepPicture: on(methods.conversation.keepPicture, (input) => this.#keepPicture(input)),
    keptOutput: on(methods.conversation.keptOutput, (input) => this.#keptOutput(input)),
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
      this.#inside.work()
      return {}
    }),
  }

  constructor(host: ObjectHost, parts: GatewayParts, inside: Inside) {
    this.#host = host
    this.#parts = parts
    this.#state = inside.state
    this.#inside = inside
  }

  watch(input: unknown): ReadableStream<Uint8Array> {
    const { viewer, externalId, lastEventId } = streams.conversation.watch.parse(input)
    this.#allow(viewer)
    return this.#inside.events.watch(externalId, lastEventId)
  }

  async #create(input: {
    ownerId: UserId
    title: string
    metadata: Record<string, string>
    profiles: string[]
  }): Promise<LoopState> {
    if (this.#state.meta === undefined)
      this.#state.create(newConversation(this.#state.id, this.#host.now(), { kind: "loop", channelId: null, ...input }))
    this.#inside.arm()
    await this.#inside.flush().catch(passUnlessDatabase)
    return this.#loopState()
  }

  async #open({ ownerId, profiles, history }: MethodInput<"conversation", "open">): Promise<LoopState> {
    const begins: Origin = { kind: "loop", ownerId, channelId: null, title: "", metadata: {}, profiles }
    if ((await this.#find(begins)) === "begun") this.#state.begin(history, this.#host.now())
    this.#allow(ownerId)
    this.#inside.arm()
    return this.#loopState()
  }

  async #keepPicture({ viewer, mediaType, data }: MethodInput<"conversation", "keepPicture">): Promise<ImageBlock> {
    if (this.#state.meta !== undefined) this.#allow(viewer)
    return keepPicture(this.#host.blobs, mediaType, data)
  }

  /** Nothing of it once it is being erased. */
  async #keptOutput({ sha256 }: MethodInput<"conversation", "keptOutput">) {
    await this.#find()
    this.#allow(null)
    return { text: await readKeptOutput(this.#host.blobs, sha256) }
  }

  async #claim({ viewer, bodyHash, isRetry, externalId, elsewhere }: MethodInput<"conversation", "claim">) {
    const hasBegun = this.#state.meta !== undefined
    if (hasBegun) this.#allow(viewer)
    const now = this.#host.now()
    const fresh = { conversationId: (hasBegun ? elsewhere : null) ?? this.#state.id, externalId }
    return takeClaim(this.#host.storage, { bodyHash, isRetry, fresh }, now, after(now, -eventsKeptMs))
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
    if (this.#state.openTurn === undefined) this.#inside.turns.startNext()
    this.#inside.work()
    this.#inside.arm()
    return { status: "accepted", position: this.#positionOf(entry.sequence) }
  }

  async #answer({ viewer, always, ...given }: MethodInput<"conversation", "answer">): Promise<Record<string, never>> {
    await this.#find()
    this.#allow(viewer)
    if (always === true) {
      const by = { name: given.by?.name ?? given.source, now: this.#host.now() }
      await addCondition(this.#host.libsql, this.#inside.choices.alwaysFor(given), by)
    }
    this.#inside.choices.answer(given)
    this.#inside.work()
    return {}
  }

  async #answerInChat(input: InChat): Promise<MethodOutput<"conversation", "answerInChat">> {
    await this.#find()
    const { choiceId, by, given } = input
    const isForGood = given.kind === "always" && by.isApprover && this.#inside.choices.isAskedIn(choiceId, input.place)
    if (isForGood) {
      if (!this.#inside.choices.hasAlways(choiceId))
        return { text: "This can only be allowed once.", status: "refused" }
      const condition = this.#inside.choices.alwaysFor({ choiceId, answer: { allow: true }, source: "telegram" })
      await addCondition(this.#host.libsql, condition, { name: by.name, now: this.#host.now() })
    }
    const told = this.#inside.choices.answerInChat(input)
    this.#inside.work()
    this.#inside.arm()
    return told
  }

  async #interrupt(viewer: UserId | null): Promise<Record<string, never>> {
    await this.#find()
    this.#allow(viewer)
    const turn = this.#state.openTurn
    if (turn !== undefined) this.#inside.turns.finish(turn, { status: "interrupted" }, null)
    this.#inside.work()
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
    this.#inside.turns.stopAll()
    if (meta.archivedAt === null) this.#state.change({ archivedAt: this.#host.now() }, "row")
    this.#inside.arm()
    await this.#inside.flush().catch(passUnlessDatabase)
    return {}
  }

  async #unarchive(viewer: UserId | null): Promise<Record<string, never>> {
    await this.#find()
    if (this.#allow(viewer).archivedAt !== null) this.#state.change({ archivedAt: null }, "row")
    this.#inside.arm()
    await this.#inside.flush().catch(passUnlessDatabase)
    return {}
  }

  async #erase(): Promise<Record<string, never>> {
    if (!this.#inside.erasure.isUnderWay) {
      await this.#find()
      this.#inside.turns.stopAll()
      this.#inside.outbox.drop()
      this.#inside.events.end()
      // Nothing is looked through any more, and what is due and never done would wake the object without end.
      this.#state.change({ erasingAt: this.#host.now(), expireAt: null }, "row")
      this.#inside.arm()
    }
    await this.#inside.erasure.finish()
    return {}
  }

  async #flush(): Promise<Record<string, never>> {
    await this.#inside.flush()
    return {}
  }

  async #commandEnded({ commandId, outcome }: MethodInput<"conversation", "commandEnded">) {
    const turn = this.#state.meta === undefined ? undefined : this.#state.openTurn
    if (turn === undefined) return {}
    await this.#inside.driver.commandEnded(turn, commandId, outcome)
    this.#inside.work()
    this.#inside.arm()
    return {}
  }

  async #wake(slotFor: TurnId): Promise<Record<string, never>> {
    if (this.#state.meta !== undefined && this.#state.openTurn?.id === slotFor) {
      this.#inside.driver.slotGranted(slotFor)
      this.#inside.work()
    } else {
      this.#host.keepAlive(this.#host.peer("ledger", "main").call("releaseSlot", { turnId: slotFor }))
    }
    return {}
  }

  /** Makes sure that the conversation is there. */
  async #find(begins?: Origin): Promise<"found" | "begun"> {
    if (this.#inside.erasure.isUnderWay) await this.#inside.erasure.finish()
    if (this.#state.meta !== undefined) return "found"
    return findConversation(this.#host, this.#state, this.#state.id, begins)
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
