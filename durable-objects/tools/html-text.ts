/**
 * Makes HTML from outside readable text: headings, lists, links and tables in the manner of Markdown. It runs nothing and fetches
 * nothing, and knows no style sheet: only what an element says of itself hides it. For how a page really looks there is the
 * browser.
 */
import { Parser } from "htmlparser2"
import { visibleText } from "../../core/plain-text.ts"

const skipped = new Set([
  "script",
  "style",
  "noscript",
  "template",
  "svg",
  "math",
  "iframe",
  "object",
  "canvas",
  "select",
  "head",
])
const blocks =
  /^(address|article|aside|blockquote|body|center|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|html|legend|li|main|nav|ol|p|pre|section|summary|table|tbody|tfoot|thead|tr|ul|caption|option)$/
const hidingStyle =
  /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?!\.[1-9])|(?:left|top|text-indent)\s*:\s*-\d{3,}/i
/** Stands for a space of code until the other spaces are tidied. Of private use: no text of the page keeps one. */
const fixedSpace = "\uE000"
/** Pages nest less; what nests more wants to see where we break. */
const maxDepth = 500
const deepest = 5_000
const pieceCharacters = 32_768

/** @param base - what relative links belong to */
export function htmlToText(html: string, base: string): { title: string; text: string } {
  const output: string[] = []
  let title = ""
  let isTitle = false
  let depth = 0
  /** The depth at which something began that is not read. */
  let hiddenFrom: number | undefined
  let preformatted = 0
  let listDepth = 0
  const links: (string | undefined)[] = []
  const breakBlock = () => {
    if (output.length > 0 && output.at(-1) !== "\n\n") output.push("\n\n")
  }
  const writeText = (text: string) => {
    if (preformatted > 0) {
      output.push(text.replace(/[^\S\n]/g, fixedSpace))
      return
    }
    const shown = text.replace(/\s+/g, " ")
    // Never two spaces together: what tidies them up would take forever with a million.
    const rest = /\s$/.test(output.at(-1) ?? " ") ? shown.trimStart() : shown
    if (rest !== "") output.push(rest)
  }
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        depth += 1
        if (name === "title" && title === "") isTitle = true
        if (hiddenFrom !== undefined) return
        if (skipped.has(name) || depth > maxDepth || isHidden(attributes)) {
          hiddenFrom = depth
          return
        }
        if (blocks.test(name)) breakBlock()
        if (name === "ul" || name === "ol") listDepth += 1
        if (name === "pre") preformatted += 1
        const [, level] = /^h([1-6])$/.exec(name) ?? []
        if (level !== undefined) output.push(`${"#".repeat(Number(level))} `)
        if (name === "li") output.push(`${"  ".repeat(Math.max(0, Math.min(listDepth, 8) - 1))}- `)
        if (name === "br") output.push("\n")
        if (name === "hr") output.push("---")
        if (name === "td" || name === "th") output.push("| ")
        if (name === "img" && attributes.alt?.trim()) output.push(`(picture: ${attributes.alt.trim().slice(0, 120)})`)
        if (name === "a") {
          const address = linkOf(attributes.href, base)
          links.push(address)
          if (address !== undefined) output.push("[")
        }
      },
      ontext(text) {
        if (isTitle) title += text
        if (isTitle || hiddenFrom !== undefined) return
        writeText(text)
      },
      onclosetag(name) {
        if (name === "title") isTitle = false
        if (hiddenFrom === undefined) {
          if (name === "a") {
            const address = links.pop()
            if (address !== undefined) output.push(`](${address})`)
          }
          if (name === "ul" || name === "ol") listDepth -= 1
          if (name === "pre") preformatted -= 1
          if (name === "td" || name === "th") output.push(" ")
          if (blocks.test(name)) breakBlock()
        }
        if (hiddenFrom === depth) hiddenFrom = undefined
        depth -= 1
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  )
  // In pieces, so that one that nests without end is left where it is seen: the parser's effort grows with the square of depth.
  for (let from = 0; from < html.length; from += pieceCharacters) {
    parser.write(html.slice(from, from + pieceCharacters))
    if (depth > deepest) break
  }
  parser.end()
  const text = output
    .join("")
    .replace(/[ \t]+\n/g, "\n")
    .replace(/\n[ \t]+(?![ \t-])/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .replace(/(^|\n) *(- .*)\n\n(?= *- )/g, "$1$2\n")
    .replace(/(\n\| [^\n]*)\n\n(?=\| )/g, "$1\n")
    .trim()
    .replaceAll(fixedSpace, " ")
  return { title: visibleText(title).replace(/\s+/g, " ").trim().slice(0, 300), text: visibleText(text) }
}

function isHidden(attributes: Readonly<Record<string, string>>): boolean {
  if (attributes.hidden !== undefined || attributes["aria-hidden"] === "true") return true
  return hidingStyle.test(attributes.style ?? "")
}

function linkOf(href: string | undefined, base: string): string | undefined {
  const url = href === undefined ? null : URL.parse(href, base)
  return url !== null && /^(https?|mailto):$/.test(url.protocol) ? url.href.slice(0, 500) : undefined
}
