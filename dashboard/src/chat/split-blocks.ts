/** Cuts growing Markdown where a block has surely ended, so that what stands before is rendered once. */

/** A block that would read differently on its own: it goes on with a list, a quote, or what is indented under one. */
const continues = /^(\s|[-*+>]|\d{1,9}[.)])/

/**
 * The text in pieces that joined give it again. Each but the last ended at a blank line outside of code fences. Footnotes
 * and reference links across pieces are resolved only when the whole text is rendered at its end.
 */
export function splitBlocks(text: string): string[] {
  const blocks: string[] = []
  let block = ""
  let fence: string | null = null
  let blank = false
  for (const line of text.split(/(?<=\n)/)) {
    if (blank && fence === null && line.trim() !== "" && !continues.test(line)) {
      blocks.push(block)
      block = ""
    }
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (fence === null) fence = mark ?? null
    else if (mark?.startsWith(fence) && line.trim() === mark) fence = null
    blank = line.trim() === ""
    block += line
  }
  return block === "" ? blocks : [...blocks, block]
}
