/**
 * The messages by which questions are asked in a chat: where each stands, and that each says in the end what became of the
 * question. Kept until then, whatever happens in between.
 */
import { minute, questionParts } from "../../core/approval/chat-message.ts"
import { chatOf } from "../../core/channel/message.ts"
import type { OutgoingPart } from "../../core/channel/outgoing.ts"
import type { Answers } from "../../core/approval/question.ts"
import type { TurnEvent } from "../../core/turn/event.ts"
import type { ChannelId, ChoiceId } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { Outbox } from "./outbox.ts"
import { AskedRecord, keys, type OutboxRow } from "./records.ts"
import type { ConversationState, Turn } from "./state.ts"

type Requested = Extract<TurnEvent, { type: "choice_requested" }>

export class AskedMessages {
  readonly #host: ObjectHost
  readonly #state: ConversationState
  readonly #outbox: () => Outbox
  readonly #publicUrl: string | undefined

  /** @param publicUrl - of the gateway, where its operator reaches it */
  constructor(host: ObjectHost, state: ConversationState, outbox: () => Outbox, publicUrl: string | undefined) {
    this.#host = host
    this.#state = state
    this.#outbox = outbox
    this.#publicUrl = publicUrl
  }

  /** Puts the question into the outbox: for the chat that the turn came from, or for the home chat. */
  ask(turn: Turn, asked: Requested, use: { readonly name: string; readonly input: unknown }): void {
    const chat = this.#chatOf(turn)
    if (chat === undefined) return
    const { choiceId } = asked
    const { channelId, ...place } = chat
    const link = this.#publicUrl === undefined ? null : new URL(`/approvals?id=${choiceId}`, this.#publicUrl).href
    const parts = questionParts(asked, use, link)
    const toPart = (said: Omit<(typeof parts)[number], "withoutFile">): OutgoingPart => {
      const { question, ...shown } = said
      const isAsking = shown.document === undefined
      const choice = { choiceId, question, isOver: false }
      return { ...place, format: "plain", ...shown, ...(isAsking ? { choice } : {}) }
    }
    const sent = parts.map(({ withoutFile, ...said }) => ({
      ...toPart(said),
      ...(withoutFile === undefined ? {} : { fallback: toPart({ question: said.question, ...withoutFile }) }),
    }))
    const ids = this.#outbox().add(turn, channelId, sent, `ask-${choiceId.split("_").at(-1)}`)
    const messages = parts.flatMap(({ document, text, question }, index) => {
      const shown = { id: ids[index] ?? "", text, question, messageId: null, isClosed: false }
      return document === undefined ? [shown] : []
    })
    this.#save({ choiceId, turnId: turn.id, channelId, place, messages, answers: {}, outcome: null })
  }

  /** The question, if it was asked in this chat. */
  find(choiceId: ChoiceId, place: { channelId: ChannelId; chatId: number }): AskedRecord | undefined {
    const record = this.#load(choiceId)
    const isThere = record?.channelId === place.channelId && record.place.chatId === place.chatId
    return isThere ? record : undefined
  }

  /** A message that someone answered is there, also where a crash hid that it had been sent. */
  noteSeen(record: AskedRecord, question: number | null, messageId: number): void {
    const messages = record.messages.map((message) =>
      message.question === question && message.messageId === null ? { ...message, messageId } : message,
    )
    this.#save({ ...record, messages })
  }

  /** Keeps an answer to one of several things that were asked. @returns all so far */
  noteAnswer(record: AskedRecord, answer: Answers): Answers {
    const answers = { ...record.answers, ...answer }
    this.#save({ ...record, answers })
    return answers
  }

  /** The question is over: its messages say so, and lose their buttons. */
  close(choiceId: ChoiceId, outcome: string): void {
    const record = this.#load(choiceId)
    if (record === undefined || record.outcome !== null) return
    for (const { id } of record.messages) this.#outbox().withdraw(id)
    this.#showEnd({ ...(this.#load(choiceId) ?? record), outcome })
  }

  /** To be told of each part that was sent or given up. */
  onOver({ id, status, externalId, part }: OutboxRow): void {
    const record = part.choice === undefined || part.choice.isOver ? undefined : this.#load(part.choice.choiceId)
    if (record === undefined) return
    const sentAs = status === "sent" && externalId !== null ? Number(externalId) : null
    const messages = record.messages.map((message) => {
      if (message.id !== id) return message
      // One that somebody answered is there, whatever became of the part.
      const messageId = sentAs ?? message.messageId
      return { ...message, text: part.text, messageId, isClosed: messageId === null }
    })
    this.#showEnd({ ...record, messages })
  }

  #showEnd(record: AskedRecord): void {
    const { choiceId, turnId, channelId, place, outcome } = record
    if (outcome === null) return this.#save(record)
    const messages = record.messages.map((message) => {
      if (message.isClosed || message.messageId === null) return message
      const choice = { choiceId, question: message.question, isOver: true }
      const part = {
        ...place,
        text: `${message.text}\n\n${outcome}`,
        format: "plain" as const,
        edits: message.messageId,
        choice,
      }
      this.#outbox().add({ id: turnId }, channelId, [part], `end-${message.messageId}`)
      return { ...message, isClosed: true }
    })
    if (messages.every(({ isClosed }) => isClosed)) this.#host.storage.delete(keys.asked(choiceId))
    else this.#save({ ...record, messages })
  }

  #chatOf(turn: Turn) {
    const first = turn.events[0]
    const source = first?.type === "turn_started" ? first.messages[0]?.source : undefined
    return (source && chatOf(source)) ?? this.#state.lastPolicy()?.home ?? undefined
  }

  #load(choiceId: ChoiceId): AskedRecord | undefined {
    return AskedRecord.optional().parse(this.#host.storage.get(keys.asked(choiceId)))
  }

  #save(record: AskedRecord): void {
    this.#host.storage.put(keys.asked(record.choiceId), record)
  }
}

/** For questions whose run ended before anyone answered. */
export function canceledText(at: Parameters<typeof minute>[0]): string {
  return `No longer needed: the run ended at ${minute(at)}.`
}
