/**
 * What a message, read without its conversation, is found to be, and what each finding is worth from 0 to 100. The numbers are set by
 * hand against LABELLING.md: what is `middle` begins at 41, what is `strong` at 76, and care or demands lift a finding within its kind.
 */
import type { Reading } from "./reading.ts"
import { orderKinds, type WordKind } from "./words.ts"

/** One finding, and what it alone is worth. */
export type Weight = readonly [score: number, reason: string]

/** All findings, in no order; the greatest is what the message is worth. There is always one. */
export function weightsOf(reading: Reading): Weight[] {
  const small = smallWeights(reading)
  if (wantsAWord(reading) || wantsAName(reading) || passesOn(reading) || isQuick(reading) || isTalk(reading))
    return small
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
  const maths = count(reading, "maths") + (reading.formulas >= 2 ? reading.formulas : 0)
  if (has("prove")) return [[85, "a proof or derivation"]]
  if (has("riddle") && words >= 12) return [[80, "a riddle"]]
  if (has("theory") && has("explain") && !has("why")) return [[55, "theory to be explained"]]
  if (has("theory")) return [[80, "theory"]]
  const isWorkedOut = has("show") || has("depth")
  if (maths >= 3 || (maths >= 2 && !has("explain") && words > 5) || (maths >= 1 && isWorkedOut && words >= 8))
    return [[80, "mathematics to be worked out"]]
  return has("maths") && words > 6 && numbers < 3 && !(reading.asksForOne && words <= 9 && numbers > 0)
    ? [[50, "mathematics"]]
    : []
}

function softwareWeights(reading: Reading): Weight[] {
  const { kinds, leading, openings, early, parts, codeLines, isQuestion } = reading
  const has = (kind: WordKind) => kinds.has(kind)
  const demands = count(reading, "quality") + count(reading, "hard")
  const more = Math.min(5, demands + Math.max(0, parts - 2))
  const found: Weight[] = []
  // A text about software is not software.
  if (reading.thing === "text" && has("compose") && codeLines === 0) return []
  const isMade =
    has("build") ||
    has("engineer") ||
    (openings.has("advice") && more > 0) ||
    (openings.has("request") && demands > 0 && !has("advice"))
  const isWhole = reading.thing === "software" || reading.thing === "hard"
  const isNamed = !isQuestion && (early.has("software") || early.has("hard")) && !has("transport") && !has("it")
  const isSpecified = reading.hasColon && (has("request") || has("give") || has("build")) && reading.thing !== "text"
  const isSmall =
    has("snippet") ||
    has("text") ||
    has("craft") ||
    (has("plan") && !has("software") && !has("depth") && reading.numbers < 3)
  if (isMade && has("software") && (isWhole || !has("craft")) && !(has("snippet") && demands < 2 && !isWhole))
    found.push([78 + 4 * more, "software of several parts"])
  else if (has("hard") && demands >= 2 && !isQuestion && reading.words <= 14)
    found.push([80, "software with hard demands"])
  else if (isMade && (demands >= 3 || (has("hard") && !isSmall)))
    found.push([78 + 3 * more, "software with hard demands"])
  else if (isNamed && reading.thing === "hard" && demands > 0) found.push([80, "software with hard demands"])
  else if ((isNamed || has("request") || has("give")) && reading.thing === "software" && (parts >= 3 || demands >= 2))
    found.push([78 + 3 * more, "software of several parts"])
  else if (isSpecified && parts >= 4 && demands > 0 && !isQuestion && !has("transport"))
    found.push([78 + 3 * more, "software of several parts"])
  else if (has("build") && demands > 0 && parts >= 3 && reading.words >= 6 && !isSmall && !isQuestion)
    found.push([78 + 3 * more, "software of several parts"])
  else if ((openings.has("engineer") || (openings.has("how") && has("engineer"))) && !isSmall)
    found.push([78 + 3 * more, "something to be designed and built"])
  if (has("snippet") && (isMade || has("compose"))) found.push([50 + 6 * Math.min(4, demands), "a piece of code"])
  const isLooked =
    has("trouble") ||
    has("depth") ||
    has("analyse") ||
    (has("advice") && !openings.has("how") && !leading.has("advice"))
  if (reading.words >= 14 && ((demands >= 3 && !isSmall) || (demands >= 2 && isLooked)))
    found.push([78 + 2 * more, "a matter of running systems"])
  if (has("trouble") && demands >= 2) found.push([70 + 4 * more, "a fault in a running system"])
  if (has("trouble") && has("software") && demands + count(reading, "software") >= 3 && reading.words >= 20)
    found.push([78 + 2 * more, "a fault in a running system"])
  const isSearched = has("trouble") || has("analyse") || has("why") || demands > 0
  if (codeLines > 0 && (has("hard") || (reading.codeIsConcurrent && isSearched)))
    found.push([80, "code that must hold under concurrency"])
  if (codeLines > 0) {
    const care = 14 * Math.min(4, demands) + careOf(reading) + (codeLines > 30 ? 10 : 0)
    found.push([48 + care, `code of ${codeLines} lines`])
  }
  return found
}

