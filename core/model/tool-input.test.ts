/** What becomes of the arguments that models write. */
import { describe, expect, test } from "vitest"
import { invalidToolInput, parseToolInput } from "./tool-input.ts"

describe("parseToolInput", () => {
  const read: [string, unknown][] = [
    ['{"a":1,"b":["x",null]}', { a: 1, b: ["x", null] }],
    ["", {}],
    ["  \n", {}],
    ["{}", {}],
    ['{"text":"日本\\n"}', { text: "日本\n" }],
  ]
  test.each(read)("reads %j", (text, input) => {
    expect(parseToolInput(text)).toEqual(input)
    expect(invalidToolInput(parseToolInput(text))).toBeUndefined()
  })

  const invalid = ['{"a":', '{"a":1}}', "[1,2]", '"text"', "7", "null", "{'a': 1}"]
  test.each(invalid)("keeps %j as something that must not run", (text) => {
    expect(parseToolInput(text)).toEqual({ __invalid_json: text })
    expect(invalidToolInput(parseToolInput(text))).toBe(text)
  })

  test("keeps what is nested deeper than any reader of a journal goes as something that must not run", () => {
    const nested = (depth: number) => '{"a":'.repeat(depth) + "1" + "}".repeat(depth)
    expect(invalidToolInput(parseToolInput(nested(100)))).toBeUndefined()
    expect(invalidToolInput(parseToolInput(nested(102)))).toBe(nested(102))
    expect(invalidToolInput(parseToolInput(nested(200_000)))).toHaveLength(2_000)
  })

  test("cuts a runaway argument", () => {
    expect(invalidToolInput(parseToolInput("x".repeat(1_000_000)))).toHaveLength(2_000)
  })
})

test("a tool that really takes such a field beside others is not mistaken for an invalid call", () => {
  expect(invalidToolInput({ __invalid_json: "x", other: 1 })).toBeUndefined()
  expect(invalidToolInput({ __invalid_json: 1 })).toBeUndefined()
  expect(invalidToolInput([])).toBeUndefined()
})
