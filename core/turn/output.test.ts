/** Reading on in a long output: any part of it by characters or lines, where words stand, and never half a character. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { headAndTail, readOutput, ReadOutput } from "./output.ts"

const lines = Array.from({ length: 500 }, (_, index) => `line ${index + 1}`).join("\n")
const read = (text: string, wish: Omit<ReadOutput, "call">) =>
  readOutput(text, ReadOutput.parse({ call: "c", ...wish }))
/** What stands below the line that says where it is. */
const piece = (told: string) => told.slice(told.indexOf("\n\n") + 2)

describe("a part of an output", () => {
  test("is told with where it stands and how to go on", () => {
    const told = read(lines, { offset: 7, length: 6 })
    expect(told).toBe(`Characters 7 to 13 of ${lines.length}, from line 2 on. Go on with offset 13.\n\nline 2`)
    expect(read("short", {})).toBe("Characters 0 to 5 of 5, from line 1 on. That is its end.\n\nshort")
  })

  test("may be named by lines", () => {
    expect(piece(read(lines, { fromLine: 499, toLine: 900 }))).toBe("line 499\nline 500")
    expect(piece(read(lines, { fromLine: 2, toLine: 2 }))).toBe("line 2\n")
    expect(
      piece(read(lines, { fromLine: 1 }))
        .trimEnd()
        .split("\n"),
    ).toHaveLength(100)
  })

  test("is bounded, even where one line is as long as a book", () => {
    const told = read(`a\n${"b".repeat(50_000)}`, { fromLine: 2 })
    expect(piece(told)).toBe("b".repeat(20_000))
    expect(told).toContain("Go on with offset 20002")
  })

  test("beyond the end is said to be nothing", () => {
    expect(read("abc", { offset: 3 })).toBe("It has 3 characters in 1 lines: nothing stands there.")
    expect(read("abc", { fromLine: 2 })).toMatch(/nothing stands there/)
  })

  test("piece by piece is the whole, whatever it is of", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (text, length) => {
        let all = ""
        for (let offset = 0; offset < text.length;) {
          const part = piece(read(text, { offset, length }))
          expect(part).not.toBe("")
          all += part
          offset += part.length
        }
        expect(all).toBe(text)
      }),
    )
  })

  test("never begins or ends with half a character", () => {
    expect(piece(read("a😀b", { offset: 2, length: 1 }))).toBe("😀")
    expect(piece(read("a😀b", { offset: 0, length: 2 }))).toBe("a")
    expect(headAndTail("😀".repeat(100), 11, { callId: "c", size: 200 })).not.toMatch(/\p{Cs}/u)
  })
})

describe("words", () => {
  test("are found whatever their case, with where they stand", () => {
    const told = read(lines, { search: "LINE 77" })
    expect(told).toMatch(
      /^“LINE 77” stands there 1 times, of \d+ characters\.\n\nOffset 599, line 77: ….*line 77 line 78/,
    )
  })

  test("that stand everywhere are counted, and shown from where one asks", () => {
    const text = Array.from({ length: 50 }, (_, index) => `${index} needle ${"x".repeat(300)}`).join("\n")
    const told = read(text, { search: "needle" })
    expect(told).toContain("stands there 50 times")
    expect(told.match(/^Offset/gm)).toHaveLength(20)
    const offset = Number(/search on with offset (\d+)/.exec(told)?.[1])
    expect(read(text, { search: "needle", offset })).toContain(`stands there 30 times from offset ${offset} on`)
  })

  test("that are nowhere are said to be nowhere, and no pattern is one", () => {
    expect(read(lines, { search: "l.ne" })).toBe(`“l.ne” is not in its ${lines.length} characters.`)
    expect(read("İstanbul and BERLIN", { search: "BERLIN" })).toContain("Offset 13")
  })
})

test.each<[object, RegExp]>([
  [{ call: "../../etc" }, /id of a call/],
  [{ call: "c", offset: 1, fromLine: 1 }, /offset and length, or/],
  [{ call: "c", toLine: 4 }, /fromLine too/],
  [{ call: "c", search: "x", length: 4 }, /offset alone/],
  [{ call: "c", length: 1_000_000 }, /20000/],
])("%j is not taken", (wish, problem) => {
  expect(ReadOutput.safeParse(wish).error?.message).toMatch(problem)
})

test("what is left out is counted of the whole, of which the text may be a cut already", () => {
  const cut = headAndTail("x".repeat(10_000), 1_000, { callId: "call_7", size: 340_000 })
  expect(cut).toContain("339050 characters are left out here, from offset 750 on")
  expect(cut).toContain("kept under call_7: read_output")
})
