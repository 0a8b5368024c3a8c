/**
 * Finds the stretches of Markdown that lose their meaning when they are cut: code blocks, tables, code, links, emphasis.
 * Linear in the text's length. It is no renderer: where it is unsure it names no span.
 */

export interface Span {
  readonly kind: "fence" | "table" | "code" | "link" | "emphasis"
  readonly start: number
  readonly end: number
  /** Where its content begins and ends, without its markers. */
  readonly contentStart: number
  readonly contentEnd: number
  /** What ends it where it is cut, and what begins it again. Empty where nothing can. */
  readonly close: string
  readonly open: string
}

/** Every span, an outer one before those inside it. Two spans are apart or one holds the other. */
export function scanMarkdown(text: string): Span[] {
  const spans: Span[] = []
  let paragraphStart = -1
  const endParagraph = (end: number) => {
    if (paragraphStart >= 0) scanInline(text, paragraphStart, end, spans)
    paragraphStart = -1
  }
  let at = 0
  while (at < text.length) {
    const block = fenceAt(text, at) ?? tableAt(text, at)
    if (block !== undefined) {
      endParagraph(at)
      spans.push(block)
      at = lineEnd(text, block.end) + 1
      continue
    }
    const end = lineEnd(text, at)
    if (isBlank(text, at, end)) endParagraph(at)
    else if (paragraphStart < 0) paragraphStart = at
    at = end + 1
  }
  endParagraph(text.length)
  return withoutOverlaps(spans)
}

