/**
 * One call of a tool within a turn. A tool of the object runs to its end here; one of a runner is handed to the RunnerHub under
 * an id that every repetition shares, and the turn waits for the hub to tell of its end.
 */
import { admitToolCall } from "../../core/admission.ts"
import { type Hop, reaches } from "../../core/approval/condition.ts"
import { hostOf } from "../../core/approval/host.ts"
import { isLoopError, LoopError } from "../../core/errors.ts"
import type { ImageBlock, ToolUseBlock, WholeOutput } from "../../core/model/message.ts"
import { CommandId, type Command, type CommandOutcome } from "../../core/runner/command.ts"
import { awayCommands, foldTurn } from "../../core/turn/fold.ts"
import type { TurnPolicy } from "../../core/turn/policy.ts"
import { after } from "../../core/units.ts"
import type { ObjectHost } from "../host.ts"
import type { GatewayParts } from "../parts.ts"
import { submitCommand } from "../runners/submit.ts"
import { boundText, runTool } from "../tools/run.ts"
import type { FinishedCall, RunnerTool } from "../tools/tool.ts"
import type { LiveEvents } from "./events.ts"
import { Outputs } from "./outputs.ts"
import { keepPicture } from "./pictures.ts"
import { isStillOn, type Segment } from "./segment.ts"
import type { ConversationState, Turn } from "./state.ts"

/** How long a command may wait for a runner to take it. */
const runnerPatienceMs = 10 * 60_000

export interface EndedCall {
  readonly outcome: FinishedCall["outcome"] | "refused"
  readonly text: string
  readonly whole?: WholeOutput
  readonly images?: readonly ImageBlock[]
  readonly tainted: boolean
  readonly marks?: readonly string[]
}

export class ToolStep {
  readonly #host: ObjectHost
  readonly #parts: GatewayParts
  readonly #state: ConversationState
  readonly #events: LiveEvents
  readonly #outputs: Outputs

  constructor(host: ObjectHost, parts: GatewayParts, work: { state: ConversationState; events: LiveEvents }) {
    this.#host = host
    this.#parts = parts
    this.#state = work.state
    this.#outputs = new Outputs(host, parts, work.state)
    this.#events = work.events
  }

