/** The Bot API client against the strict fake: outcomes, fallback to plain text, and the token that is told nowhere. */
import { createServer, type Server } from "node:http"
import { afterEach, describe, expect, test } from "vitest"
import type { OutgoingPart } from "../../core/channel/outgoing.ts"
import {
  startFakeTelegram,
  type FakeTelegram,
  type FakeTelegramOptions,
} from "../../sandbox-runner/testkit/fake-telegram.ts"
import { createTelegram, type Telegram } from "./telegram.ts"

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

async function start(options: FakeTelegramOptions = {}): Promise<{ fake: FakeTelegram; telegram: Telegram }> {
  const fake = await startFakeTelegram(options)
  closing.push(() => fake.close())
  return {
    fake,
    telegram: createTelegram({ apiRoot: fake.url, token: fake.token, fetch: (request) => fetch(request) }),
  }
}

async function known(fake: FakeTelegram, chatId = 7): Promise<void> {
  fake.pushText({ chatId, text: "hello" })
}

const part = (text: string, more: Partial<OutgoingPart> = {}): OutgoingPart => ({
  chatId: 7,
  text,
  format: "markdown",
  ...more,
})

/** A server that is no Bot API. */
async function serve(answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server: Server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  const address = server.address()
  return typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : ""
}

const token = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFake0"
const clientOf = (apiRoot: string) => createTelegram({ apiRoot, token, fetch: (request) => fetch(request) })

