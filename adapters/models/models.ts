/** All model providers behind one door, which opens for admitted calls alone. The environment configures the usual addresses. */
import { type ModelAdmission, useModelAdmission } from "../../core/admission.ts"
import type { CallId } from "../../core/budget/reserve.ts"
import type { ModelRequest } from "../../core/model/call.ts"
import { type ChainLink, thinkerOf, wireName } from "../../core/model/chain.ts"
import { imagesOf } from "../../core/model/image.ts"
import { type Provider, providerOf } from "../../core/model/provider.ts"
import { thoughtBy, withThoughtsOf } from "../../core/model/thinking.ts"
import { createAnthropic } from "./anthropic.ts"
import { toAnthropic } from "./anthropic-wire.ts"
import type { CallLimits, Fetch, ModelClient, ModelOutcome, RunOptions } from "./client.ts"
import { providerVariables } from "./failure.ts"
import { createOpenAi } from "./openai.ts"
import { kindOf } from "./openai-kind.ts"
import { toOpenAi } from "./openai-wire.ts"
import type { Endpoint } from "./stream-client.ts"

export interface ModelsConfig {
  /** `baseUrl` without `/v1`. */
  readonly anthropic: Endpoint
  /** `baseUrl` with its `/v1`. */
  readonly openai: Endpoint
  /** The server's root, with `/v1` or without; undefined where there is none. */
  readonly ollama: { readonly baseUrl?: string | undefined }
  readonly limits?: Partial<CallLimits>
}

/** The two ways out: for addresses of the environment, and for those that were written into the gateway while it ran. */
export interface ModelExits {
  readonly operator: Fetch
  readonly agent: Fetch
}

export type Configured = { configured: true } | { configured: false; message: string }

export interface ModelCall extends Omit<RunOptions, "timeoutMs"> {
  readonly link: ChainLink
  readonly callId: CallId
  readonly admission: ModelAdmission
}

export interface Models {
  /**
   * Calls the link's model; the request's own name of it does not count. A link that is not configured fails with
   * `not_configured`. The environment's keys never leave for another address than the environment's.
   * @throws LoopError `internal` for a call that was not admitted
   */
  run(request: ModelRequest, call: ModelCall): Promise<ModelOutcome>
  /**
   * Says whether a model can be called, and if not what exactly to set.
   * @param hasOwnKey - the caller brings a key of its own
   */
  isConfigured(model: string, hasOwnKey: boolean): Configured
  /** More tokens than any tokenizer makes of the request: one for each byte on the wire, and what providers add. */
  mostInputTokens(request: ModelRequest, link: ChainLink): number
}

/** Ollama takes any key; its documentation uses this one for OpenAI's SDK. Servers elsewhere that need none take it too. */
const anyKey = "ollama"

/** What providers put around a request: their own prompt for tools (Anthropic: up to 530 tokens), marks between messages. */
const addedTokens = 600
/** Of one picture, whatever its size (Anthropic "Vision": 4,784; OpenAI "Images and vision": tiles of a 2,048 px square). */
const mostImageTokens: Readonly<Record<Provider, number>> = { anthropic: 5_000, openai: 10_000, ollama: 10_000 }

