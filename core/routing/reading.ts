/**
 * Reads a message as a request and its material: what is asked for, apart from the mail, minutes or code that it is asked about.
 * Looks at a bounded part of any text, so that a megabyte takes no longer than a page.
 */
import { fold, lexicon } from "./lexicon.ts"
import { orderKinds, type WordKind } from "./words.ts"

/** Of a longer text its beginning and its end are read: people ask before or after what they paste. */
const headCharacters = 4_000
const tailCharacters = 2_000
/** A request within a longer text is no longer than this. */
const requestCharacters = 450
/** Less material than this is read as part of the request. */
const materialCharacters = 120

export interface Reading {
  /** What is asked, folded as in `lexicon.ts`, without what it quotes. */
  readonly request: string
  /** Words of the request, and runs of the scripts that have no spaces. */
  readonly tokens: readonly string[]
  /** How often words of each kind are in the request; kinds that are not there are left out. */
  readonly kinds: ReadonlyMap<WordKind, number>
  /** Words of the request; two characters of a script without spaces count as one. */
  readonly words: number
  readonly isQuestion: boolean
  /** A clause of it begins as questions do. */
  readonly asksInPassing: boolean
  /** Sentences of the request. */
  readonly sentences: number
  /** Signs that formulas are written with, in any language. */
  readonly formulas: number
  /** Numbers and words for numbers in the request. */
  readonly numbers: number
  /** Parts of the request between commas, semicolons and bullets. */
  readonly parts: number
  readonly codeLines: number
  readonly materialCharacters: number
}

/** People leave the question mark away. */
const questionKinds: readonly WordKind[] = ["what", "whatmany", "how", "why", "lookup"]

export function readMessage(text: string): Reading {
  const sample = sampleOf(text)
  const { prose, code } = takeCode(sample)
  const { request, material } = takeMaterial(prose)
  const { bare, quoted } = takeQuotes(request)
  const folded = fold(bare)
  const tokens = tokensOf(folded)
  const { kinds, leading } = countKinds(tokens)
  return {
    request: folded,
    tokens,
    kinds,
    words: wordCount(tokens),
    isQuestion:
      questionKinds.some((kind) => leading.has(kind)) || /[?？؟]/.test(bare) || /(か|吗|呢)[。.!！]?\s*$/.test(folded),
    asksInPassing: folded
      .split(/[.!?,;:\n]+\s*/)
      .slice(0, mostSentences)
      .some((clause) => {
        const found = countKinds(tokensOf(clause.slice(0, 80))).leading
        return questionKinds.some((kind) => found.has(kind))
      }),
    sentences: folded.split(/[.!?](?:\s|$)|[。！？।؟\n]+/).filter((sentence) => sentence.trim().length > 2).length,
    formulas: countMatches(folded, /[∀∃∈∉⊂⊆∑∫∏∞≡∂]|\b[a-z]\([a-z][^)]{0,12}\)|\b[a-z]:\s*\p{L}\s*(?:→|->)/gu),
    numbers: countNumbers(folded, tokens),
    parts: 1 + countMatches(folded, /[,;，、；،](?=\s|\D)|\s\+\s/g) + countBullets(prose),
    codeLines: countLines(code),
    materialCharacters: material + quoted + (text.length > sample.length ? text.length - sample.length : 0),
  }
}

/** The text, or of a long one its beginning and its end. */
export function sampleOf(text: string): string {
  if (text.length <= headCharacters + tailCharacters) return text
  return `${text.slice(0, headCharacters)}\n\n${text.slice(-tailCharacters)}`
}

