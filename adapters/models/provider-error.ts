/** What providers say when they refuse, in the forms they say it in. Trusts none of it. */
import * as z from "zod"

export interface ProviderError {
  readonly type?: string
  /** The finest name of the error: OpenAI's `code`, Anthropic's `details.error_code`; a number where a proxy sends one. */
  readonly code?: string
  readonly message?: string
}

/** No provider's wish keeps a call waiting longer. */
const maxRetryAfterMs = 10 * 60_000

const word = z.string().max(200).nullish().catch(undefined)
const Inner = z.object({
  type: word,
  code: z
    .union([z.string().max(200), z.number().transform(String)])
    .nullish()
    .catch(undefined),
  message: z.string().nullish().catch(undefined),
  details: z.object({ error_code: word }).nullish().catch(undefined),
})

/**
 * Reads an error from a body's text or from an event's value: `{error: {type, code, message}}` of Anthropic and OpenAI, `{error:
 * "…"}` of Ollama, `{message}` or `{detail}` of proxies, a list of one of them of Gemini. A text that is no JSON says nothing: it is a proxy's page.
 */
export function providerError(value: unknown): ProviderError {
  const parsed = typeof value === "string" ? parseJson(value) : value
  const body: unknown = Array.isArray(parsed) ? parsed[0] : parsed
  if (typeof body !== "object" || body === null) return {}
  if ("error" in body && typeof body.error === "string") return { message: body.error }
  if ("detail" in body && typeof body.detail === "string") return { message: body.detail }
  const inner = Inner.safeParse("error" in body ? body.error : body)
  if (!inner.success) return {}
  const { type, message, details } = inner.data
  const code = details?.error_code ?? inner.data.code
  return { ...(type ? { type } : {}), ...(code ? { code } : {}), ...(message ? { message } : {}) }
}

/**
 * `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110 10.2.3). Undefined when absent, senseless or over:
 * the caller's own pause is then the right one.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const retryAfter = headers.get("retry-after") ?? ""
  const wishes = [
    toNumber(headers.get("retry-after-ms") ?? ""),
    toNumber(retryAfter) * 1_000,
    retryAfter.endsWith("GMT") ? Date.parse(retryAfter) - now : Number.NaN,
  ]
  const wish = wishes.find((ms) => ms > 0)
  return wish === undefined ? undefined : Math.min(maxRetryAfterMs, Math.ceil(wish))
}

function toNumber(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
