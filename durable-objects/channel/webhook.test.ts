/** A channel by web hook: who gets in, what is accepted, and how it stays connected. */
import { afterEach, describe, expect, test, vi } from "vitest"
import { conversationIdOf } from "../../adapters/conversation-id.ts"
import { LoopError } from "../../core/errors.ts"
import { openChannelHarness, telegramChannel, textUpdate, type ChannelHarness } from "../testing/channel-harness.ts"

const byWebhook = { TELEGRAM_MODE: "webhook", PUBLIC_URL: "http://127.0.0.1:1" }
const hookUrl = `http://127.0.0.1:1/webhooks/telegram/${telegramChannel}`

let open: ChannelHarness | undefined
afterEach(async () => {
  await open?.close()
  open = undefined
})

async function start(environment: Readonly<Record<string, string>> = byWebhook): Promise<ChannelHarness> {
  open = await openChannelHarness(environment)
  return open
}
async function connected(harness: ChannelHarness): Promise<void> {
  await harness.create()
  await untilStatus(harness, "connected")
}
function untilStatus(harness: ChannelHarness, status: string): Promise<void> {
  return vi.waitFor(async () => expect(await harness.status()).toMatchObject({ status }), { timeout: 10_000 })
}

describe("connecting", () => {
  test("a new channel sets its web hook with its own address and secret", async () => {
    const harness = await start()
    expect(await harness.create()).toMatchObject({ status: "connecting", mode: "webhook", problem: null })
    await untilStatus(harness, "connected")
    expect(harness.fake.webhookUrl).toBe(hookUrl)
  })

  test("without PUBLIC_URL there is nothing to set, and the status says what to do", async () => {
    const harness = await start({ TELEGRAM_MODE: "webhook" })
    await harness.create()
    await untilStatus(harness, "failing")
    expect((await harness.status()).problem).toMatch(/PUBLIC_URL/)
  })

  test("an address that Telegram refuses is told, and tried again when it is looked at", async () => {
    const harness = await start()
    harness.fake.fail("setWebhook", {
      kind: "status",
      status: 400,
      description: "Bad Request: bad webhook: no such host",
    })
    await harness.create()
    await untilStatus(harness, "failing")
    expect((await harness.status()).problem).toMatch(/no such host.*PUBLIC_URL/)
    await harness.channel.call("refresh", {})
    await untilStatus(harness, "connected")
  })

  test("a wrong token is told with what to do", async () => {
    const harness = await start()
    await harness.create({ botToken: "987654321:AAWrongWrongWrongWrongWrongWrongWro" })
    await untilStatus(harness, "failing")
    expect((await harness.status()).problem).toMatch(/@BotFather/)
    await harness.change({ botToken: harness.fake.token })
    await untilStatus(harness, "connected")
  })

  test("a network that is away is tried again by itself", async () => {
    const harness = await start()
    harness.fake.fail("setWebhook", { kind: "drop_before" }, 3)
    await harness.create()
    for (const [failures, waitMs] of [1_000, 2_000, 4_000].entries()) {
      const link = ["link", expect.objectContaining({ failures: failures + 1 })]
      await vi.waitFor(() => expect(harness.stored()).toContainEqual(link), { timeout: 10_000 })
      expect((await harness.status()).problem).toMatch(/Telegram/)
      harness.time.advance(waitMs)
    }
    await untilStatus(harness, "connected")
  })

  test("it goes on after a crash in the middle", async () => {
    const harness = await start()
    harness.fake.fail("setWebhook", { kind: "hang" })
    await harness.create()
    await harness.fake.waitFor("the web hook", () => harness.fake.webhookUrl !== undefined)
    await harness.restart()
    harness.time.advance(30_000)
    await untilStatus(harness, "connected")
  })

  test("a web hook that someone else took is set again", async () => {
    const harness = await start()
    await connected(harness)
    await fetch(`${harness.fake.url}/bot${harness.fake.token}/setWebhook?url=http://127.0.0.1:2/other`)
    harness.time.advance(60_000)
    await harness.fake.waitFor("our web hook", () => harness.fake.webhookUrl === hookUrl)
    await untilStatus(harness, "connected")
  })

  test("a web hook that does not bring the presses of buttons is set again", async () => {
    const harness = await start()
    await connected(harness)
    const kinds = encodeURIComponent(JSON.stringify(["message"]))
    const told = { url: encodeURIComponent(hookUrl), secret: "right" }
    await fetch(
      `${harness.fake.url}/bot${harness.fake.token}/setWebhook?url=${told.url}&secret_token=${told.secret}&allowed_updates=${kinds}`,
    )
    const before = harness.fake.calls.length
    harness.time.advance(60_000)
    const isSet = () =>
      harness.fake.calls.slice(before).some(({ method, params }) => {
        return method === "setWebhook" && JSON.stringify(params).includes("callback_query")
      })
    await harness.fake.waitFor("our web hook with all kinds", isSet)
    await untilStatus(harness, "connected")
  })

  test("a web hook that Telegram cannot reach is told", async () => {
    const harness = await start()
    await connected(harness)
    harness.fake.pushText({ chatId: 7, text: "hello" })
    await harness.fake.waitFor("a failed delivery", () => harness.fake.deliveries.length > 0)
    harness.time.advance(60_000)
    await untilStatus(harness, "failing")
    expect((await harness.status()).problem).toMatch(/Telegram cannot deliver to .*Connection refused/)
  })

  test("another address of the gateway is set after the restart", async () => {
    const harness = await start()
    await connected(harness)
    await harness.restart({ ...byWebhook, PUBLIC_URL: "http://127.0.0.1:2" })
    await harness.status()
    await harness.fake.waitFor(
      "the new address",
      () => harness.fake.webhookUrl?.startsWith("http://127.0.0.1:2/") === true,
    )
  })
})

