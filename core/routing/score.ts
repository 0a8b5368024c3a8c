/**
 * How much must be thought out to answer a message, from 0 to 100, in its conversation. Reads words, numbers and shape; asks no
 * model. LABELLING.md says what for: 0 to 40 is `cheap`, 41 to 75 `middle`, above it `strong`.
 */
import { readMessage, type Reading } from "./reading.ts"
import { isSocial, weightsOf } from "./weights.ts"
import { orderKinds, type WordKind } from "./words.ts"

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

/** Takes well below a millisecond, and a few for a megabyte. The same input always gives the same score. */
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
  // Between two of a person's messages there may be many of the model's.
  const said = history.flatMap(({ role, text }, index) => (role === "user" ? [{ text, index }] : []))
  for (const { text, index } of said.slice(-rememberedMessages)) {
    const reading = readMessage(text)
    const own = scoreAlone(reading, {})
    const goesOn = followsOn(reading, own, history.slice(0, index))
    carried = goesOn || isSocial(reading) ? Math.max(own.score, carried) : Math.max(own.score, carried * decay)
  }
  return Math.round(carried)
}

/** Whether the message leans on what stood before. */
function followsOn(reading: Reading, own: Alone, history: readonly SpokenMessage[]): boolean {
  if (history.length === 0) return false
  const { words, leading } = reading
  const has = (kind: WordKind) => reading.kinds.has(kind)
  const last =
    history
      .findLast(({ role }) => role === "assistant")
      ?.text.slice(-200)
      .trimEnd() ?? ""
  if (has("assent") && words <= 6 && /[?？؟]$/.test(last)) return true
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
