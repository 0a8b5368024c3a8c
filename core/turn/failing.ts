/** A tool that fails the same way again and again: what the model tries does not help, and each try costs. */
import type { TurnEvent } from "./event.ts"

/** So often in a row, and the turn ends. */
export const mostSameFailures = 3

export interface RepeatedFailure {
  readonly tool: string
  readonly text: string
}

/** The failure that each of the model's last answers with calls ran into. Calls side by side count once: the model saw none fail. */
export function repeatedFailure(events: readonly TurnEvent[]): RepeatedFailure | undefined {
  const rounds = failuresByRound(events).slice(-mostSameFailures)
  const [first, ...others] = rounds
  if (first === undefined || rounds.length < mostSameFailures) return undefined
  return [...first].find(([key]) => others.every((round) => round.has(key)))?.[1]
}

function failuresByRound(events: readonly TurnEvent[]): Map<string, RepeatedFailure>[] {
  const rounds: Map<string, RepeatedFailure>[] = []
  const names = new Map<string, string>()
  for (const event of events) {
    if (event.type === "model_ended") {
      const uses = event.answer.blocks.filter((block) => block.type === "tool_use")
      for (const { id, name } of uses) names.set(id, name)
      if (uses.length > 0) rounds.push(new Map())
    }
    if (event.type !== "tool_ended" || event.outcome === "ok" || event.outcome === "unknown") continue
    const tool = names.get(event.toolUseId) ?? ""
    rounds.at(-1)?.set(JSON.stringify([tool, event.text]), { tool, text: event.text })
  }
  return rounds
}
