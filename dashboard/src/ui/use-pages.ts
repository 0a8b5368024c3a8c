/** A list that is read page by page. */
import { useCallback, useEffect, useRef, useState } from "react"
import { toProblem } from "../api/problem.ts"

export interface Pages<T> {
  readonly items: readonly T[]
  /** Nothing of what is asked for now has been read yet. */
  readonly isLoading: boolean
  readonly problem: string | null
  /** Reads on; null when there is no more, or while it reads. */
  readonly more: (() => void) | null
}

interface Page<T> {
  readonly data: readonly T[]
  readonly nextCursor: string | null
}

/** A search answers short or empty pages while it looks through what is old: so many are read on by themselves. */
const mostEmptyPages = 20

/**
 * Reads the first page when the component appears and whenever `read` is another function.
 * @param read - must keep its identity as long as it reads the same list
 * @param atOnce - how many items should be there before a person has to ask for more
 */
export function usePages<T>(read: (after: string | undefined) => Promise<Page<T>>, atOnce = 1): Pages<T> {
  const [state, setState] = useState<{ items: readonly T[]; cursor: string | null; isLoading: boolean }>({
    items: [],
    cursor: null,
    isLoading: true,
  })
  const [problem, setProblem] = useState<string | null>(null)
  const latest = useRef(0)
  const load = useCallback(
    async (from: string | undefined, before: readonly T[]) => {
      const turn = (latest.current += 1)
      setProblem(null)
      setState((now) => ({ ...now, cursor: null, isLoading: true }))
      try {
        let items = before
        let cursor: string | null | undefined = from
        for (let pages = 0; pages < mostEmptyPages && cursor !== null; pages += 1) {
          const page: Page<T> = await read(cursor)
          if (turn !== latest.current) return
          items = [...items, ...page.data]
          cursor = page.nextCursor
          if (items.length >= before.length + atOnce) break
        }
        setState({ items, cursor: cursor ?? null, isLoading: false })
      } catch (error) {
        if (turn !== latest.current) return
        setProblem(toProblem(error).message)
        setState({ items: before, cursor: from ?? null, isLoading: false })
      }
    },
    [read, atOnce],
  )
  useEffect(() => {
    void load(undefined, [])
  }, [load])
  const { items, cursor, isLoading } = state
  const more = cursor === null || isLoading ? null : () => void load(cursor, items)
  return { items, isLoading, problem, more }
}
