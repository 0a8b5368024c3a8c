/** That a start which succeeds does not hide what is wrong: each mistake that costs money or does nothing is told. */
import { join } from "node:path"
import { expect, test } from "vitest"
import { NodeConfig } from "../config.ts"
import { readCatalogue } from "./catalogue.ts"
import { startNotes, type Started } from "./start-notes.ts"

const catalogue = readCatalogue({ file: (name) => name }, join(import.meta.dirname, "../../models.json"))
const notes = (environment: Record<string, string>, more: Partial<Started> = {}) =>
  startNotes({
    config: NodeConfig.parse(environment),
    catalogue,
    defaultModel: "claude-sonnet-5-5",
    file: undefined,
    variables: Object.keys(environment),
    today: "2026-11-21",
    ...more,
  })

test("a good start says nothing, whatever else is in the environment", () => {
  const variables = ["PATH", "HOSTNAME", "PORTS", "BOT_TOKEN", "OPENAI_ORG_ID", "DOCKER_CONTEXT", "npm_config_cache"]
  expect(notes({}, { variables })).toEqual([])
  expect(notes({ FALLBACK_ENABLED: "true", OPENAI_API_KEY: "k", HOT_SWAP_ENABLED: "true" })).toEqual([])
  expect(notes({ FALLBACK_ENABLED: "true", OLLAMA_URL: "http://localhost:11434" })).toEqual([])
})

test("fallbacks that nobody can be are told", () => {
  expect(notes({ FALLBACK_ENABLED: "true", ANTHROPIC_API_KEY: "k" })).toEqual([
    "FALLBACK_ENABLED is set, and no other provider stands in: set OPENAI_API_KEY or OLLAMA_URL.",
  ])
})

test("a model of unknown price or past its day is told where it answers, and only there", () => {
  expect(notes({}, { defaultModel: "claude-sonet-5-5" })).toEqual([
    expect.stringContaining("The price of claude-sonet-5-5 is unknown"),
  ])
  expect(notes({ HOT_SWAP_ENABLED: "true" }, { defaultModel: "claude-sonet-5-5" })).toEqual([])
  expect(notes({}, { today: "2027-10-01" })).toEqual([expect.stringContaining("claude-sonnet-5-5 may withdraw it")])
  expect(notes({ FALLBACK_ENABLED: "true", OPENAI_API_KEY: "k", FALLBACK_OPENAI_MODEL: "gpt-x" })).toEqual([
    expect.stringContaining("The price of gpt-x is unknown"),
  ])
})

test("prices in dollars where millionths are meant are told", () => {
  const cheap = catalogue.map((entry) =>
    entry.name === "gpt-6-sol" ? { ...entry, prices: { input: 2, output: 10, cacheRead: 0, cacheWrite: 0 } } : entry,
  )
  expect(notes({}, { catalogue: cheap })).toEqual([
    expect.stringMatching(/^models\.json prices gpt-6-sol .* \$2\.00 is 2000000\.$/),
  ])
})

test("a configuration file that was not applied is told with its first mistake", () => {
  const hint = "loop-gateway.yaml has 2 mistakes, so nothing of it was applied."
  const mistake = { line: 4, column: 25, path: "groups[0].budgetMaxTokensDay", message: "must be a number" }
  expect(notes({}, { file: { status: "degraded", hint, mistakes: [mistake, mistake] } })).toEqual([
    `${hint} Line 4: groups[0].budgetMaxTokensDay: must be a number`,
  ])
  expect(notes({}, { file: { status: "ok", hint: null, mistakes: [] } })).toEqual([])
})

test.each([
  ["HOTSWAP_ENABLED", "HOT_SWAP_ENABLED"],
  ["ANTROPIC_API_KEY", "ANTHROPIC_API_KEY"],
  ["OPENAI_APIKEY", "OPENAI_API_KEY"],
  ["EDGE_MAX_TOKEN", "EDGE_MAX_TOKENS"],
  ["edge_mode", "EDGE_MODE"],
])("%s is told to be no setting", (name, meant) => {
  expect(notes({}, { variables: [name] })).toEqual([`${name} is no setting, and does nothing. ${meant} is one.`])
})

test.each(["true", "false"])("EDGE_DISABLE_SKILLS=%s is told to change nothing, while there are no skills", (value) => {
  const changes = { EDGE_DISABLE_SKILLS: value }
  expect(notes(changes, { variables: Object.keys(changes) })).toEqual([
    "EDGE_DISABLE_SKILLS is set, and does nothing yet: this release has no skills, in edge mode or out of it.",
  ])
})

test("edge mode says what it limits", () => {
  expect(notes({ EDGE_MODE: "true" }, { defaultModel: "claude-haiku-5-5" })).toEqual([
    "Edge mode: claude-haiku-5-5 answers everything, 2 turns at once, 8 messages of history, 4096 tokens an answer, no skills, no containers.",
  ])
})
