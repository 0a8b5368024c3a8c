/** The digests against published vectors, and equality at its edges. */
import { describe, expect, test } from "vitest"
import { safeEqual, sha256Hex } from "./digest.ts"

describe("sha256Hex", () => {
  // FIPS 180-4 examples.
  const cases: [string, string][] = [
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ]
  test.each(cases)("digests %j as published", (text, hex) => {
    expect(sha256Hex(text)).toBe(hex)
    expect(sha256Hex(new TextEncoder().encode(text))).toBe(hex)
  })

  test("a text is digested by its UTF-8", () => {
    expect(sha256Hex("ü")).toBe(sha256Hex(new Uint8Array([0xc3, 0xbc])))
  })
})

describe("safeEqual", () => {
  const cases: [string, string, boolean][] = [
    ["", "", true],
    ["secret", "secret", true],
    ["secret", "secres", false],
    ["secret", "secret ", false],
    ["secret", "", false],
    ["é", "e\u0301", false],
    ["a".repeat(1_000_000), "a".repeat(1_000_000), true],
    ["a".repeat(1_000_000), "a", false],
  ]
  test.each(cases)("compares whole texts of any length", (a, b, equal) => {
    expect(safeEqual(a, b)).toBe(equal)
    expect(safeEqual(b, a)).toBe(equal)
  })

  test("lone surrogates do not make two secrets equal by accident to the empty text", () => {
    expect(safeEqual("\ud800", "")).toBe(false)
  })
})
