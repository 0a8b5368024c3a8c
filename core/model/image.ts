/** Pictures that people send: which kinds, how large, and which of them a model call still shows. Knows no bytes but their head. */
import * as z from "zod"
import { ImageBlock, ImageMediaType, type Message, type UserBlock } from "./message.ts"

/** Both Anthropic and OpenAI take these (platform.claude.com/docs "Vision"; platform.openai.com/docs "Images and vision"). */
export const maxImageBytes = 5 * 1024 * 1024
/** Pictures of one message. */
export const maxImagesOfMessage = 10

/**
 * What one model call shows of the past at most: Anthropic refuses requests above 32 MB, and base64 makes four bytes of three.
 * Older pictures cost tokens with every call, and are seldom looked at again.
 */
export const shownImages = { count: 20, sizeBytes: 16 * 1024 * 1024 } as const

const signatures: readonly { type: ImageMediaType; at: number; bytes: readonly number[] }[] = [
  { type: "image/png", at: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { type: "image/jpeg", at: 0, bytes: [0xff, 0xd8, 0xff] },
  { type: "image/gif", at: 0, bytes: [0x47, 0x49, 0x46, 0x38] },
  // RIFF, four bytes of length, WEBP.
  { type: "image/webp", at: 8, bytes: [0x57, 0x45, 0x42, 0x50] },
]

/** The kind of picture by its first bytes (whatwg.org "MIME Sniffing" 6.1); undefined for anything else. */
export function imageTypeOf(bytes: Uint8Array): ImageMediaType | undefined {
  const found = signatures.find((one) => one.bytes.every((byte, index) => bytes[one.at + index] === byte))
  return found?.type
}

const DataUrl = /^data:([a-z]+\/[a-z0-9.+-]+);base64,([A-Za-z0-9+/]+={0,2})$/
export const RefusedImage = z.enum(["not_a_data_url", "remote", "kind", "size"])
export type RefusedImage = z.infer<typeof RefusedImage>

/** Reads an `image_url` as far as its text tells: addresses of other servers are refused, since this gateway fetches none for a caller. */
export function readImageUrl(
  url: string,
): { status: "ok"; mediaType: ImageMediaType; base64: string } | { status: "refused"; reason: RefusedImage } {
  if (/^https?:/i.test(url)) return { status: "refused", reason: "remote" }
  // Four characters for three bytes: what is longer needs no decoding to be too large.
  if (url.length > (maxImageBytes * 4) / 3 + 100) return { status: "refused", reason: "size" }
  const [, type, base64] = DataUrl.exec(url) ?? []
  if (type === undefined || base64 === undefined) return { status: "refused", reason: "not_a_data_url" }
  const mediaType = ImageMediaType.safeParse(type === "image/jpg" ? "image/jpeg" : type)
  return mediaType.success ? { status: "ok", mediaType: mediaType.data, base64 } : { status: "refused", reason: "kind" }
}

/** The pictures of a transcript by their bytes' digest, the newest first. */
export function imagesOf(messages: readonly Message[]): ImageBlock[] {
  const blocks = messages.flatMap((message): UserBlock[] => (message.role === "user" ? message.blocks : []))
  return blocks.flatMap((block) => (block.type === "image" ? [block] : [])).toReversed()
}

/**
 * The transcript with words in place of every picture that is beyond the bounds or whose bytes are gone. The newest stay.
 * @param has - whether the bytes of a digest are at hand
 */
export function boundImages(
  messages: readonly Message[],
  has: (sha256: string) => boolean,
  bounds: { readonly count: number; readonly sizeBytes: number } = shownImages,
): Message[] {
  const shown = new Set<ImageBlock>()
  let sizeBytes = 0
  for (const image of imagesOf(messages)) {
    if (shown.size >= bounds.count || sizeBytes + image.sizeBytes > bounds.sizeBytes || !has(image.sha256)) continue
    shown.add(image)
    sizeBytes += image.sizeBytes
  }
  return messages.map((message) => {
    if (message.role !== "user") return message
    const blocks = message.blocks.map((block): UserBlock => {
      if (block.type !== "image" || shown.has(block)) return block
      return { type: "text", text: `[${describeImage(block)}, no longer shown]` }
    })
    return { ...message, blocks }
  })
}

/** A picture in words, for transcripts and for models that no longer see it: `picture, image/png, 12 KB`. */
export function describeImage({ mediaType, sizeBytes }: Pick<ImageBlock, "mediaType" | "sizeBytes">): string {
  return `picture, ${mediaType}, ${Math.ceil(sizeBytes / 1024)} KB`
}
