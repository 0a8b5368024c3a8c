/** OpenAI's models and all that speak its chat completions, Ollama among them. The SDK holds no key and logs nothing. */
import type { CallLimits, Fetch, ModelClient } from "./client.ts"
import { isOpenAiHost, kindOf } from "./openai-kind.ts"
import { readOpenAi, toOpenAi } from "./openai-wire.ts"
import { createStreamClient, noKey, type Dialect, type Endpoint } from "./stream-client.ts"

/**
 * @param endpoint - `baseUrl` with its `/v1`
 * @param provider - whose reasoning may be replayed, and what the failures call the server
 */
export function createOpenAi(
  endpoint: Endpoint,
  provider: "openai" | "ollama",
  fetch: Fetch,
  limits?: Partial<CallLimits>,
): ModelClient {
  const { baseUrl } = endpoint
  const dialect: Dialect = {
    provider,
    name: provider === "ollama" ? "Ollama" : isOpenAiHost(baseUrl) ? "OpenAI" : "The OpenAI-compatible server",
    headers: (apiKey) => ({
      "content-type": "application/json",
      accept: "text/event-stream",
      authorization: `Bearer ${apiKey}`,
    }),
    async open(exchange, request, { callMs }) {
      // Only here, since an SDK takes 10 MB of memory and a tenth of a second: a gateway loads those that it calls.
      const { default: OpenAI } = await import("openai")
      // Whatever is left out here, the SDK takes from the process's environment.
      const client = new OpenAI({
        baseURL: baseUrl,
        apiKey: noKey,
        adminAPIKey: null,
        organization: null,
        project: null,
        webhookSecret: null,
        fetch: exchange.fetch,
        maxRetries: 0,
        timeout: callMs,
        logLevel: "off",
      })
      const params = toOpenAi(request, kindOf(baseUrl, provider, request.model))
      return client.chat.completions.create(params, { signal: exchange.signal })
    },
    read: (request, onDelta) => readOpenAi(request, kindOf(baseUrl, provider, request.model), onDelta),
  }
  return createStreamClient({ dialect, apiKey: endpoint.apiKey, fetch, limits })
}
