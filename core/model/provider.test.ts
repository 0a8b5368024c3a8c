/** Names and whom they belong to. */
import { expect, test } from "vitest"
import { providerOf } from "./provider.ts"

const cases = [
  ["claude-sonnet-5-5", "anthropic", "claude-sonnet-5-5"],
  ["claude-haiku-4-5-20251001", "anthropic", "claude-haiku-4-5-20251001"],
  ["gpt-5.5", "openai", "gpt-5.5"],
  ["o4-mini", "openai", "o4-mini"],
  ["anthropic/claude-opus-5-5", "openai", "anthropic/claude-opus-5-5"],
  ["ollama/llama4:8b", "ollama", "llama4:8b"],
  ["ollama/hf.co/team/model", "ollama", "hf.co/team/model"],
  ["ollama/claude-like", "ollama", "claude-like"],
  ["ollama", "openai", "ollama"],
  [" claude-sonnet-5-5 ", "anthropic", "claude-sonnet-5-5"],
] as const

test.each(cases)("%s is served by %s as %s", (model, provider, name) => {
  expect(providerOf(model)).toEqual({ provider, model: name })
})
