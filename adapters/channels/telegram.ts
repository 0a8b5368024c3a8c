/**
 * The Telegram Bot API as the gateway uses it, by grammY. Every call has a time limit and ends as a value; the token is in
 * no value, no error and no log.
 */
import type { Api, GrammyError } from "grammy/web"
import * as z from "zod"
import type { OutgoingPart, SendOutcome } from "../../core/channel/outgoing.ts"
import { toRichMarkdown } from "../../core/channel/telegram-rich.ts"
import { telegramUpdateKinds, type TelegramPlace } from "../../core/channel/telegram-update.ts"
import { isLoopError } from "../../core/errors.ts"

export interface TelegramOptions {
  /** Without a slash at the end. */
  readonly apiRoot: string
  readonly token: string
  fetch(request: Request): Promise<Response>
}

/** Why a call has no result. `reason` is a public sentence. */
export type TelegramFailure =
  | { readonly status: "unauthorized"; readonly reason: string }
  /** Someone else takes this bot's updates: a web hook, or another process that polls. */
  | { readonly status: "conflict"; readonly by: "webhook" | "poller"; readonly reason: string }
  | { readonly status: "limited"; readonly retryAfterMs: number; readonly reason: string }
  | { readonly status: "refused"; readonly code: number; readonly reason: string; readonly movedToChatId?: number }
  /** No answer. `mayHaveArrived`: the request left. */
  | { readonly status: "unreachable"; readonly mayHaveArrived: boolean; readonly reason: string }
  | { readonly status: "too_large"; readonly reason: string }
export type TelegramAnswer<T> = { readonly status: "ok"; readonly result: T } | TelegramFailure

export interface TelegramBot {
  readonly id: number
  readonly username: string
}
export interface TelegramWebhook {
  /** Empty while none is set. */
  readonly url: string
  /** It brings all kinds of updates that we ask for; one that an earlier release set may not. */
  readonly isComplete: boolean
  /** Seconds since 1970 of the newest failed delivery, and what Telegram says of it. */
  readonly lastError: { readonly atSeconds: number; readonly message: string } | null
}

export interface Telegram {
  getMe(): Promise<TelegramAnswer<TelegramBot>>
  setWebhook(url: string, secret: string): Promise<TelegramAnswer<true>>
  /** Updates that wait are kept. */
  deleteWebhook(): Promise<TelegramAnswer<true>>
  getWebhook(): Promise<TelegramAnswer<TelegramWebhook>>
  /** Updates from `offset` on, at once or when one comes within `waitSeconds`; earlier ones are thereby forgotten. */
  getUpdates(poll: {
    offset: number
    limit: number
    waitSeconds: number
    signal: AbortSignal
  }): Promise<TelegramAnswer<unknown[]>>
  /**
   * Sends one message: Markdown as a rich message, and as plain text where Telegram does not know those or refuses this
   * one. The text is never lost to its markup.
   */
  sendPart(part: OutgoingPart): Promise<SendOutcome>
  /** Says something to who pressed a button, and ends its waiting. Best effort: never fails. */
  answerPress(pressId: string, text: string): Promise<void>
  /** Best effort: never fails. */
  sendTyping(place: TelegramPlace): Promise<void>
}

/** Time and size limits of all calls. Telegram answers within a second or two; an answer has one message or 50 updates. */
const limits = {
  callMs: 20_000,
  typingMs: 5_000,
  /** Over the seconds that Telegram holds a poll open. */
  pollMarginMs: 10_000,
  answerBytes: 16 * 1024 * 1024,
  reasonUnits: 300,
} as const

/** After a 429 that does not say how long to wait. */
const defaultRetryMs = 1_000

