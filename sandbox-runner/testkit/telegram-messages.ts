/** The fake Bot API's methods that write into chats, as strict as core.telegram.org/bots/api#available-methods. */
import * as z from "zod"
import { chatView, type Chat, type ChatBook } from "./telegram-chats.ts"
import { parseEntities } from "./telegram-entities.ts"
import { badRequest, flag, integer, json, text, TelegramRefusal, upload, type Params } from "./telegram-params.ts"

/** One message that the bot sent, whether or not its answer reached the bot. */
export interface SentMessage {
  /** 1 for the first message of this server. */
  readonly n: number
  readonly method: "sendMessage" | "sendRichMessage" | "sendDocument"
  readonly chatId: number
  readonly threadId: number | undefined
  readonly messageId: number
  /** As the bot wrote it, markup included; a document's caption. */
  readonly text: string
  readonly parseMode: string | undefined
  readonly replyToMessageId: number | undefined
  readonly replyMarkup: unknown
  readonly document: { readonly fileName: string; readonly bytes: Uint8Array } | undefined
}

export interface Edit {
  readonly chatId: number
  readonly messageId: number
  /** Undefined when only the buttons changed. */
  readonly text: string | undefined
  readonly replyMarkup: unknown
}

export interface MessageDesk {
  readonly sent: SentMessage[]
  readonly edits: Edit[]
  readonly actions: { readonly chatId: number; readonly threadId: number | undefined; readonly action: string }[]
  richMessages: RichMessages
  sendMessage(params: Params): object
  sendRichMessage(params: Params): object
  sendDocument(params: Params): object
  sendChatAction(params: Params): true
  editMessageText(params: Params): object
  editMessageReplyMarkup(params: Params): object
}

/** `missing`: a Bot API server before 10.1; `refuses`: one that finds fault with every rich message. */
export type RichMessages = "supported" | "missing" | "refuses"

/** Bot API, "sendMessage", "sendDocument", "Rich Message Limits". */
const maxTextUnits = 4096
const maxCaptionUnits = 1024
const maxRichCharacters = 32_768
const maxRichBlocks = 500
const maxTableColumns = 20

const chatActions = new Set([
  "typing",
  "upload_photo",
  "record_video",
  "upload_video",
  "record_voice",
  "upload_voice",
  "upload_document",
  "choose_sticker",
  "find_location",
  "record_video_note",
  "upload_video_note",
])

const Button = z.looseObject({ text: z.string().min(1) })
const Keyboard = z.looseObject({ inline_keyboard: z.array(z.array(Button)).optional() })
const ReplyParameters = z.looseObject({
  message_id: z.number().int(),
  allow_sending_without_reply: z.boolean().optional(),
})
const RichMessage = z.looseObject({
  blocks: z.array(z.unknown()).optional(),
  html: z.string().optional(),
  markdown: z.string().optional(),
})

export function createMessageDesk(
  chats: ChatBook,
  bot: object,
  richMessages: RichMessages,
  onSent: () => void,
): MessageDesk {
  const sent: SentMessage[] = []
  const edits: Edit[] = []
  const actions: MessageDesk["actions"] = []

  const send = (
    method: SentMessage["method"],
    params: Params,
    said: { text: string; plain: string; document?: SentMessage["document"]; view: object },
  ) => {
    const replyMarkup = readKeyboard(params)
    const threadId = integer(params, "message_thread_id")
    const chat = chats.forSending(integer(params, "chat_id"), threadId)
    const replyToMessageId = readReply(params, chat)
    const messageId = chat.nextMessageId++
    chat.messages.set(messageId, { messageId, fromBot: true, threadId, text: said.text, replyMarkup })
    const parseMode = text(params, "parse_mode")
    const { text: written, document } = said
    sent.push({
      n: sent.length + 1,
      method,
      chatId: chat.id,
      threadId,
      messageId,
      text: written,
      parseMode,
      replyToMessageId,
      replyMarkup,
      document,
    })
    onSent()
    return { ...messageView(chat, messageId, threadId, bot, replyMarkup), ...said.view }
  }

  const edit = (params: Params, change: { text: string; view: object } | undefined) => {
    const replyMarkup = readKeyboard(params)
    const chat = chats.forSending(integer(params, "chat_id"), undefined)
    const message = chat.messages.get(integer(params, "message_id") ?? 0)
    if (message === undefined) return badRequest("message to edit not found")
    if (!message.fromBot) return badRequest("message can't be edited")
    const next = change?.text ?? message.text
    if (next === message.text && JSON.stringify(replyMarkup) === JSON.stringify(message.replyMarkup)) {
      badRequest(
        "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
      )
    }
    message.text = next
    message.replyMarkup = replyMarkup
    edits.push({ chatId: chat.id, messageId: message.messageId, text: change?.text, replyMarkup })
    onSent()
    const view = change?.view ?? { text: message.text }
    return { ...messageView(chat, message.messageId, message.threadId, bot, replyMarkup), ...view }
  }

  return {
    sent,
    edits,
    actions,
    richMessages,
    sendMessage(params) {
      const { written, plain } = readText(params, "text", maxTextUnits)
      return send("sendMessage", params, { text: written, plain, view: { text: plain } })
    },
    sendRichMessage(params) {
      if (this.richMessages === "missing") {
        throw new TelegramRefusal({ status: 404, description: "Not Found: method not found" })
      }
      const { written, view } = readRich(params)
      if (this.richMessages === "refuses") badRequest("can't parse rich message")
      return send("sendRichMessage", params, { text: written, plain: written, view })
    },
    sendDocument(params) {
      const file = upload(params, "document")
      const name = file?.fileName ?? text(params, "document")
      if (name === undefined || name === "") return badRequest("there is no document in the request")
      if (file !== undefined && file.bytes.length === 0) return badRequest("file must be non-empty")
      const caption = params.caption === undefined ? undefined : readText(params, "caption", maxCaptionUnits)
      const document = { file_id: `file_${sent.length + 1}`, file_unique_id: `u${sent.length + 1}`, file_name: name }
      return send("sendDocument", params, {
        text: caption?.written ?? "",
        plain: caption?.plain ?? "",
        document: file,
        view: { document, ...(caption === undefined ? {} : { caption: caption.plain }) },
      })
    },
    sendChatAction(params) {
      const action = text(params, "action") ?? ""
      if (!chatActions.has(action)) return badRequest("wrong parameter action in request")
      const chatId = integer(params, "chat_id")
      const known = chats.all.get(chatId ?? 0)
      if (known === undefined) return badRequest("chat not found")
      if (known.blocked) return badRequest("USER_IS_BLOCKED")
      actions.push({ chatId: known.id, threadId: integer(params, "message_thread_id"), action })
      onSent()
      return true
    },
    editMessageText(params) {
      if (params.rich_message !== undefined) {
        const { written, view } = readRich(params)
        return edit(params, { text: written, view })
      }
      const { written, plain } = readText(params, "text", maxTextUnits)
      return edit(params, { text: written, view: { text: plain } })
    },
    editMessageReplyMarkup: (params) => edit(params, undefined),
  }
}

