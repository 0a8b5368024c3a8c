/**
 * How much must be thought out to answer a message, from 0 to 100, in its conversation. Asks no model. LABELLING.md says what for:
 * 0 to 40 is `cheap`, 41 to 75 `middle`, above it `strong`.
 */
import { classify, encode, kindsFor, type Likelihoods, type Weights } from "./classifier.ts"
import { type Context, featuresOf, type Tier, tiers } from "./features.ts"
import { phrasesFor } from "./phrases.ts"
import { weights } from "./trained.ts"

export interface SpokenMessage {
  readonly role: "user" | "assistant"
  readonly text: string
}

export interface ScoredInput {
  readonly text: string
  /** What was said before, oldest first, without the message itself. Only the newest few are looked at. */
  readonly history?: readonly SpokenMessage[]
  readonly hasImages?: boolean
}

export interface Complexity {
  /** Whole, 0 to 100. */
  readonly score: number
  /** Short phrases for people, the most telling first. */
  readonly reasons: readonly string[]
}

/** People come back to a matter within this many of their messages. */
const rememberedMessages = 6
/** The highest scores of `cheap` and `middle`. */
const cheapest = 40
const middle = 75

/** Takes well below a millisecond, and a few for a megabyte. The same input always gives the same score. */
export function scoreComplexity({ text, history = [], hasImages = false }: ScoredInput): Complexity {
  const context = contextOf(history, weights)
  const features = featuresOf(text, hasImages, context)
  const likely = classify(encode(features), weights)
  const tier = tierOf(likely)
  const carries = context !== undefined && tiers.indexOf(tier) > tiers.indexOf(tierAlone(text, hasImages))
  const phrases = phrasesFor(kindsFor(tier, features, weights))
  return { score: scoreOf(likely), reasons: carries ? ["goes on with what stood before", ...phrases] : phrases }
}

/** What a message finds before it; undefined at the beginning of a conversation. */
export function contextOf(history: readonly SpokenMessage[], weights: Weights): Context | undefined {
  if (history.length === 0) return undefined
  const said = history.flatMap(({ role }, at) => (role === "user" ? [at] : [])).slice(-rememberedMessages)
  const before: Tier[] = []
  for (const at of said) {
    const context = at === 0 ? undefined : { tiers: [...before], answer: answerBefore(history, at) }
    before.push(tierOf(classify(encode(featuresOf(history[at]?.text ?? "", false, context)), weights)))
  }
  return { tiers: before, answer: answerBefore(history, history.length) }
}

function answerBefore(history: readonly SpokenMessage[], at: number): string {
  return history.findLast(({ role }, index) => index < at && role === "assistant")?.text ?? ""
}

const tierAlone = (text: string, hasImages: boolean): Tier =>
  tierOf(classify(encode(featuresOf(text, hasImages, undefined)), weights))

/** The median: what half of the likelihood is not below. Unlike the likeliest, it is in the middle where both ends are likely. */
export function tierOf({ cheap, strong }: Likelihoods): Tier {
  if (cheap >= 0.5) return "cheap"
  return strong > 0.5 ? "strong" : "middle"
}

/** Rises with the likelihood of the dearer tiers, within the bounds of the tier. */
function scoreOf(likely: Likelihoods): number {
  const { cheap, strong } = likely
  const tier = tierOf(likely)
  if (tier === "cheap") return Math.round(2 * (1 - cheap) * cheapest)
  if (tier === "strong") return Math.ceil(middle + 2 * (strong - 0.5) * (100 - middle) + 0.01)
  return Math.ceil(cheapest + (0.5 - cheap + strong) * (middle - cheapest) + 0.01)
}