export function createTelegram(options: TelegramOptions): Telegram {
  let knowsRichMessages = true

  const tell = (text: string) => text.replaceAll(options.token, "…").slice(0, limits.reasonUnits)
  const attempt = async <T>(call: (api: Api) => Promise<T>, within = AbortSignal.timeout(limits.callMs)) => {
    // Only here, since it takes 5 MB of memory: a gateway without a bot does without it.
    const grammy = await import("grammy/web")
    try {
      // grammY bridges signals of its own kind only: the call's one goes in with the fetch.
      const api = new grammy.Api(options.token, { apiRoot: options.apiRoot, fetch: fetchBy(options, within) })
      return { status: "ok", result: await call(api) } as const
    } catch (error) {
      if (error instanceof grammy.GrammyError) return toRefusal(error, tell)
      return toSilence(error instanceof grammy.HttpError ? error.error : error)
    }
  }
  const sendRich = ({ chatId, threadId, text }: OutgoingPart) =>
    attempt((api) => api.sendRichMessage(chatId, { markdown: toRichMarkdown(text) }, threadOf(threadId)))
  // Telegram's servers would fetch the address of a preview, and a model chose it.
  const unseen = { link_preview_options: { is_disabled: true } }
  const sendPlain = ({ chatId, threadId, text, buttons }: OutgoingPart) =>
    attempt((api) => api.sendMessage(chatId, text, { ...threadOf(threadId), ...unseen, ...keyboardOf(buttons) }))
  const sendDocument = ({ chatId, threadId, text }: OutgoingPart, file: NonNullable<OutgoingPart["document"]>) =>
    attempt(async (api) => {
      const { InputFile } = await import("grammy/web")
      const input = new InputFile(new TextEncoder().encode(file.text), file.fileName)
      return api.sendDocument(chatId, input, { ...threadOf(threadId), caption: text.slice(0, maxCaptionUnits) })
    })
  const editText = async ({ chatId, text }: OutgoingPart, messageId: number) => {
    const answer = await attempt((api) => api.editMessageText(chatId, messageId, text, unseen))
    // An attempt whose answer was lost has done it.
    const isDone = answer.status === "refused" && answer.reason.includes("message is not modified")
    return answer.status === "ok" || isDone ? ({ status: "ok", result: { message_id: messageId } } as const) : answer
  }
  const sendOne = (part: OutgoingPart) => {
    if (part.edits !== undefined) return editText(part, part.edits)
    return part.document === undefined ? sendPlain(part) : sendDocument(part, part.document)
  }

  return {
    getMe: async () => {
      const answer = await attempt((api) => api.getMe())
      // The API answers 404 to a token that does not even look like one.
      if (answer.status === "refused" && answer.code === 404) return unauthorized
      return answer.status === "ok" ? { status: "ok", result: TelegramUser.parse(answer.result) } : answer
    },
    setWebhook: (url, secret) =>
      attempt((api) => api.setWebhook(url, { secret_token: secret, allowed_updates: [...telegramUpdateKinds] })),
    deleteWebhook: () => attempt((api) => api.deleteWebhook()),
    getWebhook: async () => {
      const answer = await attempt((api) => api.getWebhookInfo())
      if (answer.status !== "ok") return answer
      const { url, allowed_updates: kinds = [] } = answer.result
      const { last_error_date: atSeconds, last_error_message: message } = answer.result
      const isComplete = telegramUpdateKinds.every((kind) => kinds.includes(kind))
      const lastError = atSeconds === undefined || message === undefined ? null : { atSeconds, message: tell(message) }
      return { status: "ok", result: { url: url ?? "", isComplete, lastError } }
    },
    getUpdates: ({ offset, limit, waitSeconds, signal }) =>
      attempt(
        (api) => api.getUpdates({ offset, limit, timeout: waitSeconds, allowed_updates: [...telegramUpdateKinds] }),
        AbortSignal.any([AbortSignal.timeout(waitSeconds * 1000 + limits.pollMarginMs), signal]),
      ),
    sendPart: (part) => sendTo(part, true),
    async answerPress(pressId, text) {
      const within = AbortSignal.timeout(limits.typingMs)
      // Bot API "answerCallbackQuery": 200 characters.
      await attempt((api) => api.answerCallbackQuery(pressId, { text: text.slice(0, 200), show_alert: true }), within)
    },
    async sendTyping({ chatId, threadId }) {
      const within = AbortSignal.timeout(limits.typingMs)
      await attempt((api) => api.sendChatAction(chatId, "typing", threadOf(threadId)), within)
    },
  }

  async function sendTo(part: OutgoingPart, mayFollow: boolean): Promise<SendOutcome> {
    const isPlain = part.edits !== undefined || part.document !== undefined || part.buttons !== undefined
    const isRich = part.format === "markdown" && knowsRichMessages && !isPlain
    const rich = isRich ? await sendRich(part) : undefined
    const isUnknownMethod = rich?.status === "refused" && rich.code === 404
    const answer = rich === undefined || rich.status === "refused" ? await sendOne(part) : rich
    if (isUnknownMethod && answer.status === "ok") knowsRichMessages = false
    if (answer.status === "refused" && answer.movedToChatId !== undefined && mayFollow) {
      return sendTo({ ...part, chatId: answer.movedToChatId }, false)
    }
    return toOutcome(answer)
  }
}

const TelegramUser = z.object({ id: z.number().int(), username: z.string() })
const unauthorized = {
  status: "unauthorized",
  reason: "Telegram does not know this bot token. Ask @BotFather for the token and enter it again.",
} as const

