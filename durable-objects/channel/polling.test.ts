/** A channel by long polling: nothing lost, nothing out of order, one poller, and a way back from every trouble. */
import { afterEach, describe, expect, test, vi } from "vitest"
import { LoopError } from "../../core/errors.ts"
import { startFakeTelegram, type FakeTelegramOptions } from "../../sandbox-runner/testkit/fake-telegram.ts"
import { openChannelHarness, textUpdate, type ChannelHarness } from "../testing/channel-harness.ts"

let open: ChannelHarness | undefined
afterEach(async () => {
  await open?.close()
  open = undefined
})

async function start(options: FakeTelegramOptions = {}, environment = {}): Promise<ChannelHarness> {
  open = await openChannelHarness(environment, options)
  return open
}
async function polling(options: FakeTelegramOptions = {}): Promise<ChannelHarness> {
  const harness = await start(options)
  await harness.create()
  await untilPolling(harness)
  return harness
}
const untilPolling = (harness: ChannelHarness) => harness.fake.waitFor("a poll", () => harness.fake.isPolling)
const untilTold = (harness: ChannelHarness, expected: object) =>
  vi.waitFor(async () => expect(await harness.status()).toMatchObject(expected), { timeout: 10_000 })
const untilTaken = (harness: ChannelHarness, count: number) =>
  harness.until(`${count} messages`, () => (harness.texts.length >= count ? true : undefined))
const ids = (harness: ChannelHarness) => harness.notes.map((note) => note.message?.externalId)

describe("polling", () => {
  test("is what a gateway without a public https address does, after it deleted a web hook that was left", async () => {
    const harness = await start({}, { PUBLIC_URL: "http://192.168.1.5:3000" })
    await fetch(`${harness.fake.url}/bot${harness.fake.token}/setWebhook?url=http://127.0.0.1:2/left`)
    expect(await harness.create()).toMatchObject({ mode: "polling" })
    await untilPolling(harness)
    expect(harness.fake.webhookUrl).toBeUndefined()
    await untilTold(harness, { status: "connected", problem: null })
  })

  test("is not what one with a public https address does", async () => {
    const harness = await start({}, { PUBLIC_URL: "https://gateway.example" })
    expect(await harness.create()).toMatchObject({ mode: "webhook" })
  })

  test("brings messages in, in order, and confirms them", async () => {
    const harness = await polling()
    const pushed = ["one", "two", "three"].map((text) => harness.fake.pushText({ chatId: 7, text }))
    await Promise.all(pushed.map(({ updateId }) => harness.fake.waitForConfirmed(updateId)))
    expect(harness.texts).toEqual(["one", "two", "three"])
    expect(ids(harness)).toEqual(pushed.map(({ updateId }) => `tg:${updateId}`))
  })

  test("holds up no host that stops, and goes on with the next one", async () => {
    const harness = await polling()
    // Time stands still: the host waits for good unless the channel has nothing left to do.
    await harness.objects.close(60_000)
    harness.fake.pushText({ chatId: 7, text: "meanwhile" })
    await harness.restart()
    await untilTold(harness, { status: "connected", problem: null })
    await untilTaken(harness, 1)
    expect(harness.texts).toEqual(["meanwhile"])
  })

  test("takes what came while the gateway was away", async () => {
    const harness = await start()
    for (const text of ["one", "two"]) harness.fake.pushText({ chatId: 7, text })
    await harness.create()
    await untilTaken(harness, 2)
    expect(harness.texts).toEqual(["one", "two"])
  })

  test("keeps the order in one conversation, and lets others go ahead of one that is slow", async () => {
    const harness = await start()
    let letGo = () => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    harness.onAccept = (message) => (message.text === "slow" ? held : undefined)
    harness.fake.pushText({ chatId: 7, text: "slow" })
    harness.fake.pushText({ chatId: 7, text: "behind it" })
    harness.fake.pushText({ chatId: 8, text: "elsewhere" })
    await harness.create()
    await untilTaken(harness, 2)
    expect(harness.texts).toEqual(["slow", "elsewhere"])
    letGo()
    await untilTaken(harness, 3)
    expect(harness.texts).toEqual(["slow", "elsewhere", "behind it"])
  })

  test("passes over strangers, other kinds and what is not understood", async () => {
    const harness = await start()
    harness.fake.pushText({ chatId: 666, text: "let me in" })
    harness.fake.pushUpdate({ message: { message_id: "nonsense" } })
    harness.fake.pushUpdate({ message: null })
    const { updateId } = harness.fake.pushText({ chatId: 7, text: "hello" })
    await harness.create()
    await harness.fake.waitForConfirmed(updateId)
    expect(harness.texts).toEqual(["hello"])
  })

  test("goes on for hours: each stretch is followed by another", async () => {
    const harness = await polling()
    for (let stretch = 0; stretch < 3; stretch += 1) {
      harness.time.advance(6 * 60_000)
      harness.fake.pushText({ chatId: 7, text: `after ${stretch}` })
      await untilTaken(harness, stretch + 1)
      await untilPolling(harness)
    }
    expect(harness.texts).toEqual(["after 0", "after 1", "after 2"])
  })

  test("starts from what waits after a week, when Telegram may count anew", async () => {
    const harness = await polling()
    const { updateId } = harness.fake.pushText({ chatId: 7, text: "hello" })
    await harness.fake.waitForConfirmed(updateId)
    harness.time.advance(7 * 24 * 60 * 60_000)
    harness.fake.pushText({ chatId: 7, text: "counted anew" })
    await untilTaken(harness, 2)
    const offsets = harness.fake.calls.flatMap(({ method, params }) =>
      method === "getUpdates" ? [params["offset"]] : [],
    )
    expect(offsets).toContain(updateId + 1)
    await harness.fake.waitFor("a poll from the beginning", () => pollsFromStart(harness) > 1)
    expect(harness.texts).toEqual(["hello", "counted anew"])
  })
})

