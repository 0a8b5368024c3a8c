/** One conversation for each chat and topic of a channel. */
import { expect, test } from "vitest"
import { ChannelId } from "../core/units.ts"
import { conversationIdOf } from "./conversation-id.ts"

const one = ChannelId.parse(`chan_${"1".repeat(24)}`)
const two = ChannelId.parse(`chan_${"2".repeat(24)}`)

test("the same chat is the same conversation in every release", () => {
  expect(conversationIdOf(one, 42)).toBe("conv_71bdc212c12f0e64b87c0e6c1415b0ea")
  expect(conversationIdOf(one, -1001234, 7)).toBe("conv_68571f0fc9b63ba9dfbaf40b9fe82c89")
})

test("another channel, chat or topic is another conversation", () => {
  const ids = [
    conversationIdOf(one, 1),
    conversationIdOf(two, 1),
    conversationIdOf(one, -1),
    conversationIdOf(one, 11),
    conversationIdOf(one, 1, 1),
    conversationIdOf(one, 1, 11),
    conversationIdOf(one, 11, 1),
  ]
  expect(new Set(ids).size).toBe(ids.length)
})
