/** Whose key goes to whom, when another model than the agent's own is chosen. */
import { expect, test } from "vitest"
import type { ChainLink } from "../model/chain.ts"
import { chainOfPolicy, linkOf } from "./policy.ts"

const policyOf = (...chain: ChainLink[]) => ({
  model: chain[0]?.model ?? "",
  routing: { chain, hotSwap: null, asked: null, isFixed: false },
})
const own = linkOf("claude-sonnet-5-5", "group")
const fallback: ChainLink = { ...linkOf("gpt-6-sol", "own"), label: "Second" }

test("the agent's own key goes along to other models of its provider", () => {
  expect(chainOfPolicy(policyOf(own, fallback), "claude-opus-5-5")).toEqual([
    linkOf("claude-opus-5-5", "group"),
    fallback,
  ])
})

test("but to no other provider", () => {
  for (const model of ["gpt-6-luna", "ollama/llama3"])
    expect(chainOfPolicy(policyOf(own, fallback), model)[0]).toEqual(linkOf(model, "environment"))
})

test("nor does the key of another address leave that address", () => {
  const elsewhere: ChainLink = { ...own, key: "own", label: "Proxy", baseUrl: "https://proxy.example" }
  expect(chainOfPolicy(policyOf(elsewhere), "claude-opus-5-5")).toEqual([linkOf("claude-opus-5-5", "environment")])
})

test("a key of a chain's entry is found under that entry's label by other models too", () => {
  const head: ChainLink = { ...own, key: "own", label: "Claude" }
  expect(chainOfPolicy(policyOf(head), "claude-opus-5-5")).toEqual([
    { ...linkOf("claude-opus-5-5", "own"), keyLabel: "Claude" },
  ])
})
