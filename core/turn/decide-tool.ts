/** What happens next with one call of a tool: it runs, it is refused, a person is asked, or someone is waited for. */
import { argumentsDigest } from "../approval/arguments.ts"
import type { Condition } from "../approval/condition.ts"
import { type Question, Questions, tellAnswers } from "../approval/question.ts"
import { requirementFor, type Requirement, type TimeoutAction } from "../approval/rule.ts"
import type { ToolUseBlock } from "../model/message.ts"
import { invalidToolInput } from "../model/tool-input.ts"
import { after, type ChoiceId, type EpochMs } from "../units.ts"
import type { TurnEvent, TurnOutcome } from "./event.ts"
import type { ChoiceState, TurnState } from "./fold.ts"
import type { TurnPolicy } from "./policy.ts"
import { isExpectedRead } from "./taint.ts"
import { type Risk, type ToolPolicy, traitsOf } from "./tool-policy.ts"

export type ToolCommand =
  | { type: "run_tool"; use: ToolUseBlock; attempt: number }
  /** Ends a call that does not run (again) with a result that the model can act on. */
  | { type: "refuse_tool"; use: ToolUseBlock; outcome: "refused" | "unknown"; text: string }
  | {
      type: "request_approval"
      use: ToolUseBlock
      expiresAt: EpochMs
      risk: Risk
      reason: string
      marks: readonly string[]
      argumentsSha256: string
      onTimeout: TimeoutAction
      always: Condition | null
    }
  | { type: "request_answers"; use: ToolUseBlock; expiresAt: EpochMs; questions: Question[] }
  /** Ends a call that asked a person with what they said. */
  | { type: "tell_answers"; use: ToolUseBlock; text: string }
  /** Nobody answered in time: `allow` is what that means. */
  | { type: "expire_approval"; choiceId: ChoiceId; allow: boolean }
  /** Nothing to do before `until`, or before an event from outside when it is null. */
  | { type: "wait"; until: EpochMs | null }
  | { type: "finish"; outcome: TurnOutcome }

/** A turn as one of its tool calls sees it. */
export interface Stage {
  readonly events: readonly TurnEvent[]
  readonly state: TurnState
  readonly policy: TurnPolicy
  readonly now: EpochMs
}

/** The next step of a call that has no result yet. */
export function nextForTool(stage: Stage, use: ToolUseBlock): ToolCommand {
  const { state, policy } = stage
  const tool = policy.tools.find((candidate) => candidate.name === use.name)
  if (tool === undefined) return refuse(use, `There is no tool named ${use.name}.`)
  const written = invalidToolInput(use.input)
  if (written !== undefined) return refuse(use, `The arguments are not a valid JSON object: ${written}`)
  const run = state.tools.get(use.id)
  if (run?.status === "open" || run?.status === "away") return { type: "wait", until: null }
  if (run?.status === "lost") return afterLoss(policy, tool, use, run.attempt)
  if (tool.runsIn === "person") return askPerson(stage, use)
  const choice = state.choices.get(use.id)
  if (choice !== undefined) return afterAsking(choice, use, stage.now)
  const requirement = requirementOf(stage, tool, use.input)
  if (!requirement.ask) return { type: "run_tool", use, attempt: 1 }
  const { risk, reason, onTimeout, timeoutMs, always } = requirement
  return {
    type: "request_approval",
    use,
    expiresAt: after(stage.now, timeoutMs ?? policy.choiceTimeoutMs),
    risk,
    reason,
    marks: state.marks,
    argumentsSha256: argumentsDigest(use.input),
    onTimeout,
    always,
  }
}

/** Whether a person is asked before a call of this turn, by rules and by what the model had read when it made the call. */
export function requirementOf(
  { events, state, policy }: Omit<Stage, "now">,
  tool: ToolPolicy,
  input: unknown,
): Requirement {
  return requirementFor(tool, traitsOf(tool, input), input, {
    groupId: policy.groupId,
    rules: policy.approvalRules,
    marks: state.marks,
    isExpectedRead: isExpectedRead(events, state.marks, input),
  })
}

/** A call whose arguments may be half of what the model meant. */
export function refuseCutOff(use: ToolUseBlock): ToolCommand {
  return refuse(use, "The answer was cut off at its length limit, so this call did not run.")
}

function afterLoss(policy: TurnPolicy, tool: ToolPolicy, use: ToolUseBlock, attempt: number): ToolCommand {
  if (!traitsOf(tool, use.input).repeatable) {
    return {
      type: "refuse_tool",
      use,
      outcome: "unknown",
      text: "Interrupted, outcome unknown: it had started when the gateway stopped. Check before doing it again.",
    }
  }
  if (attempt < policy.maxAttempts) return { type: "run_tool", use, attempt: attempt + 1 }
  return {
    type: "finish",
    outcome: {
      status: "failed",
      code: "attempts_exhausted",
      message: `The gateway was interrupted ${attempt} times while the tool ${use.name} ran and gave up.`,
    },
  }
}

function afterAsking(
  { choiceId, expiresAt, asked, resolved }: ChoiceState,
  use: ToolUseBlock,
  now: EpochMs,
): ToolCommand {
  if (resolved === undefined) return awaitAnswer(choiceId, expiresAt, asked.onTimeout === "approve", now)
  if (resolved.allow) return { type: "run_tool", use, attempt: 1 }
  if (resolved.source === "timeout") return refuse(use, "Nobody allowed this call in time, so it did not run.")
  const words = resolved.comment === undefined ? "" : ` They said: ${resolved.comment}`
  return refuse(use, `A person declined this call.${words}`)
}

function askPerson({ state, policy, now }: Stage, use: ToolUseBlock): ToolCommand {
  const input = Questions.safeParse(use.input)
  if (!input.success) {
    const problem = input.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n")
    return refuse(use, `The input is not valid:\n${problem}`)
  }
  const choice = state.choices.get(use.id)
  const { questions } = input.data
  if (choice === undefined)
    return { type: "request_answers", use, expiresAt: after(now, policy.choiceTimeoutMs), questions }
  const { resolved } = choice
  if (resolved === undefined) return awaitAnswer(choice.choiceId, choice.expiresAt, false, now)
  if (resolved.answers !== undefined) {
    return { type: "tell_answers", use, text: tellAnswers(questions, resolved.answers) }
  }
  const isLate = resolved.source === "timeout"
  return refuse(use, isLate ? "Nobody answered in time." : "The person did not want to answer.")
}

function awaitAnswer(choiceId: ChoiceId, expiresAt: EpochMs, allow: boolean, now: EpochMs): ToolCommand {
  return now >= expiresAt ? { type: "expire_approval", choiceId, allow } : { type: "wait", until: expiresAt }
}

function refuse(use: ToolUseBlock, text: string): ToolCommand {
  return { type: "refuse_tool", use, outcome: "refused", text }
}