describe("sending", () => {
  test("Markdown is sent as a rich message", async () => {
    const { fake, telegram } = await start()
    await known(fake)
    expect(await telegram.sendPart(part("**Hi**"))).toEqual({ status: "sent", externalId: "2" })
    expect(fake.sent).toMatchObject([{ method: "sendRichMessage", chatId: 7, text: "**Hi**" }])
  })

  test("plain text is sent as it is, without a preview", async () => {
    const { fake, telegram } = await start()
    await known(fake)
    expect(await telegram.sendPart(part("**Hi** <b>", { format: "plain" }))).toMatchObject({ status: "sent" })
    expect(fake.sent).toMatchObject([{ method: "sendMessage", text: "**Hi** <b>" }])
    expect(fake.calls.at(-1)?.params).toMatchObject({ link_preview_options: { is_disabled: true } })
  })

  test("a server that does not know rich messages gets plain text, and is asked once only", async () => {
    const { fake, telegram } = await start({ richMessages: "missing" })
    await known(fake)
    for (const text of ["one", "two"]) expect(await telegram.sendPart(part(text))).toMatchObject({ status: "sent" })
    expect(fake.calls.map((call) => call.method)).toEqual(["sendRichMessage", "sendMessage", "sendMessage"])
    expect(fake.sentTo(7).map((message) => message.text)).toEqual(["one", "two"])
  })

  test("markup that Telegram refuses is sent as plain text, and the next message as Markdown again", async () => {
    const { fake, telegram } = await start({ richMessages: "refuses" })
    await known(fake)
    expect(await telegram.sendPart(part("**Hi"))).toMatchObject({ status: "sent" })
    fake.setRichMessages("supported")
    expect(await telegram.sendPart(part("**Ho**"))).toMatchObject({ status: "sent" })
    expect(fake.sent.map(({ method, text }) => [method, text])).toEqual([
      ["sendMessage", "**Hi"],
      ["sendRichMessage", "**Ho**"],
    ])
  })

  test("more list items than a rich message takes are plain text", async () => {
    const { fake, telegram } = await start()
    await known(fake)
    expect(await telegram.sendPart(part("- a\n".repeat(900).trim()))).toMatchObject({ status: "sent" })
    expect(fake.sent).toMatchObject([{ method: "sendMessage" }])
  })

  test("a forum topic gets its answer in the topic", async () => {
    const { fake, telegram } = await start()
    fake.pushText({ chatId: -50, threadId: 4, text: "hello", fromId: 7 })
    expect(await telegram.sendPart(part("Hi", { chatId: -50, threadId: 4 }))).toMatchObject({ status: "sent" })
    expect(fake.sent).toMatchObject([{ chatId: -50, threadId: 4 }])
  })

  test("a group that became a supergroup gets the message where it is now", async () => {
    const { fake, telegram } = await start()
    fake.pushText({ chatId: -5, text: "hello", fromId: 7, chatType: "group" })
    fake.migrate(-5, -1005)
    expect(await telegram.sendPart(part("Hi", { chatId: -5 }))).toMatchObject({ status: "sent" })
    expect(fake.sentTo(-1005)).toHaveLength(1)
  })

  test("a blocked bot and an unknown chat are refused for good", async () => {
    const { fake, telegram } = await start()
    fake.block(7)
    expect(await telegram.sendPart(part("Hi"))).toMatchObject({ status: "refused", reason: /blocked/ })
    expect(await telegram.sendPart(part("Hi", { chatId: 1_000 }))).toMatchObject({
      status: "refused",
      reason: /chat not found/,
    })
    expect(fake.sent).toHaveLength(0)
  })

  test("too many messages: later, after as long as Telegram says", async () => {
    const { fake, telegram } = await start()
    await known(fake)
    fake.fail("sendRichMessage", { kind: "status", status: 429, retryAfter: 17 })
    expect(await telegram.sendPart(part("Hi"))).toMatchObject({ status: "later", retryAfterMs: 17_000 })
    expect(fake.sent).toHaveLength(0)
  })

  test("a revoked token is refused with what to do", async () => {
    const { fake, telegram } = await start()
    fake.revokeToken()
    expect(await telegram.sendPart(part("Hi"))).toMatchObject({ status: "refused", reason: /@BotFather/ })
    expect(await telegram.getMe()).toMatchObject({ status: "unauthorized" })
  })

  test("a server that fails may have sent: the outcome is unknown", async () => {
    const { fake, telegram } = await start()
    await known(fake)
    for (const status of [500, 502, 504]) {
      fake.fail("sendRichMessage", { kind: "status", status })
      expect(await telegram.sendPart(part("Hi"))).toMatchObject({ status: "unknown" })
    }
  })

  test("a connection that ends after the request left: the outcome is unknown, and it is not sent again as plain text", async () => {
    const { fake, telegram } = await start()
    await known(fake)
    fake.fail("sendRichMessage", { kind: "drop_after" })
    expect(await telegram.sendPart(part("Hi"))).toMatchObject({ status: "unknown" })
    expect(fake.sent).toHaveLength(1)
  })

  test("a connection that is refused sent nothing: later", async () => {
    const { fake, telegram } = await start()
    await fake.close()
    expect(await telegram.sendPart(part("Hi"))).toMatchObject({ status: "later" })
  })

  test("a name that cannot be resolved sent nothing: later", async () => {
    expect(await clientOf("http://nowhere.invalid").sendPart(part("Hi"))).toMatchObject({ status: "later" })
  })

  test("typing is shown, and its failure is nobody's", async () => {
    const { fake, telegram } = await start()
    await known(fake)
    await telegram.sendTyping({ chatId: 7 })
    expect(fake.actions).toEqual([{ chatId: 7, threadId: undefined, action: "typing" }])
    await telegram.sendTyping({ chatId: 1_000 })
    await fake.close()
    await telegram.sendTyping({ chatId: 7 })
  })
})

