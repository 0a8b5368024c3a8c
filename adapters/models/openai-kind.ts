/** What sets one server of chat completions apart from the next: what it refuses that others take. Knows addresses and names alone. */
import type { Provider } from "../../core/model/provider.ts"

export interface OpenAiKind {
  readonly provider: Provider
  /**
   * OpenAI's own models refuse `max_tokens` and unknown fields; most compatible servers do not know `max_completion_tokens`,
   * and some demand the reasoning of earlier steps back.
   */
  readonly isOpenAi: boolean
  /**
   * Mistral's models, whoever serves them: a person's words right behind a result are refused, "Unexpected role 'user' after role
   * 'tool'" (vLLM and llama.cpp refuse it by the models' own templates; mistralai/mistral-vibe#578, zed-industries/zed#37021).
   */
  readonly isMistral: boolean
  /** Mistral's own API takes no unknown field, counts unasked, and refuses to be asked to (openai/openai-agents-python#442). */
  readonly takesStreamOptions: boolean
  /**
   * Gemini at Google's own address: each answer's first call must come back with the signature that it was given (ai.google.dev,
   * "Thought signatures"), in `extra_content.google`.
   */
  readonly isGemini: boolean
}

/** Mistral's models by their names, also behind an owner (`mistralai/…`) or with a size and quantization behind them. */
const mistralName = /(mi[sx]tral|ministral|devstral|codestral|magistral|pixtral|voxtral)/i

/** @param baseUrl - as the operator wrote it */
export function kindOf(baseUrl: string, provider: Provider, model: string): OpenAiKind {
  const isMistralHost = isUnder(baseUrl, "mistral.ai")
  return {
    provider,
    isOpenAi: provider === "openai" && (isOpenAiHost(baseUrl) || /^(gpt-(?!oss)|chatgpt-|o\d)/.test(model)),
    isMistral: isMistralHost || mistralName.test(model),
    takesStreamOptions: !isMistralHost,
    isGemini: isUnder(baseUrl, "googleapis.com"),
  }
}

export function isOpenAiHost(baseUrl: string): boolean {
  return isUnder(baseUrl, "openai.com") || isUnder(baseUrl, "openai.azure.com")
}

function isUnder(baseUrl: string, domain: string): boolean {
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : ""
  return host === domain || host.endsWith(`.${domain}`)
}
