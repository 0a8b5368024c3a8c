import { describe, expect, test } from "vitest"
import { boundImages, imageTypeOf, maxImageBytes, readImageUrl } from "./image.ts"
import type { ImageBlock, Message } from "./message.ts"

const image = (digit: string, sizeBytes = 1_000): ImageBlock => ({
  type: "image",
  mediaType: "image/png",
  sha256: digit.repeat(64),
  sizeBytes,
})
const user = (...blocks: Extract<Message, { role: "user" }>["blocks"]): Message => ({ role: "user", blocks })
const shown = (messages: readonly Message[]) =>
  messages.flatMap((message) =>
    message.role === "user"
      ? message.blocks.map((block) =>
          block.type === "image" ? (block.sha256[0] ?? "") : block.type === "text" ? block.text : "",
        )
      : [],
  )
const all = () => true

describe("what a picture is", () => {
  test.each([
    ["image/png", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]],
    ["image/jpeg", [0xff, 0xd8, 0xff, 0xe0]],
    ["image/gif", [0x47, 0x49, 0x46, 0x38, 0x39, 0x61]],
    ["image/webp", [0x52, 0x49, 0x46, 0x46, 1, 2, 3, 4, 0x57, 0x45, 0x42, 0x50]],
    [undefined, [0x3c, 0x73, 0x76, 0x67]],
    [undefined, []],
  ])("%s is known by its first bytes", (type, bytes) => {
    expect(imageTypeOf(new Uint8Array(bytes))).toBe(type)
  })

  test("a data URL gives its bytes, and nothing else is taken", () => {
    expect(readImageUrl("data:image/png;base64,iVBORw==")).toEqual({
      status: "ok",
      mediaType: "image/png",
      base64: "iVBORw==",
    })
    const reasons = [
      "https://example.com/a.png",
      "HTTP://example.com/a.png",
      "data:image/svg+xml;base64,PHN2Zz4=",
      "data:image/png,abc",
      "data:image/png;base64,not base64",
      "file:///etc/passwd",
      `data:image/png;base64,${"A".repeat((maxImageBytes * 4) / 3 + 200)}`,
    ].map((url) => {
      const read = readImageUrl(url)
      return read.status === "refused" ? read.reason : "ok"
    })
    expect(reasons).toEqual(["remote", "remote", "kind", "not_a_data_url", "not_a_data_url", "not_a_data_url", "size"])
  })
})

describe("what a model still sees", () => {
  const past = [user(image("1"), { type: "text", text: "first" }), user(image("2")), user(image("3"))]

  test("the newest pictures stay, and words stand for the older ones", () => {
    expect(shown(boundImages(past, all, { count: 2, sizeBytes: 10_000 }))).toEqual([
      "[picture, image/png, 1 KB, no longer shown]",
      "first",
      "2",
      "3",
    ])
  })

  test("bytes are bounded too, and a small older one may stay where a large one does not fit", () => {
    const mixed = [user(image("1", 10)), user(image("2", 900)), user(image("3", 500))]
    expect(shown(boundImages(mixed, all, { count: 9, sizeBytes: 1_000 })).map((one) => one.slice(0, 8))).toEqual([
      "1",
      "[picture",
      "3",
    ])
  })

  test("a picture whose bytes are gone becomes words", () => {
    expect(shown(boundImages(past, (sha256) => sha256.startsWith("3")))[0]).toContain("no longer shown")
  })

  test("what is within the bounds is left as it is", () => {
    expect(boundImages(past, all)).toEqual(past)
  })
})
