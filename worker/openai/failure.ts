/** Failures in OpenAI's form: our own, with the parameter that they are about. */
import { type ErrorCode, type ErrorDetails, toErrorBody } from "../../core/errors.ts"

export function toOpenAiError(code: ErrorCode, details: ErrorDetails) {
  const { error } = toErrorBody(code, details)
  const param = typeof details.field === "string" ? details.field : null
  return { error: { ...error, param } }
}

/** The turn was run and ended so: to send the same request again would run it again, which its client must not do by itself. */
export const isFinal = (code: ErrorCode) =>
  code === "turn_failed" ||
  code === "model_not_configured" ||
  code === "model_key_refused" ||
  code === "budget_exceeded"
