/** What a request says of a message: its text, and the id by which a repeated request is the same message. */
import { maxIdempotencyKeyLength } from "../../core/api/loops.ts"
import { maxContentBytes } from "../../core/channel/message.ts"
import { LoopError } from "../../core/errors.ts"
import { toHex } from "../../core/units.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import type { Caller } from "../access/identity.ts"
import type { EdgeDeps } from "../deps.ts"

/** @throws LoopError `missing_content`, `content_too_large`, `invalid_body` */
export function readContent(content: string | undefined): string {
  // Spaces and characters that show nothing are no message.
  if (content === undefined || /^[\s\p{Cf}\p{Cc}]*$/u.test(content)) throw new LoopError("missing_content")
  if (new TextEncoder().encode(content).length > maxContentBytes) throw new LoopError("content_too_large")
  if (content.includes("\0")) {
    throw new LoopError("invalid_body", { message: "Text must not hold the character U+0000.", field: "content" })
  }
  return content
}

/**
 * Two people may use the same key; the object is one for all messages of its conversation.
 * @param idempotencyKey - the header; null: each request is a message of its own
 * @throws LoopError `invalid_header`
 */
export function readMessageId(deps: Pick<EdgeDeps, "random">, caller: Caller, idempotencyKey: string | null): string {
  if (idempotencyKey === null) return `api:${toHex(deps.random(16))}`
  if (idempotencyKey === "" || idempotencyKey.length > maxIdempotencyKeyLength) {
    throw new LoopError("invalid_header", { field: "Idempotency-Key" })
  }
  return `idem:${sha256Hex(`${caller.user.id}\n${idempotencyKey}`)}`
}
