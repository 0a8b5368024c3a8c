/** Begins turns with what waits and ends them: the first and the last entry of a journal, and what goes out with each. */
import { chatOf } from "../../core/channel/message.ts"
import { channelProfile } from "../../core/channel/profile.ts"
import { telegramParts } from "../../core/channel/telegram-text.ts"
import type { LoopEvent } from "../../core/loop/event.ts"
import { nextModelCall, nextSummaryCall } from "../../core/turn/call-ids.ts"
import { readChatCommand } from "../../core/turn/chat-command.ts"
import type { TurnOutcome } from "../../core/turn/event.ts"
import { foldTurn, turnText } from "../../core/turn/fold.ts"
import { costOf } from "../../core/turn/report.ts"
import { after, type EpochMs, type TurnId } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { Choices } from "./choices.ts"
import type { LiveEvents } from "./events.ts"
import type { Outbox } from "./outbox.ts"
import type { Spending } from "./spending.ts"
import type { ConversationState, Queued, Turn } from "./state.ts"

export interface TurnHooks {
  /** Runners are to give up what this turn asked of them. */
  callBack(turn: Turn, reason: string): void
  /** Its end is written: what runs for it is to stop, and what it left is due. */
  onEnded(turn: Turn): void
}

export class Turns {
  readonly #host: ObjectHost
  readonly #state: ConversationState
  readonly #events: LiveEvents
  readonly #choices: Choices
  readonly #outbox: Outbox
  readonly #spending: Spending
  readonly #hooks: TurnHooks
  /** The one that was open when this life of the object began. */
  readonly #atStart: TurnId | undefined
  #typingAt: EpochMs | null = null
  #isCold = true

  constructor(
    host: ObjectHost,
    work: { state: ConversationState; events: LiveEvents; choices: Choices; outbox: Outbox; spending: Spending },
    hooks: TurnHooks,
  ) {
    this.#host = host
    this.#state = work.state
    this.#events = work.events
    this.#choices = work.choices
    this.#outbox = work.outbox
    this.#spending = work.spending
    this.#hooks = hooks
    this.#atStart = this.#state.openTurn?.id
  }

  /** When a chat is to see again that someone writes; null when nobody does. */
  get typingAt(): EpochMs | null {
    return this.#typingAt
  }

  /** Opens a turn with the head of the queue; messages of a chat that stand together go in together. */
  startNext(): Turn | undefined {
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

  /** Takes messages that may join the running turn. */
  joinQueued(turn: Turn): void {
    const entries = takeWhile(this.#state.queue, mayJoin)
    if (entries.length === 0) return
    const at = this.#host.now()
    for (const { message } of entries) this.#state.append(turn, { type: "message_joined", message, at })
    this.#state.dequeue(entries)
  }

  /** @param reply - what is sent to the chat that asked; null: nothing, or it went out in the turn */
  finish(turn: Turn, outcome: TurnOutcome, reply: string | null): void {
    const at = this.#host.now()
    const isOfEarlierLife = turn.id === this.#atStart
    for (const callId of [nextModelCall(turn), nextSummaryCall(turn)])
      this.#spending.abandon(callId, { isOfEarlierLife })
    this.#choices.cancel(turn)
    this.#hooks.callBack(turn, "The turn that asked for it is over.")
    this.#state.append(turn, { type: "turn_ended", outcome, at })
    const cost = costOf(turn.events)
    this.#state.recordEnd(turn, { at, outcome, text: turnText(foldTurn(turn.events)), cost })
    this.#state.change({ lastActivityAt: at }, "row")
    this.#events.step(turn, endEvent(turn, outcome))
    if (reply !== null) this.#reply(turn, reply)
    this.#typingAt = null
    this.#hooks.onEnded(turn)
  }

  #reply(turn: Turn, text: string): void {
    const chat = chatOfTurn(turn)
    if (chat === undefined) return
    const { channelId, ...place } = chat
    this.#outbox.add(
      turn,
      channelId,
      telegramParts(text).map((part) => ({ ...place, text: part, format: "markdown" as const })),
    )
  }

  /** The open turn, and each that would come of what waits. */
  stopAll(): void {
    for (let turn = this.#state.openTurn ?? this.startNext(); turn !== undefined; turn = this.startNext()) {
      this.finish(turn, { status: "interrupted" }, null)
    }
  }

  /** Shows it in the chat of the open turn, until the next time that `typingAt` then names. */
  showTyping(now: EpochMs): void {
    const { openTurn } = this.#state
    this.#typingAt = null
    const chat = openTurn && chatOfTurn(openTurn)
    // Whoever waits for a person types nothing.
    if (chat === undefined || this.#choices.isWaiting) return
    const { channelId, ...place } = chat
    this.#typingAt = after(now, channelProfile("telegram").typingIntervalMs)
    this.#host.keepAlive(this.#host.peer("channel", channelId).call("showTyping", place))
  }

  /** The conversation is erased: whatever comes next begins anew. */
  forget(): void {
    this.#isCold = true
  }
}

/** Where the message came from that began the turn, if that is a chat. */
function chatOfTurn({ events: [first] }: Turn) {
  const source = first?.type === "turn_started" ? first.messages[0]?.source : undefined
  return source && chatOf(source)
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

function takeWhile<T>(items: readonly T[], accepts: (item: T) => boolean): T[] {
  const end = items.findIndex((item) => !accepts(item))
  return items.slice(0, end < 0 ? items.length : end)
}
