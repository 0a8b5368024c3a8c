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
const materialCharacters = 260

export interface Reading {
  /** How often words of each kind are in the request; kinds that are not there are left out. */
  readonly kinds: ReadonlyMap<WordKind, number>
  /** Kinds of its first word, or phrase, that is more than politeness: what an order or a question begins with. */
  readonly leading: ReadonlySet<WordKind>
  /** Begins with "which" and a word in the plural, in the languages where that ends with an s. */
  readonly asksForMany: boolean
  /** "What is a …?", "what does … do?": a notion that wants to be explained. */
  readonly asksForNotion: boolean
  /** "What is the … of …?": one thing, unless the word for it says more. */
  readonly asksForOne: boolean
  /** What is to be made or talked about: the first thing that it names, the last in languages that put it before the verb. */
  readonly thing: WordKind | undefined
  /** Kinds that any of its sentences begins with. */
  readonly openings: ReadonlySet<WordKind>
  /** Words of the request; two characters of a script without spaces count as one. */
  readonly words: number
  readonly isQuestion: boolean
  /** A clause of it begins as questions do. */
  readonly asksInPassing: boolean
  /** Sentences of the request. */
  readonly sentences: number
  /** Something stands before a colon, and what it is to be after it. */
  readonly hasColon: boolean
  /** Signs that formulas are written with, in any language. */
  readonly formulas: number
  /** Kinds of its first few words: a noun there may be all that asks. */
  readonly early: ReadonlySet<WordKind>
  /** Numbers and words for numbers in the request. */
  readonly numbers: number
  /** Parts of the request between commas, semicolons and bullets. */
  readonly parts: number
  /** Says what is to be told: "that …". */
  readonly givesWords: boolean
  /** Something in quotation marks, which is passed on or asked about and not itself a request. */
  readonly hasQuote: boolean
  readonly codeLines: number
  /** The code locks, or runs in several threads. */
  readonly codeIsConcurrent: boolean
  readonly materialCharacters: number
}

/** People leave the question mark away. */
const questionKinds: readonly WordKind[] = ["what", "whatmany", "how", "why", "lookup"]