/** The Message object of Bot API answers, without its content. */
function messageView(chat: Chat, messageId: number, threadId: number | undefined, bot: object, replyMarkup: unknown) {
  return {
    message_id: messageId,
    ...(threadId === undefined ? {} : { message_thread_id: threadId, is_topic_message: true }),
    from: bot,
    chat: chatView(chat),
    date: Math.floor(Date.now() / 1000),
    ...(replyMarkup === undefined ? {} : { reply_markup: replyMarkup }),
  }
}

/** Length counts after markup is read, in UTF-16 units. */
function readText(params: Params, name: string, maxUnits: number): { written: string; plain: string } {
  const written = text(params, name) ?? ""
  if (written === "") return badRequest(`message ${name} is empty`)
  const parsed = parseEntities(written, text(params, "parse_mode"))
  if (parsed.status === "refused") return badRequest(parsed.why)
  const plain = parsed.text.trim()
  if (plain === "") return badRequest("text must be non-empty")
  if (plain.length > maxUnits) badRequest(name === "text" ? "message is too long" : "message caption is too long")
  return { written, plain }
}

/** Blocks are counted roughly: each list item, heading, table row and quotation line, and each paragraph. */
function readRich(params: Params): { written: string; view: object } {
  const rich = json(params, "rich_message", RichMessage)
  if (rich === undefined) return badRequest("rich message is empty")
  const given = [rich.blocks, rich.html, rich.markdown].filter((way) => way !== undefined)
  if (given.length !== 1) return badRequest("exactly one of the fields blocks, html and markdown must be used")
  const written = rich.markdown ?? rich.html ?? JSON.stringify(rich.blocks)
  if (written.trim() === "" || written === "[]") return badRequest("rich message is empty")
  if (Array.from(written).length > maxRichCharacters) return badRequest("rich message is too long")
  const lines = written.split("\n")
  const own = lines.filter((line) => /^\s*([-*+]|\d+[.)]|#{1,6}|\||>)\s?/.test(line)).length
  const paragraphs = written.split(/\n\s*\n/).length
  if (Math.max(own, paragraphs, rich.blocks?.length ?? 0) > maxRichBlocks)
    return badRequest("too many rich message blocks")
  if (lines.some((line) => /^\s*\|/.test(line) && line.split("|").length - 2 > maxTableColumns)) {
    return badRequest("too many columns in a table")
  }
  return { written, view: { rich_message: { blocks: rich.blocks ?? [{ type: "paragraph", text: written }] } } }
}

function readKeyboard(params: Params): unknown {
  const keyboard = json(params, "reply_markup", Keyboard)
  for (const button of keyboard?.inline_keyboard?.flat() ?? []) {
    const { callback_data: data } = button
    if (Object.keys(button).length < 2) badRequest("Text buttons are unallowed in the inline keyboard")
    if (data === undefined) continue
    if (typeof data !== "string" || data === "" || Buffer.byteLength(data) > 64) badRequest("BUTTON_DATA_INVALID")
  }
  return keyboard
}

function readReply(params: Params, chat: Chat): number | undefined {
  const reply = json(params, "reply_parameters", ReplyParameters)
  const messageId = reply?.message_id ?? integer(params, "reply_to_message_id")
  if (messageId === undefined || chat.messages.has(messageId)) return messageId
  if (reply?.allow_sending_without_reply === true || flag(params, "allow_sending_without_reply")) return undefined
  return badRequest("message to be replied not found")
}
