/** Reads the page in front, its frames included, as Markdown with numbers before what can be clicked or filled. */
import type { Frame, Page } from "playwright-core"
import * as z from "zod"
import { visibleLine, visibleText } from "../../core/plain-text.ts"
import { engineName } from "./page-script.ts"
import type { ElementPlace, Session } from "./session.ts"

/** Of one answer: about what a model reads of a page without losing the rest. The rest is read from there on. */
export const maxReadCharacters = 60_000
const maxFrames = 10
const maxFrameDepth = 3

/** What `page/reading.ts` gives; the page's process is not trusted. */
const PageText = z.object({
  title: z.string().max(1_000),
  text: z.string().max(3_000_000),
  elements: z.number().int().nonnegative().max(100_000),
  frames: z.number().int().nonnegative().max(100_000),
  isCut: z.boolean(),
})

export interface PageReading {
  readonly url: string
  readonly title: string
  readonly text: string
}

/** @param from - the character to begin with */
export async function readPage(session: Session, page: Page, from = 0): Promise<PageReading> {
  const elements: ElementPlace[] = []
  const budget = { frames: maxFrames }
  const { title, text } = await readFrame(page.mainFrame(), { elements, budget, depth: 0 })
  session.elements.clear()
  for (const [index, place] of elements.entries()) session.elements.set(index + 1, place)
  return { url: page.url(), title: visibleLine(title, 300), text: cut(text, from) }
}

/** The element that the last reading gave this number; undefined when it is gone. */
export async function findElement(session: Session, ref: number) {
  const place = session.elements.get(ref)
  if (place === undefined || place.frame.isDetached()) return undefined
  return (await place.frame.$(`${engineName}=element:${place.index}`)) ?? undefined
}

interface Progress {
  readonly elements: ElementPlace[]
  readonly budget: { frames: number }
  readonly depth: number
}

async function readFrame(frame: Frame, progress: Progress): Promise<{ title: string; text: string }> {
  const carrier = await frame.$(`${engineName}=read`)
  const read = PageText.parse(JSON.parse((await carrier?.getAttribute("text")) ?? "null"))
  await carrier?.dispose()
  const parts: string[] = []
  let from = 0
  for (const { 0: place, 1: element, 2: inner, index } of read.text.matchAll(
    /\u{E000}(\d+)\u{E001}|\u{E002}(\d+)\u{E003}/gu,
  )) {
    parts.push(visibleText(read.text.slice(from, index)))
    from = index + place.length
    if (element !== undefined) {
      progress.elements.push({ frame, index: Number(element) })
      parts.push(`[${progress.elements.length}]`)
    } else parts.push(await readInner(frame, Number(inner), progress))
  }
  parts.push(visibleText(read.text.slice(from)))
  if (read.isCut) parts.push("\n\n[The page is larger than can be read: its end is left out.]")
  return { title: read.title, text: parts.join("") }
}

/** A frame inside a page; one that cannot be read, or too many, is left out with a word. */
async function readInner(frame: Frame, index: number, progress: Progress): Promise<string> {
  if (progress.budget.frames === 0 || progress.depth === maxFrameDepth) return "(frame: not read)"
  progress.budget.frames -= 1
  try {
    const owner = await frame.$(`${engineName}=frame:${index}`)
    const inner = await owner?.contentFrame()
    if (inner === null || inner === undefined) return "(frame: empty)"
    const { text } = await readFrame(inner, { ...progress, depth: progress.depth + 1 })
    return text.trim() === "" ? "(frame: empty)" : `(frame)\n\n${text}\n\n(end of frame)`
  } catch {
    return "(frame: not readable)"
  }
}

/** A window of the text that ends with a line where it can, and says how to go on. */
function cut(text: string, from: number): string {
  if (from >= text.length && from > 0)
    return `[The page has ${text.length} characters: there is nothing from ${from} on.]`
  const rest = text.slice(from)
  if (rest.length <= maxReadCharacters) return rest.replace(/\p{Cs}/gu, "")
  const lastLine = rest.lastIndexOf("\n", maxReadCharacters)
  const end = lastLine > maxReadCharacters / 2 ? lastLine : maxReadCharacters
  return `${rest.slice(0, end).replace(/\p{Cs}/gu, "")}\n\n[The page goes on: action read with from ${from + end} shows more, of ${text.length} characters in all.]`
}
