/** A stretch of work on one turn: what it may do, and how it is stopped. Lives in memory only. */
import type { TurnPolicy } from "../../core/turn/policy.ts"
import type { TurnId } from "../../core/units.ts"
import type { ConversationState, Turn } from "./state.ts"

export interface Segment {
  readonly turn: TurnId
  readonly policy: TurnPolicy
  /** The group's own model key. */
  readonly apiKey: string | undefined
  readonly abort: AbortController
}

/** After an await to the outside: false when the turn has ended or was stopped meanwhile, and nothing more is written for it. */
export function isStillOn(segment: Segment, state: ConversationState, turn: Turn): boolean {
  return !segment.abort.signal.aborted && state.isOpen(turn)
}
