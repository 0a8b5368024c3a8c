/**
 * How much must be thought out to answer a message, from 0 to 100, in its conversation. Reads words, numbers and shape; asks no
 * model. LEGEND: LABELLING.md says what the numbers stand for; 0–40 is `cheap`, 41–75 `middle`, 76–100 `strong`.
 */
import { readMessage, type Reading } from "./reading.ts"
import { orderKinds, type WordKind } from "./lexicon.ts"

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
  if (leading.has("lookup") && words > 4) return false
  if (leading.has("follow") && words <= 25) return true
  if (words <= 6 && has("reshape")) return true
  if (words > 16 || own.score > 75) return false
  if (words <= 14 && matterKinds.some(has)) return true
  const isAsked = has("polite") || orderKinds.some((kind) => reading.openings.has(kind))
  return has("pointer") || (has("it") && isAsked)
}

/** What a short remark is about that means the work before it. */
const matterKinds: readonly WordKind[] = [
  "quality",
  "hard",
  "snippet",
  "trouble",
  "maths",
  "theory",
  "reshape",
  "engineer",
]

/** Nothing but a greeting, thanks or agreement. */
function isSocial({
  kinds,
  leading,
  openings,
  words,
  codeLines,
  hasQuote,
  isQuestion,
  materialCharacters,
}: Reading): boolean {
  const social = kinds.get("social") ?? 0
  if (social === 0 || codeLines > 0 || hasQuote || kinds.has("follow")) return false
  const isOrder = openings.has("polite") || orderKinds.some((kind) => openings.has(kind))
  if (leading.has("gratitude") && !isQuestion && !isOrder) return materialCharacters === 0
  const isWork = workKinds.some((kind) => kinds.has(kind))
  return !isWork && (words <= 3 || social * 3 >= words)
}

const workKinds: readonly WordKind[] = [
  "explain",
  "summarise",
  "compare",
  "trouble",
  "snippet",
  "software",
  "quality",
  "hard",
  "build",
  "prove",
  "maths",
  "theory",
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
  const found = weightsOf(reading).toSorted((a, b) => b[0] - a[0])
  const base = found[0]?.[0] ?? 0
  const extra = (hasImages === true ? 5 : 0) + (toolsLikely === true && base > 40 ? 5 : 0)
  return {
    score: Math.max(0, Math.min(100, Math.round(base + extra))),
    reasons: found.slice(0, 3).map(([, reason]) => reason),
  }
}

/** What a message is found to be, and what that alone is worth. The greatest counts. */
type Weight = readonly [score: number, reason: string]

function weightsOf(reading: Reading): Weight[] {
  const small = smallWeights(reading)
  if (passesOn(reading) || isQuick(reading) || isTalk(reading)) return small
  return [
    ...small,
    ...theoryWeights(reading),
    ...softwareWeights(reading),
    ...caseWeights(reading),
    ...everydayWeights(reading),
  ]
}

const count = ({ kinds }: Reading, kind: WordKind) => kinds.get(kind) ?? 0

/** Words that ask for care, and demands that stand in a row. */
function careOf(reading: Reading): number {
  return 6 * Math.min(4, count(reading, "depth")) + 3 * Math.min(4, Math.max(0, reading.parts - 2))
}

function theoryWeights(reading: Reading): Weight[] {
  const { kinds, words, numbers } = reading
  const has = (kind: WordKind) => kinds.has(kind)
  const maths = count(reading, "maths")
  if (has("prove")) return [[85, "a proof or derivation"]]
  if (has("riddle") && words >= 12) return [[80, "a riddle"]]
  if (has("theory") && has("explain") && !has("why")) return [[55, "theory to be explained"]]
  if (has("theory")) return [[80, "theory"]]
  const isWorkedOut = has("show") || has("depth") || has("why")
  if (maths >= 3 || (maths >= 2 && !has("explain") && words > 5) || (maths >= 1 && isWorkedOut && words >= 8))
    return [[80, "mathematics to be worked out"]]
  return has("maths") && words > 6 && numbers < 3 ? [[50, "mathematics"]] : []
}

