/** Passwords, stored as scrypt hashes that name their own cost. Never says whether a user exists, never keeps a password. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { LoopError } from "../core/errors.ts"

interface Cost {
  /** Base-2 logarithm of scrypt's N. */
  readonly logN: number
  readonly r: number
  readonly p: number
}

/**
 * 16 MB and about a fifth of a second on one desktop core: of the scrypt settings that OWASP holds to be equal (Password Storage
 * Cheat Sheet: N=2^17 with p=1 to N=2^13 with p=10) one of the smaller, because a Worker has 128 MB in all, edge mode 150, and
 * several people may sign in at once.
 */
const currentCost: Cost = { logN: 14, r: 8, p: 5 }
/** What a stored value may ask of us: a damaged one must not take all memory or minutes. */
const mostMemoryBytes = 64 * 1024 * 1024
const saltBytes = 16
const hashBytes = 32

/** Hashes a new password as `$scrypt$ln=14,r=8,p=5$<salt>$<hash>` (PHC string format). Unicode spellings count as one (NFKC). */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const hash = await stretch(password, salt, currentCost)
  const { logN, r, p } = currentCost
  return `$scrypt$ln=${logN},r=${r},p=${p}$${toBase64(salt)}$${toBase64(hash)}`
}

/**
 * True when `password` is the one that was hashed.
 * @throws LoopError `internal` when `stored` is not a hash of ours: a damaged row lets nobody in
 */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const { cost, salt, hash } = parseStored(stored)
  return timingSafeEqual(await stretch(password, salt, cost), hash)
}

/**
 * True when the hash was made with a cost other than today's: hash the password anew after the next successful login.
 * @throws LoopError `internal` when `stored` is not a hash of ours
 */
export function isOutdated(stored: string): boolean {
  const { cost } = parseStored(stored)
  return cost.logN !== currentCost.logN || cost.r !== currentCost.r || cost.p !== currentCost.p
}

/** Takes as long as `verifyPassword`. For a login with an unknown user name, so that its time does not tell it apart. */
export async function wasteTime(password: string): Promise<void> {
  await stretch(password, new Uint8Array(saltBytes), currentCost)
}

function stretch(password: string, salt: Uint8Array, cost: Cost): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(password.normalize("NFKC"))
  const options = { N: 2 ** cost.logN, r: cost.r, p: cost.p, maxmem: 2 * mostMemoryBytes }
  return new Promise((resolve, reject) => {
    scrypt(bytes, salt, hashBytes, options, (error, hash) => (error === null ? resolve(hash) : reject(error)))
  })
}

function parseStored(stored: string): { cost: Cost; salt: Uint8Array; hash: Uint8Array } {
  const form = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/
  const [, logN, r, p, salt, hash] = form.exec(stored) ?? []
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) }
  const isUsable =
    cost.logN >= 10 && cost.r >= 1 && cost.p >= 1 && cost.p <= 16 && 128 * cost.r * 2 ** cost.logN <= mostMemoryBytes
  if (salt === undefined || hash === undefined || !isUsable) {
    throw new LoopError("internal", {}, { cause: "a stored password hash is damaged" })
  }
  return { cost, salt: fromBase64(salt), hash: fromBase64(hash) }
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("=", "")
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
