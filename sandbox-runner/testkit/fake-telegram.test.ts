/** The fake Bot API against grammY's client: what it sends, refuses, floods, loses, and how updates travel. */
import { createServer } from "node:http"
import { Api, GrammyError, HttpError, InputFile } from "grammy"
import { afterEach, describe, expect, test } from "vitest"
import { startFakeTelegram, type FakeTelegram, type FakeTelegramOptions } from "./fake-telegram.ts"
import { listen, startLoopback } from "./loopback.ts"
import { parseEntities } from "./telegram-entities.ts"

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

async function start(options: FakeTelegramOptions = {}) {
  const telegram = await startFakeTelegram({ allowHttpWebhook: true, webhookRetryMs: 1, ...options })
  open.push(telegram)
  telegram.pushText({ chatId: 7, text: "hello" })
  return { telegram, api: new Api(telegram.token, { apiRoot: telegram.url }) }
}

/** A web hook that answers with the statuses in turn, then 200. */
async function startHook(...statuses: number[]) {
  const bodies: { update_id: number }[] = []
  const secrets: unknown[] = []
  const hook = await startLoopback(async (request, response) => {
    let body = ""
    for await (const part of request) body += part
    secrets.push(request.headers["x-telegram-bot-api-secret-token"])
    bodies.push(JSON.parse(body))
    response.writeHead(statuses.shift() ?? 200).end()
  })
  open.push(hook)
  return { hook, bodies, secrets }
}

const refusal = (error: unknown) =>
  error instanceof GrammyError ? `${error.error_code} ${error.description}` : `not refused: ${String(error)}`

