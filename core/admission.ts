/**
 * The one gate before everything that costs or acts: a model's call passes it with the Ledger's answer, a tool's call with the
 * turn's journal, a command by the API with its caller. What passes gets an admission; models, tools and runners demand one, and
 * none can be made elsewhere, copied or used twice.
 */
import { argumentsDigest } from "./approval/arguments.ts"
import type { Hop } from "./approval/condition.ts"
import { permits, type Credential, type Role } from "./access/scope.ts"
import type { CallId, ReserveAnswer } from "./budget/reserve.ts"
import { LoopError } from "./errors.ts"
import type { ToolUseBlock } from "./model/message.ts"
import { requirementOf } from "./turn/decide-tool.ts"
import type { TurnEvent } from "./turn/event.ts"
import { foldTurn, lastToolUses } from "./turn/fold.ts"
import type { TurnPolicy } from "./turn/policy.ts"

type Way = "model" | "tool" | "command"

/** Private fields make it: no other object passes for one, whatever its shape. */
class Admitted<W extends Way> {
  readonly #way: W
  readonly #subject: string
  #isUsed = false

  constructor(way: W, subject: string) {
    this.#way = way
    this.#subject = subject
  }

  static use(admission: Admitted<Way>, way: Way, subject: string): void {
    const isIssued = #subject in admission
    if (!isIssued || admission.#isUsed || admission.#way !== way || admission.#subject !== subject) {
      throw new LoopError("internal", {}, { cause: new Error(`not admitted: ${way} ${subject}`) })
    }
    admission.#isUsed = true
  }
}
export type ModelAdmission = Admitted<"model">
export type CommandAdmission = Admitted<"command">
export type ToolAdmission = Admitted<"tool">

/** Budget and breakers have said yes. @param answer - the Ledger's, to the reservation of this call */
export function admitModelCall(answer: Extract<ReserveAnswer, { status: "allowed" }>, callId: CallId): ModelAdmission {
  if (answer.status !== "allowed") throw new LoopError("internal", { callId })
  return new Admitted("model", callId)
}

export interface AdmittedTool {
  readonly admission: ToolAdmission
  /** Every address that the call reaches, redirects too, is one of these. Null: no such bound. */
  readonly hops: readonly Hop[] | null
}

/**
 * Nobody need be asked for this call, or a person said yes to these very arguments, or it was let pass before and goes on.
 * @param events - the turn's journal, the model's call in its last answer
 * @throws LoopError `internal` for a call that may not run
 */
export function admitToolCall(
  events: readonly TurnEvent[],
  policy: TurnPolicy,
  use: Pick<ToolUseBlock, "id" | "name" | "input">,
): AdmittedTool {
  const state = foldTurn(events)
  const asked = lastToolUses(state).find(({ id }) => id === use.id)
  const tool = policy.tools.find(({ name }) => name === use.name)
  const digest = argumentsDigest(use.input)
  const run = state.tools.get(use.id)
  const isThere = asked?.name === use.name && argumentsDigest(asked.input) === digest && run?.status !== "ended"
  if (tool === undefined || !isThere) throw refused(use)
  const admission = new Admitted<"tool">("tool", toolSubject(use.name, digest))
  const choice = state.choices.get(use.id)
  const isAllowed = choice?.resolved?.allow === true && (choice.asked.argumentsSha256 ?? digest) === digest
  if (isAllowed) return { admission, hops: null }
  const requirement = requirementOf({ events, state, policy }, tool, use.input)
  if (!requirement.ask) return { admission, hops: requirement.hops }
  // A repetition after a crash, under rules that have changed meanwhile.
  if (run !== undefined) return { admission, hops: null }
  throw refused(use)
}

/** The caller may give commands: `operations:write`. */
export function admitCommand(caller: { role: Role; credential: Credential }, commandId: string): CommandAdmission {
  const { status } = permits(caller, "operations:write")
  if (status !== "allowed") throw new LoopError(status)
  return new Admitted("command", commandId)
}

/** Before a model is called. @throws LoopError `internal` for what was not admitted, or was used before */
export function useModelAdmission(admission: ModelAdmission, callId: string): void {
  Admitted.use(admission, "model", callId)
}

/** Before a tool starts, or its command goes to a runner. @throws LoopError `internal`, as above */
export function useToolAdmission(admission: ToolAdmission, toolName: string, input: unknown): void {
  Admitted.use(admission, "tool", toolSubject(toolName, argumentsDigest(input)))
}

/** Before a command of the API goes to a runner. @throws LoopError `internal`, as above */
export function useCommandAdmission(admission: CommandAdmission, commandId: string): void {
  Admitted.use(admission, "command", commandId)
}

const toolSubject = (name: string, digest: string) => `${name} ${digest}`

function refused(use: Pick<ToolUseBlock, "id" | "name">): LoopError {
  return new LoopError("internal", {}, { cause: new Error(`the call ${use.id} of ${use.name} is not admitted`) })
}
