/** Pictures of a conversation: their bytes are blobs named by their digest, so that the same picture is kept once. */
import { fromBase64, toBase64 } from "../../adapters/base64.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import { LoopError } from "../../core/errors.ts"
import { boundImages, imagesOf, imageTypeOf, maxImageBytes, shownImages } from "../../core/model/image.ts"
import type { ImageBlock, ImageMediaType, Message } from "../../core/model/message.ts"
import type { BlobStore } from "../host.ts"

const keyOf = (sha256: string) => `picture-${sha256}`

/** Keeps a picture. @throws LoopError `image_refused` for bytes that are not what they are said to be */
export async function keepPicture(blobs: BlobStore, mediaType: ImageMediaType, base64: string): Promise<ImageBlock> {
  const bytes = fromBase64(base64)
  if (bytes === undefined || imageTypeOf(bytes) !== mediaType) {
    throw new LoopError("image_refused", { message: `The data of a picture is not ${mediaType}.` })
  }
  if (bytes.length > maxImageBytes) throw new LoopError("image_refused", { message: "A picture is larger than 5 MB." })
  const sha256 = sha256Hex(bytes)
  await blobs.put(keyOf(sha256), bytes)
  return { type: "image", mediaType, sha256, sizeBytes: bytes.length }
}

/** The transcript as a model is shown it, with the bytes of those pictures that are within the bounds. */
export async function showPictures(
  blobs: BlobStore,
  transcript: Message[],
): Promise<{ messages: Message[]; images: Record<string, string> }> {
  const images: Record<string, string> = {}
  for (const { sha256 } of imagesOf(transcript).slice(0, shownImages.count)) {
    const bytes = images[sha256] === undefined ? await blobs.get(keyOf(sha256)) : undefined
    if (bytes !== undefined) images[sha256] = toBase64(bytes)
  }
  return { messages: boundImages(transcript, (sha256) => images[sha256] !== undefined), images }
}