  async run(turn: Turn, segment: Segment, use: ToolUseBlock, attempt: number): Promise<void> {
    const tool = this.#parts.tools.find((candidate) => candidate.name === use.name)
    if (tool === undefined || tool.runsIn === "person") {
      const text = `There is no tool named ${use.name}.`
      return this.end(turn, use.id, { outcome: "refused", text, tainted: false })
    }
    if (tool.runsIn === "runner") return this.#hand(turn, segment.policy, tool, use, attempt)
    const { signal } = segment.abort
    const { admission, hops } = admitToolCall(turn.events, segment.policy, use)
    this.#state.append(turn, { type: "tool_started", toolUseId: use.id, attempt, at: this.#host.now() })
    const context = {
      now: () => this.#host.now(),
      fetch: (request: Request) => this.#host.fetch(within(hops, request), "agent"),
      operatorFetch: (request: Request) => this.#host.fetch(request, "operator"),
      outputOf: (callId: string) => this.#outputs.find(callId),
      signal,
    }
    const result = await runTool(tool, use.input, context, admission)
    const kept = await this.#outputs.keep(use.id, result.text, tool.maxTextBytes)
    if (isStillOn(segment, this.#state, turn)) this.end(turn, use.id, { ...result, ...kept })
  }

  /** Writes how a call ended into the journal, and tells those who watch. */
  end(turn: Turn, toolUseId: string, { outcome, text, whole, images = [], tainted, marks = [] }: EndedCall): void {
    const rest = {
      ...(whole === undefined ? {} : { whole }),
      ...(images.length === 0 ? {} : { images: [...images] }),
      ...(marks.length === 0 ? {} : { marks: [...marks] }),
    }
    this.#state.append(turn, { type: "tool_ended", toolUseId, outcome, text, ...rest, tainted, at: this.#host.now() })
    this.#events.step(turn, { event: "tool_result", data: { tool_use_id: toolUseId, ok: outcome === "ok" } })
  }

  /**
   * Asks the hub again for all that runners have of this turn: a crash may have come between the journal and the hub, or have
   * hidden what the hub told. @returns whether something has ended
   */
  async remind(turn: Turn): Promise<boolean> {
    const away = awayCommands(foldTurn(turn.events))
    const ended = await Promise.all(
      away.map(async ({ toolUseId, commandId }) => {
        if (this.#awayCall(turn, commandId) !== undefined) return this.#submit(turn, commandId)
        const text = "This gateway no longer has the tool. Outcome unknown: check before doing it again."
        this.end(turn, toolUseId, { outcome: "unknown", text, tainted: false })
        return true
      }),
    )
    return ended.includes(true)
  }

  /** The hub tells of a command's end. Told again, or of a turn that is over, it changes nothing. */
  async commandEnded(turn: Turn, commandId: CommandId, outcome: CommandOutcome): Promise<boolean> {
    const call = this.#awayCall(turn, commandId)
    if (call === undefined) return false
    const { picture, text, ...read } = call.tool.read(outcome)
    const seen = picture === undefined ? undefined : await this.#keep(picture)
    const told = picture !== undefined && seen === undefined ? `${text}\n[The picture could not be read.]` : text
    const kept = await this.#outputs.keep(call.use.id, told, call.tool.maxTextBytes)
    // The same end may have been told meanwhile.
    if (!this.#state.isOpen(turn) || this.#awayCall(turn, commandId) === undefined) return false
    this.end(turn, call.use.id, { ...read, ...kept, images: seen === undefined ? [] : [seen] })
    return true
  }

  /** Calls back what runners have of a turn that is over. */
  cancel(turn: Turn, reason: string): void {
    for (const { commandId } of awayCommands(foldTurn(turn.events))) {
      this.#host.keepAlive(this.#host.peer("runners", "main").call("cancel", { commandId, reason }))
    }
  }

  async #hand(turn: Turn, policy: TurnPolicy, tool: RunnerTool, use: ToolUseBlock, attempt: number): Promise<void> {
    const planned = tool.plan(use.input, { conversationId: this.#state.require().id })
    if (planned.status === "invalid_input") {
      const text = boundText(`The input is not valid:\n${planned.problem}`, tool.maxTextBytes)
      return this.end(turn, use.id, { outcome: "error", text, tainted: false })
    }
    const started = turn.events.filter((event) => event.type === "tool_started").length
    const commandId = CommandId.parse(`cmd_${turn.id}_${started + 1}`)
    admitToolCall(turn.events, policy, use)
    this.#state.append(turn, { type: "tool_started", toolUseId: use.id, attempt, commandId, at: this.#host.now() })
    try {
      await this.#submit(turn, commandId)
    } catch (error) {
      // The safety alarm asks again, by the same id.
      if (!isLoopError(error) || error.code !== "peer_unavailable") throw error
    }
  }

  async #submit(turn: Turn, commandId: CommandId): Promise<boolean> {
    const call = this.#awayCall(turn, commandId)
    const policy = this.#state.lastPolicy()
    if (call === undefined || policy === undefined) return false
    const { id: conversationId } = this.#state.require()
    const planned = call.tool.plan(call.use.input, { conversationId })
    if (planned.status === "invalid_input") return false
    const command: Command = {
      id: commandId,
      work: planned.work,
      conversationId,
      correlationId: turn.id,
      createdAt: call.startedAt,
      expiresAt: after(call.startedAt, runnerPatienceMs),
    }
    const { admission } = admitToolCall(turn.events, policy, call.use)
    const asker = { kind: "tool", admission, toolName: call.use.name, input: call.use.input } as const
    const state = await submitCommand(this.#host.peer("runners", "main"), command, asker)
    return state.status === "ended" && this.commandEnded(turn, commandId, state.outcome)
  }

  async #keep({ mediaType, base64 }: NonNullable<FinishedCall["picture"]>): Promise<ImageBlock | undefined> {
    try {
      return await keepPicture(this.#host.blobs, mediaType, base64)
    } catch (error) {
      if (!isLoopError(error) || error.code !== "image_refused") throw error
      return undefined
    }
  }

  /** The call that a runner has under this id; undefined when it has ended. */
  #awayCall(turn: Turn, commandId: CommandId) {
    const state = foldTurn(turn.events)
    const away = awayCommands(state).find((candidate) => candidate.commandId === commandId)
    const started = turn.events.find((event) => event.type === "tool_started" && event.commandId === commandId)
    const uses = state.model.status === "answered" ? state.model.answer.blocks : []
    const use = uses.find((block) => block.type === "tool_use" && block.id === away?.toolUseId)
    if (started === undefined || use?.type !== "tool_use") return undefined
    const tool = this.#parts.tools.find(({ name }) => name === use.name)
    return tool?.runsIn === "runner" ? { use, tool, startedAt: started.at } : undefined
  }
}

/** A call that was allowed for its hosts alone goes to no other, redirects too. @throws LoopError `egress_forbidden` */
function within(hops: readonly Hop[] | null, request: Request): Request {
  const host = hostOf(request.url)
  if (hops === null || (host !== undefined && reaches(hops, host))) return request
  throw new LoopError("egress_forbidden", { message: "The call was allowed for another host, and leads away from it." })
}
