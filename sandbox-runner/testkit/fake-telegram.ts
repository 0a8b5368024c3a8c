/**
 * A Telegram Bot API server for tests: `/bot<token>/<method>`, long polling and web hooks, as strict as the real one
 * (core.telegram.org/bots/api). Wording of refusals is Telegram's where it is known; of rich messages it is ours.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { startLoopback, type LoopbackServer } from "./loopback.ts"
import { chatView, createChatBook, type ChatType, type Flood } from "./telegram-chats.ts"
import {
  createMessageDesk,
  type Edit,
  type MessageDesk,
  type RichMessages,
  type SentMessage,
} from "./telegram-messages.ts"
import {
  badRequest,
  readParams,
  refuseWithRetry,
  text,
  TelegramRefusal,
  type Method,
  type Methods,
  type Params,
  type TelegramProblem,
} from "./telegram-params.ts"
import { updateMethods } from "./telegram-update-methods.ts"
import { createUpdateQueue, type Delivery, type TelegramUpdate } from "./telegram-updates.ts"
import { createWaiters, type Waiters } from "./waiters.ts"

export interface FakeTelegramOptions {
  /** Default: a free one. */
  readonly port?: number
  readonly token?: string
  readonly botUsername?: string
  /** Default false: a web hook must be https on port 80, 88, 443 or 8443. Tests on loopback set it. */
  readonly allowHttpWebhook?: boolean
  /** Default `supported`. */
  readonly richMessages?: RichMessages
  /** Pause before a failed delivery is tried again; Telegram's is about a second. Default 50. */
  readonly webhookRetryMs?: number
  /** Clock of the flood limits. Default `performance.now`. */
  readonly now?: () => number
  /** Awaited before a call is looked at: a kill point before the answer. `n` counts all calls but getUpdates and getMe. */
  readonly onCall?: (call: Call) => void | Promise<void>
  /** After the call's response is over: a kill point behind the answer. */
  readonly afterCall?: (call: Call, ended: "finished" | "cut_off") => void
}

export interface Call {
  readonly n: number
  readonly method: string
}

/**
 * What to do with coming calls of a method. `drop_before`: the connection ends and nothing happened; `drop_after`: it happened,
 * and the connection ends without an answer; `delay`: it is answered later; `hang`: it happened, and no answer ever comes.
 */
export type Failure =
  | { readonly kind: "drop_before" | "drop_after" | "hang" }
  | { readonly kind: "status"; readonly status: number; readonly description?: string; readonly retryAfter?: number }
  | { readonly kind: "delay"; readonly ms: number }

export interface PushedText {
  readonly chatId: number
  readonly fromId?: number
  readonly fromName?: string
  readonly text: string
  /** Default `private` for positive chat ids, else `supergroup`. */
  readonly chatType?: ChatType
  /** A forum topic. */
  readonly threadId?: number
}

export interface FakeTelegram extends LoopbackServer {
  readonly token: string
  /** All messages that arrived, in order. */
  readonly sent: readonly SentMessage[]
  readonly edits: readonly Edit[]
  readonly actions: MessageDesk["actions"]
  readonly callbackAnswers: readonly { readonly id: string; readonly text: string | undefined }[]
  /** Calls with what was answered, newest 10,000; getUpdates too. */
  readonly calls: readonly (Call & {
    readonly params: Params
    readonly status: number
    readonly description?: string
  })[]
  readonly pendingUpdates: readonly TelegramUpdate[]
  readonly deliveries: readonly Delivery[]
  readonly webhookUrl: string | undefined
  /** A getUpdates call is open. */
  readonly isPolling: boolean
  sentTo(chatId: number): SentMessage[]
  /** A person writes. The chat is known from then on. */
  pushText(message: PushedText): { updateId: number; messageId: number }
  /** A person presses a button under a message. @returns the callback query's id */
  pushCallback(press: { chatId: number; fromId?: number; messageId: number; data: string }): {
    updateId: number
    callbackId: string
  }
  /** Any update, as it is; `update_id` is added. */
  pushUpdate(update: Readonly<Record<string, unknown>>): { updateId: number }
  redeliver(updateId: number): void
  /** The n-th message, or the first that fits; also one that came before. */
  waitForSent(which: number | ((message: SentMessage) => boolean), timeoutMs?: number): Promise<SentMessage>
  /** Until a web hook has taken the update, or a poller has confirmed it. */
  waitForConfirmed(updateId: number, timeoutMs?: number): Promise<void>
  /** Until the condition over this server holds; looked at after each event here. */
  waitFor(what: string, condition: () => boolean, timeoutMs?: number): Promise<void>
  block(chatId: number, blocked?: boolean): void
  migrate(chatId: number, toChatId: number): void
  setFlood(chatId: number, flood: Flood | undefined): void
  setRichMessages(mode: RichMessages): void
  /** Applies to the next `times` calls of the method (`*`: any but getUpdates and getMe). */
  fail(method: string, failure: Failure, times?: number): void
  /** From now on the token is unknown. */
  revokeToken(): void
}

