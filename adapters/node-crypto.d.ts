/**
 * The part of node:crypto that the shared rooms use, and no more: what both Node and workerd (nodejs_compat) have. Stands in
 * for @types/node, whose globals (process, Buffer) these rooms must not assume.
 */
declare module "node:crypto" {
  export interface Hash {
    update(data: string | Uint8Array): Hash
    digest(): Uint8Array
    digest(encoding: "hex"): string
  }
  export function createHash(algorithm: "sha256"): Hash
  export function createHmac(algorithm: "sha256", key: Uint8Array): Hash
  /** Throws when the lengths differ. */
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean
  export function randomBytes(sizeBytes: number): Uint8Array
  export function hkdfSync(
    digest: "sha256",
    key: Uint8Array,
    salt: Uint8Array,
    info: Uint8Array,
    lengthBytes: number,
  ): ArrayBuffer

  export interface Cipher {
    setAAD(data: Uint8Array): unknown
    update(data: Uint8Array): Uint8Array
    final(): Uint8Array
  }
  export interface CipherGCM extends Cipher {
    getAuthTag(): Uint8Array
  }
  export interface DecipherGCM extends Cipher {
    setAuthTag(tag: Uint8Array): unknown
  }
  interface GcmOptions {
    authTagLength: 16
  }
  export function createCipheriv(
    algorithm: "aes-256-gcm",
    key: Uint8Array,
    nonce: Uint8Array,
    options: GcmOptions,
  ): CipherGCM
  /** `final` throws when the tag does not fit. */
  export function createDecipheriv(
    algorithm: "aes-256-gcm",
    key: Uint8Array,
    nonce: Uint8Array,
    options: GcmOptions,
  ): DecipherGCM

  interface ScryptOptions {
    N: number
    r: number
    p: number
    maxmem: number
  }
  export function scrypt(
    password: Uint8Array,
    salt: Uint8Array,
    lengthBytes: number,
    options: ScryptOptions,
    done: (error: Error | null, key: Uint8Array) => void,
  ): void
}