/** Law, money, undertakings, weighing. */
function caseWeights(reading: Reading): Weight[] {
  const { kinds, openings, words, numbers, parts, sentences, isQuestion, materialCharacters } = reading
  const has = (kind: WordKind) => kinds.has(kind)
  const care = careOf(reading)
  const isMade = has("build") || has("engineer") || has("compose") || has("plan")
  const isWeighed = has("analyse") || count(reading, "depth") >= 2 || (has("show") && has("depth"))
  const isOwn = has("mine") && (isQuestion || has("advice") || reading.asksInPassing)
  const found: Weight[] = []
  for (const kind of ["law", "money"] as const) {
    if (!has(kind)) continue
    const hits = count(reading, kind)
    const matters = count(reading, "law") + count(reading, "money")
    const isDeep =
      kind === "law" &&
      ((hits >= 3 && words >= 15) ||
        (hits >= 2 && words >= 14 && has("compose")) ||
        (hits >= 2 && words >= 22 && isQuestion) ||
        (isOwn &&
          words >= 14 &&
          (numbers >= 1 || (parts >= 3 && words >= 16) || ((sentences >= 2 || matters >= 2) && words >= 18))) ||
        (hits + count(reading, "money") >= 3 && words >= 17 && isQuestion && !has("compare")))
    const isReckonedCase =
      matters >= 2 &&
      words >= 16 &&
      numbers >= (isOwn || has("depth") ? 2 : 3) &&
      (isQuestion || isOwn || has("compare"))
    const isOfText =
      kind === "law" && materialCharacters > 0 && !has("explain") && (isWeighed || has("advice") || has("why"))
    if (!has("summarise") && (isOfText || (isWeighed && words >= 8) || isDeep || isReckonedCase))
      found.push([78 + care / 2, `a case of ${kind}`])
    else if (words > 5) found.push([48, `a question of ${kind}`])
  }
  if (has("venture") && (isMade || isWeighed))
    found.push([
      (openings.has("plan") ? 72 : 68) + care + (has("analyse") ? 8 : 0) + 3 * Math.min(4, numbers),
      "an undertaking",
    ])
  if (reading.thing === "snippet") return found
  if (openings.has("analyse") && words >= 9 && (has("depth") || count(reading, "analyse") >= 2))
    found.push([78 + care / 2, "much to be weighed"])
  else if (has("analyse") && has("depth") && has("text") && words >= 12) found.push([78, "a text with reasons"])
  else if (has("analyse") && (has("engineer") || has("build")) && words >= 12)
    found.push([78 + care / 2, "to be weighed, and made better"])
  else if (has("analyse") && words >= 6) found.push([52 + care, "something to be weighed"])
  const isReckoned = has("show") || has("build") || has("engineer") || isWeighed
  if (numbers >= 4 && words >= 18 && isReckoned && !has("transform") && !has("text"))
    found.push([77 + care / 2, "much to be reckoned"])
  const conditions = numbers + 2 * count(reading, "bound")
  const isManifold = count(reading, "bound") >= 2 || parts >= 4 || has("depth")
  if (has("plan") && has("bound") && isManifold && conditions >= 6 && words >= 18)
    found.push([70 + 2 * Math.min(8, conditions - 4) + care, "a plan under many conditions"])
  if (has("plan") && reading.parts >= 4 && words >= 15 && (has("depth") || has("law")) && !has("text"))
    found.push([72 + care, "a plan of many parts"])
  if (has("compare") && words >= 12 && (has("depth") || isWeighed)) found.push([70 + care, "a comparison with reasons"])
  if (isBoundTask(reading)) found.push([76 + care, "many conditions at once"])
  if (numbers >= 4 && count(reading, "bound") >= 2 && words >= 25 && (isQuestion || isMade))
    found.push([76 + care, "many conditions at once"])
  return found
}

