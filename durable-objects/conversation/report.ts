/** Where the turn of one message stands, as its sender may ask at any time. */
import { foldTurn, pendingChoice } from "../../core/turn/fold.ts"
import { costOf, reportTurn, type TurnReport } from "../../core/turn/report.ts"
import type { ConversationState } from "./state.ts"

export function reportMessage(state: ConversationState, externalId: string): TurnReport {
  const record = state.inbox(externalId)
  if (record === undefined) return { status: "unknown" }
  const open = state.openTurn
  if (record.turn === null) {
    const behind = open === undefined ? undefined : pendingChoice(foldTurn(open.events))
    return { status: "queued", behind: behind?.choiceId ?? null }
  }
  const { number } = record.turn
  const turn = state.turns.find((one) => one.number === number)
  if (turn !== undefined) return reportTurn(turn.id, turn.events)
  const ended = state.ended(number)
  if (ended === undefined) return { status: "unknown" }
  const { text, outcome, cost = costOf([]) } = ended
  return { status: "ended", turnId: state.turnId(number), text, outcome, cost }
}
