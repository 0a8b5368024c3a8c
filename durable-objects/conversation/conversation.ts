/**
 * One conversation: its organs, and when each of them acts. What is due is started on every call and alarm, and an alarm stands
 * for whatever is left, so that nothing of it is lost. What may be asked of it is in `doors.ts`.
 */
import { createModels } from "../../adapters/models/models.ts"
import { LoopError } from "../../core/errors.ts"
import type { TurnOutcome } from "../../core/turn/event.ts"
import { policyDefaults } from "../../core/turn/policy.ts"
import { after, type EpochMs, toEpochMs } from "../../core/units.ts"
import type { HostedObject, ObjectHost } from "../host.ts"
import { LivePublisher } from "../live/publisher.ts"
import { modelsConfig, type GatewayParts } from "../parts.ts"
import { routeOf } from "../peers.ts"
import { Announcer } from "./announcer.ts"
import { AskedMessages } from "./asked.ts"
import { Choices } from "./choices.ts"
import { Doors } from "./doors.ts"
import { Driver } from "./driver.ts"
import { Erasure } from "./erasure.ts"
import { LiveEvents } from "./events.ts"
import { meterEvent } from "./meter.ts"
import { Outbox } from "./outbox.ts"
import { passUnlessDatabase, Projector } from "./projector.ts"
import { recallHistory } from "./recall.ts"
import { eventsKeptMs, inboxKeptMs } from "./records.ts"
import { Spending } from "./spending.ts"
import { ConversationState, type Turn } from "./state.ts"
import { Turns } from "./turns.ts"

/** An unfinished turn, an unsent part or an unflushed projection is looked at again after this long at the latest. */
const safetyAlarmMs = 60_000

export class Conversation implements HostedObject {
  readonly #host: ObjectHost
  readonly #state: ConversationState
  readonly #choices: Choices
  readonly #outbox: Outbox
  readonly #projector: Projector
  readonly #driver: Driver
  readonly #spending: Spending
  readonly #turns: Turns
  readonly #erasure: Erasure
  readonly #doors: Doors
  #armedAt: EpochMs | null | undefined
  #isAwake = false
  /** Deliveries with their flush that run now. */
  #settling = 0

  constructor(host: ObjectHost, parts: GatewayParts) {
    this.#host = host
    const announcer = new Announcer(
      new LivePublisher(host, parts.liveInterest),
      () => this.#state.lastPolicy()?.groupId ?? null,
    )
    this.#state = new ConversationState(host, (meta, turn, event) => {
      meterEvent(parts, meta, turn, event)
      announcer.onEvent(meta, turn, event)
    })
    const events = new LiveEvents(host, this.#state)
    const asked = new AskedMessages(host, this.#state, () => this.#outbox, parts.config.PUBLIC_URL)
    this.#choices = new Choices(host, this.#state, events, asked)
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
    const work = { state: this.#state, events, choices: this.#choices, spending: this.#spending, outbox: this.#outbox }
    this.#turns = new Turns(host, work, {
      callBack: (turn, reason) => this.#driver.callBack(turn, reason),
      onEnded: (turn) => {
        this.#driver.release(turn.id)
        host.keepAlive(this.#afterTurn())
        this.#arm()
      },
    })
    const hooks = {
      startNextTurn: () => this.#turns.startNext(),
      joinQueued: (turn: Turn) => this.#turns.joinQueued(turn),
      finish: (turn: Turn, outcome: TurnOutcome, reply: string | null) => this.#turns.finish(turn, outcome, reply),
      recallHistory: () => recallHistory(host, this.#state),
    }
    this.#driver = new Driver(host, parts, { ...work, models, hooks })
    this.#erasure = new Erasure(host, this.#state, this.#projector, {
      settle: () => this.#spending.tell(),
      onErased: () => {
        this.#armedAt = null
        this.#turns.forget()
        this.#spending.forget()
        announcer.onErased(this.#state.id)
      },
    })
    this.#doors = new Doors(host, parts, {
      ...work,
      driver: this.#driver,
      turns: this.#turns,
      erasure: this.#erasure,
      work: () => this.#work(),
      arm: () => this.#arm(),
      flush: () => this.#flush(),
    })
  }

  async call(name: string, input: unknown): Promise<unknown> {
    if (!this.#isAwake) this.#resume()
    return routeOf(this.#doors.routes, name)(input)
  }

  stream(name: string, input: unknown): ReadableStream<Uint8Array> {
    if (name !== "watch") throw new LoopError("internal", { method: name })
    return this.#doors.watch(input)
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

  async #flush(): Promise<void> {
    if (this.#state.meta !== undefined) await this.#projector.flush().finally(() => this.#afterFlush())
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
    if (isDue(this.#turns.typingAt, now)) this.#turns.showTyping(now)
    if (isDue(this.#state.require().expireAt, now)) this.#expire(now)
  }

  #expire(now: EpochMs): void {
    const isLeft = this.#state.expire(after(now, -eventsKeptMs), after(now, -inboxKeptMs))
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
      this.#turns.typingAt,
      this.#state.require().expireAt,
    ].flatMap((at) => (at === null ? [] : [Math.max(at, now)]))
    const next = due.length === 0 ? null : toEpochMs(Math.min(...due))
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
}

function isDue(at: EpochMs | null, now: EpochMs): boolean {
  return at !== null && at <= now
}
