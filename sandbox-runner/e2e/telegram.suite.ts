/** Telegram by web hook against the strict fake Bot API: who is served, what is said, and that it is said once. */
import { afterEach, beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { ConversationView, MessageView } from "../../core/api/conversations.ts"
import { openChannel, people, type ChannelDesk } from "./channel-desk.ts"
import type { Answer } from "./client.ts"
import type { Stage } from "./stage.ts"

const strangerId = 99

export function webhookSuite(stage: () => Stage): void {
  let channel: ChannelDesk
  beforeAll(async () => {
    channel = await openChannel(stage())
  })
  afterEach(() => stage().telegram.setRichMessages("supported"))

  const webhookPath = () => new URL(stage().telegram.webhookUrl ?? "").pathname
  /** The header that only Telegram and the gateway know. */
  const secretHeader = () => {
    const told = stage().telegram.calls.findLast(({ method }) => method === "setWebhook")?.params.secret_token
    if (typeof told !== "string") throw new Error("no web hook was set")
    return { "x-telegram-bot-api-secret-token": told }
  }
  const post = (update: object, headers: Readonly<Record<string, string>> = secretHeader()): Promise<Answer> =>
    stage().anyone.send("POST", webhookPath(), { json: update, headers })

  test("a channel connects its web hook and never shows its token", async () => {
    const { telegram, gateway, transcript } = stage()
    await channel.waitFor({ status: "connected", mode: "webhook", problem: null })
    const { id, config } = await channel.read()
    expect(telegram.webhookUrl).toBe(`${gateway.url}/webhooks/telegram/${id}`)
    expect(config).toEqual({ allowedUserIds: people, approverUserIds: null, botTokenHint: telegram.token.slice(-4) })
    transcript.secret(secretHeader()["x-telegram-bot-api-secret-token"])
  })

  test("a text is answered once in its chat, and typing is shown meanwhile", async () => {
    const { telegram } = stage()
    const person = channel.meet()
    const [answer] = await person.talk("say: hello from **here**")
    expect(answer).toMatchObject({ method: "sendRichMessage", text: "hello from **here**", chatId: person.id })
    expect(telegram.actions).toContainEqual({ chatId: person.id, threadId: undefined, action: "typing" })
    expect(await channel.read()).toMatchObject({ lastInboundAt: expect.stringMatching(/^20/) })
  })

  test("a long answer comes in parts that Telegram takes, and nothing of it is missing", async () => {
    const parts = await channel.meet().talk("long 1200", 3)
    expect(Math.max(...parts.map(({ text }) => text.length))).toBeLessThanOrEqual(4_096)
    const numbers = parts.flatMap(({ text }) => text.trim().split(/\s+/)).map(Number)
    expect(numbers).toEqual(Array.from({ length: 1_200 }, (_, n) => n))
  })

  test("a wait that Telegram asks for is kept, and the answer comes once", async () => {
    const { telegram, telegramCalls } = stage()
    telegram.fail("sendRichMessage", { kind: "status", status: 429, retryAfter: 2, description: "Too Many Requests" })
    const from = telegramCalls.length
    expect((await channel.meet().talk("say: patience")).map(({ text }) => text)).toEqual(["patience"])
    const sends = telegramCalls.slice(from).filter(({ method }) => method === "sendRichMessage")
    expect(sends).toHaveLength(2)
    expect((sends[1]?.atMs ?? 0) - (sends[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(2_000)
  })

  test("an update that comes three times at once, and again, is one turn and one answer", async () => {
    const { telegram, model } = stage()
    const person = channel.meet()
    const update = {
      update_id: 900_000_001,
      message: {
        message_id: 7_000,
        from: { id: person.id, is_bot: false, first_name: "Ada" },
        chat: { id: person.id, type: "private", first_name: "Ada" },
        date: 1,
        text: "say: only once",
      },
    }
    telegram.pushText({ chatId: person.id, text: "say: before" })
    await telegram.waitForSent(({ text }) => text === "before")
    const outcomes = await Promise.all([1, 2, 3].map(() => post(update)))
    expect(outcomes.map(({ status }) => status)).toEqual([200, 200, 200])
    await telegram.waitForSent(({ text }) => text === "only once")
    expect((await post(update)).status).toBe(200)
    // What follows in the same chat is answered after all that came before it.
    await person.talk("say: next")
    expect(person.read().map(({ text }) => text)).toEqual(["before", "only once", "next"])
    expect(model.requests.filter(({ lastUserText }) => lastUserText === "say: only once")).toHaveLength(1)
  })

  test("messages that come while one is answered join it or follow it, and none is lost", async () => {
    const { telegram } = stage()
    const person = channel.meet()
    const words = ["one", "two", "three", "four", "five"]
    for (const word of words) person.write(`my word is ${word}`)
    await telegram.waitFor("the last word", () => person.read().some(({ text }) => text.includes("five")))
    const [seen] = await person.talk("history")
    for (const word of words) expect(seen?.text).toContain(`my word is ${word}`)
  })

  test("/stop ends what runs, and the next message is answered", async () => {
    const { telegram, model } = stage()
    const person = channel.meet()
    const isOurs = (text: string) => text === "hang" || text === "/stop"
    person.write("hang")
    await model.waitForRequest(({ lastUserText }) => isOurs(lastUserText))
    const { updateId } = person.write("/stop")
    await telegram.waitForConfirmed(updateId)
    await expect.poll(() => model.activeCount).toBe(0)
    expect((await person.talk("say: on we go")).map(({ text }) => text)).toEqual(["on we go"])
  })

  describe("nobody else is served", () => {
    /** What the model was asked and what was sent must stay the same. */
    const counts = () => [stage().model.requestCount, stage().telegram.sent.length]

    test("a stranger's message is taken and left", async () => {
      const { telegram } = stage()
      const before = counts()
      const { updateId } = telegram.pushText({ chatId: strangerId, text: "say: let me in" })
      await telegram.waitForConfirmed(updateId)
      // Whoever is served and comes later is answered: by then a stranger's answer would have been sent too.
      await channel.meet().talk("say: I am known")
      expect(counts()).toEqual(before.map((count) => count + 1))
    })

    test("an empty list serves nobody, and the channel says who wrote", async () => {
      const { telegram } = stage()
      const person = channel.meet()
      await channel.change({ config: { allowedUserIds: [] } })
      const { updateId } = person.write("say: anyone there?")
      await telegram.waitForConfirmed(updateId)
      expect((await channel.read()).problem).toContain(String(person.id))
      await channel.change({ config: { allowedUserIds: people } })
      await person.talk("say: back again")
      expect(person.read().map(({ text }) => text)).toEqual(["back again"])
    })

    test("without the secret nothing is taken", async () => {
      const { anyone } = stage()
      const before = counts()
      const update = { update_id: 900_000_002, message: { text: "say: forged" } }
      expect((await post(update, {})).outcome).toBe("401 invalid_webhook_secret")
      const guessed = { "x-telegram-bot-api-secret-token": "a guess" }
      expect((await post(update, guessed)).outcome).toBe("401 invalid_webhook_secret")
      const nowhere = `/webhooks/telegram/chan_${"0".repeat(24)}`
      expect((await anyone.send("POST", nowhere, { json: update })).outcome).toBe("404 channel_not_found")
      expect((await anyone.send("POST", "/webhooks/telegram/x", { json: update })).outcome).toBe(
        "404 channel_not_found",
      )
      expect(counts()).toEqual(before)
    })

    test("what is no update is refused", async () => {
      expect((await post({ nothing: true })).outcome).toBe("400 invalid_body")
      const broken = { bytes: '{"update_id":', headers: secretHeader() }
      expect((await stage().anyone.send("POST", webhookPath(), broken)).outcome).toBe("400 invalid_json")
    })
  })

  test("the chat is on record for the administrator, message by message", async () => {
    const { admin } = channel
    const person = channel.meet()
    await person.talk("say: for the record")
    const Conversations = z.object({ data: z.array(ConversationView) })
    const Messages = z.object({ data: z.array(MessageView) })
    const newestChat = async () =>
      (await admin.send("GET", "/api/conversations?limit=1"))
        .read(Conversations)
        .data.find(({ kind }) => kind === "telegram")
    const record = async () => {
      const path = `/api/conversations/${(await newestChat())?.id}/messages`
      return (await admin.send("GET", path)).read(Messages).data.map(({ role, text }) => `${role}: ${text}`)
    }
    await expect.poll(record).toEqual(["user: say: for the record", "assistant: for the record"])
  })

  test.each(["refuses", "missing"] as const)(
    "where Telegram's server %s rich messages, the text arrives plain",
    async (mode) => {
      stage().telegram.setRichMessages(mode)
      const [answer] = await channel.meet().talk("say: a *star_ and [half a link](")
      expect(answer).toMatchObject({ method: "sendMessage", parseMode: undefined, text: "a *star_ and [half a link](" })
    },
  )
}
