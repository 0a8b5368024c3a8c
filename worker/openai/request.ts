/** A request of OpenAI's API as this gateway understands it: a message, what was said before it, and what is asked besides. */
import { type ChatMessage, type ChatRequest, maxSessionKeyLength } from "../../core/api/chat-completions.ts"
import { maxContentBytes } from "../../core/channel/message.ts"
import { LoopError } from "../../core/errors.ts"
import { maxImagesOfMessage, readImageUrl, type RefusedImage } from "../../core/model/image.ts"
import type { ImageMediaType } from "../../core/model/message.ts"
import { readContent } from "../http/message-input.ts"

/** A piece of what someone said; a picture still carries its bytes. */
export type Piece = { type: "text"; text: string } | { type: "picture"; mediaType: ImageMediaType; base64: string }
export interface Said {
  readonly role: "user" | "assistant"
  readonly pieces: readonly Piece[]
}

export interface Understood {
  /** Everything before the last user message, without instructions. */
  readonly history: readonly Said[]
  readonly text: string
  readonly pictures: readonly Extract<Piece, { type: "picture" }>[]
  readonly instructions: string
  readonly maxOutputTokens: number | null
}

/** As long as an agent group's own prompt may be. */
const maxInstructionsLength = 100_000

/**
 * @throws LoopError `unsupported_parameter` for what would change the answer and cannot be done; `image_refused`,
 *   `missing_content`, `content_too_large`, `invalid_body`
 */
export function understand(request: ChatRequest, isSession: boolean): Understood {
  refuseUnsupported(request)
  const { messages } = request
  const at = messages.findLastIndex(({ role }) => role === "user")
  const isLast = messages.slice(at + 1).every(({ role }) => role === "system" || role === "developer")
  if (at < 0 || (!isSession && !isLast)) {
    throw new LoopError("invalid_body", { message: "The last message must be the user's.", field: "messages" })
  }
  // A session remembers what was said, so that the rest need not be read, and its pictures not be decoded.
  const history = isSession ? [] : messages.slice(0, at).flatMap(toSaid)
  const input = pieces(messages[at], at)
  const pictures = input.flatMap((piece) => (piece.type === "picture" ? [piece] : []))
  return {
    history,
    text: readText(input, pictures.length > 0),
    pictures,
    instructions: readInstructions(messages),
    maxOutputTokens: request.max_completion_tokens ?? request.max_tokens ?? null,
  }
}

/** The key that names the session; undefined: the request stands alone. @throws LoopError `invalid_header` */
export function readSessionKey(header: string | null, request: ChatRequest): string | undefined {
  if (header !== null && (header.trim() === "" || header.length > maxSessionKeyLength)) {
    throw new LoopError("invalid_header", { field: "X-Session-Key" })
  }
  const key = header ?? request.user ?? ""
  return key === "" ? undefined : key
}

function refuseUnsupported(request: ChatRequest): void {
  const refuse = (field: keyof ChatRequest, why: string) => {
    throw new LoopError("unsupported_parameter", { message: why, field })
  }
  const tools = "The tools of an agent are the gateway's own: a client cannot bring any."
  if ((request.tools?.length ?? 0) > 0) refuse("tools", tools)
  if ((request.functions?.length ?? 0) > 0) refuse("functions", tools)
  if (!isOff(request.tool_choice)) refuse("tool_choice", tools)
  if (!isOff(request.function_call)) refuse("function_call", tools)
  if ((request.n ?? 1) !== 1) refuse("n", "One answer a request is all there is.")
  if (request.logprobs === true) refuse("logprobs", "Probabilities are not known here.")
  if ((request.top_logprobs ?? 0) !== 0) refuse("top_logprobs", "Probabilities are not known here.")
  if (Object.keys(request.logit_bias ?? {}).length > 0) refuse("logit_bias", "Tokens cannot be weighed.")
  if ((request.stop?.length ?? 0) > 0) refuse("stop", "An answer ends where the agent ends it.")
  if ((request.response_format?.type ?? "text") !== "text") refuse("response_format", "An agent answers in text.")
  if ((request.modalities ?? ["text"]).some((one) => one !== "text")) refuse("modalities", "An agent answers in text.")
  if ((request.audio ?? null) !== null) refuse("audio", "An agent answers in text.")
  if ((request.web_search_options ?? null) !== null) refuse("web_search_options", tools)
}

