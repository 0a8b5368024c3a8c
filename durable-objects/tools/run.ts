/** Runs one call of a tool to a result that the model can read, whatever the tool does. How much of it is shown is not decided here. */
import type { ToolAdmission } from "../../core/admission.ts"
import { isLoopError, toErrorBody } from "../../core/errors.ts"
import type { ObjectTool, FinishedCall, ToolContext } from "./tool.ts"

/**
 * Never throws: bad input, a throw and a time-out become text for the model.
 * @param admission - for this call
 * @param context - its signal aborts when the turn is interrupted
 */
export async function runTool(
  tool: ObjectTool,
  input: unknown,
  context: ToolContext,
  admission: ToolAdmission,
): Promise<FinishedCall> {
  const deadline = AbortSignal.timeout(tool.timeoutMs)
  const signal = AbortSignal.any([context.signal, deadline])
  try {
    const outcome = await Promise.race([tool.start(input, { ...context, signal }, admission), rejectOnAbort(signal)])
    if (outcome.status === "invalid_input") return failed(`The input is not valid:\n${outcome.problem}`)
    const { status: _, failed: hasFailed = false, ...result } = outcome
    return { outcome: hasFailed ? "error" : "ok", ...result }
  } catch (error) {
    if (deadline.aborted) return failed(`The tool gave no answer within ${tool.timeoutMs / 1000} s and was stopped.`)
    if (context.signal.aborted) return failed("The tool was stopped.")
    return failed(isLoopError(error) ? toErrorBody(error.code, error.details).error.message : "The tool failed.")
  }
}

function failed(text: string): FinishedCall {
  return { outcome: "error", text, tainted: false }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener("abort", () => reject(signal.reason), { once: true })
  })
}

/** The text within a limit of UTF-8 bytes; what is cut is counted at its end. */
export function boundText(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length <= maxBytes) return text
  const kept = new TextDecoder().decode(bytes.subarray(0, maxBytes)).replace(/\uFFFD+$/u, "")
  return `${kept}\n[cut: ${bytes.length - maxBytes} more bytes, which are not kept]`
}
