/**
 * Obeys `decide`: takes a slot, begins a run segment, does what the decision names, appends what happened, asks again.
 * One loop at a time; after each await to the outside it looks whether the turn is still the one it worked for.
 */
import type { Models } from "../../adapters/models/models.ts"
import { spentText } from "../../core/budget/words.ts"
import { isLoopError, type ErrorCode } from "../../core/errors.ts"
import { describeFailure } from "../../core/log.ts"
import type { Capability, CommandId, CommandOutcome } from "../../core/runner/command.ts"
import { decide, type Command } from "../../core/turn/decide.ts"
import { answerModelCommand, knownModels, type ModelCommand } from "../../core/turn/model-command.ts"
import { after, type EpochMs, type TurnId } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { GatewayParts } from "../parts.ts"
import type { Choices } from "./choices.ts"
import type { LiveEvents } from "./events.ts"
import { ModelCalls } from "./model-call.ts"
import { ModelStep } from "./model-step.ts"
import { noKeys, readPolicy, reusePolicy, type SegmentPolicy } from "./policy.ts"
import { isStillOn, type Segment } from "./segment.ts"
import type { Spending } from "./spending.ts"
import type { ConversationState, Turn } from "./state.ts"
import { ToolStep } from "./tool-step.ts"

/** The rest of the conversation, as the loop needs it. */
export interface DriverHooks {
  /** Opens a turn with what waits in the queue; undefined when nothing does. */
  startNextTurn(): Turn | undefined
  /** Takes messages that may join the running turn. */
  joinQueued(turn: Turn): void
  /** Ends the turn: journal, events, outgoing parts. */
  finish(turn: Turn, outcome: Extract<Command, { type: "finish" }>["outcome"], reply: string | null): void
  /** The object knows earlier turns, or will never. */
  recallHistory(): Promise<void>
}

/** How long to wait when the database that holds the policy is away. */
const policyRetryMs = 5_000

export class Driver {
  readonly #host: ObjectHost
  readonly #parts: GatewayParts
  readonly #models: ModelStep
  readonly #tools: ToolStep
  readonly #state: ConversationState
  readonly #events: LiveEvents
  readonly #choices: Choices
  readonly #spending: Spending
  readonly #hooks: DriverHooks
  #running: Promise<void> | undefined
  #isAsked = false
  #segment: Segment | undefined
  #slotOf: TurnId | undefined
  #wakeAt: EpochMs | null = null
  #waitsForSlot = false
  #restsOn: TurnId | undefined
  /** As they could last be read. */
  #keys = noKeys

  constructor(
    host: ObjectHost,
    parts: GatewayParts,
    work: {
      models: Models
      spending: Spending
      state: ConversationState
      events: LiveEvents
      choices: Choices
      hooks: DriverHooks
    },
  ) {
    this.#host = host
    this.#parts = parts
    this.#models = new ModelStep(host, parts, { ...work, calls: new ModelCalls(host, parts, work) })
    this.#tools = new ToolStep(host, parts, work)
    this.#state = work.state
    this.#events = work.events
    this.#choices = work.choices
    this.#spending = work.spending
    this.#hooks = work.hooks
  }

  /** When the loop has something to do by itself before the next safety alarm; null when nothing is known. */
  get dueAt(): EpochMs | null {
    return this.#wakeAt
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** The open turn stands in line for a slot: nothing has happened in it that anyone else needs to know. */
  get waitsForSlot(): boolean {
    return this.#waitsForSlot && this.#state.openTurn !== undefined
  }

  /** The open turn waits for a person, a runner or a provider: what it has come to is worth telling now. */
  get isResting(): boolean {
    return this.#restsOn !== undefined && this.#restsOn === this.#state.openTurn?.id
  }

  /** Runs until nothing is left to do; a second caller joins the first. */
  drive(): Promise<void> {
    this.#isAsked = true
    this.#running ??= this.#run()
    return this.#running
  }

  /** Looks again for whoever came after the loop had decided to sleep and before it had ended. */
  async #run(): Promise<void> {
    try {
      while (this.#isAsked) {
        this.#isAsked = false
        await this.#loop()
      }
    } finally {
      this.#running = undefined
    }
  }

  /** The Ledger gave the slot before it was asked again. */
  slotGranted(turnId: TurnId): void {
    this.#slotOf = turnId
  }

  /** Calls back what runners still do for a turn that ends. */
  callBack(turn: Turn, reason: string): void {
    this.#tools.cancel(turn, reason)
  }

  /** A runner is done with what a call of this turn asked of it. */
  async commandEnded(turn: Turn, commandId: CommandId, outcome: CommandOutcome): Promise<void> {
    await this.#tools.commandEnded(turn, commandId, outcome)
  }