/** Bot API "sendDocument". */
const maxCaptionUnits = 1_024

const keyboardOf = (buttons: OutgoingPart["buttons"]) =>
  buttons === undefined
    ? {}
    : {
        reply_markup: {
          inline_keyboard: buttons.map((row) => row.map(({ text, data }) => ({ text, callback_data: data }))),
        },
      }

const threadOf = (threadId: number | undefined) => (threadId === undefined ? {} : { message_thread_id: threadId })

function toOutcome(answer: TelegramAnswer<{ message_id: number }>): SendOutcome {
  switch (answer.status) {
    case "ok":
      return { status: "sent", externalId: String(answer.result.message_id) }
    case "limited":
      return { status: "later", retryAfterMs: answer.retryAfterMs, reason: answer.reason }
    case "unreachable":
      return answer.mayHaveArrived
        ? { status: "unknown", reason: answer.reason }
        : { status: "later", retryAfterMs: defaultRetryMs, reason: answer.reason }
    case "too_large":
      return { status: "unknown", reason: answer.reason }
    case "unauthorized":
    case "conflict":
    case "refused":
      return { status: "refused", reason: answer.reason }
  }
}

function toRefusal(error: GrammyError, tell: (text: string) => string): TelegramFailure {
  const { error_code: code, description, parameters } = error
  const reason = tell(`Telegram refused: ${description}`)
  if (code === 401) return unauthorized
  if (code === 409) return { status: "conflict", by: /webhook/i.test(description) ? "webhook" : "poller", reason }
  if (code === 429) {
    const retryAfterMs = parameters.retry_after === undefined ? defaultRetryMs : parameters.retry_after * 1000
    return { status: "limited", retryAfterMs, reason: "Telegram asks to wait: too many messages." }
  }
  // A server that fails may have done its work before; a redirection has not, and is not followed with a token in it.
  if (code >= 500) {
    return { status: "unreachable", mayHaveArrived: true, reason: `Telegram failed with status ${code}.` }
  }
  if (code < 400) {
    const wrongRoot = `TELEGRAM_API_ROOT answers with status ${code}, which is no Bot API.`
    return { status: "unreachable", mayHaveArrived: false, reason: wrongRoot }
  }
  const moved = parameters.migrate_to_chat_id
  return { status: "refused", code, reason, ...(moved === undefined ? {} : { movedToChatId: moved }) }
}

function toSilence(cause: unknown): TelegramFailure {
  if (cause instanceof AnswerTooLarge) {
    return { status: "too_large", reason: "Telegram's answer is too large." }
  }
  if (isBeforeSending(cause)) {
    return { status: "unreachable", mayHaveArrived: false, reason: "Telegram cannot be reached." }
  }
  return { status: "unreachable", mayHaveArrived: true, reason: "Telegram did not answer in time." }
}

class AnswerTooLarge extends Error {}

/** What Node reports when no connection was made, so that no request has left (Node.js "errors", undici "errors"). */
const connectFailures = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
])
const maxCauses = 5

function isBeforeSending(error: unknown): boolean {
  let current = error
  for (let depth = 0; depth < maxCauses && typeof current === "object" && current !== null; depth += 1) {
    // The gateway itself held the request back.
    if (isLoopError(current)) return true
    if ("code" in current && typeof current.code === "string" && connectFailures.has(current.code)) return true
    current = "cause" in current ? current.cause : undefined
  }
  return false
}

const ApiAnswer = z.looseObject({ ok: z.boolean() })

/** Hands grammY only answers of the Bot API: whatever else a proxy says becomes one with its HTTP status. */
function fetchBy(options: TelegramOptions, signal: AbortSignal): typeof fetch {
  return async (...[input, init]: Parameters<typeof fetch>) => {
    const response = await options.fetch(new Request(input, { ...init, signal, redirect: "manual" }))
    const text = await readText(response)
    const isAnswer = ApiAnswer.safeParse(parseJson(text)).success
    // A page with status 200 is no success: a captive portal sends those.
    const code = response.status >= 200 && response.status < 300 ? 502 : response.status
    const said = isAnswer
      ? text
      : JSON.stringify({ ok: false, error_code: code, description: "no answer of the Bot API" })
    return new Response(said, { status: 200 })
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ""
  let sizeBytes = 0
  if (response.body === null) return text
  for await (const chunk of response.body) {
    sizeBytes += chunk.length
    if (sizeBytes > limits.answerBytes) throw new AnswerTooLarge()
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
