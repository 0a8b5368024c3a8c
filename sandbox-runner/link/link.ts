/**
 * A runner's side of the link: it dials, says hello, serves, and dials again for as long as it lives. The gateway may be gone,
 * slow, or not what it says it is.
 *
 *   away ──dial──► dialling ──open──► greeting ──welcome──► linked
 *    ▲                │                  │                    │
 *    └──── pause ─────┴───── closed, refused, silent ─────────┘          any ──stop──► stopped
 *
 * 1. There is a wire in `greeting` and `linked` alone, and one at most.
 * 2. Before `welcome` nothing but `hello` is said; the desk knows of the link from `welcome` to the wire's end.
 * 3. What comes of a wire that was left is dropped: each has a session, and one session counts.
 * 4. Every way out of `dialling`, `greeting` and `linked` leads to `away` with one timer, or to `stopped` with none.
 * 5. Pauses grow from one second to thirty, drawn from a range so that runners do not come back together. They begin anew only
 *    after a link that lasted: a gateway that welcomes and hangs up gains nothing.
 * 6. In `linked` a heartbeat goes out every fifteen seconds; 45 without a frame from the gateway end the wire, half-open or not.
 * 7. A frame that cannot be read ends the wire. Nothing of it is obeyed.
 */
import type { Capability, RunnerId } from "../../core/runner/command.ts"
import {
  type CapabilityState,
  deadAfterMs,
  heartbeatMs,
  type RunnerFacts,
  type RunnerOrder,
} from "../../core/runner/fleet.ts"
import { GatewayFrame, type Held, linkProtocol, type RunnerFrame } from "../../core/runner/link.ts"
import type { EpochMs } from "../../core/units.ts"
import type { RunnerWorker } from "../runner-worker.ts"
import type { Clock } from "./clock.ts"
import type { Desk } from "./desk.ts"
import type { Dial, Wire } from "./wire.ts"

const welcomeWithinMs = 15_000
const firstPauseMs = 1_000
const longestPauseMs = 30_000
/** A gateway that refused this runner is asked again for the case that its operator changed something. */
const refusedPauseMs = 60_000
/** A link that lasted this long was one. */
const lastedMs = 30_000

type State =
  | { readonly status: "away"; readonly cancelTimer: () => void }
  | { readonly status: "dialling" }
  | {
      readonly status: "greeting"
      readonly wire: Wire
      readonly said: Held[]
      readonly cancelTimer: () => void
    }
  | {
      readonly status: "linked"
      readonly wire: Wire
      readonly since: EpochMs
      heardAt: EpochMs
      cancelTimer: () => void
    }
  | { readonly status: "stopped" }

export type LinkNews =
  | { event: "linked"; granted: readonly Capability[] }
  | { event: "lost" | "refused" | "unreachable"; message: string }

export interface LinkOptions {
  readonly runnerId: RunnerId
  readonly facts: RunnerFacts
  readonly workers: readonly RunnerWorker[]
  readonly dial: Dial
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** For the operator: each thing once, however often it happens in a row. */
  readonly tell: (news: LinkNews) => void
  readonly onOrder: (order: RunnerOrder) => void
}

export class Link {
  readonly #options: LinkOptions
  readonly #desk: Desk
  #state: State = { status: "stopped" }
  #failures = 0
  #told = ""
  /** Names the wire that counts; another's events are dropped. */
  #session: symbol | undefined

  /** @param desk - says its frames by {@link say} */
  constructor(options: LinkOptions, desk: Desk) {
    this.#options = options
    this.#desk = desk
  }

  get isLinked(): boolean {
    return this.#state.status === "linked"
  }

  /** Begins, or goes on after {@link stop}. */
  start(): void {
    if (this.#state.status === "stopped") this.#dial()
  }

  /** Ends the link. Commands go on without it. */
  stop(): void {
    const wire = this.#leave()
    this.#state = { status: "stopped" }
    wire?.close()
  }

  /** Says a frame where there is a link, and nothing where there is none: the desk says it again when there is. */
  say(frame: RunnerFrame): void {
    if (this.#state.status === "linked") this.#state.wire.send(JSON.stringify(frame))
  }

  /** Says now what the next heartbeat would say. */
  async beat(): Promise<void> {
    this.say({ type: "heartbeat", capabilities: await this.#capabilities(), isDraining: this.#desk.isDraining })
  }

  #dial(): void {
    this.#state = { status: "dialling" }
    const session = Symbol("session")
    this.#session = session
    const isOurs = () => this.#session === session
    const events = {
      onText: async (text: string) => {
        if (isOurs()) await this.#hear(text)
      },
      onClose: (code: number, reason: string) => {
        if (isOurs()) this.#lose("lost", reason === "" ? `The link was closed (${code}).` : reason)
      },
    }
    void this.#greet(this.#options.dial(events), isOurs)
  }

  async #greet(dialling: ReturnType<Dial>, isOurs: () => boolean): Promise<void> {
    const dialled = await dialling
    if (dialled.status !== "open") {
      if (isOurs()) this.#lose(dialled.status === "refused" ? "refused" : "unreachable", dialled.message)
      return
    }
    const { wire } = dialled
    const capabilities = await this.#capabilities()
    if (!isOurs()) return wire.close()
    const said = this.#desk.held()
    const cancelTimer = this.#options.clock.start(welcomeWithinMs, () => {
      if (isOurs()) this.#lose("lost", "The gateway did not answer the hello.")
    })
    this.#state = { status: "greeting", wire, said, cancelTimer }
    const { runnerId, facts } = this.#options
    const { isDraining } = this.#desk
    const own = { runnerId, ...facts, capabilities, held: said, isDraining }
    wire.send(JSON.stringify({ type: "hello", protocol: linkProtocol, ...own } satisfies RunnerFrame))
  }

