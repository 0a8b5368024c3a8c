/** Reads a paged list to its end, for lists that a person keeps short. */

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
