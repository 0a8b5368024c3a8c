/** What is wrong with a value, in words for people who do not program. Never with the value itself: that may be a secret. */
import type * as z from "zod"

/** Zod's issue before it has a message. */
type Mistake = z.core.$ZodRawIssue

/**
 * For the `error` of a parse: `schema.safeParse(value, { error: sayPlainly })`. What a schema says itself goes before it.
 * @returns undefined where Zod's own words do
 */
export function sayPlainly(mistake: Mistake): string | undefined {
  switch (mistake.code) {
    case "invalid_type":
      return mistake.input === undefined ? "is missing" : kinds[mistake.expected]
    case "too_small":
      return sayBound(mistake.origin, mistake.inclusive === false ? "more than" : "at least", mistake.minimum)
    case "too_big":
      return sayBound(mistake.origin, mistake.inclusive === false ? "less than" : "at most", mistake.maximum)
    case "invalid_value":
      return mistake.input === undefined ? "is missing" : `must be ${listWords(mistake.values.map(String))}`
    case "invalid_format":
      return formats[mistake.format]
    case "unrecognized_keys": {
      const names = mistake.keys.map((key) => key.slice(0, 100)).join(", ")
      return mistake.keys.length === 1 ? `has a field that is not known: ${names}` : `has unknown fields: ${names}`
    }
    case "invalid_union":
    case "invalid_key":
    case "invalid_element":
    case "not_multiple_of":
    case "custom":
      return undefined
  }
}

const kinds: Readonly<Record<string, string | undefined>> = {
  number: "must be a number",
  int: "must be a whole number",
  string: "must be text",
  boolean: "must be true or false",
  array: "must be a list",
  object: "must hold fields of its own",
  record: "must hold fields of its own",
}

const formats: Readonly<Record<string, string | undefined>> = {
  url: "must be an address that begins with http:// or https://",
  date: "must be a day such as 2027-01-31",
  datetime: "must be a time such as 2027-01-31T12:00:00Z",
}

function sayBound(origin: string, how: string, bound: number | bigint): string | undefined {
  switch (origin) {
    case "number":
    case "int":
      return `must be ${how} ${bound}`
    case "string":
      return `must have ${how} ${count(bound, "character", "characters")}`
    case "array":
    case "set":
      return `must have ${how} ${count(bound, "entry", "entries")}`
    default:
      return undefined
  }
}

const count = (n: number | bigint, one: string, many: string) => `${n} ${Number(n) === 1 ? one : many}`

function listWords(words: readonly string[]): string {
  const last = words.at(-1) ?? ""
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`
}
