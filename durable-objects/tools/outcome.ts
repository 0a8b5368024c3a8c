/** What becomes of a runner's work, for the model that called for it. */
import type { CommandOutcome } from "../../core/runner/command.ts"
import type { FinishedCall } from "./tool.ts"

type Result = Extract<CommandOutcome, { status: "succeeded" }>["result"]
export type ResultOf<Kind extends Result["kind"]> = Extract<Result, { kind: Kind }>

/** @param words.timedOut - the sentence for work that took too long */
export function readOutcome<Kind extends Result["kind"]>(
  outcome: CommandOutcome,
  kind: Kind,
  words: {
    readonly timedOut: string
    /** Failures may hold words of outside. */
    readonly isFailureTainted: boolean
    readonly read: (result: ResultOf<Kind>) => FinishedCall
  },
): FinishedCall {
  const failed = (text: string): FinishedCall => ({ outcome: "error", text, tainted: words.isFailureTainted })
  switch (outcome.status) {
    case "succeeded":
      return isOf(outcome.result, kind)
        ? words.read(outcome.result)
        : failed("The runner answered with something else.")
    case "failed": {
      const { code, message } = outcome.failure
      if (code !== "interrupted") return failed(message)
      return { outcome: "unknown", text: `Interrupted, outcome unknown: ${message}`, tainted: false }
    }
    case "timed_out":
      return failed(words.timedOut)
    case "rejected":
      return failed(`No runner takes it: ${outcome.reason}`)
    case "canceled":
      return failed("It was called back.")
  }
}

function isOf<Kind extends Result["kind"]>(result: Result, kind: Kind): result is ResultOf<Kind> {
  return result.kind === kind
}
