import { expect, test } from "vitest"
import { toSearchQuery } from "./search-query.ts"

test.each([
  ["invoice", 'text : ("invoice")'],
  ["  late   invoice ", 'text : ("late" AND "invoice")'],
  ['"late invoice" march', 'text : ("late invoice" AND "march")'],
  ['"never closed', 'text : ("never closed")'],
  ["invo*", 'text : ("invo"*)'],
  ["i*", 'text : ("i")'],
  ['invoice -paid -"by cash"', 'text : (("invoice") NOT ("paid" OR "by cash"))'],
  ["re-open", 'text : ("re-open")'],
  ['say"this"', 'text : ("say" AND "this")'],
])("%s is looked for as %s", (typed, query) => {
  expect(toSearchQuery(typed)).toBe(query)
})

test.each(["", "   ", "-", "*", '""', '"', "!!! ???", "-paid", "( ) : ^ +"])("%j is nothing to look for", (typed) => {
  expect(toSearchQuery(typed)).toBeUndefined()
})

test.each(["a AND b", "NEAR(a b)", "conversation_id : x", "a OR", "{text} : a", "a NOT", "^a", "a + b", "a\0b"])(
  "the grammar's own words in %j are words like others",
  (typed) => {
    const outside = (toSearchQuery(typed) ?? "").replaceAll(/"[^"]*"/g, "")
    expect(outside.replace("text : ", "")).toMatch(/^\(( AND )*\)$/)
    expect(toSearchQuery(typed)).not.toContain("\0")
  },
)

test("words beyond the sixteenth are left out", () => {
  expect(toSearchQuery(Array.from({ length: 40 }, (_, n) => `w${n}`).join(" "))?.match(/"/g)).toHaveLength(32)
})
