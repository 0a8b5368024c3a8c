/**
 * Reads a document as a person sees it, in Markdown, and numbers what can be clicked or filled. Runs in the page, in a world that
 * the page's own scripts cannot reach, as a selector engine of Playwright: `read` gives an element that holds a `PageText` as
 * JSON, `element:<n>` and `frame:<n>` what the last reading numbered. Places of numbers stand between private-use characters,
 * which no text of the page can hold.
 */
import { createSight } from "./sight.ts"
import { describeField, isDisabled, nameOf, roleOf, tidy, clip } from "./elements.ts"

export interface PageText {
  readonly title: string
  /** U+E000 n U+E001 stands for the element n, U+E002 n U+E003 for the frame n; both from 0. */
  readonly text: string
  readonly elements: number
  readonly frames: number
  /** The document is larger than what is read of one. */
  readonly isCut: boolean
}

/** An element around one of these is not clicked for its own sake. */
const usedParts = "a[href],button,input,select,textarea,[role],[onclick]"
const maxNodes = 60_000
const maxMs = 4_000
const maxCharacters = 1_000_000

export function createReadingEngine() {
  let elements: Element[] = []
  let frames: Element[] = []
  return {
    query(root: Node, selector: string): Element | undefined {
      return this.queryAll(root, selector)[0]
    },
    queryAll(root: Node, selector: string): Element[] {
      const document = root.ownerDocument ?? root
      if (!(document instanceof Document)) return []
      const [what, number] = selector.split(":")
      if (what !== "read") {
        const found = (what === "element" ? elements : frames)[Number(number)]
        return found?.isConnected === true ? [found] : []
      }
      const reading = readDocument(document)
      elements = reading.elements
      frames = reading.frames
      const text: PageText = {
        title: document.title.slice(0, 1_000),
        text: reading.text,
        elements: elements.length,
        frames: frames.length,
        isCut: reading.isCut,
      }
      const carrier = document.createElement("template")
      carrier.setAttribute("text", JSON.stringify(text))
      return [carrier]
    },
  }
}

type Bounds = ReturnType<typeof createSight>["page"]

interface Place {
  readonly bounds: Bounds
  /** Before each line: of lists and quotes. */
  readonly indent: string
  readonly listDepth: number
  readonly isPreformatted: boolean
  /** Inside a link, button or cell everything is one line. */
  readonly isInline: boolean
  /** Inside something that can be clicked already. */
  readonly isClickable: boolean
}

