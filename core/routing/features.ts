/**
 * A message in its conversation as numbers that a classifier reads: kinds of words and shape, which speak every language, and
 * spellings, which speak for those that the lexicon does not know.
 */
import { fold } from "./lexicon.ts"
import { isUnspaced, readMessage, sampleOf, tokensOf, type Reading } from "./reading.ts"
import type { WordKind } from "./words.ts"

/** What LABELLING.md tells apart, in order. */
export const tiers = ["cheap", "middle", "strong"] as const
export type Tier = (typeof tiers)[number]

export interface Features {
  /** Kinds of words, counts and what stood before: also seen by the hidden units. */
  readonly signs: ReadonlyMap<string, number>
  /** Words, parts of words, and words that are neighbours. */
  readonly spellings: ReadonlyMap<string, number>
}

/** What stood before a message. */
export interface Context {
  /** How the person's newest messages before it were classified, oldest first. */
  readonly tiers: readonly Tier[]
  /** What the assistant said last; empty where it said nothing. */
  readonly answer: string
}

/** Of the request so much is spelled out: what is asked for stands there. */
const spelledCharacters = 800
/** Of the beginning, the end and each question of a text. */
const segmentCharacters = 400
const steps = [1, 2, 4, 8, 12, 16, 24, 32, 64, 200]

/** @param context - undefined at the beginning of a conversation */
export function featuresOf(text: string, hasImages: boolean, context: Context | undefined): Features {
  const reading = readMessage(text)
  const signs = new Map<string, number>()
  const spellings = new Map<string, number>()
  if (hasImages) signs.set("images", 1)
  addReading(reading, signs)
  addSegments(text, signs, spellings)
  addSpellings(reading, spellings)
  if (context !== undefined) addContext(reading, context, signs, spellings)
  return { signs, spellings }
}

function addReading(reading: Reading, signs: Map<string, number>): void {
  // Where words of many kinds stand, as on a pasted page, each says less.
  const weight = 2 / Math.sqrt(4 + reading.kinds.size)
  for (const [kind, times] of reading.kinds) {
    signs.set(kindSign("kind", kind), weight)
    signs.set(kindSign("times", kind), (weight * Math.min(times, 4)) / 2)
  }
  if (reading.isQuestion) signs.set("question", 1)
  if (reading.asksInPassing) signs.set("asks in passing", 1)
  const { words, sentences, formulas, numbers, parts, codeLines, materialCharacters } = reading
  const counts = { words, sentences, formulas, numbers, parts, codeLines, materialCharacters }
  for (const [name, count] of Object.entries(counts))
    for (const step of steps) if (count >= step) signs.set(`${name} >= ${step}`, 0.7)
}

/** In a longer text, people ask at its beginning, at its end, or with a question mark. */
function addSegments(text: string, signs: Map<string, number>, spellings: Map<string, number>): void {
  const sentences = fold(sampleOf(text))
    .split(/(?<=[.!?])\s+|(?<=[。！？।؟])|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence.length > 1)
  signs.set(`sentences ${magnitude(sentences.length, 8)}`, 1)
  signs.set(`characters ${magnitude(text.length, 14)}`, 1)
  if (sentences.length < 2) return
  const questions = sentences.filter((sentence) => /[?？؟]/.test(sentence))
  signs.set(`questions ${Math.min(3, questions.length)}`, 1)
  const segments = [
    ["first", sentences[0] ?? ""],
    ["last", sentences.at(-1) ?? ""],
    ...questions.slice(0, 2).map((question) => ["question", question] as const),
  ] as const
  for (const [place, sentence] of segments) {
    const { kinds, words } = readMessage(sentence.slice(0, segmentCharacters))
    for (const kind of kinds.keys()) signs.set(kindSign(place, kind), 0.7)
    signs.set(`${place} words ${bandOf(words, [3, 6, 10, 16, 30])}`, 0.7)
    for (const word of openingOf(tokensOf(sentence), 3)) spellings.set(`${place} ${word}`, 0.4)
  }
}

