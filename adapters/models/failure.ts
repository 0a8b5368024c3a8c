/** From the way a call ended to the failure that the engine acts on and the sentence that a person reads. Pure. */
import type { FailureReason, ModelFailure } from "../../core/model/call.ts"
import type { Provider } from "../../core/model/provider.ts"
import type { Ending } from "./exchange.ts"
import type { ProviderError } from "./provider-error.ts"

export interface FailedCall {
  readonly provider: Provider
  /** What people call the server that was asked. */
  readonly name: string
  /** As the provider knows it. */
  readonly model: string
  /** The key came with the call and not from the environment. */
  readonly hasOwnKey: boolean
  /** Taken out of whatever the provider said. */
  readonly secrets: readonly string[]
}

/** The environment variables that configure a provider. Ollama has no key: its address is all that it needs. */
export const providerVariables = {
  anthropic: { key: "ANTHROPIC_API_KEY", url: "ANTHROPIC_BASE_URL" },
  openai: { key: "OPENAI_API_KEY", url: "OPENAI_BASE_URL" },
  ollama: { key: "OLLAMA_URL", url: "OLLAMA_URL" },
} as const satisfies Record<Provider, { key: string; url: string }>

/** A public failure: no key, no address, at most 300 characters of the provider's own words. */
export function failureOf(ending: Ending, call: FailedCall): ModelFailure {
  const { name } = call
  const { url } = providerVariables[call.provider]
  switch (ending.reason) {
    case "aborted":
      return { reason: "aborted", message: "The call of the model was stopped." }
    case "unusable_key":
      return {
        reason: "auth",
        message: `The API key is empty or has characters that no key has. Check ${keyPlace(call)}.`,
      }
    case "first_byte_timeout":
      return { reason: "first_byte_timeout", message: `${name} did not begin to answer in time.` }
    case "stalled":
      return { reason: "stalled", message: `${name} fell silent in the middle of its answer.` }
    case "idle":
      return { reason: "stalled", message: `${name} kept its connection open and said nothing for too long.` }
    case "too_long":
      return { reason: "stalled", message: `${name} did not finish its answer in time.` }
    case "too_large":
      return { reason: "server", message: `${name} sent far more than an answer can be.` }
    case "forbidden_address":
      return {
        reason: "not_configured",
        message: `${name} is at an address that this gateway does not reach. Add it to EGRESS_ALLOW_PRIVATE if it is yours.`,
      }
    case "unreachable":
    case "reset":
      return {
        reason: "network",
        message: `${name} cannot be reached. Check the network${call.provider === "anthropic" ? "" : ` and ${url}`}.`,
      }
    case "cut":
      return { reason: "network", message: `${name} broke off the connection before its answer was complete.` }
    case "not_a_stream":
      return { reason: "server", message: `${name} answered with something else than a stream. Check ${url}.` }
    case "garbage":
      return { reason: "server", message: `${name} sent events that are not valid. Check ${url}.` }
    case "refused": {
      const { status, said } = ending
      const failure = refusal(status === undefined || status < 300 ? statusOf(said) : status, said, call)
      return ending.retryAfterMs === undefined ? failure : { ...failure, retryAfterMs: ending.retryAfterMs }
    }
  }
}

/** Whether the provider may have worked on the request: an error's status says that it did not. */
export function billedFor(ending: Ending): "nothing" | "unknown" {
  switch (ending.reason) {
    case "unusable_key":
    case "forbidden_address":
    case "unreachable":
      return "nothing"
    case "refused":
      return ending.status === undefined || ending.status < 300 ? "unknown" : "nothing"
    case "aborted":
    case "first_byte_timeout":
    case "stalled":
    case "idle":
    case "too_long":
    case "too_large":
    case "reset":
    case "cut":
    case "not_a_stream":
    case "garbage":
      return "unknown"
  }
}

const keyPlace = ({ hasOwnKey, provider }: FailedCall): string =>
  hasOwnKey ? "the key that is stored for this agent" : providerVariables[provider].key

const fail = (reason: FailureReason, message: string): ModelFailure => ({ reason, message })