describe("an update", () => {
  test("is accepted by the conversation of its chat, as a message keyed by the update", async () => {
    const harness = await start()
    await connected(harness)
    expect(await harness.post(textUpdate(11, "hello"))).toEqual({ status: "accepted" })
    expect(harness.notes).toMatchObject([
      {
        conversationId: conversationIdOf(telegramChannel, 7),
        method: "accept",
        message: { externalId: "tg:11", text: "hello", source: { chatId: 7, senderId: 7 }, tainted: false },
      },
    ])
    expect((await harness.status()).lastInboundAt).toBe(harness.time.now())
  })

  test("three times at once and again after a restart is the same message each time", async () => {
    const harness = await start()
    await connected(harness)
    await Promise.all([1, 2, 3].map(() => harness.post(textUpdate(11, "hello"))))
    await harness.restart()
    await harness.post(textUpdate(11, "hello"))
    const seen = harness.notes.map((note) => `${note.conversationId} ${note.message?.externalId}`)
    expect(seen).toHaveLength(4)
    expect(new Set(seen).size).toBe(1)
  })

  test("with a wrong secret is refused before anything of it is read", async () => {
    const harness = await start()
    await connected(harness)
    for (const secret of ["", "wrong", "hook-secret-012345678", "hook-secret-0123456789x"]) {
      await expect(harness.post(textUpdate(11, "hello"), secret)).rejects.toMatchObject({
        code: "invalid_webhook_secret",
      })
      const nonsense = harness.channel.call("webhook", { secret, body: "{" })
      await expect(nonsense).rejects.toMatchObject({ code: "invalid_webhook_secret" })
    }
    expect(harness.notes).toEqual([])
  })

  test("that is none is refused, and one that is not understood is ignored", async () => {
    const harness = await start()
    await connected(harness)
    const post = (body: string) => harness.channel.call("webhook", { secret: "hook-secret-0123456789", body })
    await expect(post("{")).rejects.toMatchObject({ code: "invalid_json" })
    await expect(post("[]")).rejects.toMatchObject({ code: "invalid_body" })
    expect(await harness.post({ update_id: 1, poll: {} })).toEqual({ status: "ignored" })
    expect(await harness.post({ update_id: 2, message: { text: 5 } })).toEqual({ status: "ignored" })
  })

  test("from a stranger is ignored without a word", async () => {
    const harness = await start()
    await connected(harness)
    expect(await harness.post(textUpdate(11, "hello", 666))).toEqual({ status: "ignored" })
    expect(harness.notes).toEqual([])
    expect(harness.fake.sent).toEqual([])
  })

  test("while nobody is allowed is ignored, and the status names the newest sender", async () => {
    const harness = await start()
    await harness.create({ config: { allowedUserIds: [] } })
    await untilStatus(harness, "connected")
    expect((await harness.status()).problem).toMatch(/nobody is served/)
    expect(await harness.post(textUpdate(11, "hello", 7))).toEqual({ status: "ignored" })
    expect((await harness.status()).problem).toMatch(/came from 7\./)
    expect(harness.notes).toEqual([])
  })

  test("is served as soon as its sender is allowed, without connecting anew", async () => {
    const harness = await start()
    await harness.create({ config: { allowedUserIds: [] } })
    await untilStatus(harness, "connected")
    const calls = harness.fake.calls.length
    expect(await harness.change({ config: { allowedUserIds: [7] } })).toMatchObject({
      status: "connected",
      problem: null,
    })
    expect(await harness.post(textUpdate(11, "hello"))).toEqual({ status: "accepted" })
    expect(harness.fake.calls.length).toBe(calls)
  })

  test("that its conversation cannot take now fails, so that Telegram offers it again", async () => {
    const harness = await start()
    await connected(harness)
    harness.onAccept = () => {
      throw new LoopError("peer_unavailable")
    }
    await expect(harness.post(textUpdate(11, "hello"))).rejects.toMatchObject({ code: "peer_unavailable" })
    harness.onAccept = () => {}
    expect(await harness.post(textUpdate(11, "hello"))).toEqual({ status: "accepted" })
  })

  test("that its conversation refuses is told to the person, once a minute", async () => {
    const harness = await start()
    await connected(harness)
    harness.fake.pushText({ chatId: 7, text: "so that the chat is known" })
    harness.onAccept = () => {
      throw new LoopError("queue_full")
    }
    for (const updateId of [11, 12, 13]) {
      expect(await harness.post(textUpdate(updateId, "hello"))).toEqual({ status: "ignored" })
    }
    const { text } = await harness.fake.waitForSent(1)
    expect(text).toMatch(/Too many messages wait/)
    harness.time.advance(60_000)
    await harness.post(textUpdate(14, "hello"))
    await harness.fake.waitForSent(2)
    expect(harness.fake.sentTo(7)).toHaveLength(2)
  })

  test("with /stop interrupts, and does so once however often it comes", async () => {
    const harness = await start()
    await connected(harness)
    for (let times = 0; times < 3; times += 1) await harness.post(textUpdate(11, "/stop"))
    await harness.restart()
    await harness.post(textUpdate(11, "/stop"))
    expect(harness.notes.map((note) => note.method)).toEqual(["interrupt"])
    await harness.post(textUpdate(12, "/stop"))
    expect(harness.notes).toHaveLength(2)
  })
})