function softwareWeights(reading: Reading): Weight[] {
  const { kinds, openings, parts, codeLines, isQuestion } = reading
  const has = (kind: WordKind) => kinds.has(kind)
  const demands = count(reading, "quality") + count(reading, "hard")
  const more = Math.min(5, demands + Math.max(0, parts - 2))
  const found: Weight[] = []
  const isMade =
    has("build") ||
    has("engineer") ||
    (openings.has("advice") && more > 0) ||
    (openings.has("request") && demands > 0 && !has("advice"))
  const isSmall =
    has("snippet") ||
    has("text") ||
    has("craft") ||
    (has("plan") && !has("software") && !has("depth") && reading.numbers < 3)
  if (isMade && has("software") && !has("craft") && !(has("snippet") && demands < 2))
    found.push([78 + 4 * more, "software of several parts"])
  else if (has("hard") && demands >= 2 && !isQuestion && reading.words <= 14)
    found.push([80, "software with hard demands"])
  else if (isMade && (demands >= 3 || (has("hard") && !isSmall)))
    found.push([78 + 3 * more, "software with hard demands"])
  else if ((openings.has("engineer") || (openings.has("how") && has("engineer"))) && !isSmall)
    found.push([78 + 3 * more, "something to be designed and built"])
  if (has("snippet") && (isMade || has("compose"))) found.push([50 + 6 * Math.min(4, demands), "a piece of code"])
  const isLooked = has("trouble") || has("depth") || has("analyse") || has("advice")
  if (reading.words >= 18 && ((demands >= 3 && !isSmall) || (demands >= 2 && isLooked)))
    found.push([78 + 2 * more, "a matter of running systems"])
  if (has("trouble") && demands >= 2) found.push([70 + 4 * more, "a fault in a running system"])
  if (codeLines > 0) {
    const care = 14 * Math.min(4, demands) + careOf(reading) + (codeLines > 30 ? 10 : 0)
    found.push([48 + care, `code of ${codeLines} lines`])
  }
  return found
}

/** Law, money, undertakings, weighing. */
function caseWeights(reading: Reading): Weight[] {
  const { kinds, openings, words, numbers, isQuestion, materialCharacters } = reading
  const has = (kind: WordKind) => kinds.has(kind)
  const care = careOf(reading)
  const isMade = has("build") || has("engineer") || has("compose") || has("plan")
  const isWeighed = has("analyse") || count(reading, "depth") >= 2 || (has("show") && has("depth"))
  const found: Weight[] = []
  for (const [kind, name] of [
    ["law", "law"],
    ["money", "money"],
  ] as const) {
    if (!has(kind)) continue
    const hits = count(reading, kind)
    const isDeep =
      kind === "law" &&
      ((hits >= 3 && words >= 15) ||
        (hits >= 2 && words >= 14 && has("compose")) ||
        (hits >= 2 && words >= 22 && isQuestion))
    const isOfText =
      kind === "law" &&
      materialCharacters > 0 &&
      !has("explain") &&
      (isWeighed || has("advice") || has("why") || has("analyse"))
    if (!has("summarise") && (isOfText || (isWeighed && words >= 8) || isDeep))
      found.push([78 + care / 2, `a case of ${name}`])
    else if (words > 5) found.push([48, `a question of ${name}`])
  }
  if (has("venture") && (isMade || isWeighed || has("analyse")))
    found.push([68 + care + (has("analyse") ? 8 : 0) + 3 * Math.min(4, numbers), "an undertaking"])
  if (openings.has("analyse") && words >= 9 && (has("depth") || count(reading, "analyse") >= 2))
    found.push([78 + care / 2, "much to be weighed"])
  else if (has("analyse") && has("depth") && has("text") && words >= 12) found.push([78, "a text with reasons"])
  else if (has("analyse") && (has("engineer") || has("build")) && words >= 12)
    found.push([78 + care / 2, "to be weighed, and made better"])
  else if (has("analyse") && words >= 6) found.push([52 + care, "something to be weighed"])
  const isReckoned = has("show") || has("build") || has("engineer") || isWeighed || has("analyse")
  if (numbers >= 4 && words >= 18 && isReckoned && !has("transform") && !has("text"))
    found.push([77 + care / 2, "much to be reckoned"])
  const conditions = numbers + 2 * count(reading, "bound")
  if (has("plan") && has("bound") && conditions >= 6 && words >= 18)
    found.push([70 + 2 * Math.min(8, conditions - 4) + care, "a plan under many conditions"])
  if (has("compare") && words >= 12 && (has("depth") || isWeighed)) found.push([70 + care, "a comparison with reasons"])
  if (numbers >= 4 && count(reading, "bound") >= 2 && words >= 25 && (isQuestion || isMade))
    found.push([76 + care, "many conditions at once"])
  return found
}

