/** All model providers behind one door: the model's name picks the provider, the operator's environment configures it. */
import type { ModelRequest } from "../../core/model/call.ts"
import { providerOf } from "../../core/model/provider.ts"
import { createAnthropic } from "./anthropic.ts"
import type { CallLimits, Fetch, ModelClient, ModelOutcome, RunOptions } from "./client.ts"
import { providerVariables } from "./failure.ts"
import { createOpenAi } from "./openai.ts"
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

export type Configured = { configured: true } | { configured: false; message: string }

export interface Models {
  /** Calls the model at its provider. A model whose provider is not configured fails with `not_configured`. */
  run(request: ModelRequest, options: RunOptions): Promise<ModelOutcome>
  /**
   * Says whether a model can be called, and if not what exactly to set.
   * @param hasOwnKey - the caller brings a key of its own
   */
  isConfigured(model: string, hasOwnKey: boolean): Configured
}

/** Ollama takes any key; its documentation uses this one for OpenAI's SDK. */
const ollamaKey = "ollama"

export function createModels(config: ModelsConfig, fetch: Fetch): Models {
  const { anthropic, openai, ollama, limits } = config
  const clients: Record<"anthropic" | "openai", ModelClient> & { ollama?: ModelClient } = {
    anthropic: createAnthropic(anthropic, fetch, limits),
    openai: createOpenAi(openai, "openai", fetch, limits),
  }
  if (ollama.baseUrl !== undefined) {
    clients.ollama = createOpenAi({ baseUrl: withV1(ollama.baseUrl), apiKey: ollamaKey }, "ollama", fetch, limits)
  }

  const isConfigured: Models["isConfigured"] = (model, hasOwnKey) => {
    const { provider } = providerOf(model)
    const isSet = provider === "ollama" ? ollama.baseUrl !== undefined : hasOwnKey || !!config[provider].apiKey
    return isSet ? { configured: true } : { configured: false, message: whatToSet(provider, model) }
  }

  return {
    isConfigured,
    async run(request, options) {
      const { provider, model } = providerOf(request.model)
      const client = clients[provider]
      const state = isConfigured(request.model, options.apiKey !== undefined)
      if (client === undefined || !state.configured) {
        const message = state.configured ? "" : state.message
        return { status: "failed", failure: { reason: "not_configured", message }, partialText: "" }
      }
      return client.run({ ...request, model }, options)
    },
  }
}

function whatToSet(provider: keyof typeof providerVariables, model: string): string {
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