describe("messages", () => {
  test("arrive with their text, topic and buttons, and are answered as Message", async () => {
    const { telegram, api } = await start()
    const me = await api.getMe()
    expect(me).toMatchObject({ is_bot: true, username: "loop_test_bot" })
    telegram.pushText({ chatId: -100, fromId: 7, text: "hi", threadId: 3 })
    const buttons = { inline_keyboard: [[{ text: "Yes", callback_data: "y" }]] }
    const message = await api.sendMessage(-100, "*bold* text", {
      parse_mode: "Markdown",
      message_thread_id: 3,
      reply_markup: buttons,
      reply_parameters: { message_id: 1 },
    })
    expect(message).toMatchObject({ text: "bold text", message_id: 2, message_thread_id: 3, chat: { is_forum: true } })
    expect(telegram.sentTo(-100)).toMatchObject([
      { n: 1, method: "sendMessage", text: "*bold* text", parseMode: "Markdown", threadId: 3, replyToMessageId: 1 },
    ])
    expect(telegram.sent[0]?.replyMarkup).toEqual(buttons)
  })

  test.each<[string, (api: Api) => Promise<unknown>, string]>([
    ["empty text", (api) => api.sendMessage(7, ""), "400 Bad Request: message text is empty"],
    ["blank text", (api) => api.sendMessage(7, " \n "), "400 Bad Request: text must be non-empty"],
    ["4,097 units", (api) => api.sendMessage(7, "x".repeat(4097)), "400 Bad Request: message is too long"],
    ["2,049 surrogate pairs", (api) => api.sendMessage(7, "🎉".repeat(2049)), "400 Bad Request: message is too long"],
    ["half a pair", (api) => api.sendMessage(7, "a\ud83d"), "400 Bad Request: strings must be encoded in UTF-8"],
    [
      "open Markdown",
      (api) => api.sendMessage(7, "ü *bold", { parse_mode: "Markdown" }),
      "400 Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 3",
    ],
    [
      "reserved characters",
      (api) => api.sendMessage(7, "1.", { parse_mode: "MarkdownV2" }),
      "400 Bad Request: can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'",
    ],
    [
      "a strange tag",
      (api) => api.sendMessage(7, "<h1>x</h1>", { parse_mode: "HTML" }),
      '400 Bad Request: can\'t parse entities: Unsupported start tag "h1" at byte offset 0',
    ],
    ["an unknown chat", (api) => api.sendMessage(8, "x"), "400 Bad Request: chat not found"],
    [
      "an unknown topic",
      (api) => api.sendMessage(7, "x", { message_thread_id: 9 }),
      "400 Bad Request: message thread not found",
    ],
    [
      "an unknown message to reply to",
      (api) => api.sendMessage(7, "x", { reply_parameters: { message_id: 99 } }),
      "400 Bad Request: message to be replied not found",
    ],
    [
      "65 bytes behind a button",
      (api) =>
        api.sendMessage(7, "x", {
          reply_markup: { inline_keyboard: [[{ text: "b", callback_data: "d".repeat(65) }]] },
        }),
      "400 Bad Request: BUTTON_DATA_INVALID",
    ],
    ["an unknown method", (api) => api.getMyName(), "404 Not Found: method not found"],
    ["an unknown query", (api) => api.answerCallbackQuery("1"), "400 Bad Request: query is too old"],
    [
      "an edit of a person's message",
      (api) => api.editMessageText(7, 1, "x"),
      "400 Bad Request: message can't be edited",
    ],
    ["an edit of no message", (api) => api.editMessageText(7, 9, "x"), "400 Bad Request: message to edit not found"],
  ])("are refused with %s", async (_, call, expected) => {
    const { telegram, api } = await start()
    expect(refusal(await call(api).catch((error: unknown) => error))).toContain(expected)
    expect(telegram.sent).toEqual([])
  })

  test("may have 4,096 units behind their markup, and no more", async () => {
    const { api } = await start()
    const text = `<b>${"&lt;".repeat(4096)}</b>`
    expect((await api.sendMessage(7, text, { parse_mode: "HTML" })).text).toHaveLength(4096)
  })

  test("are edited, but not into themselves", async () => {
    const { telegram, api } = await start()
    const { message_id } = await api.sendMessage(7, "one")
    await api.editMessageText(7, message_id, "two")
    await api.editMessageReplyMarkup(7, message_id, { reply_markup: { inline_keyboard: [] } })
    expect(telegram.edits.map((edit) => edit.text)).toEqual(["two", undefined])
    const same = await api
      .editMessageText(7, message_id, "two", { reply_markup: { inline_keyboard: [] } })
      .catch(refusal)
    expect(same).toContain("message is not modified")
  })

  test("take forms: URL-encoded, query and multipart", async () => {
    const { telegram, api } = await start()
    const root = `${telegram.url}/bot${telegram.token}`
    const form = new URLSearchParams({ chat_id: "7", text: "form", reply_markup: '{"inline_keyboard":[]}' })
    expect((await fetch(`${root}/SendMessage`, { method: "POST", body: form })).status).toBe(200)
    expect((await fetch(`${root}/sendMessage?chat_id=7&text=query`)).status).toBe(200)
    await api.sendDocument(7, new InputFile(Buffer.from("bytes"), "a.txt"), { caption: "file" })
    expect(telegram.sent.map((message) => message.text)).toEqual(["form", "query", "file"])
    expect(telegram.sent[2]?.document?.fileName).toBe("a.txt")
    expect(Buffer.from(telegram.sent[2]?.document?.bytes ?? []).toString()).toBe("bytes")
    const broken = await fetch(`${root}/sendMessage`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{",
    })
    expect(broken.status).toBe(400)
  })

  test("show typing, and a blocked bot is forbidden", async () => {
    const { telegram, api } = await start()
    await api.sendChatAction(7, "typing")
    expect(telegram.actions).toEqual([{ chatId: 7, threadId: undefined, action: "typing" }])
    telegram.block(7)
    expect(await api.sendMessage(7, "x").catch(refusal)).toBe("403 Forbidden: bot was blocked by the user")
    telegram.block(7, false)
    await api.sendMessage(7, "x")
    telegram.migrate(-5, -1005)
    const moved: unknown = await api.sendMessage(-5, "x").catch((error: unknown) => error)
    expect(moved).toMatchObject({ parameters: { migrate_to_chat_id: -1005 } })
  })
})

