/** A long answer ends when whoever reads it may no longer: a token that was revoked, a session that was ended, a role that was taken. */
import { LoopError } from "../../core/errors.ts"

/** With {@link identityAgeMs}, what was revoked anywhere reads on for less than ten seconds. */
export const checkIntervalMs = 5_000
/** Streams of one token share a look-up that is no older. */
export const identityAgeMs = 4_000

type Every = (intervalMs: number, tick: () => void) => () => void

/** Asks until the returned function is called. A failure of the question ends nothing: who cannot be looked up was allowed before. */
function onceForbidden(every: Every, isAllowed: () => Promise<boolean>, end: () => void): () => void {
  return every(checkIntervalMs, () => {
    void isAllowed().then(
      (allowed) => (allowed ? undefined : end()),
      () => undefined,
    )
  })
}

/**
 * What `work` gives, where the caller is allowed to have it until then.
 * @param work - is told by its signal when nobody waits for it any more
 * @throws LoopError `invalid_token` once `isAllowed` says no
 */
export async function ifStillAllowed<T>(
  work: (signal: AbortSignal) => Promise<T>,
  every: Every,
  isAllowed: () => Promise<boolean>,
): Promise<T> {
  const leaving = new AbortController()
  let stop: (() => void) | undefined
  const forbidden = new Promise<never>((_, reject) => {
    stop = onceForbidden(every, isAllowed, () => {
      reject(new LoopError("invalid_token"))
      leaving.abort()
    })
  })
  try {
    return await Promise.race([work(leaving.signal), forbidden])
  } finally {
    stop?.()
  }
}

/**
 * The same bytes for as long as `isAllowed` says so. It is asked in intervals; when it says no, the stream ends where it is, and a
 * reader who comes back is told why.
 * @param ending - `breaks` where what ends early would be taken for the whole
 */
export function whileAllowed(
  source: ReadableStream<Uint8Array>,
  every: Every,
  isAllowed: () => Promise<boolean>,
  ending: "closes" | "breaks" = "closes",
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  let stop: (() => void) | undefined
  let isOver = false
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = () => {
          if (isOver) return
          isOver = true
          stop?.()
          if (ending === "closes") controller.close()
          else controller.error(new LoopError("invalid_token"))
          void reader.cancel().catch(() => undefined)
        }
        stop = onceForbidden(every, isAllowed, end)
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (isOver) return
          if (!done) return controller.enqueue(value)
          isOver = true
          stop?.()
          controller.close()
        } catch (error) {
          stop?.()
          if (!isOver) throw error
        }
      },
      async cancel(reason) {
        isOver = true
        stop?.()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
