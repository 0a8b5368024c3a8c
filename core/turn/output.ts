/**
 * Long outputs of tools: how much of one is kept, what of it a model is shown at once, and how it reads the rest. Nothing runs
 * again for that. Pure.
 */
import * as z from "zod"

/** The tool by which a model reads on. */
export const readOutputName = "read_output"
/** Of one output in UTF-8; more is kept nowhere. A hundred times what a model reads at once, and little for a Worker's memory. */
export const maxKeptBytes = 2_000_000
/** Of all outputs of a conversation that are kept whole, the newest. Of older ones the part on record stays. */
export const maxKeptBytesOfConversation = 20_000_000

/** What a model reads at once, so that it need not be cut again, and at most. */
const usualLength = 6_000
const mostLength = 20_000
const usualLines = 100
const mostMatches = 20
const aroundMatch = 120
/** Ids of calls are of this form, whoever made them. */
const CallId = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "Give the id of a call, as it stands where an output was cut.")

export const ReadOutput = z
  .object({
    call: CallId.describe("the id that stands where the output was cut"),
    offset: z
      .number()
      .int()
      .min(0)
      .optional()
      .describe("the first character; of a search: where it begins. 0 when absent"),
    length: z.number().int().min(1).max(mostLength).optional().describe(`characters; ${usualLength} when absent`),
    fromLine: z.number().int().min(1).optional().describe("lines in place of characters; the first is 1"),
    toLine: z.number().int().min(1).optional().describe(`the last line; ${usualLines} lines when absent`),
    search: z.string().min(1).max(200).optional().describe("plain words: tells where they stand, whatever their case"),
  })
  .refine(({ offset, length, fromLine }) => fromLine === undefined || (offset === undefined && length === undefined), {
    message: "Give offset and length, or fromLine and toLine.",
  })
  .refine(({ fromLine, toLine }) => toLine === undefined || (fromLine !== undefined && fromLine <= toLine), {
    message: "Give fromLine too, not above toLine.",
  })
  .refine(({ search, length, fromLine }) => search === undefined || (length ?? fromLine) === undefined, {
    message: "A search takes offset alone beside it.",
  })
export type ReadOutput = z.infer<typeof ReadOutput>

/** Stands in an output where its middle is left out. @param left - characters */
export function cutNote(callId: string, left: number, from: number): string {
  return `[… ${left} characters are left out here, from offset ${from} on. The output is kept under ${callId}: ${readOutputName} reads any part of it and searches it, and nothing runs again. …]`
}

/** The same where the whole could not be kept. */
export function lostNote(left: number): string {
  return `[… ${left} characters are left out here, and could not be kept …]`
}

/** Head and tail: what a program says last is often what matters. @param size - characters of the whole, of which `text` may be such a cut */
export function headAndTail(
  text: string,
  characters: number,
  { callId, size }: { callId: string; size: number },
): string {
  const head = wholeEnd(text.slice(0, Math.floor(characters * 0.75)))
  const tail = wholeStart(text.slice(text.length - Math.floor(characters * 0.2)))
  return `${head}\n${cutNote(callId, size - head.length - tail.length, head.length)}\n${tail}`
}

/** The part of an output that was asked for, with where it stands in the whole and how to go on. */
export function readOutput(text: string, wish: ReadOutput): string {
  if (wish.search !== undefined) return findWords(text, wish.search, wish.offset ?? 0)
  const { start, end } =
    wish.fromLine === undefined ? byCharacters(text, wish) : byLines(text, wish.fromLine, wish.toLine)
  if (start >= text.length)
    return `It has ${text.length} characters in ${lineAt(text, text.length)} lines: nothing stands there.`
  const piece = wholeEnd(text.slice(start, end))
  const next = start + piece.length
  const on = next < text.length ? ` Go on with offset ${next}.` : " That is its end."
  return `Characters ${start} to ${next} of ${text.length}, from line ${lineAt(text, start)} on.${on}\n\n${piece}`
}

function byCharacters(text: string, { offset = 0, length = usualLength }: ReadOutput) {
  const start = isInsidePair(text, offset) ? offset - 1 : offset
  // A pair at the very end of a piece of one character would never be read.
  return { start, end: Math.max(start + 2, offset + length) }
}

function byLines(text: string, fromLine: number, toLine = fromLine + usualLines - 1) {
  const start = startOfLine(text, fromLine)
  return { start, end: Math.min(startOfLine(text, toLine + 1), start + mostLength) }
}

/** The length of the text where it has fewer lines. */
function startOfLine(text: string, line: number): number {
  let at = 0
  for (let passed = 1; passed < line; passed += 1) {
    const end = text.indexOf("\n", at)
    if (end < 0) return text.length
    at = end + 1
  }
  return at
}

function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line += 1
  return line
}

function findWords(text: string, words: string, from: number): string {
  const [where, sought] = folded(text, words)
  const found: string[] = []
  let all = 0
  let shownTo = -1
  let next: number | undefined
  for (let at = where.indexOf(sought, from); at >= 0; at = where.indexOf(sought, at + sought.length)) {
    all += 1
    if (at < shownTo) continue
    if (found.length === mostMatches) {
      next ??= at
      continue
    }
    const start = Math.max(0, at - aroundMatch)
    shownTo = at + sought.length + aroundMatch
    const around = wholeEnd(wholeStart(text.slice(start, shownTo))).replaceAll(/\s+/g, " ")
    found.push(`Offset ${at}, line ${lineAt(text, at)}: …${around}…`)
  }
  const place = from === 0 ? "" : ` from offset ${from} on`
  if (all === 0) return `“${words}” is not in its ${text.length} characters${place}.`
  const more = next === undefined ? "" : ` The first are below; search on with offset ${next}.`
  return `“${words}” stands there ${all} times${place}, of ${text.length} characters.${more}\n\n${found.join("\n\n")}`
}

/** Both without case, where that keeps each character in its place. */
function folded(text: string, words: string): [string, string] {
  const lower = text.toLowerCase()
  return lower.length === text.length ? [lower, words.toLowerCase()] : [text, words]
}

function isInsidePair(text: string, offset: number): boolean {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(Math.max(0, offset - 1), offset + 1))
}

/** Without half a character at its end. */
function wholeEnd(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, "")
}

function wholeStart(text: string): string {
  return text.replace(/^[\uDC00-\uDFFF]/, "")
}
