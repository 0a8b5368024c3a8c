/**
 * What people in a chat answer to questions: by a button, by `/approve` and `/deny`, or in words. Which question is meant is found
 * out here; who may answer it, and whether it is still open, the conversation decides that asked it.
 */
import { conversationIdOf } from "../../adapters/conversation-id.ts"
import type { AuditTrail } from "../../adapters/audit-trail.ts"
import { erasedIdHash } from "../../adapters/store/projection.ts"
import { readPress } from "../../core/approval/button.ts"
import type { TelegramAnswerer, TelegramInbound, TelegramPlace } from "../../core/channel/telegram-update.ts"
import { isLoopError } from "../../core/errors.ts"
import { type ChannelId, type ChoiceId, conversationOfChoice } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { ChatAnswer, MethodOutput } from "../peers.ts"
import type { AskedQuestion, ChannelStore } from "./records.ts"

type In<S extends TelegramInbound["status"]> = Extract<TelegramInbound, { status: S }>
type Pressed = Omit<In<"press">, "by"> & { readonly by: TelegramAnswerer }

interface Given {
  readonly place: TelegramPlace
  readonly by: TelegramAnswerer
  readonly choiceId: ChoiceId
  readonly given: ChatAnswer
  readonly messageId?: number
}

export interface Voice {
  /** Says something in a chat, best effort. */
  tell(place: TelegramPlace, text: string): Promise<void>
  /** Says something to who pressed a button, best effort. */
  answerPress(pressId: string, text: string): Promise<void>
}

const closed = { text: "This question is closed. Nothing was changed.", status: "closed" } as const

export class ChatAnswers {
  readonly #host: ObjectHost
  readonly #store: ChannelStore
  readonly #voice: Voice
  readonly #trail: AuditTrail

  constructor(host: ObjectHost, store: ChannelStore, voice: Voice, trail: AuditTrail) {
    this.#host = host
    this.#store = store
    this.#voice = voice
    this.#trail = trail
  }

  /** A button, pressed by someone who is served. Pressed again, it changes nothing and says so. */
  async press(channelId: ChannelId, { pressId, messageId, place, data, by }: Pressed): Promise<void> {
    const pressed = readPress(data)
    const { text } =
      pressed === undefined
        ? closed
        : await this.#answer(channelId, { place, by, choiceId: pressed.choiceId, given: pressed.press, messageId })
    this.#host.keepAlive(this.#voice.answerPress(pressId, text))
  }

  /** A button, pressed by a stranger. */
  refuse({ pressId }: In<"press">): void {
    this.#host.keepAlive(this.#voice.answerPress(pressId, "You may not answer this. Nothing was changed."))
  }

  /** @param updateId - repeated, the update must not answer what was asked after it */
  async verdict(channelId: ChannelId, inbound: In<"verdict">, updateId: number): Promise<void> {
    if (this.#store.hasHandled(updateId)) return
    const { place, by, allow } = inbound
    const found = this.#meant(inbound)
    const given = { kind: allow ? "allow" : "deny" } as const
    const { text } =
      typeof found === "string"
        ? { text: found }
        : await this.#answer(channelId, { place, by, choiceId: found.choiceId, given })
    this.#store.noteHandled(updateId)
    this.#host.keepAlive(this.#voice.tell(place, text))
  }

  /**
   * Words that answer what the agent asked: a reply to the question, or any message while it is the only thing that the chat's own
   * conversation waits for. @returns false for words that are a message like any other
   */
  async words(channelId: ChannelId, inbound: In<"message">, updateId: number): Promise<boolean> {
    const { place, by, repliesTo, said, message } = inbound
    if (this.#store.hasHandled(updateId)) return true
    const asked = message.tainted || said.startsWith("/") ? undefined : this.#questionFor(channelId, place, repliesTo)
    if (asked === undefined || asked.question === null) return false
    const given = { kind: "text", question: asked.question, text: said } as const
    const { text, status } = await this.#answer(channelId, { place, by, choiceId: asked.choiceId, given })
    // An answer that came too late is still something that the person says.
    if (status === "closed") return false
    this.#store.noteHandled(updateId)
    if (status === "refused") this.#host.keepAlive(this.#voice.tell(place, text))
    return true
  }

  #questionFor(channelId: ChannelId, place: TelegramPlace, repliesTo: number | null): AskedQuestion | undefined {
    const open = this.#store.askedIn(place.chatId)
    const replied = open.find(({ messageId }) => messageId !== null && messageId === repliesTo)
    if (replied !== undefined || place.chatId < 0) return replied
    const own = conversationIdOf(channelId, place.chatId, place.threadId)
    const ours = open.filter(({ choiceId }) => conversationOfChoice(choiceId) === own)
    return ours.length === 1 ? ours[0] : undefined
  }

  /** The question that a verdict is about, or why that is not known. */
  #meant({ place, number, repliesTo }: In<"verdict">): AskedQuestion | string {
    const open = this.#store.askedIn(place.chatId).filter(({ question }) => question === null)
    const replied = open.find(({ messageId }) => messageId !== null && messageId === repliesTo)
    const named = number === null ? replied : open.find((asked) => asked.number === number)
    if (named !== undefined) return named
    if (number !== null) return `There is no open question ${number} here. Nothing was changed.`
    const [only, ...others] = open
    if (only === undefined) return "Nothing waits for a yes or no here."
    if (others.length === 0) return only
    return `Several questions wait: name one, such as /approve ${only.number}. Open are ${open.map((asked) => asked.number).join(", ")}.`
  }

  async #answer(channelId: ChannelId, given: Given): Promise<MethodOutput<"conversation", "answerInChat">> {
    const outcome = await this.#ask(channelId, given)
    const isOver = outcome.status === "over" || outcome.status === "closed"
    if (outcome.status === "over") this.#record(channelId, given)
    if (isOver) this.#store.noteAnswered(given.place.chatId, given.choiceId)
    return outcome
  }

  /** By the conversation's digest: the trail never forgets. */
  #record(channelId: ChannelId, { by, choiceId, given }: Given): void {
    const sender = { channel: channelId, sender: String(by.id) }
    this.#trail.record({
      at: this.#host.now(),
      action: "approval_answered",
      actorId: null,
      actorName: by.name,
      credential: "none",
      targetKind: "conversation",
      targetId: erasedIdHash(conversationOfChoice(choiceId)),
      requestId: "",
      address: "",
      details: "question" in given ? sender : { ...sender, allow: given.kind !== "deny" },
    })
  }

  async #ask(channelId: ChannelId, { place, by: { id, ...by }, choiceId, given, messageId }: Given) {
    try {
      const conversation = this.#host.peer("conversation", conversationOfChoice(choiceId))
      return await conversation.call("answerInChat", {
        choiceId,
        place: { channelId, chatId: place.chatId },
        by: { id: String(id), ...by },
        given,
        ...(messageId === undefined ? {} : { messageId }),
      })
    } catch (error) {
      if (isLoopError(error) && error.code === "loop_not_found") return closed
      throw error
    }
  }
}
