/** What the edge writes to the log: flat entries, and failures with every secret taken out. */
import { isLoopError } from "../core/errors.ts"
import { redact } from "../core/redact.ts"

export interface LogEntry {
  readonly level: "info" | "warn" | "error"
  /** A fixed word, such as `request_failed`. */
  readonly event: string
  readonly requestId?: string
  readonly [field: string]: string | number | boolean | undefined
}

/** How deep a chain of causes is followed. */
const maxCauses = 5

/** A failure as one redacted line: its name, message and causes. Stacks stay out: they repeat messages. */
export function describeFailure(error: unknown): string {
  const parts: string[] = []
  let current = error
  while (current !== undefined && current !== null && parts.length < maxCauses) {
    parts.push(describeOne(current))
    current = typeof current === "object" && "cause" in current ? current.cause : undefined
  }
  return redact(parts.join(" <- ")).slice(0, 2_000)
}

function describeOne(error: unknown): string {
  if (isLoopError(error)) return error.code
  if (error instanceof Error) return `${error.name}: ${error.message}`
  return typeof error === "string" ? error : typeof error
}