describe("rich messages", () => {
  test("carry Markdown of 32,768 characters, and no more", async () => {
    const { telegram, api } = await start()
    const sent = await api.sendRichMessage(7, { markdown: "🎉".repeat(32_768) })
    expect(sent.rich_message.blocks).toHaveLength(1)
    expect(telegram.sent[0]).toMatchObject({ method: "sendRichMessage", chatId: 7 })
    expect(await api.sendRichMessage(7, { markdown: "x".repeat(32_769) }).catch(refusal)).toContain("too long")
    expect(await api.sendRichMessage(7, { markdown: "- x\n".repeat(501) }).catch(refusal)).toContain("too many")
    expect(await api.sendRichMessage(7, { markdown: "x", html: "x" }).catch(refusal)).toContain("exactly one")
    expect(await api.sendRichMessage(7, { markdown: " " }).catch(refusal)).toContain("empty")
  })

  test("can be missing or refused, as on other servers", async () => {
    const { telegram, api } = await start({ richMessages: "missing" })
    expect(await api.sendRichMessage(7, { markdown: "x" }).catch(refusal)).toBe("404 Not Found: method not found")
    telegram.setRichMessages("refuses")
    expect(await api.sendRichMessage(7, { markdown: "x" }).catch(refusal)).toMatch(/^400 /)
    expect(telegram.sent).toEqual([])
  })
})

describe("failures", () => {
  test("a flooded chat says how long to wait, and others are free", async () => {
    let at = 0
    const { telegram, api } = await start({ now: () => at })
    telegram.pushText({ chatId: 8, text: "x" })
    telegram.setFlood(7, { messages: 2, windowMs: 3000 })
    await api.sendMessage(7, "1")
    await api.sendMessage(7, "2")
    const flooded: unknown = await api.sendMessage(7, "3").catch((error: unknown) => error)
    expect(flooded).toMatchObject({ error_code: 429, parameters: { retry_after: 3 } })
    await api.sendMessage(8, "other")
    at = 3000
    await api.sendMessage(7, "3")
    expect(telegram.sent.map((message) => message.text)).toEqual(["1", "2", "other", "3"])
  })

  test("a dropped connection leaves the message sent or not, as asked", async () => {
    const { telegram, api } = await start()
    telegram.fail("sendMessage", { kind: "drop_before" })
    telegram.fail("sendMessage", { kind: "drop_after" })
    telegram.fail("*", { kind: "status", status: 500 })
    telegram.fail("*", { kind: "status", status: 429, retryAfter: 4 })
    await expect(api.sendMessage(7, "lost")).rejects.toBeInstanceOf(HttpError)
    await expect(api.sendMessage(7, "ambiguous")).rejects.toBeInstanceOf(HttpError)
    expect(await api.sendMessage(7, "broken").catch(refusal)).toBe("500 Internal Server Error")
    expect(await api.sendMessage(7, "slow down").catch(refusal)).toBe("429 Too Many Requests: retry after 4")
    await api.sendMessage(7, "fine")
    expect(telegram.sent.map((message) => message.text)).toEqual(["ambiguous", "fine"])
  })

  test("a wrong or revoked token is not served", async () => {
    const { telegram, api } = await start()
    const other = new Api(`1:${"x".repeat(35)}`, { apiRoot: telegram.url })
    expect(await other.getMe().catch(refusal)).toBe("401 Unauthorized")
    expect(await new Api("nonsense", { apiRoot: telegram.url }).getMe().catch(refusal)).toBe("404 Not Found")
    telegram.revokeToken()
    expect(await api.getMe().catch(refusal)).toBe("401 Unauthorized")
  })

  test("kill points stand before and behind a call", async () => {
    const events: string[] = []
    const { telegram, api } = await start({
      onCall: ({ n, method }) => void events.push(`before ${n} ${method}`),
      afterCall: ({ n }, ended) => void events.push(`after ${n} ${ended}`),
    })
    await api.sendMessage(7, "x")
    await telegram.waitForSent(1)
    await expect.poll(() => events).toEqual(["before 1 sendMessage", "after 1 finished"])
  })
})

