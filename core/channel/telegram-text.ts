/** Cuts an answer into messages that Telegram takes, and writes them as it reads them. Loses no character, doubles none. */
import { scanMarkdown, type Span } from "./markdown-spans.ts"

/** A message's text in UTF-16 units (Telegram Bot API "sendMessage"). */
export const telegramTextLimit = 4_096

/**
 * The messages that carry an answer, Markdown, in order; none for an answer without a visible character. Each is short enough to be
 * sent as plain text too, should Telegram refuse its Markdown.
 */
export function telegramParts(markdown: string): string[] {
  return splitForTelegram(markdown, telegramTextLimit)
}

/**
 * Cuts Markdown into pieces of at most `limit` UTF-16 units, at the border of a paragraph, else of a line, a sentence or a
 * word, and not inside a grapheme, code block, table, link or emphasis that fits into one piece. A longer code block or
 * emphasis is closed where it is cut and opened again. White space at a cut is dropped, except inside code blocks; lone
 * surrogates become U+FFFD.
 * @param limit - at least 16
 */
export function splitForTelegram(markdown: string, limit: number): string[] {
  const text = closeLastFence(normalize(markdown))
  if (text.length <= limit) return isBlank(text) ? [] : [text]
  const source = { text, limit, ...layOut(text, limit) }
  const pieces: string[] = []
  let at = 0
  let around: readonly Span[] = []
  while (at < text.length) {
    const opened = around.map((span) => span.open).join("")
    if (opened.length + text.length - at <= limit) {
      pieces.push(opened + text.slice(at))
      break
    }
    const cut = chooseCut(source, at, opened.length)
    around = cut.around
    const inFence = around.some((span) => span.kind === "fence")
    const body = inFence ? text.slice(at, cut.at) : text.slice(at, cut.at).trimEnd()
    if (!isBlank(body)) pieces.push(opened + body + closing(body, around))
    at = inFence ? cut.at : skipSpace(text, cut.at)
  }
  return pieces.filter((piece) => !isBlank(piece))
}

interface Source {
  readonly text: string
  readonly limit: number
  /** By position: 1 where a cut would break what fits into one piece. */
  readonly covered: Uint8Array
  /** Spans that fit into no piece, in order; they may be cut between their markers. */
  readonly oversized: readonly Span[]
}

function layOut(text: string, limit: number): Pick<Source, "covered" | "oversized"> {
  const covered = new Uint8Array(text.length + 1)
  const oversized: Span[] = []
  let coveredTo = 0
  const cover = (start: number, end: number) => {
    covered.fill(1, start + 1, Math.max(start + 1, end))
  }
  for (const span of scanMarkdown(text)) {
    if (span.end - span.start <= limit) {
      if (span.end > coveredTo) cover(span.start, span.end)
      coveredTo = Math.max(coveredTo, span.end)
    } else {
      oversized.push(span)
      if (span.open === "") continue
      cover(span.start, span.contentStart + 1)
      cover(span.contentEnd - 1, span.end)
    }
  }
  return { covered, oversized }
}

/** What a piece that ends inside these spans must end with. */
function closing(body: string, around: readonly Span[]): string {
  return around
    .toReversed()
    .map((span) => (span.kind === "fence" && !body.endsWith("\n") ? `\n${span.close}` : span.close))
    .join("")
}

interface Cut {
  readonly at: number
  /** Spans that the cut closes; an outer one first. */
  readonly around: readonly Span[]
}

/** Better borders first; a border of any kind is better than a cut through what fits into one piece. */
const borders = ["paragraph", "line", "sentence", "word"] as const
type Border = (typeof borders)[number]