/** Longer lines than this open no fence and head no table. */
const maxMarkerLine = 1_000
const openingFence = /^((?:[ \t]*>)*[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)(`{3,16}|~{3,16})([^\n]*)$/
const closingFence = /^(?:[ \t]*>)*[ \t]*(`{3,}|~{3,})[ \t]*$/
const tableRule = /^[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/

/** A fenced code block that begins on this line (CommonMark 4.5), also in a quotation or as a list's item. */
function fenceAt(text: string, start: number): Span | undefined {
  const firstEnd = lineEnd(text, start)
  if (firstEnd - start > maxMarkerLine) return undefined
  const line = text.slice(start, firstEnd)
  if (!line.includes("```") && !line.includes("~~~")) return undefined
  const [, prefix = "", marker = "", info = ""] = openingFence.exec(line) ?? []
  const kind = marker.charAt(0)
  if (kind === "" || info.startsWith(kind) || (kind === "`" && info.includes("`"))) return undefined
  const depth = quoteDepth(prefix)
  const indent = prefix.length > 40 ? "" : prefix.replaceAll(/[^>\s]/g, " ")
  const [language = ""] = info.trim().split(/\s/)
  const again = {
    kind: "fence",
    start,
    contentStart: Math.min(firstEnd + 1, text.length),
    open: `${indent}${marker}${language.length > 32 ? "" : language}\n`,
    close: `${indent}${marker}`,
  } as const
  let at = firstEnd + 1
  while (at < text.length) {
    const end = lineEnd(text, at)
    const head = text.slice(at, Math.min(end, at + maxMarkerLine))
    if (depth > 0 && quoteDepth(head) < depth) return { ...again, contentEnd: at - 1, end: at - 1 }
    const [, closing = ""] = closingFence.exec(head) ?? []
    if (closing.startsWith(marker)) return { ...again, contentEnd: at, end }
    at = end + 1
  }
  return { ...again, contentEnd: text.length, end: text.length }
}

/** A table that begins on this line (GitHub Flavored Markdown 4.10). */
function tableAt(text: string, start: number): Span | undefined {
  const headEnd = lineEnd(text, start)
  const ruleEnd = lineEnd(text, headEnd + 1)
  if (ruleEnd - start > 2 * maxMarkerLine || !hasBar(text, start, headEnd) || !hasBar(text, headEnd + 1, ruleEnd)) {
    return undefined
  }
  if (!tableRule.test(text.slice(headEnd + 1, ruleEnd))) return undefined
  let end = ruleEnd
  while (end < text.length) {
    const rowEnd = lineEnd(text, end + 1)
    if (!hasBar(text, end + 1, rowEnd)) break
    end = rowEnd
  }
  return { kind: "table", start, contentStart: start, contentEnd: end, end, open: "", close: "" }
}

interface Opener {
  readonly position: number
  length: number
}
const emphasisMarkers = ["*", "_", "~", "|", "="]
/** A link's address is not looked for further than this. */
const maxAddress = 2_048

/** Code, links and emphasis of one paragraph. */
function scanInline(text: string, start: number, end: number, found: Span[]): void {
  const ticks = backtickRuns(text, start, end)
  const brackets: number[] = []
  const openers = new Map<string, Opener[]>(emphasisMarkers.map((marker) => [marker, []]))
  const forgetOpenersAfter = (position: number) => {
    for (const stack of openers.values()) while ((stack.at(-1)?.position ?? -1) > position) stack.pop()
  }
  let at = start
  while (at < end) {
    const char = text.charAt(at)
    if (char === "\\") at += 2
    else if (char === "`") {
      const span = codeAt(text, at, end, ticks)
      if (span !== undefined) found.push(span)
      at = span?.end ?? runEnd(text, at, end)
    } else if (char === "[") {
      brackets.push(at)
      at += 1
    } else if (char === "]") {
      const label = brackets.pop()
      const addressEnd = label === undefined ? undefined : addressEndAt(text, at + 1, end)
      if (label !== undefined && addressEnd !== undefined) {
        const first = text.charAt(label - 1) === "!" && label > start ? label - 1 : label
        found.push({
          kind: "link",
          start: first,
          contentStart: first,
          contentEnd: addressEnd,
          end: addressEnd,
          ...bare,
        })
        forgetOpenersAfter(label)
      }
      at = addressEnd ?? at + 1
    } else if (emphasisMarkers.includes(char)) {
      const markersEnd = runEnd(text, at, end)
      const stack = openers.get(char)
      if (stack !== undefined)
        emphasize(text, { start: at, end: markersEnd, limit: end }, stack, found, forgetOpenersAfter)
      at = markersEnd
    } else at += 1
  }
}

const bare = { open: "", close: "" } as const

/** Ends the emphasis that a run of markers ends, else remembers what it may begin (CommonMark 6.2, without its rule of three). */
function emphasize(
  text: string,
  run: { start: number; end: number; limit: number },
  stack: Opener[],
  found: Span[],
  forgetOpenersAfter: (position: number) => void,
): void {
  const char = text.charAt(run.start)
  const length = run.end - run.start
  if (char === "*" || char === "_" ? length > 3 : length !== 2) return
  const before = run.start === 0 ? " " : text.charAt(run.start - 1)
  const behind = run.end >= run.limit ? " " : text.charAt(run.end)
  const inWord = char === "_" && isWordCharacter(before) && isWordCharacter(behind)
  let left = isSpace(before) || inWord ? 0 : length
  let at = run.start
  while (left > 0) {
    const opener = stack.at(-1)
    if (opener === undefined) break
    const used = Math.min(opener.length, left)
    const marker = char.repeat(used)
    const start = opener.position + opener.length - used
    const markers = { contentStart: start + used, contentEnd: at, open: marker, close: marker }
    if (at > markers.contentStart) found.push({ kind: "emphasis", start, end: at + used, ...markers })
    forgetOpenersAfter(opener.position)
    opener.length -= used
    if (opener.length === 0) stack.pop()
    left -= used
    at += used
  }
  const isUnused = at === run.start
  if (isUnused && !isSpace(behind) && !inWord) stack.push({ position: run.start, length })
}

interface BacktickRuns {
  readonly positions: Map<number, number[]>
  readonly next: Map<number, number>
}

function backtickRuns(text: string, start: number, end: number): BacktickRuns {
  const positions = new Map<number, number[]>()
  let at = text.indexOf("`", start)
  while (at >= 0 && at < end) {
    const behind = runEnd(text, at, end)
    const known = positions.get(behind - at)
    if (known === undefined) positions.set(behind - at, [at])
    else known.push(at)
    at = text.indexOf("`", behind)
  }
  return { positions, next: new Map() }
}

/** Inline code: ends at the next run of as many backticks (CommonMark 6.1). */
function codeAt(text: string, start: number, end: number, runs: BacktickRuns): Span | undefined {
  const length = runEnd(text, start, end) - start
  const positions = runs.positions.get(length) ?? []
  let next = runs.next.get(length) ?? 0
  while ((positions[next] ?? end) <= start) next += 1
  runs.next.set(length, next)
  const closing = positions[next]
  if (closing === undefined) return undefined
  const marker = "`".repeat(length)
  const content = { contentStart: start + length, contentEnd: closing }
  return { kind: "code", start, end: closing + length, ...content, open: marker, close: marker }
}

/** Where `(address)` ends; undefined where none begins here. One pair of parentheses may stand inside. */
function addressEndAt(text: string, start: number, end: number): number | undefined {
  if (text.charAt(start) !== "(") return undefined
  let depth = 0
  for (let at = start; at < Math.min(end, start + maxAddress); at += 1) {
    const char = text.charAt(at)
    if (char === "\n") return undefined
    if (char === "\\") at += 1
    else if (char === "(") depth += 1
    else if (char === ")") depth -= 1
    if (depth > 2) return undefined
    if (depth === 0) return at + 1
  }
  return undefined
}

/** Sorted; emphasis that crosses another span's border is no emphasis. */
function withoutOverlaps(spans: Span[]): Span[] {
  const sorted = spans.sort((a, b) => a.start - b.start || b.end - a.end)
  const dropped = new Set<Span>()
  const around: Span[] = []
  for (const span of sorted) {
    while ((around.at(-1)?.end ?? Infinity) <= span.start) around.pop()
    while (around.length > 0) {
      const outer = around.at(-1)
      if (outer === undefined || span.end <= outer.end) break
      const loser = outer.kind === "emphasis" ? outer : span
      dropped.add(loser)
      if (loser === span) break
      around.pop()
    }
    if (!dropped.has(span)) around.push(span)
  }
  return sorted.filter((span) => !dropped.has(span))
}

function lineEnd(text: string, start: number): number {
  const newline = text.indexOf("\n", start)
  return newline < 0 ? text.length : newline
}

function runEnd(text: string, start: number, end: number): number {
  let at = start
  while (at < end && text.charAt(at) === text.charAt(start)) at += 1
  return at
}

function quoteDepth(head: string): number {
  let depth = 0
  for (const char of head) {
    if (char === ">") depth += 1
    else if (char !== " " && char !== "\t") break
  }
  return depth
}

function hasBar(text: string, start: number, end: number): boolean {
  return text.slice(start, end).includes("|")
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (!isSpace(text.charAt(at))) return false
  return true
}

const isSpace = (char: string) => char === " " || char === "\n" || char === "\t"
const isWordCharacter = (char: string) => /[\p{L}\p{N}_]/u.test(char)
