/** Hands an object's event stream to a client and keeps the connection alive. Never inside an event, never ahead of the reader. */
import { isLoopError, toErrorBody } from "../../core/errors.ts"
import { toSse } from "../../core/loop/event.ts"
import type { Gauge } from "../../core/metrics/registry.ts"

/** Proxies close connections that are silent for a minute (nginx `proxy_read_timeout`). */
export const pingIntervalMs = 15_000

/**
 * The same bytes, with a `ping` every 15 seconds between two whole events. A source that fails ends the stream with an `error`
 * event. Cancelling the result cancels the source, and with it nothing but the watching.
 * @param every - calls back in intervals until the returned function is called
 * @param pingText - an event or a comment with its empty line
 */
export function withPings(
  source: ReadableStream<Uint8Array>,
  every: (intervalMs: number, tick: () => void) => () => void,
  pingText = toSse({ event: "ping", data: {} }),
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const ping = encoder.encode(pingText)
  const reader = source.getReader()
  const tail = createTail()
  let isPingDue = false
  let stop: (() => void) | undefined

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stop = every(pingIntervalMs, () => {
          // Who does not read gets no pings either: they would only pile up.
          if (!tail.isBetweenEvents() || (controller.desiredSize ?? 0) <= 0) isPingDue = true
          else controller.enqueue(ping)
        })
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            stop?.()
            controller.close()
            return
          }
          tail.add(value)
          controller.enqueue(value)
          if (isPingDue && tail.isBetweenEvents()) {
            isPingDue = false
            controller.enqueue(ping)
          }
        } catch (error) {
          stop?.()
          if (tail.isBetweenEvents()) controller.enqueue(encoder.encode(toSse(asEvent(error))))
          controller.close()
        }
      },
      async cancel(reason) {
        stop?.()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 1 },
  )
}

/** The same intervals; the gauge counts those that run. A stream of {@link withPings} has one for as long as it is open. */
export function countedIntervals(
  every: (intervalMs: number, tick: () => void) => () => void,
  gauge: Gauge,
): typeof every {
  return (intervalMs, tick) => {
    const stop = every(intervalMs, tick)
    let isOpen = true
    gauge.add([], 1)
    return () => {
      if (isOpen) gauge.add([], -1)
      isOpen = false
      stop()
    }
  }
}

/** Watches for the empty line that ends an event (WHATWG HTML 9.2.6), wherever the chunks are cut. */
function createTail() {
  const lineFeed = 10
  let last = lineFeed
  let beforeLast = lineFeed
  return {
    add(chunk: Uint8Array) {
      beforeLast = chunk.at(-2) ?? (chunk.length === 0 ? beforeLast : last)
      last = chunk.at(-1) ?? last
    },
    isBetweenEvents: () => last === lineFeed && beforeLast === lineFeed,
  }
}

function asEvent(error: unknown) {
  const { error: told } = isLoopError(error) ? toErrorBody(error.code, error.details) : toErrorBody("peer_unavailable")
  return { event: "error", data: { code: told.code, message: told.message } } as const
}
