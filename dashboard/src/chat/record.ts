/** The pages of a conversation's record that were read so far, joined without gap and without repetition. */
import type { MessageView } from "../../../core/api/conversations.ts"

export interface RecordPages {
  /** Oldest first. */
  readonly entries: readonly MessageView[]
  /** Leads to the page before; null: this is the beginning. */
  readonly earlierCursor: string | null
}

export const noPages: RecordPages = { entries: [], earlierCursor: null }

interface Page {
  readonly data: readonly MessageView[]
  readonly nextCursor: string | null
}

/** Puts an earlier page in front. */
export function addEarlier(pages: RecordPages, page: Page): RecordPages {
  const known = new Set(pages.entries.map((entry) => entry.id))
  return {
    entries: [...page.data.filter((entry) => !known.has(entry.id)), ...pages.entries],
    earlierCursor: page.nextCursor,
  }
}

/** Takes the newest page. When so much is new that it does not touch what is known, it starts afresh. */
export function addNewest(pages: RecordPages, page: Page): RecordPages {
  const fresh = new Map(page.data.map((entry) => [entry.id, entry]))
  const touches = pages.entries.some((entry) => fresh.has(entry.id))
  if (!touches) return { entries: page.data, earlierCursor: page.nextCursor }
  return {
    entries: [...pages.entries.filter((entry) => !fresh.has(entry.id)), ...page.data],
    earlierCursor: pages.earlierCursor,
  }
}
