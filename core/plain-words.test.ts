/** That people who do not program can tell what is wrong with what they wrote. */
import { expect, test } from "vitest"
import * as z from "zod"
import { sayPlainly } from "./plain-words.ts"

const say = (schema: z.ZodType, value: unknown) =>
  schema.safeParse(value, { error: sayPlainly }).error?.issues.map(({ message }) => message)

test.each<readonly [string, z.ZodType, unknown, string]>([
  ["a number as text", z.number(), "abc", "must be a number"],
  ["a number from an environment", z.coerce.number(), "abc", "must be a number"],
  ["a fraction for a count", z.number().int(), 1.5, "must be a whole number"],
  ["a number below its bound", z.number().int().min(1), 0, "must be at least 1"],
  ["a number on a bound that it must pass", z.number().positive(), 0, "must be more than 0"],
  ["a number above its bound", z.number().max(65_535), 70_000, "must be at most 65535"],
  ["a short text", z.string().min(8), "abc", "must have at least 8 characters"],
  ["a long text", z.string().max(1), "abc", "must have at most 1 character"],
  ["too few of a list", z.array(z.string()).min(2), [], "must have at least 2 entries"],
  ["nothing", z.string(), undefined, "is missing"],
  ["nothing for a choice", z.enum(["a", "b"]), undefined, "is missing"],
  ["a text for a switch", z.boolean(), "yes", "must be true or false"],
  ["a word that is no choice", z.enum(["auto", "webhook", "polling"]), "x", "must be auto, webhook or polling"],
  [
    "an address without its scheme",
    z.url({ protocol: /^https?$/ }),
    "api.openai.com",
    "must be an address that begins with http:// or https://",
  ],
  ["a day that is none", z.iso.date(), "soon", "must be a day such as 2027-01-31"],
  ["one strange field", z.strictObject({ a: z.string().optional() }), { b: 1 }, "has a field that is not known: b"],
  ["strange fields", z.strictObject({}), { b: 1, c: 2 }, "has unknown fields: b, c"],
  ["a list for an object", z.object({}), "x", "must hold fields of its own"],
])("%s", (_, schema, value, message) => {
  expect(say(schema, value)).toEqual([message])
})

test("what a schema says itself goes before it, and the value is never repeated", () => {
  expect(say(z.string().regex(/^la_/, { error: "Give the token." }), "secret")).toEqual(["Give the token."])
  expect(
    JSON.stringify(say(z.object({ a: z.number(), b: z.enum(["x"]) }), { a: "secret", b: "secret" })),
  ).not.toContain("secret")
})
