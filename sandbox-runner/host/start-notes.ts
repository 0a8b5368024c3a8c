/** What an operator should hear at the start although it succeeded: settings that do not do what they seem to. Pure. */
import type { Health } from "../../core/api/operations.ts"
import { type Catalogue } from "../../core/catalogue/catalogue.ts"
import { noteOnModel, pricedTooLow } from "../../core/catalogue/notes.ts"
import { effectiveLimits } from "../../core/edge-mode.ts"
import { modelChoice } from "../../durable-objects/conversation/policy.ts"
import { NodeConfig, RunnerConfig } from "../config.ts"

export interface Started {
  readonly config: NodeConfig
  readonly catalogue: Catalogue
  /** Of agents that name no model. */
  readonly defaultModel: string
  readonly file: Health["parts"]["file"]
  /** Names of all variables that are set, the gateway's own or not. */
  readonly variables: readonly string[]
  /** As `2027-01-31`, in UTC. */
  readonly today: string
}

/** Sentences, the dearest mistake first; empty in a good start. */
export function startNotes({ config, catalogue, defaultModel, file, variables, today }: Started): string[] {
  const limits = effectiveLimits(config)
  const { onlyModel, hotSwap, tiers, fallbacks } = modelChoice(config, defaultModel)
  const models = [...(onlyModel === null ? (hotSwap ? tiers : [defaultModel]) : [onlyModel]), ...fallbacks]
  return [
    ...fileNotes(file),
    ...pricedTooLow(catalogue).map(
      (name) =>
        `models.json prices ${name} at next to nothing. Prices are in micro-dollars per million tokens: $2.00 is 2000000.`,
    ),
    ...[...new Set(models)].flatMap((name) => noteOnModel(catalogue, name, today) ?? []),
    ...(config.FALLBACK_ENABLED && fallbacks.length === 0
      ? ["FALLBACK_ENABLED is set, and no other provider stands in: set OPENAI_API_KEY or OLLAMA_URL."]
      : []),
    ...(variables.includes("EDGE_DISABLE_SKILLS")
      ? ["EDGE_DISABLE_SKILLS is set, and does nothing yet: this release has no skills, in edge mode or out of it."]
      : []),
    ...variables.flatMap((name) => {
      const meant = misspelt(name)
      return meant === undefined ? [] : [`${name} is no setting, and does nothing. ${meant} is one.`]
    }),
    ...(limits.isEdge ? [edgeNote(limits)] : []),
  ]
}

function fileNotes(file: Started["file"]): string[] {
  if (file?.hint == null) return []
  const [first] = file.mistakes ?? []
  if (first === undefined) return [file.hint]
  const place = first.path === "" ? "" : ` ${first.path}:`
  return [`${file.hint} Line ${first.line}:${place} ${first.message}`]
}

function edgeNote({
  onlyModel,
  skills,
  historyMessages,
  maxOutputTokens,
  concurrentTurns,
}: ReturnType<typeof effectiveLimits>) {
  return [
    `Edge mode: ${onlyModel === null ? "any model may answer" : `${onlyModel} answers everything`}`,
    `${concurrentTurns.ceiling} turns at once`,
    `${historyMessages.ceiling} messages of history`,
    `${maxOutputTokens.ceiling} tokens an answer`,
    `${skills ? "" : "no skills, "}no containers.`,
  ].join(", ")
}

const known = new Set([...Object.keys(NodeConfig.shape), ...Object.keys(RunnerConfig.shape)])
const bare = (name: string) => name.replaceAll("_", "").toUpperCase()
/** Shorter names are too alike to those of other programs. */
const leastLength = 8

/** The setting that a name was meant to be: the same but for underscores, case or one letter. */
function misspelt(name: string): string | undefined {
  if (known.has(name) || name.length < leastLength) return undefined
  return [...known].find((one) => one.length >= leastLength && isNear(bare(one), bare(name)))
}

/** Whether one letter at most was left out, put in or changed. */
function isNear(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  if (long.length - short.length > 1) return false
  let at = 0
  while (at < short.length && short[at] === long[at]) at++
  return short.slice(short.length === long.length ? at + 1 : at) === long.slice(at + 1)
}