const pollsFromStart = (harness: ChannelHarness) =>
  harness.fake.calls.filter((call) => call.method === "getUpdates" && call.params["offset"] === 0).length

describe("nothing is lost", () => {
  test("when a conversation does not take an update: it is offered again under the same id, others are not held up", async () => {
    const harness = await start()
    harness.onAccept = (message) => {
      if (message.text === "not yet") throw new LoopError("peer_unavailable")
    }
    const { updateId } = harness.fake.pushText({ chatId: 7, text: "not yet" })
    harness.fake.pushText({ chatId: 7, text: "behind it" })
    const other = harness.fake.pushText({ chatId: 8, text: "elsewhere" })
    await harness.create()
    await untilTaken(harness, 2)
    expect(harness.texts.toSorted()).toEqual(["elsewhere", "not yet"])
    expect(harness.fake.pendingUpdates.map((update) => update.update_id)).toContain(updateId)
    await vi.waitFor(() => expect(harness.stored()).toContainEqual(["link", expect.objectContaining({ failures: 1 })]))
    harness.onAccept = () => {}
    harness.time.advance(1_000)
    await harness.fake.waitForConfirmed(other.updateId)
    const taken = ids(harness)
    expect(taken.filter((id) => id === `tg:${updateId}`)).toHaveLength(2)
    expect(harness.texts.indexOf("behind it")).toBeGreaterThan(harness.texts.lastIndexOf("not yet"))
  })

  test("when the gateway dies between the accept and the offset: the update comes again under the same id", async () => {
    const harness = await start()
    let deaths = 0
    harness.onAccept = async () => {
      deaths += 1
      if (deaths === 1) await harness.objects.evict("channel", `chan_${"a".repeat(24)}`)
    }
    const { updateId } = harness.fake.pushText({ chatId: 7, text: "hello" })
    await harness.create()
    await untilTaken(harness, 1)
    harness.time.advance(30_000)
    await harness.fake.waitForConfirmed(updateId)
    expect(ids(harness)).toEqual([`tg:${updateId}`, `tg:${updateId}`])
  })

  test("when the process is restarted in the middle of a poll: the next one polls at once", async () => {
    const harness = await polling()
    await harness.restart()
    await harness.status()
    harness.fake.pushText({ chatId: 7, text: "hello" })
    await untilTaken(harness, 1)
  })

  test("when nobody calls after a restart: the alarm goes on within half a minute", async () => {
    const harness = await polling()
    await harness.restart()
    harness.time.advance(30_000)
    harness.fake.pushText({ chatId: 7, text: "hello" })
    await untilTaken(harness, 1)
  })

  test("an update that breaks its conversation is left out after five attempts, and those behind it come in", async () => {
    const harness = await start()
    harness.onAccept = (message) => {
      if (message.text === "poison") throw new TypeError("a defect")
    }
    harness.fake.pushText({ chatId: 7, text: "poison" })
    const { updateId } = harness.fake.pushText({ chatId: 7, text: "hello" })
    await harness.create()
    for (let attempt = 1; attempt < 5; attempt += 1) {
      await untilTaken(harness, attempt)
      const due = ["link", expect.objectContaining({ failures: attempt })]
      await vi.waitFor(() => expect(harness.stored()).toContainEqual(due))
      harness.time.advance(60_000)
    }
    await harness.fake.waitForConfirmed(updateId)
    expect(harness.texts).toEqual([...Array<string>(5).fill("poison"), "hello"])
  })
})