export function readMessage(text: string): Reading {
  const sample = sampleOf(text)
  const { prose, code } = takeCode(sample)
  const { request, material } = takeMaterial(prose)
  const { bare, hasQuote, quoted } = takeQuotes(request)
  const folded = fold(bare)
  const tokens = tokensOf(folded)
  const { kinds, leading, things } = countKinds(tokens)
  // "How do I" is a phrase, and yet somebody speaks of their own matter.
  if (tokens.some((token) => lexicon.exact.get(token)?.includes("mine"))) kinds.set("mine", 1)
  const bullets = countBullets(prose)
  return {
    kinds,
    leading,
    asksForMany: /^\P{L}*(?:what|which|que|quels|quelles|quais)\s+\p{L}{3,}[^s\P{L}]s\s/u.test(folded),
    asksForNotion: notionPattern.test(folded),
    asksForOne:
      /^\P{L}*(?:what(?:'?s| is| was)|which|was ist|wie lautet|welche[rs]?|cual es|quel(?:le)? est|qual e|wat is)\s+(?:the|der|die|das|el|la|le|il|lo|o|a|de|het)\s/u.test(
        folded,
      ),
    thing: thingOf(tokens, things, folded),
    givesWords: /(?:^|\s)(?:that|saying|dass|que|che|dat|что|ze)\s/.test(folded),
    openings: openingsOf(folded),
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
    hasColon: /\p{L}\s?[:：]\s*\S/u.test(folded),
    sentences: folded.split(/[.!?](?:\s|$)|[。！？।؟\n]+/).filter((sentence) => sentence.trim().length > 2).length,
    formulas: countMatches(folded, /[∀∃∈∉⊂⊆∑∫∏∞≡∂]|\b[a-z]\([a-z][^)]{0,12}\)|\b[a-z]:\s*\p{L}\s*(?:→|->)/gu),
    early: new Set(countKinds(tokens.slice(0, earlyWords)).kinds.keys()),
    numbers: countNumbers(folded, tokens),
    parts: 1 + countMatches(folded, /[,;，、；،](?=\s|\D)|\s\+\s/g) + bullets,
    hasQuote,
    codeLines: countLines(code),
    codeIsConcurrent:
      /\b(?:atomic\w*|\w*mutex\w*|synchronized|pthread\w*|goroutine|volatile|Threads?|Runnable|compare_?exchange\w*|r?lock\w*\(|threading|executor\w*)\b|\bgo func\b|\.lock\(/i.test(
        code,
      ),
    materialCharacters: material + quoted + (text.length > sample.length ? text.length - sample.length : 0),
  }
}

const notionPattern =
  /^[^\p{L}]*(?:what(?:'?s| is) an? |what (?:does|do|did) [^?.,]{3,40} do\b|(?:what(?:'?s| is| are)|was (?:ist|sind)) (?:eine? )?(?!(?:this|that|your|next|left|wrong|today|tomorrow|there|their|going|happening|dein|mein|heute|morgen)\b)[\p{L}-]{4,}(?:\s[\p{L}-]+){0,2}\s*[?.!]*\s*$)/u

function sampleOf(text: string): string {
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

/** The paragraphs that ask, and how many characters the others have. */
function takeMaterial(prose: string): { request: string; material: number } {
  const lines = prose.split("\n").filter((line) => !/^\s*>/.test(line))
  const quoted = prose.length - lines.join("\n").length
  const paragraphs = lines
    .join("\n")
    .split(/\n\s*\n|:\s*\n(?=.{80})/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== "")
  const total = paragraphs.reduce((sum, paragraph) => sum + weightOf(paragraph), 0)
  const first = paragraphs.findIndex((paragraph) => paragraph.length > 25 || asks(paragraph))
  const opening = paragraphs[first] ?? ""
  const rest = total - weightOf(opening)
  const isLookedUp = rest > shortMaterialCharacters / 2 && opening.length <= 160 && asksForFact(opening)
  if (isLookedUp) return { request: opening, material: rest + quoted }
  if (first < 0 || opening.length > requestCharacters || rest < materialCharacters || !asks(opening)) {
    const last = paragraphs.at(-1) ?? ""
    const asksAtEnd = total > 2 * requestCharacters && last.length <= requestCharacters && asks(last)
    if (asksAtEnd) return { request: last, material: total - last.length + quoted }
    const inline = takeInline(paragraphs.join("\n"))
    return { request: inline.request, material: inline.material + quoted }
  }
  return { request: opening, material: rest + quoted }
}

/** Ends with a question for something that stands in the rest. */
function asksForFact(paragraph: string): boolean {
  const kinds = countKinds(tokensOf(fold(paragraph))).kinds
  const isOwnCase = kinds.has("mine") && (kinds.has("law") || kinds.has("money"))
  return /[?？]$/.test(paragraph) && kinds.has("lookup") && !isOwnCase && !kinds.has("how") && !kinds.has("why")
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
  if (isShort && /^[:：]/.test(rest) && weightOf(rest) < shortMaterialCharacters) return { request: head, material: 0 }
  const isOfList = leading.has("lookup") && countBullets(rest) >= 3
  if (weightOf(rest) < shortMaterialCharacters || !(isOverText || isOfList)) return { request, material: 0 }
  return { request: head, material: weightOf(rest) }
}

function countBullets(text: string): number {
  return countMatches(text, /^[ \t]*(?:[-*•]|\d{1,2}[.)])\s+\S/gm)
}

/** What is done to a text that follows. */
const overTextKinds: readonly WordKind[] = ["summarise", "translate", "transform", "reshape", "quick", "onlysay"]
const smallTaskKinds: readonly WordKind[] = ["quick", "transform", "trifle"]
/** After such words less is material. */
const shortMaterialCharacters = 120

/** In characters of an alphabet: one of Han or Kana says as much as three. */
function weightOf(paragraph: string): number {
  return paragraph.length + 2 * countMatches(paragraph, /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu)
}

/** Whether a short paragraph is a request about the others: it asks, orders, or ends with a colon. */
function asks(paragraph: string): boolean {
  if (/[?？؟:：]\s*$|[?？؟]/.test(paragraph)) return true
  const folded = fold(paragraph.slice(0, requestCharacters))
  const { leading, kinds } = countKinds(tokensOf(folded))
  return orderKinds.some((kind) => leading.has(kind)) || kinds.has("onlysay")
}

/** The request without what it quotes, and how many characters of that are too many to be a word or a sentence. */
function takeQuotes(request: string): { bare: string; hasQuote: boolean; quoted: number } {
  const marks =
    /"[^"]{1,4000}"|“[^“”]{1,4000}”|„[^„“”]{1,4000}[“”]|«[^«»]{1,4000}»|「[^「」]{1,4000}」|(?<=\s)['‘][^'’]{2,400}['’](?=[\s.,?!]|$)/g
  const bare = request.replace(marks, " ")
  const removed = request.length - bare.length
  return { bare, hasQuote: bare !== request, quoted: removed > materialCharacters ? removed : 0 }
}

