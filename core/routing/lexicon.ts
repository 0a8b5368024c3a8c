/** Finds the kinds of a word by its spelling: exactly, by its stem, or as a part of a compound. */
import { type WordKind, wordKinds, words } from "./words.ts"

/** Letters without their marks, lower case, one form of Arabic letters: what spelling varies in. */
export function fold(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\u00c0-\u024f\u1e00-\u1eff]+/g, (letters) => letters.normalize("NFD").replace(/\p{M}+/gu, ""))
    .replace(/[\u0300-\u036f\u064b-\u0652\u0640]+/g, "")
    .replace(/ı/g, "i")
    .replace(/ł/g, "l")
    .replace(/ø/g, "o")
    .replace(/ё/g, "е")
    .replace(/[أإآ]/g, "ا")
    .replace(/ة/g, "ه")
    .replace(/ى/g, "ي")
    .replace(/[’‘]/g, "'")
    .replace(/ß/g, "ss")
}

/** All keys are folded. */
interface Lexicon {
  readonly exact: ReadonlyMap<string, readonly WordKind[]>
  readonly stems: ReadonlyMap<string, readonly WordKind[]>
  /** Parts of compounds. */
  readonly inner: readonly (readonly [string, WordKind])[]
}

/** Kinds that are mostly nouns: their longer words are stems too, since endings vary with number, gender and case. */
const inflected: ReadonlySet<WordKind> = new Set([
  "software",
  "quality",
  "hard",
  "maths",
  "theory",
  "depth",
  "law",
  "money",
  "venture",
  "trouble",
  "analyse",
])

function readLexicon(): Lexicon {
  const exact = new Map<string, WordKind[]>()
  const stems = new Map<string, WordKind[]>()
  const inner: [string, WordKind][] = []
  const note = (map: Map<string, WordKind[]>, key: string, kind: WordKind) => {
    const kinds = map.get(key)
    if (kinds === undefined) map.set(key, [kind])
    else if (!kinds.includes(kind)) kinds.push(kind)
  }
  for (const kind of wordKinds) {
    for (const entry of fold(words[kind]).split(/\s+/)) {
      if (entry.startsWith("*")) inner.push([entry.slice(1, -1), kind])
      else if (entry.endsWith("*")) note(stems, entry.slice(0, -1), kind)
      else if (entry !== "") note(exact, entry, kind)
      if (/^[\p{L}-]{6,}$/u.test(entry) && inflected.has(kind)) note(stems, entry, kind)
      // In Korean every word has endings.
      if (/^\p{Script=Hangul}{2,}$/u.test(entry)) note(stems, entry, kind)
    }
  }
  return { exact, stems, inner }
}

export const lexicon: Lexicon = readLexicon()
