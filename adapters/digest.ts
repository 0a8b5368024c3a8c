/** Digests and comparison of secrets: what is stored of a token, and how it is compared. Keeps no secret itself. */
import { createHash, timingSafeEqual } from "node:crypto"

const digest = (value: string | Uint8Array): Uint8Array => createHash("sha256").update(value).digest()

/** SHA-256 of the bytes, or of the text's UTF-8, in lower-case hexadecimal: 64 characters. */
export function sha256Hex(value: string | Uint8Array): string {
  return createHash("sha256").update(value).digest("hex")
}

/**
 * True when both texts are equal. The time taken tells neither where they differ nor how long the other one is: their
 * digests are compared.
 */
export function safeEqual(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}
