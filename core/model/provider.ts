/** Which provider serves a model, read from the model's name alone. Knows no addresses and no keys. */
import * as z from "zod"

export const Provider = z.enum(["anthropic", "openai", "ollama"])
export type Provider = z.infer<typeof Provider>

const ollamaPrefix = "ollama/"

/**
 * The provider of a model and the name that the provider knows it by: `claude…` is Anthropic's, `ollama/<name>` is served by
 * Ollama as `<name>`, anything else by the OpenAI-compatible server.
 */
export function providerOf(model: string): { provider: Provider; model: string } {
  const name = model.trim()
  if (name.startsWith(ollamaPrefix)) return { provider: "ollama", model: name.slice(ollamaPrefix.length) }
  return { provider: name.startsWith("claude") ? "anthropic" : "openai", model: name }
}