/** What most people could do with a little time. */
function everydayWeights(reading: Reading): Weight[] {
  const { kinds, leading, openings, words, numbers, isQuestion, materialCharacters } = reading
  const has = (kind: WordKind) => kinds.has(kind)
  const found: Weight[] = []
  const isAsked = isQuestion || has("build") || has("request") || has("compose") || has("engineer")
  if (has("summarise")) found.push([48, "a summary"])
  if (has("translate") && (materialCharacters > 0 || words > 40)) found.push([48, "a long translation"])
  if (has("compose") && has("text")) found.push([50, "a text to write"])
  else if (openings.has("compose") && (words > 3 || materialCharacters > 0)) found.push([46, "a text to write"])
  if (has("compare") && words > 3) found.push([48, "a comparison"])
  if (has("explain") && words > 2) found.push([48, "an explanation"])
  if (has("why") && words > 2) found.push([46, "a why"])
  if (has("how") && openings.has("how") && words >= 3 && !(has("lookup") && words <= 9))
    found.push([46, "a way to do something"])
  if (has("advice") && words >= 5) found.push([44, "advice"])
  if (has("trouble") && words > 4) found.push([46, "a fault to find"])
  if (leading.has("plan") || (has("plan") && words > 4 && isAsked)) found.push([48, "a plan"])
  if (isAsked && has("build") && (has("quality") || has("craft") || words > 8)) found.push([46, "something to make"])
  if (openings.has("engineer")) found.push([48, "something to make"])
  if (isQuestion && words >= 12 && numbers >= 2) found.push([46, "a sum in several steps"])
  if (isQuestion && words > 16) found.push([44, "a question with circumstances"])
  else if (
    isQuestion &&
    leading.has("what") &&
    words >= 8 &&
    !leading.has("lookup") &&
    !has("lookup") &&
    !has("transport")
  )
    found.push([42, "an open question"])
  if (openings.has("whatmany") && words >= 5 && !has("lookup")) found.push([43, "several things to tell"])
  if (has("snippet") && !isQuestion && words <= 12) found.push([44, "a piece of code"])
  if (openings.has("give") && words >= 5 && !has("lookup")) found.push([43, "things to think up"])
  if (has("reshape") && (openings.has("request") || openings.has("compose"))) found.push([44, "other words"])
  if (materialCharacters > 0 && isQuestion && words >= 7 && !has("lookup")) found.push([42, "a question about a text"])
  if (openings.has("show") && words > 8) found.push([44, "something to work out"])
  if (has("request") && (has("text") || (openings.has("request") && has("advice"))))
    found.push([46, "something to think up"])
  const isLong = materialCharacters > 0 || words > 14
  if (isLong && (openings.has("transform") || openings.has("request"))) found.push([44, "something made of a text"])
  return found
}

/** What is asked for needs no thought: the words are given, or the answer stands in the text. */
function passesOn({ kinds, leading, words, isQuestion, hasQuote, codeLines, materialCharacters }: Reading): boolean {
  const isLookedUp = kinds.has("lookup") && !kinds.has("explain") && !kinds.has("summarise")
  if (materialCharacters > 0 && isQuestion && isLookedUp && words <= 14) return true
  if (codeLines > 0) return false
  if (leading.has("compose") && hasQuote && words <= 8 && !kinds.has("text") && !kinds.has("reshape")) return true
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
  if (kinds.has("law") || kinds.has("compare") || kinds.has("depth")) return false
  if (!kinds.has("quick") || materialCharacters > 0 || codeLines > 0 || kinds.has("text")) return false
  return words <= 12 || (hasQuote && words <= 20)
}

/** What nobody talks about twice in passing. */
const weightyKinds: readonly WordKind[] = ["prove", "theory", "maths", "hard", "quality", "analyse", "depth", "riddle"]

/** Somebody tells something and asks for nothing. */
function isTalk({ kinds, openings, words, isQuestion, codeLines, materialCharacters }: Reading): boolean {
  if (isQuestion || codeLines > 0 || materialCharacters > 0 || words < 20) return false
  const weighty = weightyKinds.reduce((sum, kind) => sum + (kinds.get(kind) ?? 0), 0)
  return weighty < 2 && !openings.has("polite") && !orderKinds.some((kind) => openings.has(kind))
}

function smallWeights({ kinds, words, isQuestion, numbers, hasQuote }: Reading): Weight[] {
  const found: Weight[] = [[Math.min(36, 8 + words / 3), "talk"]]
  if (kinds.has("quick") && (words <= 12 || hasQuote)) found.push([15, "a word or sentence"])
  if (kinds.has("transport")) found.push([12, "something to pass on or note"])
  if (numbers >= 1 && words <= 10) found.push([10, "a sum or a fact"])
  if (isQuestion) found.push([20, "a question"])
  return found
}
