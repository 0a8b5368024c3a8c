/** The pages of a conversation's record that were read so far, joined without gap and without repetition. */
import type { MessageView, TurnOutcome } from "../../../core/api/conversations.ts"

export interface RecordPages {
  /** Oldest first. */
  readonly entries: readonly MessageView[]
  /** Of the entries' turns, by their ids. */
  readonly outcomes: ReadonlyMap<string, TurnOutcome>
  /** Leads to the page before; null: this is the beginning. */
  readonly earlierCursor: string | null
}

export const noPages: RecordPages = { entries: [], outcomes: new Map(), earlierCursor: null }

interface Page {
  readonly data: readonly MessageView[]
  readonly turns: readonly TurnOutcome[]
  readonly nextCursor: string | null
}

const outcomesOf = ({ turns }: Page) => turns.map((turn) => [turn.id, turn] as const)

/** Puts an earlier page in front. */
export function addEarlier(pages: RecordPages, page: Page): RecordPages {
  const known = new Set(pages.entries.map((entry) => entry.id))
  return {
    entries: [...page.data.filter((entry) => !known.has(entry.id)), ...pages.entries],
    // Of a turn on both pages the newer one knows more.
    outcomes: new Map([...outcomesOf(page), ...pages.outcomes]),
    earlierCursor: page.nextCursor,
  }
}

/** Takes the newest page. When so much is new that it does not touch what is known, it starts afresh. */
export function addNewest(pages: RecordPages, page: Page): RecordPages {
  const fresh = new Map(page.data.map((entry) => [entry.id, entry]))
  const touches = pages.entries.some((entry) => fresh.has(entry.id))
  if (!touches) return { entries: page.data, outcomes: new Map(outcomesOf(page)), earlierCursor: page.nextCursor }
  return {
    entries: [...pages.entries.filter((entry) => !fresh.has(entry.id)), ...page.data],
    outcomes: new Map([...pages.outcomes, ...outcomesOf(page)]),
    earlierCursor: pages.earlierCursor,
  }
}