/** Words of scripts with spaces, and runs of those without. */
function tokensOf(folded: string): readonly string[] {
  return (
    folded.match(
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々]+|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々])[\p{L}\p{N}\p{M}'_²³^-])+/gu,
    ) ?? []
  )
}

const unspaced = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々]/u
/** Words that are told from others by a single character. */
const singles = new Set(["写", "嗯", "行", "求", "我", "私"])
const verbsAtEnd = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}\p{Script=Hangul}\p{Script=Devanagari}]/u
const longestPhrase = 5
const earlyWords = 3
const mostSentences = 40
const longestRun = 10

function countKinds(tokens: readonly string[]): {
  kinds: Map<WordKind, number>
  leading: ReadonlySet<WordKind>
  things: readonly Thing[]
} {
  const kinds = new Map<WordKind, number>()
  const things: Thing[] = []
  let leading: ReadonlySet<WordKind> | undefined
  let index = 0
  const note = (found: readonly WordKind[] | undefined) => {
    for (const kind of found ?? []) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    const thing = thingKinds.find((kind) => found?.includes(kind) === true)
    if (thing !== undefined) things.push({ kind: thing, index })
    if (leading !== undefined || found?.includes("polite") === true) return
    if (found === undefined || found.some((kind) => kind !== "social" && kind !== "assent")) leading = new Set(found)
  }
  while (index < tokens.length) {
    const token = tokens[index] ?? ""
    const phrase = unspaced.test(token) ? undefined : longestPhraseAt(tokens, index)
    if (unspaced.test(token)) noteRun(token, note)
    else note(phrase?.kinds ?? kindsOfWord(token))
    index += phrase?.length ?? 1
  }
  return { kinds, leading: leading ?? new Set(), things }
}

interface Thing {
  readonly kind: WordKind
  /** Which token of the request names it. */
  readonly index: number
}

const thingKinds: readonly WordKind[] = ["software", "hard", "snippet", "text", "craft", "plan", "venture"]

function thingOf(tokens: readonly string[], things: readonly Thing[], folded: string): WordKind | undefined {
  if (objectBeforeVerb.test(folded)) return things.at(-1)?.kind
  // "An e-mail client" and "a text adventure game" are named by their last word, "an e-mail about the game" is not.
  return things.find(({ index }, at) => {
    const next = things[at + 1]
    if (next === undefined || next.index === index) return true
    const between = tokens.slice(index + 1, next.index)
    return between.length > 1 || between.some((token) => token.length < 6)
  })?.kind
}

const objectBeforeVerb = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Devanagari}]/u

function openingsOf(folded: string): ReadonlySet<WordKind> {
  const sentences = folded.split(/[.!?;:\n。！？；：।]+\s*/).slice(0, mostSentences)
  return new Set(
    sentences.flatMap((sentence) => {
      const { leading, kinds } = countKinds(tokensOf(sentence.slice(0, 80)))
      // These languages say at the end of a sentence what is wanted.
      return verbsAtEnd.test(sentence) ? [...kinds.keys()] : [...leading]
    }),
  )
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
  return tokens.reduce((sum, token) => sum + (unspaced.test(token) ? Math.ceil(token.length / 2) : 1), 0)
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
