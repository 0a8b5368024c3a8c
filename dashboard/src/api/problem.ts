/** What went wrong with a call, told so that a person can act on it. */
import { ErrorBody } from "../../../core/errors.ts"

/** A call that failed. `message` is for the person; `code` is the gateway's, or one of ours below. */
export class Problem extends Error {
  readonly code: string
  /** Of the answer; 0 when none came. */
  readonly status: number
  /** How long the gateway asks to wait; null when it does not say. */
  readonly retryAfterMs: number | null
  constructor(code: string, message: string, status: number, retryAfterMs: number | null = null) {
    super(message)
    this.name = "Problem"
    this.code = code
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/** The request did not get through or its answer did not come back. */
export const unreachable = () => new Problem("unreachable", "The gateway does not answer. Is it running?", 0)

/** Reads a failed answer: the gateway's own sentence where it gave one. */
export async function readProblem(response: Response): Promise<Problem> {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN)
  const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null
  const text = await response.text().catch(() => "")
  const said = parseBody(text)
  if (!said) {
    const sentence = `The gateway answered ${response.status} without a reason. A proxy may stand between.`
    return new Problem("unexpected_answer", sentence, response.status, retryAfterMs)
  }
  const wait = response.status === 429 && retryAfterMs ? ` Wait ${Math.ceil(retryAfterMs / 1000)} s.` : ""
  return new Problem(said.error.code, said.error.message + wait, response.status, retryAfterMs)
}

function parseBody(text: string): ErrorBody | undefined {
  try {
    return ErrorBody.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** Any thrown value as a problem. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem("page_failed", "Something in this page broke. Reload it; nothing that was sent is lost.", 0)
}

/** True when the same request may succeed a little later, so that trying again makes sense. */
export function isPassing(problem: Problem): boolean {
  if (problem.code === "queue_full") return false
  return problem.status === 0 ? problem.code === "unreachable" : problem.status === 429 || problem.status >= 500
}

/** True when the session is over or was never there. */
export function isSignedOut(problem: Problem): boolean {
  return problem.status === 401 && problem.code !== "invalid_login"
}
