/** Reads `loop-gateway.yaml` (YAML 1.2) and says of every mistake where it stands. Reads no environment and no other file. */
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml"
import type * as z from "zod"
import { type FileMistake, GatewayFile, maxGatewayFileBytes } from "../core/gateway-file.ts"
import { sayPlainly } from "../core/plain-words.ts"

type Path = readonly PropertyKey[]

export type ReadGatewayFile =
  | {
      status: "read"
      file: GatewayFile
      /** A mistake that is only seen in the light of something else, at the place where the file says it. */
      mistakeAt(path: Path, message: string): FileMistake
    }
  | { status: "invalid"; mistakes: [FileMistake, ...FileMistake[]] }

/** Nobody means more than this; each costs a line on a page. */
const maxMistakes = 50
/** A few bytes of YAML can name gigabytes: aliases of aliases. */
const maxAliases = 100

/** An empty file is a file that names nothing. */
export function readGatewayFile(text: string): ReadGatewayFile {
  if (text.length > maxGatewayFileBytes)
    return invalid([{ ...start, path: "", message: "The file is larger than 1 MB." }])
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) {
    const mistakes = document.errors.map(({ pos, message }) => ({
      ...placeOf(lines, pos[0]),
      path: "",
      message: withoutText(message),
    }))
    // What follows on a line from its first mistake would only hide that one.
    return invalid(mistakes.filter(({ line }, at) => mistakes.findIndex((other) => other.line === line) === at))
  }
  const value = toValue(document)
  if (value.status === "invalid") return invalid([{ ...start, path: "", message: value.message }])
  const parsed = GatewayFile.safeParse(value.value, { error: sayPlainly })
  if (!parsed.success) return invalid(parsed.error.issues.flatMap((issue) => mistakesOf(document, lines, issue)))
  return {
    status: "read",
    file: parsed.data,
    mistakeAt: (path, message) => ({ ...locate(document, lines, path), path: pathText(path), message }),
  }
}

const start = { line: 1, column: 1 }

function invalid(mistakes: FileMistake[]): ReadGatewayFile {
  const [first = { ...start, path: "", message: "The file cannot be read." }, ...rest] = mistakes
  return { status: "invalid", mistakes: [first, ...rest.slice(0, maxMistakes - 1)] }
}

function toValue(document: Document): { status: "ok"; value: unknown } | { status: "invalid"; message: string } {
  try {
    return { status: "ok", value: document.toJS({ maxAliasCount: maxAliases }) ?? {} }
  } catch {
    return { status: "invalid", message: "The file repeats itself by aliases too often." }
  }
}

/** A key that means nothing is told at the key itself, all else at its value or, where that is missing, at what lacks it. */
function mistakesOf(document: Document, lines: LineCounter, issue: z.core.$ZodIssue): FileMistake[] {
  const { path } = issue
  if (issue.code !== "unrecognized_keys")
    return [{ ...locate(document, lines, path), path: pathText(path), message: issue.message }]
  return issue.keys.map((key) => ({
    ...locateKey(document, lines, path, key),
    path: pathText([...path, key]),
    message: "There is no such setting here.",
  }))
}

function locate(document: Document, lines: LineCounter, path: Path): { line: number; column: number } {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return placeOf(lines, node.range[0])
  }
  return start
}

function locateKey(document: Document, lines: LineCounter, path: Path, key: string): { line: number; column: number } {
  const parent = path.length === 0 ? document.contents : document.getIn(path, true)
  const pair = isMap(parent)
    ? parent.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
    : undefined
  return isScalar(pair?.key) && pair.key.range ? placeOf(lines, pair.key.range[0]) : locate(document, lines, path)
}

function placeOf(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

function pathText(path: Path): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("")
}

/** The parser quotes what it did not expect, and that may be a secret. */
function withoutText(message: string): string {
  return message
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, "this")
    .replaceAll(/: [^:]*$/g, "")
    .slice(0, 300)
}