function chooseCut(source: Source, start: number, openedLength: number): Cut {
  const { text, limit, covered } = source
  const reach = Math.min(start + limit - openedLength, text.length)
  const touched = source.oversized.filter((span) => span.start < reach && start < span.end && span.open !== "")
  const reserved = touched.reduce((sum, span) => sum + span.close.length + 1, 0)
  const reopened = touched.reduce((sum, span) => sum + span.open.length, 0)
  const closable = reserved + reopened <= limit / 2 ? touched : []
  const end = closable.length === 0 ? reach : reach - reserved
  const half = start + Math.ceil((end - start) / 2)
  const cutAt = (at: number): Cut => ({ at, around: closable.filter((span) => span.start < at && at < span.end) })

  const clear = new Map<Border, number>()
  const inside = new Map<Border, number>()
  let loose: number | undefined
  let at = end
  for (; at >= half && at > start; at -= 1) {
    if (covered[at] === 1) continue
    loose ??= at
    const border = borderAt(text, at)
    if (border === undefined) continue
    const known = closable.some((span) => span.start < at && at < span.end) ? inside : clear
    if (!known.has(border)) known.set(border, at)
    if (border === "paragraph" && known === clear) break
  }
  for (const known of [clear, inside]) {
    for (const border of borders) {
      const best = known.get(border)
      if (best !== undefined) return cutAt(best)
    }
  }
  if (loose !== undefined) return cutAt(wholeCharacters(text, start, loose))
  for (; at > start; at -= 1) {
    if (covered[at] === 1) continue
    loose ??= at
    if (borderAt(text, at) !== undefined) return cutAt(at)
  }
  return cutAt(wholeCharacters(text, start, loose ?? borderOfSpan(source, end, reach, closable) ?? end))
}

/** What fits may end in the room that was kept for closing a span behind it: a cut between the two needs none. */
function borderOfSpan({ covered }: Source, end: number, reach: number, closable: readonly Span[]): number | undefined {
  for (let at = reach; at > end; at -= 1) {
    if (covered[at] !== 1 && !closable.some((span) => span.start < at && at < span.end)) return at
  }
  return undefined
}

/** What ends right before `at`; undefined inside a word. */
function borderAt(text: string, at: number): Border | undefined {
  const before = text.charAt(at - 1)
  const behind = text.charAt(at)
  if (before === "\n") {
    if (behind === "\n") return undefined
    return /\n[ \t]*\n$/.test(text.slice(Math.max(0, at - 40), at)) ? "paragraph" : "line"
  }
  if (joinsPrevious.test(behind)) return undefined
  if ("。！？".includes(before)) return "sentence"
  if (!" \t\u3000".includes(before) || " \t\u3000".includes(behind)) return undefined
  return /[.!?…]["'”’)\]]?[ \t]$/.test(text.slice(Math.max(0, at - 3), at)) ? "sentence" : "word"
}

const joinsPrevious = /[\p{M}\u200d]/u
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })
/** Looked at behind a cut, to see whether a grapheme goes on there. */
const graphemeReach = 64

/** The border of a grapheme at or before `at` and after `start`; of a code point, where one grapheme fills all of it. */
function wholeCharacters(text: string, start: number, at: number): number {
  const found = graphemes.segment(text.slice(start, at + graphemeReach)).containing(at - start)
  const border = found === undefined ? at : start + found.index
  if (border > start) return border
  const splitsPair = /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1))
  return splitsPair && at - 1 > start ? at - 1 : at
}

/** Past blank lines, and past the spaces of a cut in a line; the indentation of a line stays. */
function skipSpace(text: string, from: number): number {
  let at = from
  let lineStart = text.charAt(from - 1) === "\n" ? from : undefined
  while (at < text.length) {
    const char = text.charAt(at)
    if (char === "\n") lineStart = at + 1
    else if (char !== " " && char !== "\t") break
    at += 1
  }
  return lineStart ?? at
}

/** Without line ends of other systems, lone surrogates, and blank lines at either end. */
function normalize(markdown: string): string {
  return markdown
    .replaceAll(/\p{Surrogate}/gu, "\uFFFD")
    .replaceAll(/\r\n?/g, "\n")
    .replace(/^(?:[ \t]*\n)+/, "")
    .trimEnd()
}

/** A code block that the text leaves open is closed, as every renderer does. */
function closeLastFence(text: string): string {
  const last = scanMarkdown(text).findLast((span) => span.kind === "fence")
  const isOpen = last !== undefined && last.end === text.length && last.contentEnd === last.end
  return isOpen ? `${text}\n${last.close}` : text
}

/** Telegram refuses a text of nothing but white space and invisible characters as empty. */
const isBlank = (text: string) => /^[\s\p{Cc}\p{Cf}]*$/u.test(text)
