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
/** The highest scores of `cheap` and of `middle`. */
const mostOfCheap = 40
const mostOfMiddle = 75

/** Takes well below a millisecond, and a few for a megabyte. The same input always gives the same score. */
export function scoreComplexity({ text, history = [], hasImages = false }: ScoredInput): Complexity {
  const context = contextOf(history, weights)
  const features = featuresOf(text, hasImages, context)
  const likely = classify(encode(features), weights)
  const tier = tierOf(likely)
  const carries =
    context !== undefined && tiers.indexOf(tier) > tiers.indexOf(tierIn(undefined, text, hasImages, weights))
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
    before.push(tierIn(context, history[at]?.text ?? "", false, weights))
  }
  return { tiers: before, answer: answerBefore(history, history.length) }
}

function answerBefore(history: readonly SpokenMessage[], at: number): string {
  return history.findLast(({ role }, index) => index < at && role === "assistant")?.text ?? ""
}

const tierIn = (context: Context | undefined, text: string, hasImages: boolean, weights: Weights): Tier =>
  tierOf(classify(encode(featuresOf(text, hasImages, context)), weights))

/** What a miss by two tiers costs, where a miss by one costs 1: in doubt between the ends it is the one between. */
const twoTiers = 2.5

/** How much speaks for each end against the other two tiers, by what a mistake would cost; where one is above 1 it wins. */
function endsOf({ cheap, middle, strong }: Likelihoods): { cheap: number; strong: number } {
  const rest = twoTiers - 1
  return { cheap: cheap / (middle + rest * strong), strong: strong / (middle + rest * cheap) }
}

/** The tier that costs the least if it is a mistake. */
export function tierOf(likely: Likelihoods): Tier {
  const ends = endsOf(likely)
  return ends.cheap > 1 ? "cheap" : ends.strong > 1 ? "strong" : "middle"
}

/** Rises, within the bounds of its tier, with what speaks for the dearer ones. */
function scoreOf(likely: Likelihoods): number {
  const { cheap, strong } = endsOf(likely)
  if (cheap > 1) return Math.floor(mostOfCheap / cheap)
  if (strong > 1) return 100 - Math.floor((99 - mostOfMiddle) / strong)
  const span = mostOfMiddle - mostOfCheap - 1
  return mostOfCheap + 1 + Math.round((span * (1 + strong - cheap)) / 2)
}
