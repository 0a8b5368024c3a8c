/**
 * The record of a conversation as Markdown for people. Everything that somebody or something else wrote stands in quotes or
 * fences that it cannot leave, so that no text can pass for the record's own headings.
 */
import type { ConversationRow, MessageRow } from "../projection.ts"
import { type EpochMs, toRfc3339 } from "../units.ts"

export function markdownHead(row: ConversationRow, exportedAt: EpochMs): string {
  const lines = [
    `# ${oneLine(row.title) || "Untitled"}`,
    "",
    `- Conversation: \`${row.id}\` (${row.kind})`,
    ...(row.channelId === null ? [] : [`- Channel: \`${row.channelId}\``]),
    ...(row.ownerId === null ? [] : [`- Owner: \`${row.ownerId}\``]),
    `- Begun: ${toRfc3339(row.createdAt)}`,
    `- Last activity: ${toRfc3339(row.lastActivityAt)}`,
    ...(row.archivedAt === null ? [] : [`- Archived: ${toRfc3339(row.archivedAt)}`]),
    `- Exported: ${toRfc3339(exportedAt)}`,
  ]
  return `${lines.join("\n")}\n`
}

/** One entry with its steps; begins with an empty line. */
export function markdownEntry(row: MessageRow): string {
  const parts = row.blocks.flatMap((block): string[] => {
    switch (block.type) {
      case "text":
        return [quote(block.text)]
      case "tool_use":
        return [`Called the tool ${code(block.name)}:`, fence(JSON.stringify(block.input, null, 2), "json")]
      case "tool_result":
        return [block.isError ? "The tool failed:" : "The tool answered:", fence(block.text, "")]
      case "image":
        return [`A picture (${block.mediaType}, ${block.sizeBytes} bytes).`]
      case "thinking":
        return []
    }
  })
  if (parts.length === 0) return ""
  const isResult = row.blocks.every(({ type }) => type === "tool_result")
  const heading = isResult ? "" : `## ${senderOf(row)}, ${toRfc3339(row.createdAt)}\n\n`
  return `\n${heading}${parts.join("\n\n")}\n`
}

function senderOf({ role, source }: MessageRow): string {
  if (role === "assistant") return "Agent"
  switch (source?.kind) {
    case "operator":
      return `${oneLine(source.senderName)} (operator)`
    case "telegram":
      return `${oneLine(source.senderName)} (Telegram)`
    case "api":
    case undefined:
      return "User"
  }
}

function quote(text: string): string {
  return linesOf(text)
    .map((line) => (line === "" ? ">" : `> ${line}`))
    .join("\n")
}

/** A fence longer than any run of backticks inside (CommonMark 4.5). */
function fence(text: string, language: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length))
  const ticks = "`".repeat(longest + 1)
  return `${ticks}${language}\n${linesOf(text).join("\n")}\n${ticks}`
}

function code(text: string): string {
  return `\`${text.replaceAll(/\s+/g, " ").replaceAll("`", "'")}\``
}

/** Line endings of CommonMark 2.1. */
function linesOf(text: string): string[] {
  return text.split(/\r\n|\n|\r/)
}

/** Of a name or title: nothing in it means anything to Markdown or HTML. */
function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .trim()
    .replaceAll(/[\\`*_{}[\]<>#|!&~]/g, String.raw`\$&`)
}
