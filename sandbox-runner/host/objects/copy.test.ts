/** Copies of values that go from object to object. */
import { expect, test } from "vitest"
import { copyValue } from "./copy.ts"

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["text", "é\ud800"],
  ["numbers as they are", [Number.NaN, -0, 1e300]],
  ["nested records and lists", { a: [{ b: { c: [] } }], d: {} }],
  ["absent properties", { a: undefined }],
  ["bytes", new Uint8Array([1, 2, 3])],
  ["dates", { at: new Date(5) }],
  ["maps", new Map([["a", { b: 1 }]])],
])("%s", (_, value) => {
  expect(copyValue(value)).toStrictEqual(value)
})

test("share nothing with what they were made of", () => {
  const value = { list: [{ n: 1 }], bytes: new Uint8Array([1]) }
  const copy = copyValue(value)
  value.list[0] = { n: 2 }
  value.bytes[0] = 2
  expect(copy).toEqual({ list: [{ n: 1 }], bytes: new Uint8Array([1]) })
})

test("a property named __proto__ stays a property", () => {
  const copy = copyValue(JSON.parse('{"__proto__": {"isAdmin": true}}'))
  expect(copy).not.toHaveProperty("isAdmin")
  expect(JSON.stringify(copy)).toBe('{"__proto__":{"isAdmin":true}}')
})

test("functions and symbols are refused, as by structured cloning", () => {
  expect(() => copyValue({ call: () => 1 })).toThrow("could not be cloned")
  expect(() => copyValue([Symbol("s")])).toThrow("could not be cloned")
})