/** Fenced code, and lines that look like code or like a trace. An open fence goes to the end. */
function takeCode(text: string): { prose: string; code: string } {
  const parts = text.split("```")
  const fenced = parts.filter((_, index) => index % 2 === 1)
  const open = parts.filter((_, index) => index % 2 === 0).join("\n")
  const lines = open.split("\n")
  const looksLikeCode = (line: string) =>
    /[;{}]\s*$|^\s*(def|class|import|from|func|fn|const|let|var|public|private|SELECT|at)\s+[\w.*{]+.*[({;:=]|^\s+return\b|=>/.test(
      line,
    )
  const codeLines = lines.filter(looksLikeCode)
  // One such line may be a sentence that ends with a semicolon.
  if (codeLines.length < 2) return { prose: open, code: fenced.join("\n") }
  const prose = lines.filter((line) => !looksLikeCode(line)).join("\n")
  return { prose, code: [...fenced, ...codeLines].join("\n") }
}

/** The paragraph that asks, where it stands before or after others that are long enough to be its material. */
function takeMaterial(prose: string): { request: string; material: number } {
  const lines = prose.split("\n").filter((line) => !/^\s*>/.test(line))
  const quoted = prose.length - lines.join("\n").length
  const paragraphs = lines
    .join("\n")
    .split(/\n\s*\n|(?<=[:：])\s*\n(?=.{80})/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== "")
  const total = paragraphs.reduce((sum, paragraph) => sum + weightOf(paragraph), 0)
  // A greeting may stand before what is asked.
  const opening = paragraphs.find((paragraph) => weightOf(paragraph) > 25 || asks(paragraph)) ?? ""
  const ending = paragraphs.at(-1) ?? ""
  const isRequest = (paragraph: string) =>
    paragraph.length <= requestCharacters && total - weightOf(paragraph) >= materialCharacters && asks(paragraph)
  const request = [opening, ending].find(isRequest)
  if (request !== undefined) return { request, material: total - weightOf(request) + quoted }
  const inline = takeInline(paragraphs.join("\n"))
  return { request: inline.request, material: inline.material + quoted }
}

/** "Summarise this: …" in one paragraph: what is to be done, and the characters it is to be done to. */
function takeInline(request: string): { request: string; material: number } {
  const [head, order] = /^([^:：?？\n]{4,160})[:：?？\n]/.exec(request) ?? []
  if (head === undefined || order === undefined) return { request, material: 0 }
  const rest = request.slice(head.length)
  const { kinds, leading } = countKinds(tokensOf(fold(order)))
  const isOverText = !/[?？]$/.test(head) && overTextKinds.some((kind) => kinds.has(kind))
  // "Uppercase this: …", with no more than a few words to do it to.
  const isShort = head.length <= 60 && !kinds.has("compose") && smallTaskKinds.some((kind) => kinds.has(kind))
  if (isShort && /^[:：]/.test(rest) && weightOf(rest) < materialCharacters) return { request: head, material: 0 }
  const isOfList = leading.has("lookup") && countBullets(rest) >= 3
  if (weightOf(rest) < materialCharacters || !(isOverText || isOfList)) return { request, material: 0 }
  return { request: head, material: weightOf(rest) }
}

function countBullets(text: string): number {
  return countMatches(text, /^[ \t]*(?:[-*•]|\d{1,2}[.)])\s+\S/gm)
}

/** What is done to a text that follows. */
const overTextKinds: readonly WordKind[] = ["summarise", "translate", "transform", "reshape", "quick", "onlysay"]
const smallTaskKinds: readonly WordKind[] = ["quick", "transform", "trifle"]

/** In characters of an alphabet: one of Han or Kana says as much as three. */
function weightOf(paragraph: string): number {
  return paragraph.length + 2 * countMatches(paragraph, /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu)
}

const verbsAtEnd = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Devanagari}]/u

/** Whether a short paragraph is a request about the others: it asks, orders, or ends with a colon. */
function asks(paragraph: string): boolean {
  if (/[?？؟:：]\s*$|[?？؟]/.test(paragraph)) return true
  const folded = fold(paragraph.slice(0, requestCharacters))
  const { leading, kinds } = countKinds(tokensOf(folded))
  // These languages say at the end what is wanted.
  const said = verbsAtEnd.test(folded) ? new Set(kinds.keys()) : leading
  return orderKinds.some((kind) => said.has(kind)) || kinds.has("onlysay")
}

/** The request without what it quotes, and how many characters of that are too many to be a word or a sentence. */
function takeQuotes(request: string): { bare: string; quoted: number } {
  const marks =
    /"[^"]{1,4000}"|“[^“”]{1,4000}”|„[^„“”]{1,4000}[“”]|«[^«»]{1,4000}»|「[^「」]{1,4000}」|(?<=\s)['‘][^'’]{2,400}['’](?=[\s.,?!]|$)/g
  const bare = request.replace(marks, " ")
  const removed = request.length - bare.length
  return { bare, quoted: removed > materialCharacters ? removed : 0 }
}

/** Words of scripts with spaces, and runs of those without. */
export function tokensOf(folded: string): readonly string[] {
  return (
    folded.match(
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々]+|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々])[\p{L}\p{N}\p{M}'_²³^-])+/gu,
    ) ?? []
  )
}

/** Of a script that writes no spaces: the token is a run of words. */
export const isUnspaced = (token: string): boolean =>
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々]/u.test(token)
/** Words that are told from others by a single character. */
const singles = new Set(["写", "嗯", "行", "求", "我", "私"])
const longestPhrase = 5
const mostSentences = 40
const longestRun = 10

