/** A stream on its way out of an object: each chunk waits until the object's writes are durable. */
import { toPeerFailure } from "../../../durable-objects/transport.ts"
import type { Incarnation } from "./incarnation.ts"

/**
 * Takes a chunk from `source` only when the reader asks for one. Cancelling it cancels `source`; the object's end is the
 * stream's.
 * @param onFailure - sees what broke the source, before it becomes the reader's error
 */
export function gateStream(
  source: ReadableStream<Uint8Array>,
  incarnation: Incarnation,
  onFailure: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  let isOpen = true
  let close: (() => void) | undefined
  const finish = () => {
    isOpen = false
    close?.()
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        close = incarnation.openStream((failure) => {
          finish()
          controller.error(failure)
          reader.cancel(failure).catch(() => {})
        })
      },
      async pull(controller) {
        try {
          const next = await reader.read()
          await incarnation.gate()
          if (!isOpen) return
          if (next.done) {
            finish()
            controller.close()
          } else controller.enqueue(next.value)
        } catch (error) {
          if (!isOpen) return
          finish()
          onFailure(error)
          controller.error(toPeerFailure(error))
        }
      },
      async cancel(reason) {
        finish()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
