/**
 * The arguments of a tool call as the model wrote them. Models write invalid JSON now and then: such a call stays in the
 * transcript with `{"__invalid_json": "<what it wrote>"}` as its input, so that it can be answered with an error and be
 * replayed to any provider, all of which demand an object. Never repairs what it cannot read.
 */
import type { ToolUseBlock } from "./message.ts"

export type ToolInput = ToolUseBlock["input"]

const invalidKey = "__invalid_json"
/** Enough for the model to see its mistake; a runaway argument must not fill the transcript. */
const maxShown = 2_000
/** Far more than any tool asks for. Journals are read back by recursion: a value nested thousands deep would break each reading. */
const maxDepth = 100

/**
 * The object that the text is; an empty text is the empty object; anything else, and what is nested more than 100 deep, is
 * kept as invalid, cut at 2,000 characters.
 */
export function parseToolInput(text: string): ToolInput {
  if (text.trim() === "") return {}
  const parsed = parseJson(text)
  return isObject(parsed) && isShallow(parsed) ? parsed : { [invalidKey]: text.slice(0, maxShown) }
}

/** What the model wrote instead of a JSON object; undefined for every other input. Such a call must not run. */
export function invalidToolInput(input: ToolInput): string | undefined {
  if (!isObject(input) || Object.keys(input).length !== 1) return undefined
  const written = input[invalidKey]
  return typeof written === "string" ? written : undefined
}

function parseJson(text: string): ToolInput | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Level by level, since recursion is what a deep value breaks. */
function isShallow(input: ToolInput): boolean {
  let level: unknown[] = [input]
  for (let depth = 0; depth <= maxDepth; depth += 1) {
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []))
    if (level.length === 0) return true
  }
  return false
}

function isObject(value: ToolInput | undefined): value is { [key: string]: ToolInput } {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
