/** What the kinds of words are called before people, where routing gives its reasons. */

const phrases: Readonly<Record<string, string>> = {
  social: "greeting, thanks or agreement",
  gratitude: "greeting, thanks or agreement",
  assent: "greeting, thanks or agreement",
  transport: "something to pass on or note",
  relay: "something to pass on or note",
  remind: "something to pass on or note",
  onlysay: "no more than a word wanted",
  trifle: "a trifle",
  unit: "a conversion",
  lookup: "something to look up",
  quick: "a word or sentence",
  origin: "a name or a year",
  translate: "a translation",
  transform: "something made of a text",
  reshape: "other words",
  explain: "an explanation",
  why: "a why",
  how: "a way to do something",
  advice: "advice",
  compose: "a text to write",
  text: "a text to write",
  summarise: "a summary",
  compare: "a comparison",
  plan: "a plan",
  product: "a plan",
  craft: "something to make",
  code: "code",
  snippet: "a piece of code",
  trouble: "a fault to find",
  software: "software",
  quality: "software with demands",
  hard: "software with hard demands",
  build: "something to be built",
  engineer: "something to be designed",
  prove: "a proof or derivation",
  show: "steps to be shown",
  maths: "mathematics",
  theory: "theory",
  riddle: "a riddle",
  analyse: "something to be weighed",
  depth: "care asked for",
  law: "law",
  money: "money",
  venture: "an undertaking",
  bound: "conditions to be held",
}
const mostPhrases = 3

/** @param kinds - of words, the most telling first; there is always a phrase */
export function phrasesFor(kinds: readonly string[]): string[] {
  const found = new Set(kinds.flatMap((kind) => phrases[kind] ?? []))
  return found.size === 0 ? ["the wording as a whole"] : [...found].slice(0, mostPhrases)
}
