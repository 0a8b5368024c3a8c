/** Request bodies: read up to a limit, decoded strictly, parsed as JSON. Nothing behind the limit is kept. */
import { type ErrorCode, LoopError } from "../../core/errors.ts"

/** For bodies of endpoints that name no limit of their own. */
export const defaultMaxBodyBytes = 64 * 1024
/**
 * A refused body up to this declared length is read and thrown away: many clients write all before they read, and would see a
 * broken connection in place of the refusal. What is longer, or does not say how long it is, is cut off.
 */
const maxDiscardedBytes = 16 * 1024 * 1024

/**
 * The body's bytes.
 * @param tooLarge - thrown as soon as the body is known to exceed `maxBytes`, by its Content-Length or by what arrived
 */
export async function readBytes(request: Request, maxBytes: number, tooLarge: ErrorCode): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array()
  const declaredBytes = Number(request.headers.get("content-length") ?? 0)
  if (declaredBytes > maxBytes) {
    if (declaredBytes <= maxDiscardedBytes) await discard(request.body)
    else await request.body.cancel()
    throw new LoopError(tooLarge)
  }
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return join(chunks, size)
    size += value.length
    if (size > maxBytes) {
      await reader.cancel()
      throw new LoopError(tooLarge)
    }
    chunks.push(value)
  }
}

/** Who leaves meanwhile gets no answer anyway. */
async function discard(body: ReadableStream<Uint8Array>): Promise<void> {
  await body.pipeTo(new WritableStream()).catch(() => undefined)
}

/** The bytes as text. @throws LoopError `invalid_json` when they are not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch (cause) {
    throw new LoopError("invalid_json", { message: "The body is not valid UTF-8." }, { cause })
  }
}

/**
 * The body as JSON; an empty one is `{}`.
 * @throws LoopError `unsupported_media_type` when there is a body and it is not declared as JSON in UTF-8; `invalid_json`;
 * `invalid_body` when a text in it holds half a surrogate pair, which no other program could read back
 */
export function parseJsonBody(bytes: Uint8Array, contentType: string | null): unknown {
  if (bytes.length === 0) return {}
  if (!isJson(contentType)) throw new LoopError("unsupported_media_type")
  const text = decodeText(bytes)
  const parsed = parse(text)
  // The bytes are valid UTF-8, so half a pair can only come from an escape.
  if (/\\u[dD][89a-fA-F]/.test(text)) refuseHalfPairs(parsed)
  return parsed
}

function isJson(contentType: string | null): boolean {
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";")
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("charset="))
  return type.trim() === "application/json" && (charset === undefined || /^charset="?utf-?8"?$/.test(charset))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's complaint repeats the text around the mistake, which may be a password: it is no cause to keep.
    throw new LoopError("invalid_json")
  }
}

/** Walks without recursion: a body may be nested as deep as it is long. */
function refuseHalfPairs(body: unknown): void {
  for (const [field, inner] of Object.entries(typeof body === "object" && body !== null ? body : { body })) {
    const left: unknown[] = [field, inner]
    while (left.length > 0) {
      const value = left.pop()
      if (typeof value === "string" && /\p{Surrogate}/u.test(value)) {
        throw new LoopError("invalid_body", {
          message: "Text must not hold half a surrogate pair.",
          field: toWellFormed(field),
        })
      }
      if (typeof value !== "object" || value === null) continue
      for (const [name, next] of Object.entries(value)) left.push(name, next)
    }
  }
}

const toWellFormed = (text: string) => text.replaceAll(/\p{Surrogate}/gu, "\uFFFD")

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks
  if (only !== undefined && chunks.length === 1) return only
  const joined = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    joined.set(chunk, at)
    at += chunk.length
  }
  return joined
}
