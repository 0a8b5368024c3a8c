/** Why the gateway cannot start: one line that tells the operator what to do. Nothing was changed. */
export class StartProblem extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = "StartProblem"
  }
}

/** The system's short word for what went wrong with a file or socket, such as EACCES. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined
}