function readDocument(document: Document) {
  const sight = createSight(document)
  const elements: Element[] = []
  const frames: Element[] = []
  const endsAt = performance.now() + maxMs
  let nodes = 0
  let size = 0
  let isCut = false
  /** Paragraphs so far, and the one that is being written. */
  let blocks: string[] = []
  let line = ""

  const write = (text: string) => {
    size += text.length
    line += text
  }
  /** A control stands apart from the words around it. */
  const writeControl = (text: string) => write(`${line === "" || /\s$/.test(line) ? "" : " "}${text} `)
  const endBlock = (place: Place, first = "") => {
    if (place.isInline) {
      if (!line.endsWith(" ")) write(" ")
      return
    }
    const text = place.isPreformatted
      ? line
      : line
          .replace(/[ \t]*\n[ \t]*/g, "\n")
          .replace(/ +/g, " ")
          .trim()
    line = ""
    if (text === "") return
    const rest = place.indent + " ".repeat(first.length)
    blocks.push(place.indent + first + text.replaceAll("\n", `\n${rest}`))
  }
  /** What is written meanwhile, as one line. */
  const capture = (place: Place, read: (inside: Place) => void): string => {
    const [before, outer] = [line, blocks]
    line = ""
    blocks = []
    read({ ...place, isInline: true, isPreformatted: false })
    const inside = tidy([...blocks, line].join(" "))
    line = before
    blocks = outer
    return inside
  }
  const mark = (element: Element) => {
    elements.push(element)
    return `\u{E000}${elements.length - 1}\u{E001}`
  }

  const readChildren = (parent: Element, place: Place) => {
    const children =
      parent.shadowRoot !== null
        ? parent.shadowRoot.childNodes
        : parent instanceof HTMLSlotElement && parent.assignedNodes().length > 0
          ? parent.assignedNodes({ flatten: true })
          : parent.childNodes
    const style = getComputedStyle(parent)
    for (const child of children) {
      nodes += 1
      if (nodes > maxNodes || size > maxCharacters || (nodes % 200 === 0 && performance.now() > endsAt)) isCut = true
      if (isCut) return
      if (child instanceof Text) readText(child, style, place)
      else if (child instanceof Element) readElement(child, place)
    }
  }

  const readText = (text: Text, style: CSSStyleDeclaration, place: Place) => {
    const shown = text.data.replace(/\p{Co}/gu, "")
    if (shown.trim() === "") {
      if (shown !== "" && line !== "" && !line.endsWith(" ")) write(" ")
      return
    }
    if (!sight.showsText(text, style, place.bounds)) return
    // A page must not write numbers that look like ours.
    const own = shown.replace(/\[(?=\s*\d+\s*\])/g, "\\[")
    write(place.isPreformatted ? own : own.replace(/\s+/g, " "))
  }

  const readElement = (element: Element, place: Place) => {
    const tag = element.tagName.toLowerCase()
    if (/^(script|style|noscript|template|head|meta|link|base|param|source|track|datalist)$/.test(tag)) return
    const style = getComputedStyle(element)
    if (sight.isClosed(element, style, place.bounds)) return
    const bounds = sight.boundsIn(element, style, place.bounds)
    const inside = bounds === place.bounds ? place : { ...place, bounds }
    if (tag === "iframe" || tag === "frame") {
      if (!sight.showsBox(element, place.bounds)) return
      endBlock(place)
      frames.push(element)
      write(`\u{E002}${frames.length - 1}\u{E003}`)
      endBlock(place)
      return
    }
    if (tag === "img") return readPicture(element, place)
    if (tag === "br") return write(place.isInline ? " " : "\n")
    if (tag === "svg" || tag === "canvas" || tag === "video" || tag === "audio" || tag === "object" || tag === "embed")
      return
    if (!place.isClickable && readControl(element, tag, style, inside)) return
    readBlock(element, tag, style, inside)
  }

  const readPicture = (element: Element, place: Place) => {
    const alt = clip(element.getAttribute("alt") ?? "", 120)
    if (alt !== "" && sight.showsBox(element, place.bounds)) write(`(picture: ${alt}) `)
  }

  /** @returns whether it was a control, which is then written */
  const readControl = (element: Element, tag: string, style: CSSStyleDeclaration, place: Place): boolean => {
    const role = roleOf(element, tag)
    if (role === undefined) return readPointed(element, tag, style, place)
    if (!sight.showsBox(element, place.bounds) && role !== "link") return true
    const field = describeField(element, role)
    if (field !== undefined) {
      writeControl(`${isDisabled(element) ? "(disabled)" : mark(element)} ${field}`)
      return true
    }
    const at = elements.length
    const number = mark(element)
    const text = capture(place, (inside) => readChildren(element, { ...inside, isClickable: true }))
    const shown = text !== "" ? text : sight.showsBox(element, place.bounds) ? nameOf(element) : ""
    if (shown === "" && role === "link") {
      elements.length = at
      return true
    }
    if (role === "link") {
      writeControl(`${number} [${shown}](${addressOf(element)})`)
      return true
    }
    const states = ["expanded", "checked", "selected", "pressed"].flatMap((state) => {
      const value = element.getAttribute(`aria-${state}`)
      return value === "true" ? [`, ${state}`] : value === "false" && state !== "selected" ? [`, not ${state}`] : []
    })
    if (isDisabled(element)) elements.length = at
    writeControl(`${isDisabled(element) ? "(disabled)" : number} (${role}: ${shown}${states.join("")})`)
    return true
  }

  /** What looks as if it could be clicked without saying so. */
  const readPointed = (element: Element, tag: string, style: CSSStyleDeclaration, place: Place): boolean => {
    const parent = element.parentElement
    const isPointed = style.cursor === "pointer" && parent !== null && getComputedStyle(parent).cursor !== "pointer"
    if (!isPointed && !element.hasAttribute("onclick")) return false
    if (tag === "html" || tag === "body") return false
    // A drawn checkbox is clicked by its label.
    if (tag === "label" ? !isLabelOfHidden(element) : element.querySelector(usedParts) !== null) return false
    const at = elements.length
    const number = mark(element)
    const text = capture(place, (inside) => readChildren(element, { ...inside, isClickable: true }))
    if (text === "") {
      elements.length = at
      return true
    }
    endBlockOf(style, place)
    writeControl(`${number} ${tag === "label" ? describeLabel(element, text) : text}`)
    endBlockOf(style, place)
    return true
  }

  const isLabelOfHidden = (element: Element) => {
    const control = element instanceof HTMLLabelElement ? element.control : null
    return control instanceof HTMLInputElement && !sight.showsBox(control, sight.page)
  }
  const describeLabel = (element: Element, text: string) => {
    const control = element instanceof HTMLLabelElement ? element.control : null
    if (!(control instanceof HTMLInputElement) || !/^(checkbox|radio)$/.test(control.type)) return text
    return `(${control.type} "${clip(text, 120)}": ${control.checked ? "on" : "off"})`
  }

  const endBlockOf = (style: CSSStyleDeclaration, place: Place) => {
    if (!/^(inline|contents|none|ruby)/.test(style.display)) endBlock(place)
  }

  const readBlock = (element: Element, tag: string, style: CSSStyleDeclaration, place: Place) => {
    const heading = /^h([1-6])$/.exec(tag)
    if (heading?.[1] !== undefined) {
      endBlock(place)
      const text = capture(place, (inside) => readChildren(element, inside))
      if (text !== "") write(place.isInline ? text : `${"#".repeat(Number(heading[1]))} ${text}`)
      endBlock(place)
      return
    }
    if (tag === "table" && !place.isInline) return readTable(element, place)
    if (place.isInline) {
      readChildren(element, place)
      endBlockOf(style, place)
      return
    }
    if (tag === "ul" || tag === "ol") return readList(element, tag, place)
    if (tag === "pre") {
      endBlock(place)
      readChildren(element, { ...place, isPreformatted: true })
      const code = line.replace(/\n+$/, "").replaceAll("```", "'''")
      line = code.trim() === "" ? "" : `\`\`\`\n${code}\n\`\`\``
      endBlock({ ...place, isPreformatted: true })
      return
    }
    if (tag === "hr") {
      endBlock(place)
      write("---")
      endBlock(place)
      return
    }
    endBlockOf(style, place)
    const inside = tag === "blockquote" ? { ...place, indent: `${place.indent}> ` } : place
    readChildren(element, inside)
    if (inside === place) endBlockOf(style, place)
    else endBlock(inside)
  }

  const readList = (element: Element, tag: string, place: Place) => {
    endBlock(place)
    let number = element instanceof HTMLOListElement ? element.start : 1
    for (const item of element.children) {
      if (isCut) return
      const style = getComputedStyle(item)
      if (item.tagName !== "LI" || sight.isClosed(item, style, place.bounds)) {
        if (item.tagName !== "LI") readElement(item, place)
        continue
      }
      const sign = tag === "ol" ? `${number}. ` : "- "
      number += 1
      const before = blocks.length
      readElement(item, {
        ...place,
        indent: `${place.indent}${" ".repeat(sign.length)}`,
        listDepth: place.listDepth + 1,
      })
      endBlock({ ...place, indent: `${place.indent}${" ".repeat(sign.length)}` })
      const first = blocks[before]
      if (first !== undefined) blocks[before] = place.indent + sign + first.slice(place.indent.length + sign.length)
    }
  }

  const readTable = (element: Element, place: Place) => {
    const rows = element instanceof HTMLTableElement ? [...element.rows] : []
    const isData = rows.some((row) => row.cells.length > 1) && element.querySelector("table,iframe") === null
    endBlock(place)
    if (!isData) {
      readChildren(element, place)
      endBlock(place)
      return
    }
    if (element instanceof HTMLTableElement && element.caption !== null) {
      readElement(element.caption, place)
      endBlock(place)
    }
    const lines: string[] = []
    for (const row of rows) {
      if (isCut) break
      if (sight.isClosed(row, getComputedStyle(row), place.bounds)) continue
      const cells = [...row.cells].map((cell) =>
        capture(place, (inside) => readElement(cell, inside)).replaceAll("|", "\\|"),
      )
      if (cells.every((cell) => cell === "")) continue
      lines.push(`| ${cells.join(" | ")} |`)
      if (lines.length === 1) lines.push(`|${" --- |".repeat(cells.length)}`)
    }
    write(lines.join("\n"))
    endBlock({ ...place, isPreformatted: true })
  }

  const start: Place = {
    bounds: sight.page,
    indent: "",
    listDepth: 0,
    isPreformatted: false,
    isInline: false,
    isClickable: false,
  }
  readChildren(document.documentElement, start)
  endBlock(start)
  return { text: joined(blocks), elements, frames, isCut }
}

/** Items of a list stand close, everything else has air around it. */
function joined(blocks: readonly string[]): string {
  let text = ""
  for (const [index, block] of blocks.entries()) {
    const isItem = /^\s*(-|\d+\.) /.test(block)
    const wasItem = /^\s*(-|\d+\.) /.test(blocks[index - 1] ?? "")
    text += index === 0 ? block : `${isItem && wasItem ? "\n" : "\n\n"}${block}`
  }
  return text
}

/** Where a link leads, short: a path for the same site. */
function addressOf(element: Element): string {
  const href = element instanceof HTMLAnchorElement || element instanceof HTMLAreaElement ? element.href : ""
  const url = URL.parse(href)
  if (url === null || !/^(https?|mailto|tel):$/.test(url.protocol)) return ""
  const short = url.origin === location.origin ? url.pathname + url.search + url.hash : url.href
  return clip(short.replace(/[()\s]/g, encodeURIComponent), 160)
}