describe("libSQL", () => {
  test("may be away: the channel's own copy is enough to take in and to send", async () => {
    const harness = await start()
    await connected(harness)
    harness.fake.pushText({ chatId: 7, text: "so that the chat is known" })
    harness.databaseIsAway = true
    await harness.restart()
    expect(await harness.post(textUpdate(11, "hello"))).toEqual({ status: "accepted" })
    const part = { chatId: 7, text: "Hi", format: "markdown" } as const
    expect(await harness.channel.call("send", part)).toMatchObject({ status: "sent" })
    await expect(harness.channel.call("refresh", {})).rejects.toMatchObject({ code: "database_unavailable" })
    expect(await harness.status()).toMatchObject({ status: "connected" })
  })

  test("away, and no copy yet: the update is offered again, and a part is sent later", async () => {
    const harness = await start()
    harness.databaseIsAway = true
    await expect(harness.post(textUpdate(11, "hello"))).rejects.toMatchObject({ code: "database_unavailable" })
    const part = { chatId: 7, text: "Hi", format: "markdown" } as const
    expect(await harness.channel.call("send", part)).toMatchObject({ status: "later" })
  })

  test("is asked once, and nothing is written, for a channel that it does not know", async () => {
    const harness = await start()
    for (let times = 0; times < 20; times += 1) {
      await expect(harness.post(textUpdate(11, "hello"))).rejects.toMatchObject({ code: "channel_not_found" })
    }
    expect(harness.databaseRequests).toBe(1)
    expect(harness.stored()).toEqual([])
    harness.time.advance(5_000)
    await harness.create()
    expect(await harness.status()).toMatchObject({ mode: "webhook" })
  })

  test("is not even asked for a name that is no channel's", async () => {
    const harness = await start()
    const call = harness.objects.peers("channel", "../../etc").call("webhook", { secret: "", body: "" })
    await expect(call).rejects.toMatchObject({ code: "channel_not_found" })
    expect(harness.databaseRequests).toBe(0)
  })

  test("knows of a change whose news was lost: it is seen with the next look", async () => {
    const harness = await start()
    await connected(harness)
    harness.databaseIsAway = true
    await expect(harness.change({ enabled: false })).rejects.toMatchObject({ code: "database_unavailable" })
    harness.databaseIsAway = false
    harness.time.advance(60_000)
    await untilStatus(harness, "disabled")
  })
})