const maxCalls = 10_000
const defaultToken = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFake0"

/** Starts the server on 127.0.0.1. Its `url` is the API root (`TELEGRAM_API_ROOT`). */
export async function startFakeTelegram(options: FakeTelegramOptions = {}): Promise<FakeTelegram> {
  const { token = defaultToken, botUsername = "loop_test_bot", allowHttpWebhook = false } = options
  const waiters = createWaiters()
  const botId = Number(token.split(":")[0])
  const bot = { id: botId, is_bot: true, first_name: "Loop", username: botUsername }
  const chats = createChatBook(options.now ?? (() => performance.now()))
  const desk = createMessageDesk(chats, bot, options.richMessages ?? "supported", waiters.notify)
  const updates = createUpdateQueue(waiters, options.webhookRetryMs ?? 50)
  const callbacks = createCallbackDesk(waiters)
  const failures: { method: string; failure: Failure; left: number }[] = []
  const calls: { n: number; method: string; params: Params; status: number; description?: string }[] = []
  const methods = { ...updateMethods(updates, allowHttpWebhook), ...messageMethods(desk, bot), ...callbacks.methods }
  let revoked = false
  let callCount = 0

  const takeFailure = (method: string) => {
    const polls = method === "getUpdates" || method === "getMe"
    const planned = failures.find(
      (each) => each.left > 0 && (each.method === method || (each.method === "*" && !polls)),
    )
    if (planned !== undefined) planned.left--
    return planned?.failure
  }

  const server = await startLoopback(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost")
    const [, given, asked = ""] = /^\/bot([^/]+)\/([A-Za-z]+)$/.exec(url.pathname) ?? []
    if (given === undefined || !/^\d+:[A-Za-z0-9_-]{30,}$/.test(given)) return answerProblem(response, notFound)
    if (revoked || given !== token) return answerProblem(response, { status: 401, description: "Unauthorized" })
    const method = Object.keys(methods).find((name) => name.toLowerCase() === asked.toLowerCase()) ?? asked
    const call: Call = { n: method === "getUpdates" || method === "getMe" ? 0 : ++callCount, method }
    response.once("close", () => options.afterCall?.(call, response.writableFinished ? "finished" : "cut_off"))
    await options.onCall?.(call)
    const failure = takeFailure(method)
    if (failure?.kind === "drop_before") return void request.socket.destroy()
    const { params, ...outcome } = await runCall(methods[method], request, url.searchParams, failure, response)
    calls.push({ ...call, params, ...(outcome.status === "refused" ? outcome.problem : { status: 200 }) })
    if (calls.length > maxCalls) calls.shift()
    waiters.notify()
    if (failure?.kind === "drop_after") return void request.socket.destroy()
    if (failure?.kind === "hang") return
    if (failure?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, failure.ms))
    if (outcome.status === "refused") answerProblem(response, outcome.problem)
    else answerJson(response, 200, { ok: true, ...outcome.answered })
  }, options.port)

  return {
    ...server,
    token,
    sent: desk.sent,
    edits: desk.edits,
    actions: desk.actions,
    callbackAnswers: callbacks.answers,
    calls,
    pendingUpdates: updates.pending,
    deliveries: updates.deliveries,
    get webhookUrl() {
      return updates.webhook?.url
    },
    get isPolling() {
      return updates.isPolling
    },
    sentTo: (chatId) => desk.sent.filter((message) => message.chatId === chatId),
    pushText({ chatId, fromId = Math.abs(chatId), fromName = "Ada", text: said, chatType, threadId }) {
      const chat = chats.ensure(chatId, chatType ?? (chatId > 0 ? "private" : "supergroup"), fromName)
      if (threadId !== undefined) chat.threads.add(threadId)
      const messageId = chat.nextMessageId++
      chat.messages.set(messageId, { messageId, fromBot: false, threadId, text: said, replyMarkup: undefined })
      const command = /^\/[A-Za-z0-9_]{1,32}(@\w+)?/.exec(said)?.[0]
      const updateId = updates.push({
        message: {
          message_id: messageId,
          from: { id: fromId, is_bot: false, first_name: fromName, language_code: "en" },
          chat: chatView(chat),
          date: Math.floor(Date.now() / 1000),
          ...(threadId === undefined ? {} : { message_thread_id: threadId, is_topic_message: true }),
          text: said,
          ...(command === undefined ? {} : { entities: [{ type: "bot_command", offset: 0, length: command.length }] }),
        },
      })
      return { updateId, messageId }
    },
    pushCallback({ chatId, fromId = Math.abs(chatId), messageId, data }) {
      const chat = chats.ensure(chatId, chatId > 0 ? "private" : "supergroup", "Ada")
      const callbackId = callbacks.open()
      const message = { message_id: messageId, chat: chatView(chat), date: 0, from: bot }
      const from = { id: fromId, is_bot: false, first_name: "Ada" }
      const query = { id: callbackId, from, message, chat_instance: "1", data }
      return { updateId: updates.push({ callback_query: query }), callbackId }
    },
    pushUpdate: (update) => ({ updateId: updates.push(update) }),
    redeliver: updates.redeliver,
    waitForSent(which, timeoutMs) {
      const fits = typeof which === "number" ? (message: SentMessage) => message.n === which : which
      return waiters.until(`sent message ${String(which)}`, () => desk.sent.find(fits), timeoutMs)
    },
    async waitForConfirmed(updateId, timeoutMs) {
      const gone = () => (updates.pending.some((update) => update.update_id === updateId) ? undefined : true)
      await waiters.until(`update ${updateId} to be confirmed`, gone, timeoutMs)
    },
    async waitFor(what, condition, timeoutMs) {
      await waiters.until(what, () => (condition() ? true : undefined), timeoutMs)
    },
    block(chatId, blocked = true) {
      chats.ensure(chatId, chatId > 0 ? "private" : "group", "Ada").blocked = blocked
    },
    migrate(chatId, toChatId) {
      chats.ensure(chatId, "group", "Group").migratedTo = toChatId
      chats.ensure(toChatId, "supergroup", "Group")
    },
    setFlood: chats.setFlood,
    setRichMessages(mode) {
      desk.richMessages = mode
    },
    fail(method, failure, times = 1) {
      failures.push({ method, failure, left: times })
    },
    revokeToken() {
      revoked = true
    },
    async close() {
      updates.close()
      waiters.close("the fake Telegram was closed")
      await server.close()
    },
  }
}

