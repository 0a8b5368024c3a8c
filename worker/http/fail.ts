/** Turns a failure into the one error shape. What the caller may not know goes to the log, redacted. */
import { type ErrorCode, type ErrorDetails, errorRule, isLoopError, toErrorBody } from "../../core/errors.ts"
import { describeFailure, type LogEntry } from "../../core/log.ts"
import { isFinal, toOpenAiError } from "../openai/failure.ts"

/**
 * The answer for a failure, and its log entry where an operator should see it.
 * @param isOpenAi - the caller speaks OpenAI's API, whose clients read its own shape and repeat what they are not told to leave
 */
export function failureAnswer(error: unknown, isOpenAi = false): { response: Response; entry: LogEntry | undefined } {
  const code: ErrorCode = isLoopError(error) ? error.code : "internal"
  const rule = errorRule(code)
  const details: ErrorDetails = isLoopError(error) ? error.details : {}
  const headers = new Headers({ "content-type": "application/json; charset=utf-8" })
  if (typeof details.retryAfterSeconds === "number") headers.set("retry-after", String(details.retryAfterSeconds))
  if (typeof details.allow === "string") headers.set("allow", details.allow)
  if (typeof details.upgrade === "string") headers.set("upgrade", details.upgrade)
  // RFC 9110 15.5.2 asks for it.
  if (code === "missing_credentials" || code === "invalid_token") headers.set("www-authenticate", "Bearer")
  if (isOpenAi && isFinal(code)) headers.set("x-should-retry", "false")
  const body = isOpenAi ? toOpenAiError(code, details) : toErrorBody(code, details)
  return {
    response: new Response(JSON.stringify(body), { status: rule.status, headers }),
    entry:
      rule.status >= 500
        ? { level: "error", event: "request_failed", code, status: rule.status, cause: describeFailure(error) }
        : undefined,
  }
}
