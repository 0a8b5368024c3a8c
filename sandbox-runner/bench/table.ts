/** The bench's one table, as Markdown that reads well in a terminal too. */
import { cpus, totalmem } from "node:os"

export interface Row {
  readonly measure: string
  readonly gateway: string
  /** Empty where there is nothing to compare with. */
  readonly floor: string
  readonly ratio: string
  readonly aim: string
  readonly met: boolean | null
}

const heads = ["measure", "gateway", "floor", "ratio", "aim", "met"] as const

export function toTable(rows: readonly Row[]): string {
  const cells = rows.map((row) =>
    heads.map((head) => (head === "met" ? (row.met === null ? "" : row.met ? "yes" : "**no**") : row[head])),
  )
  const widths = heads.map((head, column) => Math.max(head.length, ...cells.map((line) => line[column]?.length ?? 0)))
  const line = (parts: readonly string[]) =>
    `| ${parts.map((part, column) => part.padEnd(widths[column] ?? 0)).join(" | ")} |`
  return [line(heads), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...cells.map(line)].join("\n")
}

/** Where the numbers come from. */
export function describeMachine(): string {
  const [first] = cpus()
  const memoryGb = Math.round(totalmem() / 1024 ** 3)
  return `${first?.model.trim() ?? "unknown CPU"}, ${cpus().length} cores, ${memoryGb} GB, ${process.platform} ${process.arch}, Node ${process.versions.node}`
}
