/** Reads one event stream to its end, and notices when its connection has died without a word. */
import { endsStream } from "../../../core/loop/event.ts"
import type { ReceivedEvent } from "../api/sse.ts"
import { readLoopEvents } from "../api/sse.ts"

/** The gateway pings every 15 s: silence of this length means that the connection is dead. */
const silenceMs = 45_000

/** `ended`: by a closing event; `lost`: anything else, the reader's own `abort` too. */
export type HowItEnded = "ended" | "lost"

/** Hands each event on, in order. `abort` belongs to the stream's request and is used up when this returns. */
export async function listen(
  body: ReadableStream<Uint8Array>,
  abort: AbortController,
  onEvent: (received: ReceivedEvent) => void,
): Promise<HowItEnded> {
  const giveUp = () => abort.abort()
  let timer = setTimeout(giveUp, silenceMs)
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(giveUp, silenceMs)
  }
  try {
    for await (const received of readLoopEvents(body, heard)) {
      if (abort.signal.aborted) return "lost"
      onEvent(received)
      if (endsStream(received.event.event)) return "ended"
    }
    return "lost"
  } catch {
    // Whatever broke it, the stream is opened again from where it stood.
    return "lost"
  } finally {
    clearTimeout(timer)
    abort.abort()
  }
}

/** A controller that also ends with `signal`. */
export function linkedAbort(signal: AbortSignal): AbortController {
  const abort = new AbortController()
  if (signal.aborted) abort.abort()
  else signal.addEventListener("abort", () => abort.abort(), { once: true, signal: abort.signal })
  return abort
}