function addSpellings({ request, tokens }: Reading, spellings: Map<string, number>): void {
  const spelled = request.length > spelledCharacters ? tokensOf(request.slice(0, spelledCharacters)) : tokens
  const units = spelled.flatMap((token) => (isUnspaced(token) ? charactersOf(token) : [token, ...beginningsOf(token)]))
  const weight = 2 / Math.sqrt(Math.max(1, units.length))
  for (const unit of units) spellings.set(`. ${unit}`, weight)
  for (const pair of pairsOf(spelled)) spellings.set(`pair ${pair}`, weight)
  for (const word of openingOf(spelled, 3)) spellings.set(`early ${word}`, 0.5)
  for (const word of openingOf(spelled, 1)) spellings.set(`start ${word}`, 0.5)
}

function addContext(
  reading: Reading,
  { tiers, answer }: Context,
  signs: Map<string, number>,
  spellings: Map<string, number>,
): void {
  const last = tiers.at(-1) ?? "none"
  const work = workBefore(tiers)
  const asked = /[?？؟]\s*$/.test(answer)
  const size = bandOf(reading.words, [2, 4, 7, 12, 20])
  signs.set("after", 1)
  signs.set(`after ${last}`, 1)
  signs.set(`after work ${work}`, 1)
  signs.set(`after ${size}`, 1)
  signs.set(`after ${size} ${work}`, 1)
  if (reading.isQuestion) signs.set(`after question ${work}`, 0.7)
  if (asked) {
    signs.set("asked", 1)
    signs.set(`asked ${work}`, 1)
    if (reading.words <= 4) signs.set(`asked briefly ${work}`, 1)
  }
  for (const kind of reading.kinds.keys()) {
    signs.set(kindSign("after", kind), 0.7)
    signs.set(kindSign(`after ${work}`, kind), 0.7)
  }
  for (const word of openingOf(reading.tokens, 2)) {
    spellings.set(`after ${word}`, 0.5)
    spellings.set(`after ${work} ${word}`, 0.5)
  }
}

/** The dearest of the newest messages; what is further back counts for one less. */
function workBefore(before: readonly Tier[]): Tier | "none" {
  const ranks = before.map((tier, index) => tiers.indexOf(tier) - (index < before.length - 3 ? 1 : 0))
  return tiers[Math.max(-1, ...ranks)] ?? (before.length === 0 ? "none" : "cheap")
}

/** The sign that a word of the kind stands there. `kindOf` reads it back. */
const kindSign = (place: string, kind: WordKind) => `${place}: ${kind}`

/** The kind of words that a sign is about. */
export function kindOf(sign: string): string | undefined {
  return /: (\w+)$/.exec(sign)?.[1]
}

const bandOf = (count: number, bounds: readonly number[]) => bounds.filter((bound) => count >= bound).length
const magnitude = (count: number, most: number) => Math.min(most, Math.ceil(Math.log2(1 + count)))

/** The first words, cut to what endings leave alone. */
const openingOf = (tokens: readonly string[], count: number) =>
  tokens.slice(0, count).map((token) => token.slice(0, isUnspaced(token) ? 2 : 8))

/** Neighbours, cut as openings are: "which day" asks for less than "which" and "day" may. */
const pairsOf = (tokens: readonly string[]) =>
  tokens.slice(1).map((token, at) => `${(tokens[at] ?? "").slice(0, 8)} ${token.slice(0, 8)}`)

/** Beginnings stand in for stems. */
const beginningsOf = (token: string) =>
  [4, 6].flatMap((length) => (token.length >= length ? [`${token.slice(0, length)}-`] : []))

/** Where words are not told apart by spaces, each one to three characters may be one. */
function charactersOf(run: string): string[] {
  const characters = Array.from(run)
  return [1, 2, 3].flatMap((length) =>
    characters.slice(0, characters.length - length + 1).map((_, at) => characters.slice(at, at + length).join("")),
  )
}
