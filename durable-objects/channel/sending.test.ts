/** What a channel sends: at Telegram's pace, and never before Telegram's `retry_after` is over. */
import { afterEach, expect, test, vi } from "vitest"
import type { OutgoingPart } from "../../core/channel/outgoing.ts"
import { openChannelHarness, type ChannelHarness } from "../testing/channel-harness.ts"

let open: ChannelHarness | undefined
afterEach(async () => {
  await open?.close()
  open = undefined
})

async function connected(chatIds: readonly number[] = [7]): Promise<ChannelHarness> {
  const harness = await openChannelHarness({ TELEGRAM_MODE: "webhook", PUBLIC_URL: "http://127.0.0.1:1" })
  open = harness
  await harness.create()
  for (const chatId of chatIds) harness.fake.pushText({ chatId, text: "so that the chat is known", fromId: 7 })
  await vi.waitFor(async () => expect(await harness.status()).toMatchObject({ status: "connected" }))
  return harness
}
const part = (text: string, chatId = 7): OutgoingPart => ({ chatId, text, format: "markdown" })

test("a part is sent and named by the platform's id", async () => {
  const harness = await connected()
  expect(await harness.channel.call("send", part("**Hi**"))).toMatchObject({ status: "sent" })
  expect(harness.fake.sentTo(7)).toMatchObject([{ text: "**Hi**" }])
})

test("a chat gets a short burst, then one message a second", async () => {
  const harness = await connected()
  const send = () => harness.channel.call("send", part("Hi"))
  for (let n = 0; n < 3; n += 1) expect(await send()).toMatchObject({ status: "sent" })
  expect(await send()).toMatchObject({ status: "later", retryAfterMs: 1_000 })
  harness.time.advance(1_000)
  expect(await send()).toMatchObject({ status: "sent" })
  expect(await send()).toMatchObject({ status: "later" })
})

test("a group gets no more than twenty messages in any minute", async () => {
  const harness = await connected([-100])
  let sent = 0
  for (let second = 0; second < 60; second += 1) {
    const outcome = await harness.channel.call("send", part("Hi", -100))
    if (outcome.status === "sent") sent += 1
    harness.time.advance(1_000)
  }
  expect(sent).toBeGreaterThan(15)
  expect(sent).toBeLessThanOrEqual(20)
})

test("the account sends no more than thirty messages at once, to however many chats", async () => {
  const chats = Array.from({ length: 40 }, (_, index) => 100 + index)
  const harness = await connected(chats)
  const outcomes = await Promise.all(chats.map((chatId) => harness.channel.call("send", part("Hi", chatId))))
  expect(outcomes.filter((outcome) => outcome.status === "sent")).toHaveLength(30)
  expect(outcomes.filter((outcome) => outcome.status === "later")).toHaveLength(10)
})

test("retry_after is kept for its chat, over a restart too, and not a moment longer", async () => {
  const harness = await connected([7, 8])
  harness.fake.fail("sendRichMessage", { kind: "status", status: 429, retryAfter: 40 })
  expect(await harness.channel.call("send", part("Hi"))).toMatchObject({ status: "later", retryAfterMs: 40_000 })
  await harness.restart()
  harness.time.advance(39_000)
  const calls = harness.fake.calls.length
  expect(await harness.channel.call("send", part("Hi"))).toMatchObject({ status: "later", retryAfterMs: 1_000 })
  expect(harness.fake.calls.length).toBe(calls)
  expect(await harness.channel.call("send", part("Hi", 8))).toMatchObject({ status: "sent" })
  harness.time.advance(1_000)
  expect(await harness.channel.call("send", part("Hi"))).toMatchObject({ status: "sent" })
  expect(harness.stored().filter(([key]) => key.startsWith("hold/"))).toEqual([])
})

test("two chats that must wait make all wait: then the account was too fast", async () => {
  const harness = await connected([7, 8, 9])
  harness.fake.fail("sendRichMessage", { kind: "status", status: 429, retryAfter: 10 }, 2)
  await harness.channel.call("send", part("Hi", 7))
  await harness.channel.call("send", part("Hi", 8))
  expect(await harness.channel.call("send", part("Hi", 9))).toMatchObject({ status: "later", retryAfterMs: 10_000 })
  harness.time.advance(10_000)
  expect(await harness.channel.call("send", part("Hi", 9))).toMatchObject({ status: "sent" })
})

test("typing is shown, not while Telegram asks to wait, and its failure is nobody's", async () => {
  const harness = await connected()
  await harness.channel.call("showTyping", { chatId: 7 })
  expect(harness.fake.actions).toHaveLength(1)
  harness.fake.fail("sendRichMessage", { kind: "status", status: 429, retryAfter: 10 })
  await harness.channel.call("send", part("Hi"))
  await harness.channel.call("showTyping", { chatId: 7 })
  expect(harness.fake.actions).toHaveLength(1)
  harness.time.advance(10_000)
  harness.fake.revokeToken()
  await harness.channel.call("showTyping", { chatId: 7 })
  await harness.objects.peers("channel", `chan_${"f".repeat(24)}`).call("showTyping", { chatId: 7 })
})