describe("an end", () => {
  test("disabled: the web hook is deleted, what still comes is ignored, and nothing is sent", async () => {
    const harness = await start()
    await connected(harness)
    expect(await harness.change({ enabled: false })).toEqual({
      status: "disabled",
      mode: null,
      problem: null,
      lastInboundAt: null,
    })
    await harness.fake.waitFor("no web hook", () => harness.fake.webhookUrl === undefined)
    expect(await harness.post(textUpdate(11, "hello"))).toEqual({ status: "ignored" })
    const part = { chatId: 7, text: "Hi", format: "markdown" } as const
    expect(await harness.channel.call("send", part)).toMatchObject({ status: "refused" })
    await harness.change({ enabled: true })
    await untilStatus(harness, "connected")
    expect(harness.fake.webhookUrl).toBe(hookUrl)
  })

  test("deleted: the web hook is deleted, and nothing of the channel is left", async () => {
    const harness = await start()
    await connected(harness)
    expect(await harness.remove()).toMatchObject({ status: "disabled" })
    await harness.fake.waitFor("no web hook", () => harness.fake.webhookUrl === undefined)
    expect(harness.stored()).toEqual([])
    await expect(harness.status()).rejects.toMatchObject({ code: "channel_not_found" })
  })
})

test("the secrets are in no status, no storage and no log", async () => {
  const harness = await start()
  await connected(harness)
  harness.fake.revokeToken()
  await harness.channel.call("send", { chatId: 7, text: "Hi", format: "markdown" })
  harness.time.advance(60_000)
  await untilStatus(harness, "failing")
  harness.onAccept = () => {
    throw new TypeError("a defect")
  }
  await harness.post(textUpdate(11, "hello")).catch(() => {})
  const told = JSON.stringify([await harness.status(), harness.stored(), harness.logged])
  expect(harness.logged.length).toBeGreaterThan(0)
  for (const secret of [harness.fake.token, "AAFakeFake", "hook-secret"]) expect(told).not.toContain(secret)
})

test("secrets that cannot be opened are told as such", async () => {
  const harness = await start()
  await harness.create({ secretSealed: "v1.AAAA.AAAA" })
  await untilStatus(harness, "failing")
  expect((await harness.status()).problem).toMatch(/ENCRYPTION_KEY/)
  await expect(harness.post(textUpdate(11, "hello"))).rejects.toMatchObject({ code: "secret_unreadable" })
  const part = { chatId: 7, text: "Hi", format: "markdown" } as const
  expect(await harness.channel.call("send", part)).toMatchObject({ status: "refused" })
})