function refusal(status: number, said: ProviderError, call: FailedCall): ModelFailure {
  const { name } = call
  const { url } = providerVariables[call.provider]
  const model = clean(call.model, call.secrets, 100)
  const words = said.message === undefined ? "" : clean(said.message, call.secrets, 300)
  const because = words === "" ? "" : `: ${words}`

  if (isUnpaid(status, said)) {
    return fail(
      "auth",
      `${name} says that the account of this key has no credit left or has reached its spending limit.`,
    )
  }
  if (isOverflow(status, said)) return fail("context_overflow", `The conversation is too long for ${model}.`)
  if (status === 401) {
    return fail("auth", `${name} refused the API key. Check ${keyPlace(call)}.`)
  }
  if (status === 403) return fail("auth", `${name} does not allow this key to use ${model}${because}`)
  if (isClosed(status, said)) {
    return fail("auth", `${name} takes no requests of the account of this key any more${because || "."}`)
  }
  if (status === 404 || withdrawnCodes.has(said.code ?? "")) {
    const todo = call.provider === "ollama" ? `Run \`ollama pull ${model}\`` : "Choose another model"
    return fail("not_configured", `${name} does not know the model ${model}. ${todo}, or check ${url}.`)
  }
  if (status >= 300 && status < 400) {
    return fail("not_configured", `${name} answered with a redirect, which is not followed. Check ${url}.`)
  }
  if (status === 429) return fail("rate_limited", `${name} takes no more requests with this key right now.`)
  if (status === 529 || status === 503) return fail("overloaded", `${name} is overloaded right now.`)
  if (status === 408 || status === 409 || status === 425 || status >= 500) {
    return fail("server", `${name} failed to answer (${status})${because || "."}`)
  }
  return fail("invalid_request", `${name} refused the request${because || ` (${status}).`}`)
}

/** The statuses of errors that come without one (platform.claude.com/docs/en/api/errors; OpenAI, "Error codes"). */
const knownStatuses: Readonly<Record<string, number>> = {
  invalid_api_key: 401,
  model_not_found: 404,
  rate_limit_exceeded: 429,
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  overloaded_error: 529,
}

function statusOf({ type = "", code = "" }: ProviderError): number {
  if (/^[45]\d\d$/.test(code)) return Number(code)
  return knownStatuses[code] ?? knownStatuses[type] ?? 500
}

const unpaidCodes = new Set([
  "insufficient_quota",
  "billing_hard_limit_reached",
  "billing_not_active",
  "contract_spend_limit_reached",
  "enforced_spend_limit_reached",
])

const unpaidWords = /credit balance is too low|reached your specified (workspace )?API usage limits/i

/** A matter of money, which waiting does not settle. Anthropic tells it by a 400 with these words, OpenAI by a 429. */
function isUnpaid(status: number, { code, message = "" }: ProviderError): boolean {
  if (status === 402 || (code !== undefined && unpaidCodes.has(code))) return true
  return (status === 400 || status === 403) && unpaidWords.test(message)
}

/** Anthropic tells it by a 400, as if the request were at fault. */
function isClosed(status: number, { message = "" }: ProviderError): boolean {
  return status === 400 && /organization has been disabled/i.test(message)
}

/** Of models that are there no more; some servers tell it by a 400. */
const withdrawnCodes = new Set(["model_not_found", "model_decommissioned"])

const overflowCodes = new Set(["context_length_exceeded", "exceed_context_size_error", "string_above_max_length"])
/** Anthropic, OpenAI and vLLM, llama.cpp, Gemini; there is no common code. */
const overflowWords =
  /prompt is too long|exceed(s|ed)? (the )?(model'?s )?(maximum |available )?context|maximum context length|context (window|length|size|limit)|input is too long|maximum number of tokens/i

function isOverflow(status: number, { type = "", code = "", message = "" }: ProviderError): boolean {
  if (status === 413 || overflowCodes.has(code) || overflowCodes.has(type)) return true
  return (status === 400 || status === 422 || status === 500) && overflowWords.test(message)
}

/** One line of a stranger's text: no key, nothing that looks like one, no control characters. */
function clean(text: string, secrets: readonly string[], maxLength: number): string {
  let cleaned = text
  for (const secret of secrets) {
    if (secret.length >= 4) cleaned = cleaned.replaceAll(secret, "[key]")
  }
  cleaned = cleaned
    .replace(/\bBearer\s+\S+/gi, "[key]")
    .replace(/\b(sk|pk|rk|gsk|xai|key)[-_][\w*.-]{6,}/gi, "[key]")
    .replace(/[\p{C}\s]+/gu, " ")
    .trim()
  return cleaned.length <= maxLength ? cleaned : `${cleaned.slice(0, maxLength - 1).trimEnd()}…`
}