const notFound = { status: 404, description: "Not Found" }

async function runCall(
  method: Method | undefined,
  request: IncomingMessage,
  query: URLSearchParams,
  failure: Failure | undefined,
  response: ServerResponse,
) {
  let params: Params = {}
  try {
    params = await readParams(request, query)
    if (method === undefined) throw new TelegramRefusal({ status: 404, description: "Not Found: method not found" })
    if (failure?.kind === "status") {
      if (failure.status === 429) refuseWithRetry(failure.retryAfter ?? 1)
      throw new TelegramRefusal({ description: "Internal Server Error", ...failure })
    }
    const gone = new AbortController()
    response.once("close", () => gone.abort())
    return { params, status: "answered" as const, answered: await method(params, gone.signal) }
  } catch (error) {
    if (error instanceof TelegramRefusal) return { params, status: "refused" as const, problem: error.problem }
    throw error
  }
}

function messageMethods(desk: MessageDesk, bot: object): Methods {
  const me = {
    ...bot,
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
  }
  return {
    getMe: () => ({ result: me }),
    sendMessage: (params) => ({ result: desk.sendMessage(params) }),
    sendRichMessage: (params) => ({ result: desk.sendRichMessage(params) }),
    sendDocument: (params) => ({ result: desk.sendDocument(params) }),
    sendChatAction: (params) => ({ result: desk.sendChatAction(params) }),
    editMessageText: (params) => ({ result: desk.editMessageText(params) }),
    editMessageReplyMarkup: (params) => ({ result: desk.editMessageReplyMarkup(params) }),
  }
}

/** Callback queries: each may be answered once. */
function createCallbackDesk(waiters: Waiters) {
  const open = new Set<string>()
  const answers: { id: string; text: string | undefined }[] = []
  let next = 1
  const methods: Methods = {
    answerCallbackQuery(params) {
      const id = text(params, "callback_query_id") ?? ""
      const said = text(params, "text")
      if (said !== undefined && said.length > 200) return badRequest("MESSAGE_TOO_LONG")
      if (!open.delete(id)) {
        return badRequest("query is too old and response timeout expired or query ID is invalid")
      }
      answers.push({ id, text: said })
      waiters.notify()
      return { result: true }
    },
  }
  return {
    methods,
    answers,
    open() {
      const id = `4100000000000000${next++}`
      open.add(id)
      return id
    },
  }
}

function answerProblem(response: ServerResponse, { status, description, parameters }: TelegramProblem): void {
  answerJson(response, status, { ok: false, error_code: status, description, ...(parameters ? { parameters } : {}) })
}

function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}