  /** Stops what runs for a turn that has ended meanwhile, and gives its slot back. */
  release(turnId: TurnId): void {
    if (this.#segment?.turn === turnId) {
      this.#segment.abort.abort()
      this.#segment = undefined
    }
    this.#slotOf = undefined
    this.#wakeAt = null
    this.#host.keepAlive(this.#host.peer("ledger", "main").call("releaseSlot", { turnId }))
  }

  /** Tells the Ledger that the holder of the slot lives. */
  async renewSlot(): Promise<void> {
    const turn = this.#state.openTurn
    if (turn !== undefined && this.#slotOf === turn.id) await this.#askForSlot(turn)
  }

  async #loop(): Promise<void> {
    for (;;) {
      const turn = this.#state.openTurn ?? this.#hooks.startNextTurn()
      if (turn === undefined) return
      try {
        if ((await this.#step(turn)) === "sleep") return
      } catch (error) {
        if (!isLoopError(error) || !isPassing(error.code)) this.#giveUp(turn, error)
        throw error
      }
    }
  }

  /** A mistake of ours must not come back with every alarm: the turn ends and says so. */
  #giveUp(turn: Turn, error: unknown): void {
    if (!this.#state.isOpen(turn)) return
    const { id: conversationId } = this.#state.require()
    const cause = describeFailure(error)
    this.#parts.log({ level: "error", event: "turn_broken", conversationId, turnId: turn.id, cause })
    const message = "Something broke on our side while this was answered. Nothing more is tried for this message."
    this.#hooks.finish(turn, { status: "failed", code: "internal", message }, message)
  }

  async #step(turn: Turn): Promise<"again" | "sleep"> {
    if (this.#segment?.turn !== turn.id && this.#isWaiting(turn)) {
      this.#restsOn = turn.id
      return (await this.#tools.remind(turn)) ? "again" : "sleep"
    }
    this.#restsOn = undefined
    // In this order, since a crowd that waits for slots would read its policies in vain, and again when it is woken.
    const hasSlot = this.#slotOf === turn.id || (await this.#askForSlot(turn))
    this.#waitsForSlot = !hasSlot
    if (!this.#state.isOpen(turn)) return "again"
    if (!hasSlot) {
      // What it waited for is over; now it is woken, or asks again by the safety alarm.
      this.#wakeAt = null
      return "sleep"
    }
    const segment = this.#segment
    if (segment?.turn !== turn.id) return this.#beginSegment(turn)
    const commands = decide(turn.events, segment.policy, this.#host.now())
    const wait = commands.find((command) => command.type === "wait")
    if (wait !== undefined) {
      this.release(turn.id)
      this.#wakeAt = wait.until
      this.#restsOn = turn.id
      return "sleep"
    }
    const reply = commands.find((command) => command.type === "reply")
    this.#wakeAt = null
    const pauses = await Promise.all(
      commands.map((command) => this.#execute(turn, segment, command, reply?.text ?? null)),
    )
    const pause = pauses.find((until) => until !== undefined)
    if (pause === undefined || !this.#state.isOpen(turn)) return "again"
    // The segment stays, since it is a matter of seconds; its slot does not, since others may have money.
    this.#wakeAt = pause
    await this.#lendSlot(turn)
    return "sleep"
  }

  /** True when the journal, read as after a crash, has nothing to do yet: no segment is begun to find that out. */
  #isWaiting(turn: Turn): boolean {
    const policy = this.#state.lastPolicy()
    if (policy === undefined || !turn.events.some((event) => event.type === "segment_started")) return false
    const now = this.#host.now()
    const restarted = { type: "segment_started" as const, segment: 1, policyVersion: policy.version, at: now }
    const [next] = decide([...turn.events, restarted], policy, now)
    if (next?.type !== "wait") return false
    this.#wakeAt = next.until
    return true
  }

  async #beginSegment(turn: Turn): Promise<"again" | "sleep"> {
    const policy = await this.#readPolicy(turn)
    if (!this.#state.isOpen(turn)) return "again"
    if (policy === undefined) {
      this.#wakeAt = after(this.#host.now(), policyRetryMs)
      return "sleep"
    }
    this.#wakeAt = null
    this.#state.savePolicy(policy.policy)
    const segment = this.#events.beginSegment()
    const { version } = policy.policy
    this.#state.append(turn, { type: "segment_started", segment, policyVersion: version, at: this.#host.now() })
    this.#segment = { turn: turn.id, ...policy, abort: new AbortController() }
    return "again"
  }

  /** A Ledger that does not hear it takes the slot back when its lease is over. */
  async #lendSlot(turn: Turn): Promise<void> {
    this.#slotOf = undefined
    await this.#host
      .peer("ledger", "main")
      .call("releaseSlot", { turnId: turn.id })
      .catch((error) => {
        if (!isLoopError(error) || error.code !== "peer_unavailable") throw error
      })
  }

  async #askForSlot(turn: Turn): Promise<boolean> {
    try {
      const asked = { turnId: turn.id, conversationId: this.#state.require().id }
      const { granted } = await this.#host.peer("ledger", "main").call("acquireSlot", asked)
      if (granted) this.#slotOf = turn.id
      return granted
    } catch (error) {
      // The safety alarm asks again.
      if (isLoopError(error) && error.code === "peer_unavailable") return false
      throw error
    }
  }

  /** Fresh from libSQL; while that is away the last one serves, so that people are still answered. */
  async #readPolicy(turn: Turn): Promise<SegmentPolicy | undefined> {
    const first = turn.events[0]
    const message = first?.type === "turn_started" ? first.messages[0] : undefined
    const asked = { permissionMode: message?.permissionMode ?? "default", wishes: message?.wishes }
    try {
      const [policy] = await Promise.all([
        this.#capabilities().then((capabilities) =>
          readPolicy(this.#host.libsql, this.#parts, this.#state.require(), { ...asked, capabilities }),
        ),
        this.#hooks.recallHistory(),
      ])
      this.#keys = policy.keys
      return policy
    } catch (error) {
      if (!isLoopError(error) || error.code !== "database_unavailable") throw error
      const last = this.#state.lastPolicy()
      return last === undefined ? undefined : reusePolicy(last, this.#state.require(), asked, this.#keys)
    }
  }

  /** What runners can do now; nothing while their hub does not answer. */
  async #capabilities(): Promise<Capability[]> {
    if (this.#parts.tools.every(({ runsIn }) => runsIn !== "runner")) return []
    try {
      return (await this.#host.peer("runners", "main").call("available", {})).capabilities
    } catch (error) {
      if (isLoopError(error) && error.code === "peer_unavailable") return []
      throw error
    }
  }

  /** @returns when to look again, where the command has to wait for others */
  async #execute(turn: Turn, segment: Segment, command: Command, reply: string | null): Promise<EpochMs | undefined> {
    switch (command.type) {
      case "call_model":
        this.#hooks.joinQueued(turn)
        return this.#models.run(turn, segment, command).finally(() => this.#spending.letGo())
      case "choose_model":
        this.#chooseModel(turn, segment, command.command)
        break
      case "show_budget":
        await this.#showBudget(turn, segment)
        break
      case "run_tool":
        await this.#tools.run(turn, segment, command.use, command.attempt)
        break
      case "refuse_tool":
        this.#tools.end(turn, command.use.id, { outcome: command.outcome, text: command.text, tainted: false })
        break
      case "tell_answers":
        this.#tools.end(turn, command.use.id, { outcome: "ok", text: command.text, tainted: false })
        break
      case "request_approval":
      case "request_answers":
        this.#choices.ask(turn, command)
        break
      case "expire_approval":
        this.#choices.expire(turn, command.choiceId, command.allow)
        break
      case "finish":
        this.#hooks.finish(turn, command.outcome, reply)
        break
      case "reply":
      case "wait":
        break
    }
    return undefined
  }
  /** Answers a command; what it chooses holds from the next turn on. */
  #chooseModel(turn: Turn, { policy }: Segment, command: ModelCommand): void {
    const listed = this.#parts.catalogue.map(({ name }) => name)
    const { model: chosen } = this.#state.require()
    const { model, text } = answerModelCommand(command, policy, knownModels(policy, listed), chosen)
    if (model !== chosen) this.#state.change({ model }, "internal")
    this.#say(turn, text)
  }

  /** As the Ledger has it. */
  async #showBudget(turn: Turn, segment: Segment): Promise<void> {
    const { id: conversationId } = this.#state.require()
    const { groupId } = segment.policy
    const text = await this.#host
      .peer("ledger", "main")
      .call("budgets", { of: { conversationId, groupId } })
      .then((state) => spentText(state, groupId))
      .catch((error) => {
        if (!isLoopError(error) || !isPassing(error.code)) throw error
        return "What is spent and left cannot be read right now. Ask again in a while."
      })
    if (isStillOn(segment, this.#state, turn)) this.#say(turn, text)
  }

  /** What a command is answered. */
  #say(turn: Turn, text: string): void {
    this.#events.delta(turn, text)
    this.#state.append(turn, { type: "gateway_said", text, at: this.#host.now() })
    this.#events.settleText(turn, "")
  }
}

/** True for failures of the moment: the object is started afresh, or asks again by its alarm. */
function isPassing(code: ErrorCode): boolean {
  return (
    code === "storage_failed" ||
    code === "peer_unavailable" ||
    code === "shutting_down" ||
    code === "database_unavailable"
  )
}