describe("long polling", () => {
  test("gives updates until their offset is committed", async () => {
    const { telegram, api } = await start()
    const { updateId } = telegram.pushText({ chatId: 7, text: "/new please" })
    const first = await api.getUpdates({ timeout: 0 })
    expect(first.map((update) => update.message?.text)).toEqual(["hello", "/new please"])
    expect(first[1]?.message?.entities).toEqual([{ type: "bot_command", offset: 0, length: 4 }])
    expect(await api.getUpdates({ limit: 1 })).toHaveLength(1)
    expect(await api.getUpdates({ offset: updateId + 1 })).toEqual([])
    expect(telegram.pendingUpdates).toEqual([])
    telegram.redeliver(updateId)
    expect(await api.getUpdates({ offset: updateId + 1 })).toHaveLength(1)
    expect(await api.getUpdates({ offset: updateId + 1 })).toEqual([])
  })

  test("waits for the next update, ends when the client leaves, and knows only one poller", async () => {
    const { telegram, api } = await start()
    const offset = telegram.pendingUpdates.length + (telegram.pendingUpdates[0]?.update_id ?? 0)
    const waiting = api.getUpdates({ offset, timeout: 50 })
    await telegram.waitFor("the first poll", () => telegram.isPolling)
    const second = api.getUpdates({ offset, timeout: 50 })
    expect(await waiting.catch(refusal)).toContain("409 Conflict: terminated by other getUpdates request")
    telegram.pushText({ chatId: 7, text: "now" })
    expect((await second).map((update) => update.message?.text)).toEqual(["now"])
    const leaving = new AbortController()
    const url = `${telegram.url}/bot${telegram.token}/getUpdates?timeout=50&offset=${offset + 1}`
    const left = fetch(url, { signal: leaving.signal }).catch((error: unknown) => error)
    await telegram.waitFor("the third poll", () => telegram.isPolling)
    leaving.abort()
    await left
    await telegram.waitFor("the poll's end", () => !telegram.isPolling)
  })

  test("is refused while a web hook is set, and leaves out what is not allowed", async () => {
    const { telegram, api } = await start()
    const { hook } = await startHook()
    await api.setWebhook(hook.url)
    expect(await api.getUpdates().catch(refusal)).toContain("409 Conflict: can't use getUpdates method while webhook")
    await api.deleteWebhook({ drop_pending_updates: true })
    expect(await api.getUpdates({ allowed_updates: ["callback_query"] })).toEqual([])
    telegram.pushText({ chatId: 7, text: "unheard" })
    const { callbackId } = telegram.pushCallback({ chatId: 7, messageId: 1, data: "yes" })
    const [update] = await api.getUpdates()
    expect(update?.callback_query).toMatchObject({ id: callbackId, data: "yes", from: { id: 7 } })
    await api.answerCallbackQuery(callbackId, { text: "ok" })
    expect(telegram.callbackAnswers).toEqual([{ id: callbackId, text: "ok" }])
    expect(await api.answerCallbackQuery(callbackId).catch(refusal)).toContain("query is too old")
  })
})

