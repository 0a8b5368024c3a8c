/**
 * Writes Markdown so that Telegram's rich messages show what the agent wrote: each line on a line of its own, tags as text,
 * and nothing fetched from an address that a model chose.
 */
import { scanMarkdown } from "./markdown-spans.ts"

/** The longest rich message, in characters (Telegram Bot API "Rich Message Limits"). */
export const telegramRichLimit = 32_768

/**
 * Rich Markdown for `sendRichMessage`. Telegram's servers fetch the media that a rich message names, by Markdown or by tag,
 * so that an image's address could carry away what the agent knows: outside of code, both are made text. A line's end is
 * made a hard break, since Telegram would join the lines of a paragraph. At most four times as long as the Markdown.
 */
export function toRichMarkdown(markdown: string): string {
  const code = scanMarkdown(markdown).filter((span) => span.kind === "fence" || span.kind === "code")
  let next = 0
  return markdown.replaceAll(lively, (found, at: number) => {
    while ((code[next]?.end ?? Infinity) < at) next += 1
    const span = code[next]
    if (span !== undefined && span.start <= at && at < span.end) return found
    if (found === "<") return "&lt;"
    if (found === "!") return "&#33;"
    const behind = at + found.length
    const isFenceEdge = span?.kind === "fence" && (span.end === at || span.start === behind)
    return isFenceEdge ? found : "  \n"
  })
}

/** What may begin a tag, what begins an image, and the end of a line that another one follows and that is no hard break. */
const lively = /<(?=[a-zA-Z/!?])|!(?=\[)|(?<=[^\s\\])[ \t]?\n(?=[ \t]*\S)/g
