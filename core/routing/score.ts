/**
 * How much must be thought out to answer a message, from 0 to 100, in its conversation. Reads words, numbers and shape; asks no
 * model. LEGEND: LABELLING.md says what the numbers stand for; 0–40 is `cheap`, 41–75 `middle`, 76–100 `strong`.
 */
import { readMessage, type Reading } from "./reading.ts"
import type { WordKind } from "./lexicon.ts"

export interface SpokenMessage {
  readonly role: "user" | "assistant"
  readonly text: string
}

export interface ScoredInput {
  readonly text: string
  /** What was said before, oldest first, without the message itself. Only the newest few are looked at. */
  readonly history?: readonly SpokenMessage[]
  readonly hasImages?: boolean
  /** The agent has tools that it will likely need for this. */
  readonly toolsLikely?: boolean
}

export interface Complexity {
  /** Whole, 0 to 100. */
  readonly score: number
  /** Short phrases for people, the most telling first. */
  readonly reasons: readonly string[]
  /** The message goes on with what stood before, and has little to say without it. */
  readonly isFollowUp: boolean
}

/** People come back to a matter within this many of their messages. */
const rememberedMessages = 8
/** What a new subject leaves of the weight of the one before, for whoever comes back to it. */
const decay = 0.6

export function scoreComplexity(input: ScoredInput): Complexity {
  const reading = readMessage(input.text)
  const own = scoreAlone(reading, input)
  const history = input.history ?? []
  const follows = followsOn(reading, own, history)
  if (!follows) return { ...own, isFollowUp: false }
  const carried = carriedScore(history)
  if (carried <= own.score) return { ...own, isFollowUp: true }
  return { score: carried, reasons: ["goes on with what stood before", ...own.reasons], isFollowUp: true }
}

interface Alone {
  readonly score: number
  readonly reasons: readonly string[]
}

/** The weight of what the conversation was about, as the newest message finds it. */
function carriedScore(history: readonly SpokenMessage[]): number {
  let carried = 0
  const recent = history.slice(-2 * rememberedMessages)
  for (const [index, message] of recent.entries()) {
    if (message.role !== "user") continue
    const reading = readMessage(message.text)
    const own = scoreAlone(reading, {})
    const goesOn = followsOn(reading, own, recent.slice(0, index))
    carried = goesOn || isSocial(reading) ? Math.max(own.score, carried) : Math.max(own.score, carried * decay)
  }
  return Math.round(carried)
}

/** Whether the message leans on what stood before. */
function followsOn(reading: Reading, own: Alone, history: readonly SpokenMessage[]): boolean {
  if (history.length === 0) return false
  const { words, leading } = reading
  const has = (kind: WordKind) => reading.kinds.has(kind)
  const last = history.findLast(({ role }) => role === "assistant")?.text ?? ""
  if (has("assent") && words <= 6 && /[?？؟]\s*$/.test(last)) return true
  if (isSocial(reading) || reading.materialCharacters > 0 || words > 30) return false
  if (leading.has("follow") && words <= 25) return true
  if (words <= 6 && has("reshape")) return true
  if (words <= 16 && has("pointer") && own.score <= 75) return true
  return words <= 9 && leading.has("follow")
}

/** Nothing but a greeting, thanks or agreement. */
function isSocial({ kinds, words, codeLines, hasQuote }: Reading): boolean {
  const social = kinds.get("social") ?? 0
  if (social === 0 || codeLines > 0 || hasQuote) return false
  const tasks = workKinds.filter((kind) => kinds.has(kind))
  return tasks.length === 0 && (words <= 5 || social * 3 >= words)
}

const workKinds: readonly WordKind[] = [
  "explain",
  "summarise",
  "compare",
  "trouble",
  "snippet",
  "software",
  "quality",
  "build",
  "prove",
  "maths",
  "analyse",
  "law",
  "money",
  "venture",
  "compose",
  "reshape",
  "plan",
]

/** The message without its conversation. */
function scoreAlone(
  reading: Reading,
  { hasImages, toolsLikely }: Pick<ScoredInput, "hasImages" | "toolsLikely">,
): Alone {
  if (isSocial(reading)) return { score: 5, reasons: ["greeting, thanks or agreement"] }
  const found = [...weightsOf(reading)].toSorted((a, b) => b[0] - a[0])
  const [best] = found
  const base = best?.[0] ?? 10
  const extra = (hasImages === true ? 5 : 0) + (toolsLikely === true && base > 40 ? 5 : 0)
  return {
    score: Math.max(0, Math.min(100, Math.round(base + extra))),
    reasons: found.slice(0, 3).map(([, reason]) => reason),
  }
}

type Weight = readonly [score: number, reason: string]