describe("receiving", () => {
  test("a poll answers with what waits, and its offset confirms what came before", async () => {
    const { fake, telegram } = await start()
    const { updateId } = fake.pushText({ chatId: 7, text: "one" })
    fake.pushText({ chatId: 7, text: "two" })
    const poll = (offset: number) =>
      telegram.getUpdates({ offset, limit: 50, waitSeconds: 0, signal: new AbortController().signal })
    expect(await poll(0)).toMatchObject({
      status: "ok",
      result: [{ update_id: updateId }, { update_id: updateId + 1 }],
    })
    expect(await poll(updateId + 1)).toMatchObject({ status: "ok", result: [{ update_id: updateId + 1 }] })
    expect(fake.pendingUpdates).toHaveLength(1)
  })

  test("an open poll ends when it is told to", async () => {
    const { fake, telegram } = await start()
    const stop = new AbortController()
    const polled = telegram.getUpdates({ offset: 0, limit: 50, waitSeconds: 50, signal: stop.signal })
    await fake.waitFor("the poll", () => fake.isPolling)
    stop.abort()
    expect(await polled).toMatchObject({ status: "unreachable" })
  })

  test("a web hook in the way and another poller are told apart", async () => {
    const { fake, telegram } = await start({ allowHttpWebhook: true })
    const poll = (waitSeconds: number) =>
      telegram.getUpdates({ offset: 0, limit: 50, waitSeconds, signal: new AbortController().signal })
    await telegram.setWebhook("http://127.0.0.1:1/hook", "secret")
    expect(await poll(0)).toMatchObject({ status: "conflict", by: "webhook" })
    await telegram.deleteWebhook()
    const first = poll(50)
    await fake.waitFor("the poll", () => fake.isPolling)
    await poll(0)
    expect(await first).toMatchObject({ status: "conflict", by: "poller" })
  })

  test("a web hook is set with its secret, read back and deleted", async () => {
    const { fake, telegram } = await start({ allowHttpWebhook: true })
    expect(await telegram.setWebhook("http://127.0.0.1:1/hook", "s3cret")).toEqual({ status: "ok", result: true })
    expect(fake.calls.at(-1)?.params).toMatchObject({
      secret_token: "s3cret",
      allowed_updates: ["message", "callback_query"],
    })
    expect(await telegram.getWebhook()).toEqual({
      status: "ok",
      result: { url: "http://127.0.0.1:1/hook", isComplete: true, lastError: null },
    })
    await telegram.deleteWebhook()
    expect(fake.webhookUrl).toBeUndefined()
  })

  test("an address that Telegram takes no web hook for is refused in its words", async () => {
    const { telegram } = await start()
    expect(await telegram.setWebhook("http://home.example/hook", "x")).toMatchObject({
      status: "refused",
      reason: /HTTPS/,
    })
  })

  test("the bot's number and name are read", async () => {
    const { telegram } = await start({ botUsername: "my_bot" })
    expect(await telegram.getMe()).toEqual({ status: "ok", result: { id: 123456789, username: "my_bot" } })
  })

  test("a token that looks like none is told as a wrong one", async () => {
    const { fake } = await start()
    const telegram = createTelegram({ apiRoot: fake.url, token: "1:short", fetch: (request) => fetch(request) })
    expect(await telegram.getMe()).toMatchObject({ status: "unauthorized" })
  })
})

describe("what is no Bot API", () => {
  test("a page, an empty answer and broken JSON are no success", async () => {
    for (const body of ["<html>Welcome to our Wi-Fi</html>", "", '{"ok":', '{"result":true}', "null"]) {
      const url = await serve((_, response) => void response.end(body))
      expect(await clientOf(url).sendPart(part("Hi"))).toMatchObject({ status: "unknown" })
      expect(await clientOf(url).getMe()).toMatchObject({ status: "unreachable" })
    }
  })

  test("a redirection is not followed: the token stays here", async () => {
    const asked: (string | undefined)[] = []
    const elsewhere = await serve((request, response) => {
      asked.push(request.url)
      response.end("{}")
    })
    const url = await serve(
      (request, response) => void response.writeHead(307, { location: elsewhere + request.url }).end(),
    )
    expect(await clientOf(url).sendPart(part("Hi"))).toMatchObject({ status: "later", reason: /TELEGRAM_API_ROOT/ })
    expect(asked).toEqual([])
  })

  test("an endless answer is cut off", async () => {
    const url = await serve((_, response) => {
      const chunk = "x".repeat(1024 * 1024)
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      }
      response.on("drain", more)
      more()
    })
    const polled = clientOf(url).getUpdates({
      offset: 0,
      limit: 1,
      waitSeconds: 0,
      signal: new AbortController().signal,
    })
    expect(await polled).toMatchObject({ status: "too_large" })
  })

  test("the token is in no outcome, even where the server repeats it", async () => {
    const description = `Bad Request: no such thing /bot${token}/sendMessage`
    const answers = [
      JSON.stringify({ ok: false, error_code: 400, description }),
      JSON.stringify({ ok: false, error_code: 403, description }),
      JSON.stringify({ ok: true, result: { url: "", last_error_date: 1, last_error_message: description } }),
    ]
    for (const body of answers) {
      const url = await serve((_, response) => void response.end(body))
      const outcomes = [await clientOf(url).sendPart(part("Hi")), await clientOf(url).getWebhook()]
      expect(JSON.stringify(outcomes)).not.toContain(token)
    }
    for (const url of [await serve((request) => void request.socket.destroy()), "http://127.0.0.1:1"]) {
      expect(JSON.stringify([await clientOf(url).sendPart(part("Hi")), await clientOf(url).getMe()])).not.toContain(
        token,
      )
    }
  })
})