const isOff = (choice: unknown) => choice === undefined || choice === null || choice === "none" || choice === "auto"

function toSaid(message: ChatMessage, at: number): Said[] {
  if (message.role === "system" || message.role === "developer") return []
  const found = pieces(message, at)
  if (found.length === 0) return []
  return [{ role: message.role === "assistant" ? "assistant" : "user", pieces: found }]
}

/** What a message holds, without pieces that say nothing. */
function pieces(message: ChatMessage | undefined, at: number): Piece[] {
  if (message === undefined) return []
  const field = `messages.${at}`
  switch (message.role) {
    case "tool":
    case "function":
      throw new LoopError("unsupported_parameter", { message: "A client has no tools here.", field: `${field}.role` })
    case "assistant":
      if ((message.tool_calls?.length ?? 0) > 0 || (message.function_call ?? null) !== null) {
        throw new LoopError("unsupported_parameter", {
          message: "Calls of a client's own tools cannot be part of a conversation here.",
          field: `${field}.tool_calls`,
        })
      }
      return toPieces(message.content ?? message.refusal ?? "", field)
    case "user":
    case "system":
    case "developer":
      return toPieces(message.content, field)
  }
}

type Content = string | readonly ({ type: "text"; text: string } | { type: "image_url"; image_url: { url: string } })[]

function toPieces(content: Content, field: string): Piece[] {
  if (typeof content === "string") return content.trim() === "" ? [] : [{ type: "text", text: plain(content, field) }]
  const found = content.flatMap((part, at): Piece[] => {
    if (part.type === "image_url") return [toPicture(part.image_url.url, `${field}.content.${at}.image_url`)]
    return part.text.trim() === "" ? [] : [{ type: "text", text: plain(part.text, field) }]
  })
  if (found.filter(({ type }) => type === "picture").length > maxImagesOfMessage) {
    throw new LoopError("image_refused", { message: `More than ${maxImagesOfMessage} pictures in a message.`, field })
  }
  return found
}

function plain(text: string, field: string): string {
  if (!text.includes("\0")) return text
  throw new LoopError("invalid_body", { message: "Text must not hold the character U+0000.", field })
}

const whyRefused: Readonly<Record<RefusedImage, string>> = {
  remote: "This gateway fetches no address for a caller: send the picture itself, as a data: URL.",
  not_a_data_url: "A picture must be a data: URL in base64.",
  kind: "A picture must be a PNG, JPEG, GIF or WebP.",
  size: "A picture is larger than 5 MB.",
}

function toPicture(url: string, field: string): Piece {
  const read = readImageUrl(url)
  if (read.status === "refused") throw new LoopError("image_refused", { message: whyRefused[read.reason], field })
  return { type: "picture", mediaType: read.mediaType, base64: read.base64 }
}

/** A picture may stand without words; a message needs a text all the same, and a space says nothing. */
function readText(input: readonly Piece[], hasPictures: boolean): string {
  const text = input.flatMap((piece) => (piece.type === "text" ? [piece.text] : [])).join("\n\n")
  return text === "" && hasPictures ? " " : readContent(text)
}

function readInstructions(messages: readonly ChatMessage[]): string {
  const parts = messages.flatMap((message, at) => {
    if (message.role !== "system" && message.role !== "developer") return []
    return pieces(message, at).flatMap((piece) => (piece.type === "text" ? [piece.text] : []))
  })
  const instructions = parts.join("\n\n")
  const isTooLong =
    instructions.length > maxInstructionsLength || new TextEncoder().encode(instructions).length > maxContentBytes
  if (isTooLong) throw new LoopError("content_too_large", { message: "The system messages are too long together." })
  return instructions
}
