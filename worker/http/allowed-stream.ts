/** A long answer ends when whoever reads it may no longer: a token that was revoked, a session that was ended, a role that was taken. */

/** With {@link identityAgeMs}, what was revoked anywhere reads on for less than ten seconds. */
export const checkIntervalMs = 5_000
/** Streams of one token share a look-up that is no older. */
export const identityAgeMs = 4_000

/**
 * The same bytes for as long as `isAllowed` says so. It is asked in intervals; when it says no, the stream ends where it is, and a
 * reader who comes back is told why. A failure of the question ends nothing: who cannot be looked up now was allowed before.
 */
export function whileAllowed(
  source: ReadableStream<Uint8Array>,
  every: (intervalMs: number, tick: () => void) => () => void,
  isAllowed: () => Promise<boolean>,
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
          controller.close()
          void reader.cancel().catch(() => undefined)
        }
        stop = every(checkIntervalMs, () => {
          void isAllowed().then(
            (allowed) => (allowed ? undefined : end()),
            () => undefined,
          )
        })
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