export function createModels(config: ModelsConfig, exits: ModelExits): Models {
  const { anthropic, openai, ollama, limits } = config
  const clients = new Map<string, ModelClient>([
    ["anthropic", createAnthropic(anthropic, exits.operator, limits)],
    ["openai", createOpenAi(openai, "openai", exits.operator, limits)],
  ])
  if (ollama.baseUrl !== undefined) {
    clients.set(
      "ollama",
      createOpenAi({ baseUrl: withV1(ollama.baseUrl), apiKey: anyKey }, "ollama", exits.operator, limits),
    )
  }
  const known: Record<Provider, string | undefined> = {
    anthropic: anthropic.baseUrl,
    openai: openai.baseUrl,
    ollama: ollama.baseUrl && withV1(ollama.baseUrl),
  }
  const isKnown = ({ provider, baseUrl }: ChainLink) => {
    const own = baseUrl !== undefined && provider === "ollama" ? withV1(baseUrl) : baseUrl
    return own === undefined || trimmed(own) === trimmed(known[provider] ?? "")
  }

  const kindOfLink = (link: ChainLink) =>
    kindOf(link.baseUrl ?? known[link.provider] ?? "", link.provider, wireName(link))
  const thinker = (link: ChainLink) => (isKnown(link) ? link.provider : thinkerOf(link))
  const shownTo = (request: ModelRequest, link: ChainLink): ModelRequest => ({
    ...request,
    messages: withThoughtsOf(request.messages, thinker(link), link.provider),
  })

  const isSet = (provider: Provider, hasOwnKey: boolean): boolean =>
    provider === "ollama" ? ollama.baseUrl !== undefined : hasOwnKey || !!config[provider].apiKey

  const clientOf = (link: ChainLink): ModelClient | undefined => {
    if (link.baseUrl === undefined || isKnown(link)) return clients.get(link.provider)
    const place = `${link.provider} ${link.baseUrl}`
    const client = clients.get(place) ?? createElsewhere(link, link.baseUrl)
    clients.set(place, client)
    return client
  }

  const createElsewhere = ({ provider }: ChainLink, baseUrl: string): ModelClient => {
    switch (provider) {
      case "anthropic":
        return createAnthropic({ baseUrl, apiKey: anyKey }, exits.agent, limits)
      case "openai":
        return createOpenAi({ baseUrl, apiKey: anyKey }, provider, exits.agent, limits)
      case "ollama":
        return createOpenAi({ baseUrl: withV1(baseUrl), apiKey: anyKey }, provider, exits.agent, limits)
    }
  }

  const problemOf = (link: ChainLink, apiKey: string | undefined): string | undefined => {
    if (link.key !== "environment" && apiKey === undefined) return `The key of ${link.label} cannot be read right now.`
    const isReady = !isKnown(link) || isSet(link.provider, apiKey !== undefined)
    return isReady ? undefined : whatToSet(link.provider, link.model)
  }

  return {
    isConfigured(model, hasOwnKey) {
      const { provider } = providerOf(model)
      return isSet(provider, hasOwnKey)
        ? { configured: true }
        : { configured: false, message: whatToSet(provider, model) }
    },
    mostInputTokens(request, link) {
      const { provider } = link
      const bare = { ...shownTo(request, link), images: {} }
      const body = provider === "anthropic" ? toAnthropic(bare) : toOpenAi(bare, kindOfLink(link))
      const shown = imagesOf(request.messages).filter(({ sha256 }) => request.images?.[sha256] !== undefined).length
      return utf8Bytes(JSON.stringify(body)) + addedTokens + shown * mostImageTokens[provider]
    },
    async run(request, { link, callId, admission, ...options }) {
      useModelAdmission(admission, callId)
      const client = clientOf(link)
      const problem = problemOf(link, options.apiKey)
      if (client === undefined || problem !== undefined) {
        const message = problem ?? whatToSet(link.provider, link.model)
        return { status: "failed", failure: { reason: "not_configured", message }, partialText: "", billed: "nothing" }
      }
      const asked = { ...shownTo(request, link), model: wireName(link) }
      const outcome = await client.run(asked, { ...options, timeoutMs: link.timeoutMs })
      if (outcome.status === "failed") return outcome
      const { answer } = outcome
      return { status: "answered", answer: { ...answer, blocks: thoughtBy(answer.blocks, thinker(link)) } }
    },
  }
}

function whatToSet(provider: Provider, model: string): string {
  const variable = providerVariables[provider].key
  const example = provider === "ollama" ? ", for example to http://localhost:11434," : ""
  const where = `Set ${variable}${example} in the environment or .env, then restart`
  return `The model ${model} is not configured. ${where} (on Cloudflare: npx wrangler secret put ${variable}).`
}

/** People give Ollama's root as they know it. */
function withV1(baseUrl: string): string {
  const url = new URL(baseUrl)
  return url.pathname === "/" ? new URL("/v1", url).href : baseUrl
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, "")
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).byteLength
}
