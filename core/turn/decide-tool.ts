/** What happens next with one call of a tool: it runs, it is refused, a person is asked, or someone is waited for. */
import type { ToolUseBlock } from "../model/message.ts"
import { invalidToolInput } from "../model/tool-input.ts"
import { after, type ChoiceId, type EpochMs } from "../units.ts"
import type { TurnOutcome } from "./event.ts"
import type { TurnState } from "./fold.ts"
import { traitsOf, type TurnPolicy } from "./policy.ts"

export type ToolCommand =
  | { type: "run_tool"; use: ToolUseBlock; attempt: number }
  /** Ends a call that does not run (again) with a result that the model can act on. */
  | { type: "refuse_tool"; use: ToolUseBlock; outcome: "refused" | "unknown"; text: string }
  | { type: "request_approval"; use: ToolUseBlock; expiresAt: EpochMs }
  | { type: "expire_approval"; choiceId: ChoiceId }
  /** Nothing to do before `until`, or before an event from outside when it is null. */
  | { type: "wait"; until: EpochMs | null }
  | { type: "finish"; outcome: TurnOutcome }

/** The next step of a call that has no result yet. */
export function nextForTool(state: TurnState, use: ToolUseBlock, policy: TurnPolicy, now: EpochMs): ToolCommand {
  const tool = policy.tools.find((candidate) => candidate.name === use.name)
  if (tool === undefined) return refuse(use, `There is no tool named ${use.name}.`)
  const written = invalidToolInput(use.input)
  if (written !== undefined) return refuse(use, `The arguments are not a valid JSON object: ${written}`)
  const traits = traitsOf(tool, use.input)
  const run = state.tools.get(use.id)
  if (run?.status === "open" || run?.status === "away") return { type: "wait", until: null }
  if (run?.status === "lost") {
    if (!traits.repeatable) {
      return {
        type: "refuse_tool",
        use,
        outcome: "unknown",
        text: "Interrupted, outcome unknown: it had started when the gateway stopped. Check before doing it again.",
      }
    }
    if (run.attempt < policy.maxAttempts) return { type: "run_tool", use, attempt: run.attempt + 1 }
    return {
      type: "finish",
      outcome: {
        status: "failed",
        code: "attempts_exhausted",
        message: `The gateway was interrupted ${run.attempt} times while the tool ${use.name} ran and gave up.`,
      },
    }
  }
  if (traits.risk === "low" || traits.risk === "medium") return { type: "run_tool", use, attempt: 1 }
  const choice = state.choices.get(use.id)
  if (choice === undefined) return { type: "request_approval", use, expiresAt: after(now, policy.choiceTimeoutMs) }
  if (choice.allow === true) return { type: "run_tool", use, attempt: 1 }
  if (choice.allow === false) return refuse(use, "A person declined this call.")
  if (now >= choice.expiresAt) return { type: "expire_approval", choiceId: choice.choiceId }
  return { type: "wait", until: choice.expiresAt }
}

/** A call whose arguments may be half of what the model meant. */
export function refuseCutOff(use: ToolUseBlock): ToolCommand {
  return refuse(use, "The answer was cut off at its length limit, so this call did not run.")
}

function refuse(use: ToolUseBlock, text: string): ToolCommand {
  return { type: "refuse_tool", use, outcome: "refused", text }
}