function* weightsOf(reading: Reading): Iterable<Weight> {
  const { kinds, leading, words, numbers, parts, isQuestion } = reading
  const count = (kind: WordKind) => kinds.get(kind) ?? 0
  const has = (kind: WordKind) => kinds.has(kind)
  const depth = 6 * Math.min(4, count("depth")) + 3 * Math.min(4, Math.max(0, parts - 2))

  yield* smallWeights(reading)
  if (passesOn(reading) || isQuick(reading)) return

  if (has("prove")) yield [85, "a proof or derivation"]
  if (count("maths") >= 2 || (has("maths") && (has("show") || has("depth")))) yield [80, "mathematics to be worked out"]
  else if (has("maths") && words > 6) yield [50, "mathematics"]

  const demands = count("quality")
  const isMade = has("build")
  if (isMade && has("software"))
    yield [72 + 5 * Math.min(5, demands + Math.max(0, parts - 2)), "software of several parts"]
  if (isMade && demands >= 3) yield [78 + 2 * Math.min(5, demands), `software with ${demands} demands`]
  if (has("snippet") && (isMade || has("compose"))) yield [50 + 7 * Math.min(4, demands), "a piece of code"]
  if (reading.codeLines > 0) {
    const care = 12 * Math.min(4, demands) + depth + (reading.codeLines > 30 ? 10 : 0)
    yield [48 + care, `code of ${reading.codeLines} lines`]
  }

  const isWeighed = has("analyse") || count("depth") >= 2
  const isCase = words >= 18 && (isWeighed || numbers >= 3)
  if (count("law") >= 3 && words >= 18 && !has("summarise") && !has("compose")) yield [78 + depth / 2, "a case of law"]
  else if (has("law") && isCase && isWeighed) yield [78 + depth / 2, "a case of law"]
  else if (has("law")) yield [48, "a question of law"]
  if (has("money") && isCase && isWeighed) yield [78 + depth / 2, "a case of money"]
  else if (has("money") && words > 5) yield [48, "a question of money"]
  if (has("venture") && (isMade || isWeighed || has("plan")))
    yield [64 + depth + 4 * Math.min(4, numbers), "a plan with much to weigh"]
  else if (has("analyse") && words >= 6) yield [52 + depth, "something to be weighed"]
  if (has("plan") && numbers + count("bound") >= 4 && words >= 25)
    yield [62 + 4 * Math.min(5, numbers + count("bound") - 3) + depth, "a plan under many conditions"]
  else if (
    leading.has("plan") ||
    (has("plan") && words > 4 && (isQuestion || isMade || has("request") || has("compose")))
  )
    yield [48, "a plan"]

  if (has("summarise")) yield [48, "a summary"]
  if (has("translate") && (reading.materialCharacters > 0 || words > 40)) yield [48, "a long translation"]
  if (has("compose") && has("text")) yield [50, "a text to write"]
  else if (leading.has("compose") && words > 5) yield [46, "a text to write"]
  if (has("compare") && words > 3) yield [48, "a comparison"]
  if (has("explain") && words > 2) yield [48, "an explanation"]
  if (has("trouble") && words > 4) yield [46, "a fault to find"]
  if (isMade && (has("quality") || words > 8)) yield [46, "something to make"]
  if (numbers >= 3 && isQuestion && words >= 12) yield [50, "a sum in several steps"]
  if (isQuestion && words > 16) yield [44, "a question with circumstances"]
}

/** What is asked for needs no thought: the words are given, or the answer stands in the text. */
function passesOn({ kinds, leading, words, hasQuote, materialCharacters }: Reading): boolean {
  if (materialCharacters > 0 && leading.has("lookup") && words <= 14) return true
  if (!leading.has("transport")) return false
  const isToBeWorded = kinds.has("text") || kinds.has("reshape") || thoughtful.some((kind) => kinds.has(kind))
  return !isToBeWorded || hasQuote
}

const thoughtful: readonly WordKind[] = [
  "explain",
  "summarise",
  "compare",
  "plan",
  "prove",
  "analyse",
  "software",
  "snippet",
]

/** A word or a sentence is to be translated, spelled or explained. */
function isQuick({ kinds, words, hasQuote, materialCharacters, codeLines }: Reading): boolean {
  if (!kinds.has("quick") || materialCharacters > 0 || codeLines > 0 || kinds.has("text")) return false
  return words <= 12 || (hasQuote && words <= 20)
}

function* smallWeights({ kinds, words, isQuestion, numbers, hasQuote }: Reading): Iterable<Weight> {
  if (kinds.has("quick") && (words <= 12 || hasQuote)) yield [15, "a word or sentence"]
  if (kinds.has("transport")) yield [12, "something to pass on or note"]
  if (numbers >= 1 && words <= 10) yield [10, "a sum or a fact"]
  if (isQuestion) yield [20, "a question"]
  yield [Math.min(36, 8 + words / 3), "talk"]
}
