/**
 * Telegram's three parse modes, as far as they refuse and as far as they shorten the text: entities themselves are not kept.
 * Rules and wording follow core.telegram.org/bots/api#formatting-options and what the Bot API server answers.
 */
export type ParsedText =
  | { readonly status: "ok"; readonly text: string }
  | { readonly status: "refused"; readonly why: string }

/** Reads `text` in the mode; an unknown mode is refused. Offsets in refusals are in UTF-8 bytes, as Telegram counts. */
export function parseEntities(text: string, mode: string | undefined): ParsedText {
  switch (mode?.toLowerCase()) {
    case undefined:
    case "":
    case "none":
      return { status: "ok", text }
    case "markdown":
      return parseMarkdown(text)
    case "markdownv2":
      return parseMarkdownV2(text)
    case "html":
      return parseHtml(text)
    default:
      return refuse("Unsupported parse_mode")
  }
}

function refuse(why: string): ParsedText {
  return { status: "refused", why: `can't parse entities: ${why}` }
}

const bytesBefore = (text: string, index: number) => Buffer.byteLength(text.slice(0, index))

/** The legacy mode: no nesting, an entity that begins must end, unescaped characters are otherwise free. */
function parseMarkdown(text: string): ParsedText {
  let plain = ""
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? ""
    if (char === "\\" && "_*`[".includes(text[i + 1] ?? " ")) {
      plain += text[++i] ?? ""
      continue
    }
    if (!"_*`[".includes(char)) {
      plain += char
      continue
    }
    const begin = i
    const close = text.startsWith("```", i) ? "```" : char === "[" ? "]" : char
    const end = text.indexOf(close, i + close.length)
    if (end < 0) return refuse(`Can't find end of the entity starting at byte offset ${bytesBefore(text, begin)}`)
    const inner = text.slice(i + close.length, end)
    plain += close === "```" ? withoutLanguage(inner) : inner
    i = end + close.length - 1
    if (char === "[" && text[i + 1] === "(") {
      const urlEnd = text.indexOf(")", i + 2)
      i = urlEnd < 0 ? text.length : urlEnd
    }
  }
  return { status: "ok", text: plain }
}

const withoutLanguage = (code: string) => code.replace(/^[^\s`]+\n|^\n/, "")

const entityNames = {
  "*": "Bold",
  _: "Italic",
  __: "Underline",
  "~": "Strikethrough",
  "||": "Spoiler",
  "`": "Code",
  "```": "Pre",
  "]": "TextUrl",
} as const
type Closer = keyof typeof entityNames

/** MarkdownV2: everything reserved is either markup or escaped. */
function parseMarkdownV2(text: string): ParsedText {
  const open: { closer: Closer; at: number }[] = []
  let plain = ""
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? ""
    const next = text[i + 1] ?? ""
    const inner = open.at(-1)
    const inCode = inner?.closer === "`" || inner?.closer === "```"
    const lineStart = i === 0 || text[i - 1] === "\n"
    if (char === "\\" && next !== "" && next.charCodeAt(0) <= 126) {
      plain += next
      i++
    } else if (inCode ? char !== "`" : !"_*[]()~`>#+-=|{}.!".includes(char)) {
      plain += char
    } else if (!inCode && lineStart && (char === ">" || text.startsWith("**>", i))) {
      i += char === ">" ? 0 : 2
    } else if (
      !inCode &&
      text.startsWith("||", i) &&
      (i + 2 === text.length || text[i + 2] === "\n") &&
      inner === undefined
    ) {
      i++ // the end mark of an expandable quotation
    } else if (inner !== undefined && closes(text, i, inner.closer)) {
      open.pop()
      i += inner.closer.length - 1
      if (inner.closer === "]" && text[i + 1] === "(") {
        const urlEnd = findUnescaped(text, ")", i + 2)
        if (urlEnd < 0) return refuse(`Can't find end of a URL at byte offset ${bytesBefore(text, i + 1)}`)
        i = urlEnd
      }
    } else if (inCode) {
      plain += char
    } else {
      const closer = opened(text, i)
      if (closer === undefined)
        return refuse(`Character '${char}' is reserved and must be escaped with the preceding '\\'`)
      open.push({ closer, at: i })
      i += char === "!" ? 1 : closer.length - 1
      if (closer === "```") i += text.slice(i + 1).length - withoutLanguage(text.slice(i + 1)).length
    }
  }
  const unclosed = open.at(-1)
  if (unclosed === undefined) return { status: "ok", text: plain }
  return refuse(
    `Can't find end of ${entityNames[unclosed.closer]} entity at byte offset ${bytesBefore(text, unclosed.at)}`,
  )
}

function closes(text: string, i: number, closer: Closer): boolean {
  if (closer === "_") return text[i] === "_" && text[i + 1] !== "_"
  return text.startsWith(closer, i)
}

function opened(text: string, i: number): Closer | undefined {
  switch (text.charAt(i)) {
    case "_":
      return text[i + 1] === "_" ? "__" : "_"
    case "*":
      return "*"
    case "~":
      return "~"
    case "|":
      return text[i + 1] === "|" ? "||" : undefined
    case "`":
      return text.startsWith("```", i) ? "```" : "`"
    case "[":
      return "]"
    case "!":
      return text[i + 1] === "[" ? "]" : undefined
    default:
      return undefined
  }
}

function findUnescaped(text: string, char: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === "\\") i++
    else if (text[i] === char) return i
  }
  return -1
}

const htmlTags = new Set(
  "a b strong i em s strike del u ins tg-spoiler tg-emoji tg-time span pre code blockquote".split(" "),
)
const namedEntities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' }

/** HTML: only Telegram's tags, each closed in order. Unknown entities stay as they are written. */
function parseHtml(text: string): ParsedText {
  const open: string[] = []
  let plain = ""
  const token = /<(\/?)([^\s>]*)([^>]*)(>?)|&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]+));?|[^<&]+|&/gy
  for (const match of text.matchAll(token)) {
    const [whole, slash, name, attributes = "", end, decimal, hex, named] = match
    if (!whole.startsWith("<")) {
      const code = decimal === undefined ? (hex === undefined ? undefined : Number.parseInt(hex, 16)) : Number(decimal)
      plain +=
        code !== undefined && code <= 0x10ffff ? String.fromCodePoint(code) : (namedEntities[named ?? ""] ?? whole)
      continue
    }
    const at = `at byte offset ${bytesBefore(text, match.index)}`
    const tag = (name ?? "").toLowerCase()
    if (slash === "/") {
      const expected = open.pop()
      if (expected === undefined) return refuse(`Unexpected end tag ${at}`)
      if (end !== ">") return refuse(`Unclosed end tag ${at}`)
      if (tag !== "" && tag !== expected) {
        return refuse(`Unmatched end tag ${at}, expected "</${expected}>", found "</${tag}>"`)
      }
      continue
    }
    if (end !== ">") return refuse(`Unclosed start tag ${at}`)
    if (!htmlTags.has(tag)) return refuse(`Unsupported start tag "${tag}" ${at}`)
    if (tag === "span" && !/class\s*=\s*["']?tg-spoiler/.test(attributes)) {
      return refuse(`Tag "span" must have class "tg-spoiler" ${at}`)
    }
    open.push(tag)
  }
  const unclosed = open.at(-1)
  if (unclosed !== undefined) return refuse(`Can't find end tag corresponding to start tag "${unclosed}"`)
  return { status: "ok", text: plain }
}
