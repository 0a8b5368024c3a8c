/**
 * What a person types into the search box, as a query of SQLite's full-text index (sqlite.org/fts5.html 3). Whatever they
 * type is data: no operator, quote or column name of theirs reaches the query's grammar.
 */

/** More words than this only cost time. */
const maxTerms = 16
/** A shorter beginning would stand for too many words. */
const minPrefixLength = 2

/** A quoted phrase or a word, with a minus before it or a star behind it. */
const term = /(-?)(?:"([^"]*)"?|([^\s"]+))/gu
/** What the tokenizer `unicode61` makes tokens of: a term without any would match nothing and so forbid everything. */
const searchable = /[\p{L}\p{N}\p{Co}]/u

/**
 * All words must occur, in any order; `"a phrase"` as it stands; `begin*` stands for its continuations; `-not` must not occur.
 * @returns undefined when there is nothing to look for
 */
export function toSearchQuery(typed: string): string | undefined {
  const wanted: string[] = []
  const unwanted: string[] = []
  for (const [, minus, phrase, word = ""] of typed.matchAll(term)) {
    if (wanted.length + unwanted.length === maxTerms) break
    const text = phrase ?? word.replace(/\*+$/u, "")
    if (!searchable.test(text)) continue
    const isPrefix = phrase === undefined && word.endsWith("*") && Array.from(text).length >= minPrefixLength
    const list = minus === "-" ? unwanted : wanted
    list.push(`"${text.replaceAll("\0", " ")}"${isPrefix ? "*" : ""}`)
  }
  if (wanted.length === 0) return undefined
  const all = wanted.join(" AND ")
  return unwanted.length === 0 ? `text : (${all})` : `text : ((${all}) NOT (${unwanted.join(" OR ")}))`
}
