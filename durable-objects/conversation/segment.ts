/** A stretch of work on one turn: what it may do, and how it is stopped. Lives in memory only. */
import { ownerOf, type ChainLink } from "../../core/model/chain.ts"
import type { TurnPolicy } from "../../core/turn/policy.ts"
import type { TurnId } from "../../core/units.ts"
import type { ConversationState, Turn } from "./state.ts"

/** Keys that a group brings: its own, and those of links of its chain by their labels. */
export interface GroupKeys {
  readonly group: string | undefined
  readonly links: ReadonlyMap<string, string>
}

/** The key for a call of the link; undefined: the environment's, or one that cannot be had right now. */
export function keyFor({ group, links }: GroupKeys, link: ChainLink): string | undefined {
  switch (link.key) {
    case "environment":
      return undefined
    case "group":
      return group
    case "own":
      return links.get(ownerOf(link))
  }
}

export interface Segment {
  readonly turn: TurnId
  readonly policy: TurnPolicy
  readonly keys: GroupKeys
  readonly abort: AbortController
}

/** After an await to the outside: false when the turn has ended or was stopped meanwhile, and nothing more is written for it. */
export function isStillOn(segment: Segment, state: ConversationState, turn: Turn): boolean {
  return !segment.abort.signal.aborted && state.isOpen(turn)
}