/** Conditions in a row, that are nobody's story. */
function isBoundTask({ kinds, numbers, parts, words }: Reading): boolean {
  return (kinds.get("bound") ?? 0) >= 2 && numbers >= 2 && parts >= 4 && words >= 20 && !kinds.has("mine")
}

/** What most people could do with a little time. */
function everydayWeights(reading: Reading): Weight[] {
  const { kinds, leading, openings, early, asksForMany, words, numbers, isQuestion, materialCharacters } = reading
  const has = (kind: WordKind) => kinds.has(kind)
  const found: Weight[] = []
  const isAsked = isQuestion || has("build") || has("request") || has("compose") || has("engineer")
  const isPlainRequest = !early.has("social") && !has("gratitude") && !leading.has("mine")
  if (has("summarise")) found.push([48, "a summary"])
  if (has("translate") && (materialCharacters > 0 || words > 40)) found.push([48, "a long translation"])
  if (has("compose") && has("text")) found.push([50, "a text to write"])
  else if (early.has("text") && words >= 3 && !isQuestion && !has("transport") && isPlainRequest)
    found.push([44, "a text to write"])
  else if (
    early.has("product") &&
    words >= 3 &&
    (!isQuestion || leading.has("product")) &&
    !has("transport") &&
    isPlainRequest
  )
    found.push([44, "a plan"])
  else if (openings.has("compose") && (words > 3 || materialCharacters > 0)) found.push([46, "a text to write"])
  if (has("compare") && words > 3 && !(leading.has("lookup") && words <= 10)) found.push([48, "a comparison"])
  if (reading.asksForNotion && !reading.hasQuote && !has("lookup") && !has("quick")) found.push([43, "a notion"])
  if (has("explain") && words > 2) found.push([48, "an explanation"])
  if (has("why") && words > 2) found.push([46, "a why"])
  if (has("how") && openings.has("how") && (words >= 3 || reading.hasQuote) && !(has("lookup") && words <= 9))
    found.push([46, "a way to do something"])
  if (has("advice") && words >= 4) found.push([44, "advice"])
  if (has("trouble") && words > 4) found.push([46, "a fault to find"])
  if (leading.has("plan") || (has("plan") && words > 4 && isAsked && !leading.has("lookup"))) found.push([48, "a plan"])
  if (isAsked && has("build") && (has("quality") || has("craft") || words > 8)) found.push([46, "something to make"])
  if (openings.has("engineer") || (openings.has("build") && words >= 4)) found.push([46, "something to make"])
  if (leading.has("mine") && isQuestion && words >= 6 && !has("lookup")) found.push([44, "a matter of one's own"])
  if (isQuestion && words >= 12 && numbers >= 2) found.push([46, "a sum in several steps"])
  if (isQuestion && words > 16) found.push([44, "a question with circumstances"])
  else if (
    isQuestion &&
    leading.has("what") &&
    words >= (reading.asksForOne ? 12 : 8) &&
    !leading.has("lookup") &&
    !has("lookup") &&
    !has("transport")
  )
    found.push([42, "an open question"])
  if ((asksForMany || openings.has("whatmany")) && words >= 5 && !has("lookup"))
    found.push([43, "several things to tell"])
  if (leading.has("code") && words >= 4) found.push([43, "a question of code"])
  if (has("product") && isQuestion && words >= 4 && !has("lookup")) found.push([43, "a plan"])
  if (has("compose") && reading.hasQuote && words >= 4) found.push([43, "a text to make better"])
  if (has("code") && words >= (isQuestion ? 9 : 5) && !has("lookup") && !has("quick"))
    found.push([43, "a question of code"])
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

/** Wants no more than a word for an answer, whatever the page is about that comes with it. */
function wantsAWord({ kinds, words, hasQuote, codeLines, materialCharacters }: Reading): boolean {
  if (!kinds.has("onlysay") || (codeLines > 0 && !hasQuote)) return false
  return materialCharacters > 0 || hasQuote || words <= 8
}

const notOfNames: readonly WordKind[] = ["why", "how", "depth", "mine", "advice", "law", "money", "riddle", "explain"]

/** Who it was, or in which year: not what they did, nor what is to be done. */
function wantsAName({ kinds, leading, words, isQuestion, sentences, parts }: Reading): boolean {
  if (!leading.has("origin") || !isQuestion || words > 12 || sentences > 1 || parts > 1) return false
  return !notOfNames.some((kind) => kinds.has(kind))
}

/** What is asked for needs no thought: the words are given, or the answer stands in the text. */
function passesOn({
  kinds,
  leading,
  words,
  givesWords,
  isQuestion,
  hasQuote,
  codeLines,
  materialCharacters,
}: Reading): boolean {
  const isLookedUp = kinds.has("lookup") && !kinds.has("explain") && !kinds.has("summarise")
  if (materialCharacters > 0 && isQuestion && isLookedUp && words <= 14) return true
  if (codeLines > 0) return kinds.has("trifle") && words <= 10 && !kinds.has("explain") && !kinds.has("why")
  if (
    leading.has("transform") &&
    kinds.has("it") &&
    words <= 14 &&
    !kinds.has("reshape") &&
    !kinds.has("compose") &&
    !kinds.has("code")
  )
    return true
  if (leading.has("compose") && hasQuote && words <= 8 && !kinds.has("text") && !kinds.has("reshape")) return true
  if (leading.has("remind") && codeLines === 0) return true
  const isWorded = kinds.has("text") && !givesWords && !hasQuote
  const isAskedBack = kinds.has("explain") || kinds.has("summarise") || kinds.has("prove") || kinds.has("compose")
  if (leading.has("relay") && !isWorded && !isAskedBack && !kinds.has("reshape") && materialCharacters === 0)
    return true
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

/** What is asked for with these takes thought, however small the rest looks. */
function isNeverSmall(kinds: Reading["kinds"]): boolean {
  return kinds.has("prove") || kinds.has("theory") || kinds.has("engineer")
}

/** A word or a sentence is to be translated, spelled or explained. */
function isQuick({ kinds, leading, words, hasQuote, materialCharacters, codeLines }: Reading): boolean {
  // "What does it mean, and how do I …": the word is only where it begins.
  const isAskedHow =
    words > 6 && (kinds.has("how") || kinds.has("advice")) && !leading.has("how") && !leading.has("advice")
  if (kinds.has("trouble") || leading.has("explain") || leading.has("code") || isAskedHow || isNeverSmall(kinds))
    return false
  if (kinds.has("law") || kinds.has("compare") || kinds.has("depth")) return false
  if ((kinds.get("unit") ?? 0) >= 2 && words <= 12 && !kinds.has("text") && !kinds.has("snippet")) return true
  if (!kinds.has("quick") || materialCharacters > 0 || codeLines > 0 || kinds.has("text")) return false
  return words <= 12 || (hasQuote && words <= 20)
}

/** What nobody talks about twice in passing. */
const weightyKinds: readonly WordKind[] = ["prove", "theory", "maths", "hard", "quality", "analyse", "depth", "riddle"]

/** Somebody tells something and asks for nothing. */
function isTalk(reading: Reading): boolean {
  const { kinds, openings, words, isQuestion, asksInPassing, codeLines, materialCharacters } = reading
  if (isBoundTask(reading) || isNeverSmall(kinds)) return false
  if ((asksInPassing || kinds.has("advice")) && (kinds.has("law") || kinds.has("money"))) return false
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

/** Nothing but a greeting, thanks or agreement. */
export function isSocial({
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
