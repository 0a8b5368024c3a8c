/** Cutting answers into Telegram messages: limits, borders, entities, code blocks, and hostile text. */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { splitForTelegram, telegramParts, telegramTextLimit } from "./telegram-text.ts"

const withoutSpace = (text: string) => text.replaceAll(/[\s\p{Cc}\p{Cf}]/gu, "")
const wellFormed = (text: string) => text.replaceAll(/\p{Surrogate}/gu, "\uFFFD")
const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text)

/** A piece without the fence that it begins with again and the one that closes it early. */
const fences = (piece: string) => piece.split("\n").filter((line) => /^ *(?:`{3,}|~{3,})/.test(line))
const withoutFences = (text: string) =>
  text
    .split("\n")
    .filter((line) => !/^ *(?:`{3,}|~{3,})\w*$/.test(line))
    .join("\n")

describe("splitForTelegram", () => {
  test("an empty answer, or one of white space and invisible characters, is no message", () => {
    for (const text of ["", "   ", "\n\n\n", "\t \r\n", "\u200b\u2060", "\u0000", "\n".repeat(100_000)]) {
      expect(splitForTelegram(text, 4096)).toEqual([])
    }
  })

  test("an answer of exactly the limit is one message, one more unit makes two", () => {
    expect(splitForTelegram("a".repeat(4096), 4096)).toEqual(["a".repeat(4096)])
    expect(splitForTelegram("a".repeat(4097), 4096)).toEqual(["a".repeat(4096), "a"])
  })

  test("the border of a paragraph is preferred to a line's, a line's to a sentence's, a sentence's to a word's", () => {
    expect(splitForTelegram("one two\n\nthree. four\nfive six", 22)).toEqual(["one two\n\nthree. four", "five six"])
    expect(splitForTelegram("one two three\n\nfour\nfive. six", 22)).toEqual(["one two three", "four\nfive. six"])
    expect(splitForTelegram("one two, three. four five six seven", 22)).toEqual([
      "one two, three.",
      "four five six seven",
    ])
    expect(splitForTelegram("one two three four five six", 22)).toEqual(["one two three four", "five six"])
  })

  test("the indentation of a line after a cut stays", () => {
    expect(splitForTelegram("- first entry here\n  - nested", 22)).toEqual(["- first entry here", "  - nested"])
  })

  test("no surrogate pair, joined emoji, flag or combining mark is cut", () => {
    for (const grapheme of ["😀", "👨‍👩‍👧‍👦", "🇩🇪", "e\u0301", "한", "👍🏽"]) {
      const pieces = splitForTelegram(grapheme.repeat(3000), 4096)
      expect(pieces.join("")).toBe(grapheme.repeat(3000))
      for (const piece of pieces) expect(piece.length % grapheme.length).toBe(0)
      for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(4096)
    }
  })

  test("a grapheme longer than a message is cut between code points", () => {
    const pieces = splitForTelegram("a" + "\u0301".repeat(9000) + "😀", 4096)
    expect(pieces.join("")).toBe("a" + "\u0301".repeat(9000) + "😀")
    expect(pieces.every((piece) => piece.length <= 4096 && isWellFormed(piece))).toBe(true)
  })

  test("lone surrogates become the replacement character", () => {
    expect(splitForTelegram("a\ud800b\udc00c😀", 4096)).toEqual(["a\uFFFDb\uFFFDc😀"])
  })

  test.each([
    ["bold", "**a b c d e**"],
    ["italic", "_a b c d e_"],
    ["bold italic", "***a b c d***"],
    ["italic in bold", "**a *b c* d**"],
    ["struck", "~~a b c d e~~"],
    ["spoiler", "||a b c d e||"],
    ["code", "`a b ** d e`"],
    ["code with backticks", "``a ` b c``"],
    ["link", "[a b c](http://x)"],
    ["link with parentheses", "[a b](http://x/(y))"],
    ["image", "![a b](http://x.y)"],
  ])("%s is moved whole to the next message", (_, entity) => {
    for (let before = 1; before < 24; before += 1) {
      const words = "w ".repeat(before)
      const pieces = splitForTelegram(`${words}${entity} end of text`, 24)
      expect(pieces.filter((piece) => piece.includes(entity))).toHaveLength(1)
      expect(withoutSpace(pieces.join(""))).toBe(withoutSpace(`${words}${entity} end of text`))
    }
  })

  test("stars and underscores that mark nothing hold no cut back", () => {
    expect(splitForTelegram("2 * 3 * 4 = 24 and snake_case_name is", 24)).toEqual([
      "2 * 3 * 4 = 24 and",
      "snake_case_name is",
    ])
  })

  test("bold longer than a message is closed and opened again", () => {
    const pieces = splitForTelegram(`**${"word ".repeat(20).trim()}**`, 32)
    expect(pieces.length).toBeGreaterThan(3)
    for (const piece of pieces) expect(piece).toMatch(/^\*\*\w.*\w\*\*$/)
    expect(pieces.join(" ").replaceAll("**", "")).toBe("word ".repeat(20).trim())
  })

  test("a code block that fits into one message is not cut", () => {
    const block = `\`\`\`ts\n${"let a = 1\n".repeat(6)}\`\`\``
    const pieces = splitForTelegram(`Some text stands before the code.\n${block}\nAnd after.`, 100)
    expect(pieces.filter((piece) => piece.includes(block))).toHaveLength(1)
  })

  test("a longer code block is cut at a line, closed, and opened again with its language", () => {
    const lines = Array.from({ length: 40 }, (_, index) => `  line(${index})`)
    const pieces = splitForTelegram(`Look:\n\`\`\`python\n${lines.join("\n")}\n\`\`\`\nDone.`, 120)
    for (const piece of pieces) {
      expect(piece.length).toBeLessThanOrEqual(120)
      expect(fences(piece).length % 2).toBe(0)
    }
    expect(pieces.slice(1, -1).every((piece) => piece.startsWith("```python\n") && piece.endsWith("\n```"))).toBe(true)
    const code = pieces.flatMap((piece) => piece.split("\n").filter((line) => line.startsWith("  line")))
    expect(code).toEqual(lines)
  })

  test("blank lines and indentation inside a cut code block survive", () => {
    const code = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? "" : `\tx${index} `)).join("\n")
    const pieces = splitForTelegram(`\`\`\`\n${code}\n\`\`\``, 80)
    const inner = pieces.map((piece) => piece.slice("```\n".length, piece.lastIndexOf("```")))
    expect(inner.join("")).toBe(`${code}\n`)
  })

  test("a code block in a list is opened again with its indentation", () => {
    const pieces = splitForTelegram(`- \`\`\`sh\n${"  echo hello\n".repeat(20)}  \`\`\``, 100)
    expect(pieces.length).toBeGreaterThan(2)
    for (const piece of pieces.slice(1)) expect(piece.startsWith("  ```sh\n  echo")).toBe(true)
    for (const piece of pieces) expect(piece.endsWith("\n  ```")).toBe(true)
  })

  test("a code block that is never closed is closed", () => {
    expect(splitForTelegram("```js\nlet a", 4096)).toEqual(["```js\nlet a\n```"])
    for (const piece of splitForTelegram("```js\n" + "let a\n".repeat(50), 64)) expect(fences(piece)).toHaveLength(2)
  })

  test("a table that fits stays in one message", () => {
    const table = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |"
    const pieces = splitForTelegram(`${"word ".repeat(14)}\n\n${table}\n\nend`, 80)
    expect(pieces.filter((piece) => piece.includes(table))).toHaveLength(1)
  })

  test("whatever the text, limits hold, pairs stay whole, and no character is lost or doubled", () => {
    const bit = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 30 }),
      fc.string({ unit: "binary", maxLength: 10 }),
      fc.constantFrom(
        "**",
        "*",
        "_",
        "~~",
        "||",
        "`",
        "``",
        "[",
        "](",
        ")",
        "![",
        "\\",
        "\n",
        "\n\n",
        " ",
        ". ",
        "| a |\n|--|\n",
      ),
    )
    // Backticks and tildes in threes make fences, which add characters: the next property covers them.
    const text = fc.array(bit, { maxLength: 60 }).map((bits) => bits.join("").replaceAll(/`{3,}|~{3,}/g, "``"))
    fc.assert(
      fc.property(text, fc.integer({ min: 16, max: 200 }), (raw, limit) => {
        const pieces = splitForTelegram(raw, limit)
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(limit)
          expect(isWellFormed(piece)).toBe(true)
          expect(withoutSpace(piece)).not.toBe("")
        }
        // Emphasis longer than a piece gains markers; nothing else may be added.
        const marks = /[*_~|=`]/g
        const got = withoutSpace(pieces.join("")).replaceAll(marks, "")
        expect(got).toBe(withoutSpace(wellFormed(raw)).replaceAll(marks, ""))
      }),
      { numRuns: 2_000 },
    )
  })

  test("text that fits its entities into one message keeps every marker", () => {
    const word = fc.constantFrom(
      "alpha",
      "**bold words**",
      "`code it`",
      "[link me](http://a.b)",
      "beta.",
      "\n",
      "\n\n",
      "_it al_",
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 80 }), fc.integer({ min: 24, max: 120 }), (words, limit) => {
        const text = words.join(" ")
        const pieces = splitForTelegram(text, limit)
        expect(withoutSpace(pieces.join(""))).toBe(withoutSpace(text))
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(limit)
          expect(piece.split("**").length % 2).toBe(1)
          expect(piece.split("`").length % 2).toBe(1)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test("a code block that ends where room for closing the next one is kept is not cut in its fence", () => {
    const short = ["```ts", ..."abcdefghijk".split("").map((letter) => letter.repeat(5)), "```"].join("\n")
    const long = ["````", ..."lmnopqrstuvwxyz".split("").map((letter) => letter.repeat(5)), "````"].join("\n")
    expect(splitForTelegram(`${short}\n\n${long}`, short.length + 4)[0]).toBe(short)
  })

  test("whatever blocks of text and code, every message has balanced fences and all lines survive in order", () => {
    const line = fc
      .string({ unit: fc.constantFrom("a", "b", " ", "c", "(", ")", "{", "}", ".", ";"), maxLength: 40 })
      .map((words) => `x${words}y`)
    const block = fc.oneof(
      fc.array(line, { minLength: 1, maxLength: 12 }).map((lines) => lines.join("\n")),
      fc
        .tuple(
          fc.constantFrom("```", "~~~", "````"),
          fc.constantFrom("", "ts", "python"),
          fc.array(line, { maxLength: 30 }),
        )
        .map(([marker, language, lines]) => [marker + language, ...lines, marker].join("\n")),
    )
    fc.assert(
      fc.property(fc.array(block, { maxLength: 8 }), fc.integer({ min: 80, max: 300 }), (blocks, limit) => {
        const text = blocks.join("\n\n")
        const pieces = splitForTelegram(text, limit)
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(limit)
          expect(fences(piece).length % 2).toBe(0)
        }
        expect(withoutSpace(withoutFences(pieces.join("\n")))).toBe(withoutSpace(withoutFences(text)))
      }),
      { numRuns: 1_000 },
    )
  })

  test.each([
    ["one character", "a".repeat(1_000_000)],
    ["one emoji", "😀".repeat(500_000)],
    ["combining marks", "\u0301".repeat(1_000_000)],
    ["blank lines between letters", `a${"\n".repeat(1_000_000)}b`],
    ["spaces between letters", `a${" ".repeat(1_000_000)}b`],
    ["backticks", "`".repeat(1_000_000)],
    ["backtick runs of growing length", Array.from({ length: 1_400 }, (_, index) => "`".repeat(index)).join(" ")],
    ["stars", "*a ".repeat(333_000)],
    ["open brackets", "[".repeat(1_000_000)],
    ["open links", "[a](".repeat(250_000)],
    ["link ends", "](".repeat(500_000)],
    ["open fences", "```\na\n".repeat(160_000)],
    ["unbalanced fences", "```js\n~~~\n````\n".repeat(60_000)],
    ["a fence with an endless language", "```" + "x".repeat(500_000) + "\ncode\n```"],
    ["quotation marks", "> ".repeat(500_000)],
    ["table bars", "|-".repeat(500_000)],
    ["short lines", "a\n".repeat(500_000)],
    ["prose", "The quick brown fox. **It** jumps over `the` lazy [dog](http://x.y).\n\n".repeat(15_000)],
    ["code", "```ts\n" + "const value = call(argument)\n".repeat(34_000) + "```"],
  ])("one megabyte of %s costs no more than its length and stays within the limit", (_, text) => {
    const started = performance.now()
    const pieces = splitForTelegram(text, telegramTextLimit)
    // Tenths of a second on a small machine; what grows with the square takes minutes.
    expect(performance.now() - started).toBeLessThan(5_000)
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(telegramTextLimit)
    const marks = /[`~\s]/g
    const count = (value: string) => value.replaceAll(marks, "").length
    expect(count(pieces.join(""))).toBeGreaterThanOrEqual(count(text))
  })
})

test("an answer's parts have at most 4,096 units", () => {
  const parts = telegramParts("**Hello**\n\n".repeat(1_000))
  expect(parts.length).toBe(3)
  for (const part of parts) expect(part.length).toBeLessThanOrEqual(4096)
  expect(telegramParts(" \n")).toEqual([])
})
