/**
 * Secrets at rest, and the keys derived from the one master key. A sealed value opens only in the table, row and column it was
 * sealed for. Knows nothing of where values are stored, and never logs one.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto"
import { LoopError } from "../core/errors.ts"
import { safeEqual } from "./digest.ts"

/** Where a secret lives. Another place has other additional data, so a value that was moved does not open. */
export interface SecretPlace {
  readonly table: string
  readonly row: string
  readonly column: string
}

/** `links`: what signs links that we print or send. `visitors`: web chat guests. `audit`: the audit trail's chain. */
export type KeyPurpose = "links" | "visitors" | "audit"

export interface Vault {
  /** `v1.<nonce>.<ciphertext and tag>` in base64url: AES-256-GCM with a random 96-bit nonce; equal texts differ when sealed. */
  seal(place: SecretPlace, plain: string): string
  /** @throws LoopError `secret_unreadable` when the value was changed, moved, or sealed with another key */
  open(place: SecretPlace, sealed: string): string
  /** 32 bytes for one purpose (HKDF-SHA-256): one purpose's key tells nothing of another's, nor of the master key. */
  keyFor(purpose: KeyPurpose): Uint8Array
  /** What a database keeps so that a later start can tell whether it has the right key. */
  checkValue(): string
  /** True when `checkValue` was made with this master key. A start must stop when it is not. */
  opens(checkValue: string): boolean
}

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
const gcm = { authTagLength: tagBytes } as const
const checkPlace: SecretPlace = { table: "vault", row: "check", column: "value" }
const checkText = "loop-gateway"

/** The 32 bytes written as base64, base64url (padded or not) or hexadecimal, white space around them ignored; else undefined. */
export function parseEncryptionKey(text: string): Uint8Array | undefined {
  const trimmed = text.trim()
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) {
    return Uint8Array.from({ length: keyBytes }, (_, at) => Number.parseInt(trimmed.slice(at * 2, at * 2 + 2), 16))
  }
  return /^([A-Za-z0-9+/]{43}|[A-Za-z0-9_-]{43})=?$/.test(trimmed) ? fromBase64(trimmed) : undefined
}

/** @throws LoopError `internal` when the master key is not 32 bytes long */
export function createVault(masterKey: Uint8Array): Vault {
  if (masterKey.length !== keyBytes)
    throw new LoopError("internal", {}, { cause: "the master key is not 32 bytes long" })
  const master = masterKey.slice()
  const storageKey = derive(master, "storage")

  const seal = (place: SecretPlace, plain: string): string => {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv("aes-256-gcm", storageKey, nonce, gcm)
    cipher.setAAD(additionalData(place))
    const parts = [cipher.update(new TextEncoder().encode(plain)), cipher.final(), cipher.getAuthTag()]
    return `v1.${toBase64Url([nonce])}.${toBase64Url(parts)}`
  }

  const open = (place: SecretPlace, sealed: string): string => {
    try {
      const [version, nonce, body, ...rest] = sealed.split(".")
      if (version !== "v1" || nonce === undefined || body === undefined || rest.length > 0) throw new Error("form")
      const bytes = fromBase64(body)
      if (bytes.length < tagBytes) throw new Error("length")
      const decipher = createDecipheriv("aes-256-gcm", storageKey, fromBase64(nonce), gcm)
      decipher.setAAD(additionalData(place))
      decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes))
      const parts = [decipher.update(bytes.subarray(0, bytes.length - tagBytes)), decipher.final()]
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(join(parts))
    } catch (cause) {
      throw new LoopError("secret_unreadable", { table: place.table, column: place.column }, { cause })
    }
  }

  return {
    seal,
    open,
    keyFor: (purpose) => derive(master, purpose),
    checkValue: () => seal(checkPlace, checkText),
    opens(checkValue) {
      try {
        return safeEqual(open(checkPlace, checkValue), checkText)
      } catch {
        return false
      }
    },
  }
}

/** HKDF-SHA-256 (RFC 5869); the salt names the application, `info` the purpose. */
function derive(master: Uint8Array, purpose: KeyPurpose | "storage"): Uint8Array {
  const text = new TextEncoder()
  return new Uint8Array(hkdfSync("sha256", master, text.encode("loop-gateway"), text.encode(`v1/${purpose}`), keyBytes))
}

/** JSON keeps ("a", "bc") and ("ab", "c") apart. */
function additionalData(place: SecretPlace): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(["v1", place.table, place.row, place.column]))
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

function toBase64Url(parts: readonly Uint8Array[]): string {
  let binary = ""
  for (const byte of join(parts)) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}

/** Takes both alphabets, padded or not; throws on anything else. */
function fromBase64(text: string): Uint8Array {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, ""))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
