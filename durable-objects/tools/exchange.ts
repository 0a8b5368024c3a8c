/** Answers of servers as bounded text: what a tool may hold of one, and how its bytes are read. */

export interface BoundedBody {
  readonly bytes: Uint8Array
  /** There was more, which was not read. */
  readonly isCut: boolean
}

/** Reads a body up to a limit, and drops what is behind. */
export async function readBounded(body: ReadableStream<Uint8Array> | null, limitBytes: number): Promise<BoundedBody> {
  if (body === null) return { bytes: new Uint8Array(), isCut: false }
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value)
    sizeBytes += value.length
    if (sizeBytes > limitBytes) {
      await reader.cancel().catch(() => {})
      break
    }
  }
  const bytes = new Uint8Array(Math.min(sizeBytes, limitBytes))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk.subarray(0, bytes.length - at), at)
    at = Math.min(at + chunk.length, bytes.length)
  }
  return { bytes, isCut: sizeBytes > limitBytes }
}

/** The media type without parameters, in lower case; empty when the server names none. */
export function mediaTypeOf(contentType: string | null): string {
  return (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? ""
}

/**
 * The text in a body, by the charset of its type or of an HTML page's own mark; UTF-8 without one. Undefined for what is no text.
 */
export function textOf(bytes: Uint8Array, contentType: string | null): string | undefined {
  const mediaType = mediaTypeOf(contentType)
  const mayBeText =
    mediaType === "" ||
    /^text\/|[/+](json|xml|yaml|javascript|x-www-form-urlencoded|x-ndjson|graphql|csv|toml)\b/.test(mediaType)
  const start = bytes.subarray(0, 1_024)
  const named = /charset\s*=\s*["']?([\w-]+)/i.exec(contentType ?? "")?.[1]
  const marked = /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(new TextDecoder("latin1").decode(start))?.[1]
  const charset = named ?? (mediaType === "text/html" ? marked : undefined) ?? "utf-8"
  if (!mayBeText || (/^utf-?8$/i.test(charset) && start.includes(0))) return undefined
  return decoderOf(charset).decode(bytes)
}

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset)
  } catch {
    return new TextDecoder()
  }
}
