/** Takes out of text from outside what a person would not see in it: where orders to a machine can hide between the letters. */

/** Joiners that writing needs: in emoji, and between letters of Arabic, Syriac, Thaana, N'Ko and the scripts of India and around. */
const joiners =
  /(?<=\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?)\u200D(?=\p{Extended_Pictographic})|(?<=[\u0600-\u0DFF\u1000-\u109F\u1780-\u18AF])[\u200C\u200D](?=[\u0600-\u0DFF\u1000-\u109F\u1780-\u18AF])/gu
/**
 * Controls, what has no width, what turns the direction, fillers, tags, variation selectors, private use; but tab, line feed, the
 * selector that gives emoji their colour, and the signs of category Cf that are seen (Unicode 17).
 */
const invisible =
  /(?![\u{FE0F}\t\n\u{600}-\u{605}\u{6DD}\u{70F}\u{8E2}])[\p{Cc}\p{Cf}\p{Co}\p{Default_Ignorable_Code_Point}]/gu

/** Line ends become line feeds; invisible, control and private-use characters go. Lone surrogates become U+FFFD. */
export function visibleText(text: string): string {
  const kept: string[] = []
  let from = 0
  const lines = text.replace(/\p{Cs}/gu, "\uFFFD").replace(/\r\n?|[\u2028\u2029\u0085]/g, "\n")
  for (const { 0: joiner, index } of lines.matchAll(joiners)) {
    kept.push(lines.slice(from, index).replace(invisible, ""), joiner)
    from = index + joiner.length
  }
  kept.push(lines.slice(from).replace(invisible, ""))
  return kept.join("")
}

/** One line of at most `limit` characters, `…` where it was cut. */
export function visibleLine(text: string, limit: number): string {
  const line = visibleText(text).replace(/\s+/g, " ").trim()
  return line.length <= limit ? line : `${line.slice(0, limit - 1).replace(/\p{Cs}$/u, "")}…`
}
