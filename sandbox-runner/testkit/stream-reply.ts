/** Writes a scripted answer as a stream: whole, paced, or spoiled on the way. Both providers' wires use it. */
import type { ServerResponse } from "node:http"
import type { StopReason } from "../../core/model/call.ts"
import type { Answer } from "./model-script.ts"

/** One server-sent event. `counted` frames carry content; `afterChunks` counts them. */
export interface Frame {
  readonly text: string
  readonly counted: boolean
}

export interface Spoiling {
  readonly by: "stall" | "cut" | "end" | "garbage" | "error"
  readonly afterChunks: number
  /** What stands for an error inside a stream. */
  readonly errorFrame: Frame
}

/**
 * Sends frames. Without pace or spoiling everything leaves in one write, which is what keeps the default path light.
 * A stalled response stays open until the client leaves or the server closes.
 */
export async function sendFrames(
  response: ServerResponse,
  frames: readonly Frame[],
  delayMs: number,
  spoiling?: Spoiling,
): Promise<void> {
  if (delayMs === 0 && spoiling === undefined) {
    response.end(frames.map((frame) => frame.text).join(""))
    return
  }
  response.flushHeaders()
  let sent = 0
  for (const frame of frames) {
    if (spoiling !== undefined && frame.counted && sent === spoiling.afterChunks) return spoil(response, spoiling)
    if (frame.counted && delayMs > 0 && sent > 0) await pause(response, delayMs)
    if (response.destroyed) return
    if (frame.counted) sent++
    if (!response.write(frame.text)) await drained(response)
  }
  if (spoiling === undefined) response.end()
  else await spoil(response, spoiling)
}

async function spoil(response: ServerResponse, { by, errorFrame }: Spoiling): Promise<void> {
  switch (by) {
    case "stall":
      return closed(response)
    case "cut":
      // Once what was written has left, so that the client has seen exactly the chunks before the cut.
      await new Promise<void>((resolve) => response.write(":\n\n", () => resolve()))
      response.socket?.resetAndDestroy()
      return
    case "end":
      response.end()
      return
    case "garbage":
      response.end('event: content_block_delta\ndata: {"type":"content_block_del\n\n')
      return
    case "error":
      response.end(errorFrame.text)
  }
}

/** Resolves when the client has gone. */
export function closed(response: ServerResponse): Promise<void> {
  if (response.destroyed) return Promise.resolve()
  return new Promise((resolve) => response.once("close", () => resolve()))
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done)
      resolve()
    }
    response.once("drain", done).once("close", done)
  })
}

function pause(response: ServerResponse, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done() {
      clearTimeout(timer)
      response.off("close", done)
      resolve()
    }
    response.once("close", done)
  })
}

/** Why an answer ends, when its script does not say. */
export function stopOf(answer: Answer): StopReason {
  return answer.stop ?? ((answer.tools?.length ?? 0) > 0 ? "tool_use" : "end")
}

/** The id of the i-th call in the answer to the n-th request: the same in every run. */
export function toolCallId(prefix: string, n: number, i: number): string {
  return `${prefix}_scripted${String(n).padStart(9, "0")}_${i}`
}
