/**
 * Words that tell what a request is about, in the languages that people write to the gateway. `stem*` fits every word that begins so,
 * `*stem*` every long word that holds it (German compounds), `two_words` a phrase. Knows no grammar and weighs nothing.
 */
import { talkWords } from "./words/talk.ts"
import { askWords } from "./words/ask.ts"
import { makeWords } from "./words/make.ts"
import { thinkWords } from "./words/think.ts"

/** Kinds of words. One word may be of several. */
export const wordKinds = [
  "whatmany",
  "what",
  "give",
  "transform",
  "it",
  "social",
  "gratitude",
  "polite",
  "request",
  "assent",
  "transport",
  "relay",
  "remind",
  "origin",
  "onlysay",
  "trifle",
  "unit",
  "lookup",
  "quick",
  "translate",
  "explain",
  "why",
  "how",
  "advice",
  "compose",
  "text",
  "summarise",
  "compare",
  "plan",
  "product",
  "code",
  "trouble",
  "snippet",
  "software",
  "quality",
  "hard",
  "build",
  "engineer",
  "craft",
  "prove",
  "show",
  "maths",
  "theory",
  "riddle",
  "analyse",
  "depth",
  "law",
  "money",
  "venture",
  "bound",
  "mine",
  "follow",
  "pointer",
  "reshape",
] as const
export type WordKind = (typeof wordKinds)[number]

/** Words that an order or a request begins with. */
export const orderKinds: readonly WordKind[] = [
  "request",
  "transport",
  "give",
  "transform",
  "translate",
  "explain",
  "why",
  "how",
  "advice",
  "compose",
  "summarise",
  "compare",
  "plan",
  "build",
  "engineer",
  "prove",
  "show",
  "analyse",
]

export const words: Readonly<Record<WordKind, string>> = {
  ...askWords,
  ...makeWords,
  ...talkWords,
  ...thinkWords,
}
