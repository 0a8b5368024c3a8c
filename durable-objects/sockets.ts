/** What both hosts check of a socket before they keep it: so that what one takes, the other takes too. */
import { maxAttachmentBytes, maxSocketTagLength, maxSocketTags } from "./host.ts"

const encoder = new TextEncoder()
/** RFC 6455 5.5: a control frame carries 125 bytes, two of them the code. */
const maxReasonBytes = 123

/** The frame by which a client asks whether anyone is there, and what it gets without waking the object. */
export const ping = "ping"
export const pong = "pong"

/** Who reads too slowly is closed with this: "try again later" (IANA WebSocket close codes). */
export const tooSlow = { code: 1013, reason: "You read too slowly. Connect again and resume." } as const
export const tooLarge = { code: 1009, reason: "The frame is too large." } as const
export const broken = { code: 1011, reason: "Something broke on our side. Connect again." } as const

/** An attachment as it is kept. @throws RangeError when it is too large, TypeError when it is no JSON */
export function encodeAttachment(value: unknown): string {
  const text: unknown = JSON.stringify(value ?? null)
  if (typeof text !== "string") throw new TypeError("an attachment must be JSON")
  if (encoder.encode(text).length > maxAttachmentBytes) {
    throw new RangeError(`an attachment must not exceed ${maxAttachmentBytes} bytes`)
  }
  return text
}

/** @throws RangeError for tags that a host cannot keep */
export function checkTags(tags: readonly string[]): void {
  const isTooLong = tags.some((tag) => tag === "" || tag.length > maxSocketTagLength)
  if (tags.length > maxSocketTags || isTooLong) throw new RangeError("too many, empty or too long tags for a socket")
}

/** @throws RangeError for a close frame that no host sends */
export function checkClose(code: number, reason: string): void {
  const isAllowed = code === 1000 || (code >= 1008 && code <= 1013) || (code >= 3000 && code <= 4999)
  if (!isAllowed) throw new RangeError(`${code} is no code to close a socket with`)
  if (encoder.encode(reason).length > maxReasonBytes) throw new RangeError("the reason of a close frame is too long")
}
