/** Calls of pages: reading with state, and doing with a busy flag and a sentence when it fails. */
import { useCallback, useEffect, useRef, useState } from "react"
import { toProblem } from "../api/problem.ts"

export type Loaded<T> =
  | { readonly is: "loading" }
  | { readonly is: "failed"; readonly message: string }
  | { readonly is: "ready"; readonly value: T }

/**
 * Reads something when the component appears, again every `everyMs` while the page is visible, and on demand. A failed
 * later reading keeps what was read before.
 * @param read - must keep its identity as long as it reads the same thing
 */
export function useLoaded<T>(read: () => Promise<T>, everyMs?: number): [Loaded<T>, () => Promise<void>] {
  const [loaded, setLoaded] = useState<Loaded<T>>({ is: "loading" })
  const latest = useRef(0)
  const reload = useCallback(async () => {
    const turn = (latest.current += 1)
    const outcome = await read().then(
      (value): Loaded<T> => ({ is: "ready", value }),
      (error: unknown): Loaded<T> => ({ is: "failed", message: toProblem(error).message }),
    )
    if (turn !== latest.current) return
    setLoaded((before) => (outcome.is === "failed" && before.is === "ready" ? before : outcome))
  }, [read])
  useEffect(() => {
    void reload()
    const again = () => {
      if (document.visibilityState === "visible") void reload()
    }
    const timer = everyMs === undefined ? undefined : setInterval(again, everyMs)
    document.addEventListener("visibilitychange", again)
    return () => {
      clearInterval(timer)
      document.removeEventListener("visibilitychange", again)
    }
  }, [reload, everyMs])
  return [loaded, reload]
}

/** Does one thing at a time. `act` returns true when it worked; else `problem` says why not. */
export function useAction(): {
  readonly busy: boolean
  readonly problem: string | null
  readonly act: (work: () => Promise<unknown>) => Promise<boolean>
} {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const running = useRef(false)
  const act = async (work: () => Promise<unknown>) => {
    if (running.current) return false
    running.current = true
    setBusy(true)
    setProblem(null)
    try {
      await work()
      return true
    } catch (error) {
      setProblem(toProblem(error).message)
      return false
    } finally {
      running.current = false
      setBusy(false)
    }
  }
  return { busy, problem, act }
}