  async #hear(text: string): Promise<void> {
    const frame = parseFrame(text)
    const state = this.#state
    if (frame === undefined) return this.#lose("lost", "The gateway said something that is no frame of the link.")
    if (frame.type === "refused") return this.#lose("refused", frame.message)
    if (state.status === "greeting") {
      if (frame.type !== "welcome") return this.#lose("lost", "The gateway spoke before its welcome.")
      if (frame.protocol !== linkProtocol) return this.#lose("refused", wrongProtocol(frame.protocol))
      return this.#welcome(state, frame)
    }
    if (state.status !== "linked") return this.#lose("lost", "The gateway spoke before it was greeted.")
    state.heardAt = this.#options.clock.now()
    return this.#obey(frame)
  }

  async #welcome(
    { wire, said, cancelTimer }: Extract<State, { status: "greeting" }>,
    { yours, granted }: Extract<GatewayFrame, { type: "welcome" }>,
  ): Promise<void> {
    cancelTimer()
    const now = this.#options.clock.now()
    const linked: State = { status: "linked", wire, since: now, heardAt: now, cancelTimer: () => {} }
    this.#state = linked
    this.#beatLater(linked)
    this.#tell({ event: "linked", granted })
    await this.#desk.link(yours, said)
  }

  async #obey(frame: GatewayFrame): Promise<void> {
    const desk = this.#desk
    switch (frame.type) {
      case "command":
        return desk.offer(frame.command)
      case "start":
        return desk.start(frame.id)
      case "cancel":
        return desk.cancel(frame.id)
      case "confirm":
        return desk.confirm(frame.id)
      case "confirm_output":
        return desk.confirmOutput(frame.id, frame.offset)
      case "order":
        return this.#options.onOrder(frame.order)
      case "heartbeat":
      case "welcome":
      case "refused":
    }
  }

  #beatLater(linked: Extract<State, { status: "linked" }>): void {
    linked.cancelTimer = this.#options.clock.start(heartbeatMs, () => {
      if (this.#state !== linked) return
      // A clock that leapt back must not keep a dead wire.
      const silentMs = Math.abs(this.#options.clock.now() - linked.heardAt)
      if (silentMs >= deadAfterMs) return this.#lose("lost", "Nothing was heard of the gateway for too long.")
      this.#beatLater(linked)
      void this.beat()
    })
  }

  #lose(event: "lost" | "refused" | "unreachable", message: string): void {
    const { clock, random } = this.#options
    const before = this.#state
    const wire = this.#leave()
    const hasLasted = before.status === "linked" && clock.now() - before.since >= lastedMs
    this.#failures = hasLasted ? 0 : this.#failures + 1
    const widest = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.#failures, 10))
    const pauseMs = (event === "refused" ? refusedPauseMs : widest) * (0.5 + random() / 2)
    this.#state = { status: "away", cancelTimer: clock.start(pauseMs, () => this.#dial()) }
    this.#tell({ event, message })
    wire?.close()
  }

  /** What each state needs to be left. @returns the wire that is left */
  #leave(): Wire | undefined {
    const state = this.#state
    this.#session = undefined
    switch (state.status) {
      case "away":
        state.cancelTimer()
        return undefined
      case "greeting":
        state.cancelTimer()
        return state.wire
      case "linked":
        state.cancelTimer()
        this.#desk.unlink()
        return state.wire
      case "dialling":
      case "stopped":
        return undefined
    }
  }

  async #capabilities(): Promise<CapabilityState[]> {
    return Promise.all(
      this.#options.workers.map(async (worker) => {
        const state = await worker
          .state()
          .catch(() => ({ status: "unavailable" as const, problem: "It does not answer." }))
        const problem = state.status === "ok" ? null : state.problem.slice(0, 500)
        return { name: worker.capability, status: state.status, problem }
      }),
    )
  }

  #tell(news: LinkNews): void {
    const key = news.event === "linked" ? "linked" : news.message
    if (key === this.#told) return
    this.#told = key
    this.#options.tell(news)
  }
}

function parseFrame(text: string): GatewayFrame | undefined {
  try {
    return GatewayFrame.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function wrongProtocol(theirs: number): string {
  const older = theirs < linkProtocol ? "Update the gateway" : "Update the runner"
  return `The gateway speaks version ${theirs} of the link, this runner version ${linkProtocol}. ${older}.`
}
