/** The text of one message's turn as it is written, read from its conversation's events; streams that break are taken up again. */
import { isLoopError } from "../../core/errors.ts"
import { LoopEvent } from "../../core/loop/event.ts"
import type { UserId } from "../../core/units.ts"
import type { Peer } from "../../durable-objects/peers.ts"
import type { EdgeDeps } from "../deps.ts"

export interface FollowedTurn {
  readonly peer: Peer<"conversation">
  readonly viewer: UserId
  readonly externalId: string
}

/** Said where an answer was cut off and is written anew: what a program has read cannot be taken back. */
export const restartMark = "\n\n[Interrupted. The answer begins again:]\n\n"
/** A queue is looked at again as often: the turn ahead may have begun to wait for a person. */
const queueCheckMs = 10_000
const maxBreaks = 5
const afterBreakMs = 1_000

/**
 * Yields text as it comes, until the turn is over, waits for a person, or stands behind one that does; the turn's report then
 * says which. Leaving the loop early stops nothing but the reading.
 * @param signal - ends it where it is
 * @throws LoopError when the conversation cannot be reached again and again
 */
export async function* turnText(
  every: EdgeDeps["every"],
  turn: FollowedTurn,
  signal?: AbortSignal,
): AsyncGenerator<string, void> {
  const { peer, viewer, externalId } = turn
  let said = ""
  let lastEventId: string | undefined
  for (let breaks = 0; breaks < maxBreaks; breaks += 1) {
    try {
      for await (const { event, id } of readTurn(every, turn, lastEventId, signal)) {
        breaks = 0
        lastEventId = id ?? lastEventId
        const step = readStep(event, said)
        said = step.said
        if (step.text !== "") yield step.text
        if (step.isLast) return
      }
    } catch (error) {
      if (!isLoopError(error) || breaks === maxBreaks - 1) throw error
    }
    if (signal?.aborted === true) return
    const { status } = await peer.call("report", { viewer, externalId })
    if (status === "ended" || status === "waiting" || status === "unknown") return
    await pause(every, afterBreakMs)
  }
}

/** What an event adds to what was said, and whether it is the last one of interest. */
function readStep(event: LoopEvent, said: string): { said: string; text: string; isLast: boolean } {
  switch (event.event) {
    case "assistant_delta":
      return { said: said + event.data.text, text: event.data.text, isLast: false }
    case "snapshot": {
      const { assistant_text_so_far: whole, pending_choice_id: choiceId } = event.data
      const isLast = choiceId !== null
      if (whole.startsWith(said)) return { said: whole, text: whole.slice(said.length), isLast }
      return { said: whole, text: restartMark + whole, isLast }
    }
    case "requires_choice":
    case "done":
    case "interrupted":
    case "error":
      return { said, text: "", isLast: true }
    case "queued":
    case "started":
    case "thinking_delta":
    case "tool_call":
    case "tool_result":
    case "choice_resolved":
    case "ping":
      return { said, text: "", isLast: false }
  }
}

interface ReadEvent {
  readonly event: LoopEvent
  readonly id: string | undefined
}

/** The events of one stream. It ends early where the message is found to stand behind a question to a person. */
async function* readTurn(
  every: EdgeDeps["every"],
  { peer, viewer, externalId }: FollowedTurn,
  lastEventId: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReadEvent, void> {
  const stream = await peer.stream("watch", { viewer, externalId, lastEventId })
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let isQueued = false
  const isStuck = async () => {
    const report = await peer.call("report", { viewer, externalId })
    return report.status === "queued" && report.behind !== null
  }
  const stop = every(queueCheckMs, () => {
    if (!isQueued) return
    const look = isStuck().then((stuck) => (stuck ? reader.cancel() : undefined))
    // Asked again with the next tick.
    look.catch(() => undefined)
  })
  signal?.addEventListener("abort", () => void reader.cancel().catch(() => undefined), { once: true })
  let buffered = ""
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      buffered += decoder.decode(value, { stream: true })
      const blocks = buffered.split("\n\n")
      buffered = blocks.pop() ?? ""
      for (const read of blocks.flatMap(parseBlock)) {
        isQueued = read.event.event === "queued"
        if (isQueued && (await isStuck())) return
        yield read
      }
    }
  } finally {
    stop()
    await reader.cancel().catch(() => undefined)
  }
}

/** Our own stream: an event that this version does not know is one of a newer object, and passed over. */
function parseBlock(block: string): ReadEvent[] {
  const fields = new Map(
    block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.replace(/^\w+: ?/, "")]),
  )
  const data: unknown = JSON.parse(fields.get("data") ?? "{}")
  const event = LoopEvent.safeParse({ event: fields.get("event"), data })
  return event.success ? [{ event: event.data, id: fields.get("id") }] : []
}

function pause(every: EdgeDeps["every"], ms: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = every(ms, () => {
      stop()
      resolve()
    })
  })
}
