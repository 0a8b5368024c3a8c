/** Calls of models as comma-separated values (RFC 4180), read page by page as fast as the client takes them. */
import type { ModelCallRow } from "../../core/projection.ts"
import { toRfc3339 } from "../../core/units.ts"
import type { Libsql } from "../../adapters/store/libsql.ts"
import { callCursor, type CallListOptions, listModelCalls } from "../../adapters/store/usage.ts"
import type { FileAnswer } from "../http/bind.ts"
import { toStream } from "./conversation-export.ts"

const rowsAtOnce = 250
const columns = [
  "startedAt",
  "conversationId",
  "turnId",
  "groupId",
  "provider",
  "model",
  "tier",
  "reason",
  "outcome",
  "inputTokens",
  "cacheReadTokens",
  "cacheWriteTokens",
  "outputTokens",
  "costMicroUsd",
  "firstDeltaMs",
  "durationMs",
] as const satisfies readonly (keyof ModelCallRow)[]

export function callsFile(libsql: Libsql, filters: Omit<CallListOptions, "limit" | "after">): FileAnswer {
  return { type: "text/csv", name: "model-calls.csv", body: toStream(pieces(libsql, filters)) }
}

async function* pieces(libsql: Libsql, filters: Omit<CallListOptions, "limit" | "after">): AsyncGenerator<string> {
  yield toLine(columns)
  let after: string | undefined
  for (;;) {
    const page = await listModelCalls(libsql, { ...filters, limit: rowsAtOnce, after })
    yield page.rows
      .map((row) => toLine(columns.map((name) => (name === "startedAt" ? toRfc3339(row.startedAt) : row[name]))))
      .join("")
    const last = page.rows.at(-1)
    if (!page.hasMore || last === undefined) return
    after = callCursor(last)
  }
}

function toLine(values: readonly (string | number | null)[]): string {
  return `${values.map(toField).join(",")}\r\n`
}

/** A spreadsheet takes what begins with one of these for a formula: a mark before it makes it text (OWASP, "CSV Injection"). */
function toField(value: string | number | null): string {
  if (value === null) return ""
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
