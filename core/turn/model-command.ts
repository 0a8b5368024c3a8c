/**
 * `/model` in a chat: says which model answers, chooses one for the conversation, or gives the choice back (`/model auto`). Only
 * models that this gateway knows can be chosen. Pure.
 */
import { chainOfPolicy, type TurnPolicy } from "./policy.ts"

export type ModelCommand = { type: "show" } | { type: "auto" } | { type: "use"; name: string }

/** The command that a text is; undefined for all else. */
export function readModelCommand(text: string): ModelCommand | undefined {
  const found = /^\/model(?:@\w+)?(?:[ \t]+(\S+))?\s*$/.exec(text)
  if (found === null) return undefined
  const name = found[1]
  if (name === undefined) return { type: "show" }
  return name.toLowerCase() === "auto" ? { type: "auto" } : { type: "use", name }
}

/** All that may be chosen by name: what the agent uses anyway, and what the catalogue lists. */
export function knownModels(policy: Pick<TurnPolicy, "model" | "routing">, listed: readonly string[]): string[] {
  const own = chainOfPolicy(policy).map(({ model }) => model)
  const tiers = policy.routing?.hotSwap?.tiers.map(({ model }) => model) ?? []
  return [...new Set([policy.model, ...tiers, ...own, ...listed.filter((name) => !name.endsWith("*"))])]
}

/** The model that a name or a clear part of one means, such as `opus`; undefined where there is none or several. */
export function findNamed(known: readonly string[], name: string): string | undefined {
  const asked = name.trim().toLowerCase()
  const exact = known.find((model) => model.toLowerCase() === asked)
  if (exact !== undefined || asked === "") return exact
  const [only, ...others] = known.filter((model) => model.toLowerCase().includes(asked))
  return others.length === 0 ? only : undefined
}

export interface ModelChoice {
  /** What holds for the conversation from now on; null: chosen for each message, or the agent's own. */
  readonly model: string | null
  readonly text: string
}

/** @param chosen - what holds until now */
export function answerModelCommand(
  command: ModelCommand,
  policy: Pick<TurnPolicy, "model" | "routing">,
  known: readonly string[],
  chosen: string | null,
): ModelChoice {
  if (policy.routing?.isFixed === true) {
    return { model: chosen, text: `This gateway answers with ${policy.model} alone: its operator has set it so.` }
  }
  const hotSwap = policy.routing?.hotSwap ?? null
  const auto =
    hotSwap === null ? `the agent's own model, ${policy.model}` : "a model chosen for each message by its weight"
  switch (command.type) {
    case "auto":
      return { model: null, text: `From now on: ${auto}.` }
    case "show": {
      const now =
        chosen === null ? `Now: ${auto}.` : `Now: ${chosen}, for this conversation. \`/model auto\` takes it back.`
      return { model: chosen, text: `${now}\n\n${listOf(known)}` }
    }
    case "use": {
      const model = findNamed(known, command.name)
      if (model !== undefined)
        return { model, text: `From now on ${model} answers here. \`/model auto\` takes it back.` }
      return { model: chosen, text: `No one model is meant by “${command.name}”. ${listOf(known)}` }
    }
  }
}

function listOf(known: readonly string[]): string {
  return `Choose with \`/model <name>\`:\n${known.map((model) => `- ${model}`).join("\n")}`
}
