/** A strict reader of Prometheus' text format 0.0.4, for tests: it refuses what a scraper may refuse. */

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: { name: string; labels: Record<string, string>; value: number }[]
}

const nameForm = "[a-zA-Z_:][a-zA-Z0-9_:]*"
const sampleForm = new RegExp(`^(${nameForm})(?:\\{(.*)\\})? (\\S+)$`)
const labelForm = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/

/** @throws Error with the line that is wrong */
export function parseExposition(text: string): Family[] {
  if (!text.endsWith("\n")) throw new Error("the text does not end with a line feed")
  const families: Family[] = []
  const seen = new Set<string>()
  let help: { name: string; text: string } | undefined
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = new RegExp(`^# (HELP|TYPE) (${nameForm}) (.*)$`).exec(line)
    if (comment !== null) {
      const [, kind, name = "", rest = ""] = comment
      if (kind === "HELP") help = { name, text: unescape(rest) }
      else {
        if (help?.name !== name) throw new Error(`TYPE without HELP: ${line}`)
        if (!/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`unknown type: ${line}`)
        if (families.some((family) => family.name === name)) throw new Error(`told twice: ${line}`)
        families.push({ name, help: help.text, type: rest, samples: [] })
      }
      continue
    }
    const family = families.at(-1)
    const [, name = "", labels = "", value = ""] = sampleForm.exec(line) ?? []
    const base = family?.type === "histogram" ? name.replace(/_(bucket|sum|count)$/, "") : name
    if (family === undefined || family.name !== base) throw new Error(`belongs to no family: ${line}`)
    if (family.type === "counter" && !name.endsWith("_total")) throw new Error(`a counter without _total: ${line}`)
    if (!/^(NaN|[+-]Inf|-?\d+(\.\d+)?(e[+-]?\d+)?)$/.test(value)) throw new Error(`no number: ${line}`)
    if (seen.has(`${name}{${labels}}`)) throw new Error(`twice: ${line}`)
    seen.add(`${name}{${labels}}`)
    family.samples.push({ name, labels: parseLabels(labels, line), value: Number(value.replace("Inf", "Infinity")) })
  }
  return families
}

function parseLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {}
  let left = text
  while (left !== "") {
    const found = labelForm.exec(left)
    if (found === null) throw new Error(`labels: ${line}`)
    const [whole, name = "", value = ""] = found
    if (name in labels) throw new Error(`a label twice: ${line}`)
    labels[name] = unescape(value)
    left = left.slice(whole.length)
  }
  return labels
}

function unescape(text: string): string {
  return text.replaceAll(/\\([\\n"])/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped))
}