describe("web hooks", () => {
  test("get each update with the secret, in order, again until they take it", async () => {
    const { telegram, api } = await start()
    const { hook, bodies, secrets } = await startHook(500, 302)
    const { updateId } = telegram.pushText({ chatId: 7, text: "second" })
    await api.setWebhook(hook.url, { secret_token: "s-E_1", allowed_updates: ["message"] })
    await telegram.waitForConfirmed(updateId)
    expect(bodies.map((body) => body.update_id)).toEqual([updateId - 1, updateId - 1, updateId - 1, updateId])
    expect(new Set(secrets)).toEqual(new Set(["s-E_1"]))
    expect(telegram.deliveries.map((delivery) => delivery.status)).toEqual([500, 302, 200, 200])
    telegram.redeliver(updateId)
    await telegram.waitFor("the redelivery", () => telegram.deliveries.length === 5)
    expect(bodies.at(-1)).toEqual(bodies.at(-2))
    expect(await api.getWebhookInfo()).toMatchObject({ url: hook.url, pending_update_count: 0, max_connections: 40 })
  })

  test("that cannot be reached are tried until they are there", async () => {
    const { telegram, api } = await start()
    const { hook } = await startHook()
    await hook.close()
    await api.setWebhook(hook.url)
    await telegram.waitFor("three attempts", () => telegram.deliveries.length >= 3)
    expect(await api.getWebhookInfo()).toMatchObject({
      pending_update_count: 1,
      last_error_message: "Connection refused",
    })
    const back = createServer((request, response) => {
      request.resume()
      response.end()
    })
    await listen(back, hook.port)
    open.push({
      close: () =>
        new Promise((resolve) => {
          back.close(() => resolve())
          back.closeAllConnections()
        }),
    })
    await telegram.waitFor("the delivery", () => telegram.pendingUpdates.length === 0)
  })

  test.each<[string, Parameters<Api["setWebhook"]>, string]>([
    ["plain http", ["http://example.org/x"], "An HTTPS URL must be provided for webhook"],
    ["a strange port", ["https://example.org:8000/x"], "only on ports 80, 88, 443 or 8443"],
    ["a secret with spaces", ["https://example.org/x", { secret_token: "a b" }], "unallowed characters"],
    ["a secret of 257", ["https://example.org/x", { secret_token: "a".repeat(257) }], "too long"],
    ["no URL", ["nonsense"], "bad webhook"],
  ])("are refused with %s", async (_, parameters, why) => {
    const { api } = await start({ allowHttpWebhook: false })
    expect(await api.setWebhook(...parameters).catch(refusal)).toContain(why)
  })
})

test.each<[string, string, string, string]>([
  ["Markdown", "a \\*b [t](http://x) `c*`", "Markdown", "a *b t c*"],
  ["Markdown code", "```js\nlet a_b\n``` x", "Markdown", "let a_b\n x"],
  ["MarkdownV2", "*b _i __u__ ~s~_* \\. [t](http://x\\)) ||p|| ```js\na.b```", "MarkdownV2", "b i u s . t p a.b"],
  ["MarkdownV2 quotation", ">a\n>b\nc", "MarkdownV2", "a\nb\nc"],
  ["HTML", '<b>a<i>b</i></b> &lt;&amp;&#33; &nbsp; <a href="x>y">l', "HTML", "!"],
  ["HTML closed", '<pre><code class="language-js">a</code></pre> &copy; &', "HTML", "a &copy; &"],
  ["V2 nested wrongly", "*a _b* c_", "MarkdownV2", "!"],
  ["V2 open code", "`a", "MarkdownV2", "!"],
  ["V2 URL without end", "[a](b", "MarkdownV2", "!"],
  ["HTML closed in wrong order", "<b><i>x</b></i>", "HTML", "!"],
  ["HTML with an end only", "x</b>", "HTML", "!"],
  ["an unknown mode", "x", "BBCode", "!"],
])("%s is read as Telegram reads it", (_, text, mode, expected) => {
  const parsed = parseEntities(text, mode)
  expect(parsed.status === "ok" ? parsed.text : "!").toBe(expected)
})

test("a fake that is closed ends those who wait", async () => {
  const telegram: FakeTelegram = await startFakeTelegram()
  const waiting = telegram.waitForSent(1)
  const ended = expect(waiting).rejects.toThrow("was closed")
  await telegram.close()
  await ended
})