describe("one poller", () => {
  test("what a poller got that is no longer the holder is dropped: its successor takes it, once", async () => {
    let answeredPolls = 0
    const harness = await start({
      afterCall: ({ method }, ended) => {
        if (method === "getUpdates" && ended === "finished") answeredPolls += 1
      },
    })
    const { updateId } = harness.fake.pushText({ chatId: 7, text: "hello" })
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    harness.onAccept = () => held
    // The first poller's answer is under way while the second one takes over.
    harness.fake.fail("getUpdates", { kind: "delay", ms: 300 })
    await harness.create()
    await harness.fake.waitFor("the first poll", () => harness.fake.calls.some((call) => call.method === "getUpdates"))
    await harness.twin().alarm()
    await untilTaken(harness, 1)
    await vi.waitFor(() => expect(answeredPolls).toBe(2))
    // A round trip later than the answer's own.
    await fetch(`${harness.fake.url}/bot${harness.fake.token}/getMe`)
    release()
    await harness.fake.waitForConfirmed(updateId)
    expect(harness.texts).toEqual(["hello"])
  })

  test("two incarnations side by side end as one", async () => {
    const harness = await polling()
    const twin = harness.twin()
    await twin.alarm()
    const polls = () => harness.fake.calls.filter((call) => call.method === "getUpdates")
    await harness.fake.waitFor("the first poller's end", () => polls().some((call) => call.status === 409))
    harness.fake.pushText({ chatId: 7, text: "hello" })
    await untilTaken(harness, 1)
    await untilPolling(harness)
    expect(harness.texts).toEqual(["hello"])
    expect(polls().filter((call) => call.status === 409)).toHaveLength(1)
    expect(await harness.status()).toMatchObject({ status: "connected", problem: null })
  })

  test("another program that polls is told, and when it is gone all is well", async () => {
    const harness = await polling()
    const other = fetch(`${harness.fake.url}/bot${harness.fake.token}/getUpdates?timeout=0`)
    await untilTold(harness, { status: "failing", problem: /another program takes this bot's updates/i })
    await other
    harness.time.advance(1_000)
    harness.fake.pushText({ chatId: 7, text: "hello" })
    await untilTaken(harness, 1)
    await untilTold(harness, { status: "connected", problem: null })
  })

  test("a web hook that another program sets is told, and deleted after a while", async () => {
    const harness = await polling()
    await fetch(`${harness.fake.url}/bot${harness.fake.token}/setWebhook?url=http://127.0.0.1:2/other`)
    await untilTold(harness, { status: "failing", problem: /web hook/ })
    harness.time.advance(1_000)
    await untilPolling(harness)
    expect(harness.fake.webhookUrl).toBeUndefined()
  })
})

describe("trouble", () => {
  test("one lost connection is not worth telling; the next poll goes on", async () => {
    const harness = await start()
    harness.fake.fail("getUpdates", { kind: "drop_before" })
    await harness.create()
    await vi.waitFor(() => expect(harness.stored()).toContainEqual(["link", expect.objectContaining({ failures: 1 })]))
    expect((await harness.status()).status).toBe("connected")
    harness.time.advance(1_000)
    await untilPolling(harness)
  })

  test("Telegram away for a while is told, and then all is well again", async () => {
    const harness = await polling()
    const { port, token } = harness.fake
    await harness.fake.close()
    const failed = (failures: number) =>
      vi.waitFor(() => expect(harness.stored()).toContainEqual(["link", expect.objectContaining({ failures })]))
    await failed(1)
    harness.time.advance(1_000)
    await failed(2)
    expect(await harness.status()).toMatchObject({ status: "failing", problem: "Telegram cannot be reached." })
    const again = await startFakeTelegram({ port, token })
    try {
      again.pushText({ chatId: 7, text: "hello" })
      harness.time.advance(2_000)
      await untilTaken(harness, 1)
      await untilTold(harness, { status: "connected", problem: null })
    } finally {
      await again.close()
    }
  })

  test("a revoked token is told with what to do", async () => {
    const harness = await polling()
    harness.fake.revokeToken()
    harness.fake.pushText({ chatId: 7, text: "wakes the poll" })
    await untilTold(harness, { status: "failing", problem: /@BotFather/ })
  })

  test("Telegram's wish to wait is kept", async () => {
    const harness = await start()
    harness.fake.fail("getUpdates", { kind: "status", status: 429, retryAfter: 30 })
    await harness.create()
    const polls = () => harness.fake.calls.filter((call) => call.method === "getUpdates").length
    await vi.waitFor(() => expect(polls()).toBe(1))
    const due = ["link", expect.objectContaining({ dueAt: harness.time.now() + 30_000 })]
    await vi.waitFor(() => expect(harness.stored()).toContainEqual(due))
    harness.time.advance(29_000)
    await harness.status()
    expect(polls()).toBe(1)
    harness.time.advance(1_000)
    await untilPolling(harness)
  })

  test("another bot's updates are counted from their own beginning", async () => {
    const harness = await polling()
    const { updateId } = harness.fake.pushText({ chatId: 7, text: "hello" })
    await harness.fake.waitForConfirmed(updateId)
    const other = await startFakeTelegram({ token: "555555555:AAOtherOtherOtherOtherOtherOtherOt" })
    try {
      other.pushUpdate(textUpdate(1, "to the other bot"))
      await harness.restart({ TELEGRAM_API_ROOT: other.url })
      await harness.change({ botToken: other.token })
      await untilTaken(harness, 2)
      expect(harness.texts).toEqual(["hello", "to the other bot"])
    } finally {
      await other.close()
    }
  })

  test("disabled, it no longer asks; enabled again, it goes on where it was", async () => {
    const harness = await polling()
    const first = harness.fake.pushText({ chatId: 7, text: "one" })
    await harness.fake.waitForConfirmed(first.updateId)
    await untilPolling(harness)
    await harness.change({ enabled: false })
    await harness.fake.waitFor("no poll", () => !harness.fake.isPolling)
    const { updateId } = harness.fake.pushText({ chatId: 7, text: "two" })
    harness.time.advance(120_000)
    expect((await harness.status()).status).toBe("disabled")
    expect(harness.texts).toEqual(["one"])
    await harness.change({ enabled: true })
    await harness.fake.waitForConfirmed(updateId)
    expect(harness.texts).toEqual(["one", "two"])
  })
})

describe("the live feed", () => {
  test("hears of each change of a channel's state once, and of nothing else", async () => {
    const harness = await polling()
    const states = () => harness.told.map(({ data }) => ("status" in data ? data.status : "other"))
    await vi.waitFor(() => expect(states()).toEqual(["connecting", "connected"]))
    harness.fake.pushText({ chatId: 7, text: "a secret" })
    await untilTaken(harness, 1)
    await harness.change({ name: "Renamed" })
    await harness.change({ enabled: false })
    await harness.change({ enabled: true })
    await vi.waitFor(() => expect(states()).toEqual(["connecting", "connected", "disabled", "connecting", "connected"]))
    expect(JSON.stringify(harness.told)).not.toContain("secret")
  })
})
