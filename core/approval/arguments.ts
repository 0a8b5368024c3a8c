/** A call's arguments for a person who is to say yes: whole, in one order, with nothing in them that the eye passes over. */
import { isSecretName, redact } from "../redact.ts"
import { sha256, utf8Length } from "../sha256.ts"

export interface RenderedArguments {
  /** All of them, one a line, texts over several lines indented. */
  readonly text: string
  /** Of the canonical form that `sha256` is of, secrets included. */
  readonly sizeBytes: number
  readonly sha256: string
  /** True when something was masked. */
  readonly isMasked: boolean
}

/** JSON with sorted keys and no blanks: the same for the same value (as RFC 8785, for what JSON can hold here). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`)
    return `{${fields.join(",")}}`
  }
  return JSON.stringify(value) ?? "null"
}

/** What an answer is bound to. */
export function argumentsDigest(input: unknown): string {
  return sha256(canonicalJson(input))
}

export function renderArguments(input: unknown): RenderedArguments {
  const canonical = canonicalJson(input)
  const shown = renderFields(input, "")
  const masked = maskSecrets(shown)
  const text = visible(masked)
  return {
    text: text === "" ? "(none)" : text,
    sizeBytes: utf8Length(canonical),
    sha256: sha256(canonical),
    isMasked: masked !== shown || hidesField(input),
  }
}

/** The arguments as a value, every secret in them masked: rendered, it reads as the arguments themselves. */
export function maskArguments(input: unknown): Json {
  if (typeof input === "string") return maskSecrets(input)
  if (typeof input === "number" || typeof input === "boolean") return input
  if (Array.isArray(input)) return input.map(maskArguments)
  if (typeof input !== "object" || input === null) return null
  const fields = Object.entries(input).map(([name, field]): [string, Json] => [
    name,
    isHidden(name, field) ? "[redacted]" : maskArguments(field),
  ])
  return Object.fromEntries(fields)
}

type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

function isHidden(name: string, field: unknown): boolean {
  return isSecretName(name) && field !== null && field !== ""
}

/** What stands together, with what follows `key: ` or `Bearer `. */
const word = /[^\s;|&$`()<>]+(?:(?<=[=:]|\bbearer|\bbasic) [^\s;|&$`()<>]+)*/gi

/** Word by word: a secret has neither blanks nor what a shell acts on, and nothing that does may hide behind `token=`. */
function maskSecrets(text: string): string {
  return text.replaceAll(word, redact)
}

/** A field's name never hides what follows it: each stands at the beginning of a line, deeper by its place. */
function renderFields(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return renderLeaf(value, indent)
  const entries: [string, unknown][] = Array.isArray(value)
    ? value.map((item, index) => [`[${index}]`, item])
    : Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, field]) => `${indent}${nameOf(name)}:${renderField(name, field, indent)}`).join("\n")
}

function renderField(name: string, field: unknown, indent: string): string {
  if (isHidden(name, field)) return " [redacted]"
  if (typeof field === "object" && field !== null) {
    const inner = renderFields(field, `${indent}  `)
    if (inner !== "") return `\n${inner}`
    return Array.isArray(field) ? " []" : " {}"
  }
  return renderLeaf(field, indent)
}

/** A text over several lines keeps them: a script is read as a script. Each line is marked, so that none can pose as a field. */
function renderLeaf(value: unknown, indent: string): string {
  if (typeof value !== "string") return ` ${JSON.stringify(value) ?? "null"}`
  if (!value.includes("\n")) return ` ${JSON.stringify(value)}`
  return `\n${value
    .split("\n")
    .map((line) => `${indent}  | ${line}`)
    .join("\n")}`
}

const nameOf = (name: string) => (/^[\w.[\]-]{1,100}$/.test(name) ? name : JSON.stringify(name))

function hidesField(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false
  return Object.entries(value).some(([name, field]) => isHidden(name, field) || hidesField(field))
}

/**
 * The text with every character that shows nothing, turns the reading direction, or looks like a blank, as an escape. Line
 * breaks stay.
 */
export function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/gu,
    (character) => (character === "\n" ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`),
  )
}
