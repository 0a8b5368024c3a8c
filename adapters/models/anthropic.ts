/** Claude models, through Anthropic's SDK. The SDK frames requests and splits events; it holds no key and logs nothing. */
import { readAnthropic, toAnthropic } from "./anthropic-wire.ts"
import type { CallLimits, Fetch, ModelClient } from "./client.ts"
import { createStreamClient, noKey, type Dialect, type Endpoint } from "./stream-client.ts"

/** The version that the SDK's types describe; a test holds both together. */
const apiVersion = "2026-10-21"

/** @param endpoint - `baseUrl` without `/v1` */
export function createAnthropic(endpoint: Endpoint, fetch: Fetch, limits?: Partial<CallLimits>): ModelClient {
  const dialect: Dialect = {
    provider: "anthropic",
    name: "Anthropic",
    /** A key goes into `x-api-key`; the SDK's `Authorization: Bearer` is for OAuth tokens (docs.claude.com, "API overview"). */
    headers: (apiKey) => ({
      "content-type": "application/json",
      accept: "text/event-stream",
      "x-api-key": apiKey,
      "anthropic-version": apiVersion,
    }),
    async open(exchange, request, { callMs }) {
      // Only here, since an SDK takes 10 MB of memory and a tenth of a second: a gateway loads those that it calls.
      const { default: Anthropic } = await import("@anthropic-ai/sdk")
      // Whatever is left out here, the SDK takes from the process's environment.
      const client = new Anthropic({
        baseURL: endpoint.baseUrl,
        apiKey: noKey,
        webhookKey: null,
        fetch: exchange.fetch,
        maxRetries: 0,
        timeout: callMs,
        logLevel: "off",
        openTelemetry: false,
      })
      return client.messages.create(toAnthropic(request), { signal: exchange.signal })
    },
    read: readAnthropic,
  }
  return createStreamClient({ dialect, apiKey: endpoint.apiKey, fetch, limits })
}