/** What its words are, and what its first one is that is more than politeness. */
function countKinds(tokens: readonly string[]): {
  kinds: Map<WordKind, number>
  leading: ReadonlySet<WordKind>
} {
  const kinds = new Map<WordKind, number>()
  let leading: ReadonlySet<WordKind> | undefined
  const note = (found: readonly WordKind[] | undefined) => {
    for (const kind of found ?? []) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    if (leading !== undefined || found?.includes("polite") === true) return
    if (found === undefined || found.some((kind) => kind !== "social" && kind !== "assent")) leading = new Set(found)
  }
  let index = 0
  while (index < tokens.length) {
    const token = tokens[index] ?? ""
    const phrase = isUnspaced(token) ? undefined : longestPhraseAt(tokens, index)
    if (isUnspaced(token)) noteRun(token, note)
    else note(phrase?.kinds ?? kindsOfWord(token))
    index += phrase?.length ?? 1
  }
  return { kinds, leading: leading ?? new Set() }
}

/** The longest phrase that begins here and is in the lexicon. */
function longestPhraseAt(
  tokens: readonly string[],
  index: number,
): { kinds: readonly WordKind[]; length: number } | undefined {
  for (let length = Math.min(longestPhrase, tokens.length - index); length > 1; length -= 1) {
    const found = lexicon.exact.get(tokens.slice(index, index + length).join("_"))
    if (found !== undefined) return { kinds: found, length }
  }
  return undefined
}

function kindsOfWord(token: string): readonly WordKind[] | undefined {
  const plain = lexicon.exact.get(token) ?? stemOf(token)
  if (plain !== undefined) return plain
  // Arabic writes "and" and "the" together with the word.
  const bare = /^(?:و?ال|و|لل|ب|ل)(?=[\u0600-\u06ff]{3})/.exec(token)?.[0]
  if (bare !== undefined)
    return lexicon.exact.get(token.slice(bare.length)) ?? lexicon.exact.get(token.replace(/^و/, ""))
  if (/[\u0600-\u06ff]{3}ا$/.test(token)) {
    const indefinite = lexicon.exact.get(token.slice(0, -1))
    if (indefinite !== undefined) return indefinite
  }
  // French and Italian write the article together with the word.
  const elided = /^[a-z]{1,4}'(?=\p{L}{3})/u.exec(token)?.[0]
  if (elided !== undefined) return kindsOfWord(token.slice(elided.length))
  const parts = token.includes("-") ? token.split("-").flatMap((part) => lexicon.exact.get(part) ?? []) : []
  if (parts.length > 0) return parts
  if (token.length < 8) return undefined
  const found = lexicon.inner.filter(([stem]) => token.includes(stem)).map(([, kind]) => kind)
  return found.length === 0 ? undefined : found
}

function stemOf(token: string): readonly WordKind[] | undefined {
  for (let length = Math.min(token.length, 20); length >= 2; length -= 1) {
    const found = lexicon.stems.get(token.slice(0, length))
    if (found !== undefined) return found
  }
  return undefined
}

/** In a run without spaces the longest word at each place counts, and those within it do not. */
function noteRun(run: string, note: (found: readonly WordKind[] | undefined) => void): void {
  let at = 0
  while (at < run.length) {
    let taken = 1
    for (let length = Math.min(longestRun, run.length - at); length >= 1; length -= 1) {
      const found = lexicon.exact.get(run.slice(at, at + length))
      // A single character is a word only where it stands alone.
      if (found === undefined || (length === 1 && run.length > 1 && !singles.has(run.charAt(at)))) continue
      note(found)
      taken = length
      break
    }
    at += taken
  }
}

function wordCount(tokens: readonly string[]): number {
  return tokens.reduce((sum, token) => sum + (isUnspaced(token) ? Math.ceil(token.length / 2) : 1), 0)
}

const numberWords = new Set(
  fold(
    `two three four five six seven eight nine ten twelve twice double half dozen triple
    zwei drei vier funf sechs sieben acht neun zehn zwolf doppelt dreimal zweimal halb
    dos tres cuatro cinco seis siete ocho nueve diez doble mitad deux trois quatre cinq six sept huit neuf dix double moitie
    duas quatro sete oito nove dez dobro metade due tre quattro cinque sei sette otto nove dieci`,
  ).split(/\s+/),
)

function countNumbers(folded: string, tokens: readonly string[]): number {
  const digits = countMatches(folded, /\d+(?:[.,:]\d+)*/g)
  const spelled = tokens.filter((token) => numberWords.has(token)).length
  return digits + spelled + countMatches(folded, /[一二三四五六七八九十百千万两]+(?=[个人天年月次位秒件倍])/g)
}

function countMatches(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}

function countLines(code: string): number {
  return code.split("\n").filter((line) => line.trim() !== "").length
}
