/** Takes one update in: durably accepted by its conversation, or refused with a word to the person. Nothing is kept here. */
import { conversationIdOf } from "../../adapters/conversation-id.ts"
import { readTelegramUpdate, updateIdOf, type TelegramPlace } from "../../core/channel/telegram-update.ts"
import { errorRule, isLoopError } from "../../core/errors.ts"
import { after, type ChannelId, type ConversationId, type EpochMs } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { ChatAnswers } from "./chat-answers.ts"
import type { Bot, ChannelStore } from "./records.ts"

export interface IntakeSettings {
  readonly channelId: ChannelId
  readonly bot: Bot
  readonly allowedUserIds: readonly number[]
  readonly approverUserIds: readonly number[] | null
}

export type Taken = "accepted" | "ignored"

/** How often one chat is told that its messages are not taken. */
const noticeEveryMs = 60_000
const maxNoticedChats = 1_000
/** An update that breaks something on our side is tried as often, and then left out: it must not hold up all others. */
const maxBreakages = 5
const maxBrokenUpdates = 100

export class Intake {
  readonly #host: ObjectHost
  readonly #store: ChannelStore
  readonly #answers: ChatAnswers
  readonly #tell: (place: TelegramPlace, text: string) => Promise<void>
  readonly #noticedAt = new Map<number, EpochMs>()
  readonly #breakages = new Map<number, number>()
  /** The newest sender who is on no list: what a new operator looks for. */
  lastStrangerId: number | null = null

  /** @param tell - says something in a chat, best effort */
  constructor(
    host: ObjectHost,
    store: ChannelStore,
    answers: ChatAnswers,
    tell: (place: TelegramPlace, text: string) => Promise<void>,
  ) {
    this.#host = host
    this.#store = store
    this.#answers = answers
    this.#tell = tell
  }

  /** One update. @throws whatever kept it from being taken, when it may be offered again */
  async take(update: unknown, settings: IntakeSettings): Promise<Taken> {
    const { channelId } = settings
    const inbound = readTelegramUpdate(update, { ...settings, now: this.#host.now() })
    switch (inbound.status) {
      case "ignored":
        if (inbound.reason === "stranger" && inbound.senderId !== null) this.lastStrangerId = inbound.senderId
        return "ignored"
      case "stop": {
        await this.#stop(conversationOf(channelId, inbound.place), updateIdOf(update) ?? 0)
        return this.#noteAccepted()
      }
      case "press":
        if (inbound.by === null) {
          this.#answers.refuse(inbound)
          return "ignored"
        }
        await this.#answers.press(channelId, { ...inbound, by: inbound.by })
        return this.#noteAccepted()
      case "verdict":
        await this.#answers.verdict(channelId, inbound, updateIdOf(update) ?? 0)
        return this.#noteAccepted()
      case "message":
        try {
          if (await this.#answers.words(channelId, inbound, updateIdOf(update) ?? 0)) return this.#noteAccepted()
          const conversation = this.#host.peer("conversation", conversationOf(channelId, inbound.place))
          await conversation.call("accept", { viewer: null, message: inbound.message })
          return this.#noteAccepted()
        } catch (error) {
          // Refused for a reason that the person can act on; another attempt would be refused like this one.
          if (!isLoopError(error) || errorRule(error.code).status >= 500) throw error
          this.#notice(inbound.place, errorRule(error.code).message)
          return "ignored"
        }
    }
  }

  /**
   * Many updates: those of one conversation one after the other, others beside them.
   * @returns the number from which on they must be offered again; null when all are taken
   */
  async takeAll(updates: readonly unknown[], settings: IntakeSettings): Promise<number | null> {
    const lanes = new Map<string, { id: number; update: unknown }[]>()
    for (const update of updates) {
      const id = updateIdOf(update)
      if (id === undefined) continue
      const lane = laneOf(update, settings, this.#host.now())
      const waiting = lanes.get(lane)
      if (waiting === undefined) lanes.set(lane, [{ id, update }])
      else waiting.push({ id, update })
    }
    const refused = await Promise.all([...lanes.values()].map((lane) => this.#takeLane(lane, settings)))
    const first = Math.min(...refused.filter((id) => id !== null))
    return Number.isFinite(first) ? first : null
  }

  async #takeLane(lane: { id: number; update: unknown }[], settings: IntakeSettings): Promise<number | null> {
    for (const { id, update } of lane.sort((a, b) => a.id - b.id)) {
      try {
        await this.take(update, settings)
        this.#breakages.delete(id)
      } catch (error) {
        if (!this.#isHopeless(id, error)) return id
      }
    }
    return null
  }

  /** True when the update itself seems to break what takes it, again and again. */
  #isHopeless(updateId: number, error: unknown): boolean {
    // A part that does not answer says nothing about the update.
    if (isLoopError(error) && errorRule(error.code).status === 503) return false
    const breakages = (this.#breakages.get(updateId) ?? 0) + 1
    if (this.#breakages.size >= maxBrokenUpdates) this.#breakages.clear()
    this.#breakages.set(updateId, breakages)
    return breakages >= maxBreakages
  }

  /** A repeated `/stop` must not stop what the person began after it. */
  async #stop(conversationId: ConversationId, updateId: number): Promise<void> {
    if (this.#store.hasHandled(updateId)) return
    try {
      await this.#host.peer("conversation", conversationId).call("interrupt", { viewer: null })
    } catch (error) {
      if (!isLoopError(error) || error.code !== "loop_not_found") throw error
    }
    this.#store.noteHandled(updateId)
  }

  #noteAccepted(): Taken {
    this.#store.noteInbound(this.#host.now())
    return "accepted"
  }

  #notice(place: TelegramPlace, text: string): void {
    const now = this.#host.now()
    const noticedAt = this.#noticedAt.get(place.chatId)
    if (noticedAt !== undefined && now < after(noticedAt, noticeEveryMs)) return
    if (this.#noticedAt.size >= maxNoticedChats) this.#noticedAt.clear()
    this.#noticedAt.set(place.chatId, now)
    this.#host.keepAlive(this.#tell(place, text))
  }
}

function conversationOf(channelId: ChannelId, { chatId, threadId }: TelegramPlace): ConversationId {
  return conversationIdOf(channelId, chatId, threadId)
}

/** Updates that are ignored wait for nobody. */
function laneOf(update: unknown, settings: IntakeSettings, now: EpochMs): string {
  const inbound = readTelegramUpdate(update, { ...settings, now })
  return inbound.status === "ignored" ? "" : conversationOf(settings.channelId, inbound.place)
}
