/** The models that stand ready for a turn, in their order, and what a failure means for the next attempt. Pure; holds no keys. */
import * as z from "zod"
import type { FailureReason, ModelFailure } from "./call.ts"
import { Provider } from "./provider.ts"

/** One model of a chain and how patient a call of it is. */
export const ChainLink = z.object({
  /** What the operator calls it; unique in its chain. */
  label: z.string(),
  provider: Provider,
  /** As agents name it: Ollama's begin with `ollama/`. */
  model: z.string(),
  /** Absent: the address that the environment gives this provider. */
  baseUrl: z.string().optional(),
  /** Whose key it takes: the environment's for the provider, the one of the agent group, or one of its own. */
  key: z.enum(["environment", "group", "own"]),
  /** Of an `own` key: the link that it is kept with, where that is another. */
  keyLabel: z.string().optional(),
  /** How often a failed call of it is repeated before the next one is asked. */
  maxRetries: z.number().int().nonnegative(),
  /** To the first byte, and between two. */
  timeoutMs: z.number().int().positive(),
})
export type ChainLink = z.infer<typeof ChainLink>

/** A link with its place in its chain, by which journals know it. */
export interface PlacedLink {
  readonly link: ChainLink
  readonly place: number
}

/** A link as an operator writes it into a chain of fallbacks. */
export interface ChainEntry {
  readonly label: string
  readonly type: Provider
  readonly model: string
  readonly baseUrl?: string | undefined
  readonly maxRetries: number
  readonly timeoutMs: number
}

/** That may stand behind an agent's own model. */
export const mostFallbacks = 10

export const linkDefaults = { maxRetries: 2, timeoutMs: 60_000 } as const

/** `retry`: it may be over in a moment. `move`: this provider will not do, another may. `stop`: none can cure it. */
export function cureOf(reason: FailureReason): "retry" | "move" | "stop" {
  switch (reason) {
    case "network":
    case "server":
    case "rate_limited":
    case "overloaded":
      return "retry"
    // Waiting has cost the whole patience already.
    case "first_byte_timeout":
    case "stalled":
    case "auth":
    case "not_configured":
    case "unable":
    case "internal":
      return "move"
    case "invalid_request":
    case "context_overflow":
    case "aborted":
      return "stop"
  }
}

/** What failed, and how long it has been tried. */
export interface FailedTry {
  readonly failure: ModelFailure
  /** Its place in the chain. */
  readonly candidate: number
  /** Calls of this link in a row that failed, this one included. */
  readonly tries: number
  /** From the first of them to now. */
  readonly elapsedMs: number
}

/** Longer than this nobody waits for a provider while another stands ready. */
export const switchWithinMs = 10_000

/** Between two tries, where the provider wishes for nothing. */
const longestPauseMs = 30_000
/** Who writes is told sooner than that where the last one wishes for a longer pause. */
export const longestWishMs = 60_000

export type NextTry = { status: "try"; candidate: number; delayMs: number } | { status: "give_up" }

/**
 * Where the call goes next. While another link stands ready the pauses are short and bounded in all by `switchWithinMs`; the last
 * link is given the time that its provider wishes, up to `longestWishMs`.
 */
export function nextTry(chain: readonly ChainLink[], failed: FailedTry): NextTry {
  const cure = cureOf(failed.failure.reason)
  if (cure === "stop") return { status: "give_up" }
  const link = chain[failed.candidate]
  const next = failed.candidate + 1
  const hasNext = next < chain.length
  const isWorthRetry = cure === "retry" || (!hasNext && isPatience(failed.failure.reason))
  const isLeft = isWorthRetry && failed.tries <= (link?.maxRetries ?? linkDefaults.maxRetries)
  const ownPauseMs = Math.min(longestPauseMs, (hasNext ? 250 : 1_000) * 4 ** (failed.tries - 1))
  const delayMs = failed.failure.retryAfterMs ?? ownPauseMs
  const isBearable = hasNext ? failed.elapsedMs + delayMs <= switchWithinMs : delayMs <= longestWishMs
  if (isLeft && isBearable) {
    return { status: "try", candidate: failed.candidate, delayMs }
  }
  return hasNext ? { status: "try", candidate: next, delayMs: 0 } : { status: "give_up" }
}

function isPatience(reason: FailureReason): boolean {
  return reason === "first_byte_timeout" || reason === "stalled"
}

/** The name by which the provider knows the link's model. */
export function wireName({ provider, model }: Pick<ChainLink, "provider" | "model">): string {
  return provider === "ollama" && model.startsWith("ollama/") ? model.slice("ollama/".length) : model
}

/** The name by which agents and the catalogue know a model of this provider, however an operator wrote it. */
export function fullName(provider: Provider, model: string): string {
  return provider === "ollama" && !model.startsWith("ollama/") ? `ollama/${model}` : model
}

/** A fallback as an operator wrote it. */
export function linkOfEntry(entry: ChainEntry, key: ChainLink["key"]): ChainLink {
  const { type: provider, baseUrl, model, label, maxRetries, timeoutMs } = entry
  return {
    label,
    provider,
    model: fullName(provider, model),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    key,
    maxRetries,
    timeoutMs,
  }
}

/**
 * The chain with the chosen model at its head, each of its links once. A fallback that names the same model says how that is
 * called: where, with what key, how patiently. But an agent's own key stays that of its model at its usual address.
 * @param chain - not empty
 */
export function headedBy(chosen: ChainLink, chain: readonly ChainLink[]): ChainLink[] {
  const fallbacks = chain.slice(1)
  const same = fallbacks.find((link) => link.provider === chosen.provider && link.model === chosen.model)
  if (same === undefined) return once([chosen, ...fallbacks])
  if (chosen.key !== "group" || same.baseUrl !== undefined) return once([same, ...fallbacks])
  // With a key of its own it is another account, which stands ready as well.
  const others = same.key === "own" ? fallbacks : fallbacks.filter((link) => link !== same)
  return once([{ ...same, key: chosen.key }, ...others])
}

/** What failed is not asked again as if it were another. */
function once(chain: readonly ChainLink[]): ChainLink[] {
  return chain.filter((link, index) => !chain.slice(0, index).some((before) => isSame(link, before)))
}

function isSame(a: ChainLink, b: ChainLink): boolean {
  const isPlace = a.provider === b.provider && a.model === b.model && a.baseUrl === b.baseUrl && a.key === b.key
  return isPlace && (a.key !== "own" || ownerOf(a) === ownerOf(b))
}

/** Names whom a call reaches, for breakers: links with one address and one owner of the key stand and fall together. */
export function breakerOf(link: ChainLink, owner: string | null): string {
  const place = thinkerOf(link)
  const owners = link.key === "own" ? [owner, ownerOf(link)] : link.key === "group" ? [owner] : []
  const named = owners.filter((one) => one !== null)
  return (named.length === 0 ? place : `${place} (${named.join(", ")})`).slice(0, mostBreakerName)
}

/** As much as the Ledger takes. */
const mostBreakerName = 300

/** The label under which an own key is kept. */
export function ownerOf({ label, keyLabel }: Pick<ChainLink, "label" | "keyLabel">): string {
  return keyLabel ?? label
}

/** Who thinks when the link's model does, for replaying it: the provider, or at an address of its own that server. */
export function thinkerOf({ provider, baseUrl }: Pick<ChainLink, "provider" | "baseUrl">): string {
  return baseUrl === undefined ? provider : `${provider} ${hostOf(baseUrl)}`
}

function hostOf(baseUrl: string): string {
  return /^https?:\/\/([^/?#]+)/i.exec(baseUrl)?.[1] ?? baseUrl
}
