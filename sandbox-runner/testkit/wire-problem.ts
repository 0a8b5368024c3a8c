/** How the scripted model's two providers word a schema failure, and what both refuse alike. Test kit only. */
import * as z from "zod"

/** A request that the real provider refuses. */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly type?: string
  readonly code?: string
  readonly param?: string
}

export type Parsed<T> = { status: "ok"; value: T } | { status: "refused"; refusal: Refusal }

const Tagged = z.record(z.string(), z.unknown())

/** One schema failure without zod's own wording. `path` uses dots. */
export type SchemaProblem =
  | { readonly kind: "missing"; readonly path: string }
  | { readonly kind: "extra"; readonly path: string }
  | { readonly kind: "tag"; readonly path: string; readonly found: string; readonly discriminator: string }
  | { readonly kind: "other"; readonly path: string; readonly message: string }

/** The first failure that says most: inside a union it is that of the branch that came furthest. */
export function firstProblem(issues: readonly z.core.$ZodIssue[], prefix: readonly PropertyKey[] = []): SchemaProblem {
  const [issue] = issues
  if (issue === undefined) return { kind: "other", path: "", message: "Invalid request" }
  const path = [...prefix, ...issue.path].map(String).join(".")
  const found = issue.input
  if (issue.code === "unrecognized_keys") {
    return { kind: "extra", path: [path, issue.keys[0] ?? ""].filter((part) => part !== "").join(".") }
  }
  if (issue.code === "invalid_union") {
    if (issue.errors.length === 0) {
      const discriminator = issue.discriminator ?? "type"
      const tag = Tagged.safeParse(found).data?.[discriminator]
      return tag === undefined
        ? { kind: "missing", path }
        : { kind: "tag", path, found: JSON.stringify(tag), discriminator }
    }
    const deepest = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0]
    if (deepest !== undefined && depth(deepest) > 0) return firstProblem(deepest, [...prefix, ...issue.path])
  }
  if (found === undefined && (issue.code === "invalid_type" || issue.code === "invalid_value")) {
    return { kind: "missing", path }
  }
  return { kind: "other", path, message: issue.message }
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === "unrecognized_keys" ? 1 : 0)))
}

/**
 * Parses a body as the providers do: lone surrogates and malformed UTF-8 are not JSON to them, though JSON.parse takes both.
 * @returns undefined when it is not JSON
 */
export function parseStrictJson(bytes: Uint8Array): { value: unknown } | undefined {
  try {
    const text = strictUtf8.decode(bytes)
    const value: unknown = JSON.parse(text)
    if (/\\u[dD][89a-fA-F]/.test(text) && hasLoneSurrogate(value)) return undefined
    return { value }
  } catch {
    return undefined
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true })

/** Half of a UTF-16 pair without its other half. */
const isLone = (text: string) => /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text)

function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === "string") return isLone(value)
  if (typeof value !== "object" || value === null) return false
  return Object.entries(value).some(([key, item]) => isLone(key) || hasLoneSurrogate(item))
}

/** Cuts a text into pieces of about `size` UTF-16 units, never through a character. */
export function chunksOf(text: string, size: number): string[] {
  const chunks: string[] = []
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + Math.max(1, size))
    const last = text.charCodeAt(end - 1)
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end++
    chunks.push(text.slice(start, end))
    start = end
  }
  return chunks
}
