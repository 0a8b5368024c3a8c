import { describe, expect, test } from "vitest"
import { sha256, utf8Length } from "./sha256.ts"

describe("sha256", () => {
  test.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
    ["Grüße, 世界 🌍", "56ce95b9b665df65c2dd54a7567323ed5c883db32c86d3931f5a3a25b7be6c45"],
  ])("gives the published digest of %j", (text, digest) => {
    expect(sha256(text)).toBe(digest)
  })

  test("takes half a surrogate pair for U+FFFD, as every encoder writes it", () => {
    expect(sha256("\ud800")).toBe(sha256("\ufffd"))
  })
})

test("counts bytes as UTF-8 has them", () => {
  expect(["a", "ß", "世", "🌍"].map(utf8Length)).toEqual([1, 2, 3, 4])
})
