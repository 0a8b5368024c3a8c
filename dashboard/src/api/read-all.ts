/** Reads a paged list to its end, for lists that a person keeps short, or as far as is shown. */

interface Page<T> {
  readonly data: readonly T[]
  readonly nextCursor: string | null
}

/** More pages than any person fills; a list that never ends stops here. */
const maxPages = 20

/** @param readPage - reads the page behind a cursor; the first one without */
export async function readAll<T>(readPage: (query: { after?: string }) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = []
  let cursor: string | null = null
  for (let count = 0; count < maxPages; count += 1) {
    const page: Page<T> = await readPage(cursor === null ? {} : { after: cursor })
    all.push(...page.data)
    cursor = page.nextCursor
    if (cursor === null) break
  }
  return all
}

/** The most that one answer holds. */
const largestPage = 100

/** The first `count` items of a list, and the cursor of what follows them. */
export async function readFirst<T>(
  count: number,
  readPage: (query: { limit: number; after?: string }) => Promise<Page<T>>,
): Promise<Page<T>> {
  let data: readonly T[] = []
  let nextCursor: string | null = null
  while (data.length < count) {
    const limit = Math.min(largestPage, count - data.length)
    const page: Page<T> = await readPage(nextCursor === null ? { limit } : { limit, after: nextCursor })
    data = [...data, ...page.data]
    nextCursor = page.nextCursor
    if (nextCursor === null) break
  }
  return { data, nextCursor }
}
