import { expect, test } from "vitest"
import type { Message } from "./message.ts"
import { withoutCalls, withoutPictures } from "./reduced.ts"

const image = { type: "image" as const, mediaType: "image/png" as const, sha256: "0".repeat(64), sizeBytes: 2_000 }
const messages: Message[] = [
  { role: "user", blocks: [image, { type: "text", text: "What is it?" }] },
  { role: "assistant", blocks: [{ type: "tool_use", id: "a", name: "look", input: { at: 1 } }] },
  { role: "user", blocks: [{ type: "tool_result", toolUseId: "a", text: "a cat", isError: false }] },
]

test("words stand for pictures", () => {
  expect(withoutPictures(messages)[0]?.blocks).toEqual([
    { type: "text", text: "[picture, image/png, 2 KB, which this model cannot see]" },
    { type: "text", text: "What is it?" },
  ])
  expect(withoutPictures(messages).slice(1)).toEqual(messages.slice(1))
})

test("words stand for calls and results, in their places", () => {
  expect(withoutCalls(messages).slice(1)).toEqual([
    { role: "assistant", blocks: [{ type: "text", text: '[Called look: {"at":1}]' }] },
    { role: "user", blocks: [{ type: "text", text: "[Result of the call: a cat]" }] },
  ])
})
