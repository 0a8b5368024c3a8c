/**
 * Who calls: turns a bearer token or the session cookie into a person. Answers are kept for ten seconds, which bounds how long
 * a revocation made in another process goes unnoticed; one made in this process is seen at once.
 */
import {
  ApiToken,
  sessionCookieName,
  sessionLifetimeMs,
  SessionToken,
  sessionTouchMs,
} from "../../core/access/credential.ts"
import { type Credential, type Role, Scope } from "../../core/access/scope.ts"
import { after, type EpochMs, type TokenId, type UserId } from "../../core/units.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import { extendSession, findSession, findToken, touchToken } from "../../adapters/store/access.ts"
import type { EdgeDeps } from "../deps.ts"

export interface Caller {
  readonly user: { readonly id: UserId; readonly username: string; readonly role: Role }
  readonly credential: Credential
  /** Of the API token that was presented; null for a session. */
  readonly tokenId: TokenId | null
  /** SHA-256 of what was presented. */
  readonly hash: string
}

/** `unread`: not looked up, because nothing asked for it yet. */
export type Identity =
  | { status: "anonymous" }
  | { status: "unread"; presented: Presented }
  | { status: "known"; caller: Caller; news: News }
  | { status: "invalid"; via: "cookie" | "bearer" }

/** What the use changed: at most once an hour a session lives longer, and a token is noted as used. */
export type News = "none" | "session_extended" | "token_used"

/** A secret of a form that could be ours, by its hash. */
export type Presented = { via: "cookie" | "bearer"; kind: "session" | "token"; hash: string }

/** What the headers present. Authorization schemes other than Bearer are a proxy's business, not ours. */
export function readCredential(headers: Headers): Identity {
  const bearer = /^bearer\s+(\S+)\s*$/i.exec(headers.get("authorization") ?? "")?.[1]
  if (bearer !== undefined) return present(bearer, "bearer")
  const cookie = readSessionCookie(headers)
  return cookie === undefined ? { status: "anonymous" } : present(cookie, "cookie")
}

function present(secret: string, via: "cookie" | "bearer"): Identity {
  const hash = sha256Hex(secret)
  if (SessionToken.safeParse(secret).success) return { status: "unread", presented: { via, kind: "session", hash } }
  const isToken = via === "bearer" && ApiToken.safeParse(secret).success
  return isToken ? { status: "unread", presented: { via, kind: "token", hash } } : { status: "invalid", via }
}

/** The session cookie's value as the browser sent it. */
export function readSessionCookie(headers: Headers): string | undefined {
  for (const pair of (headers.get("cookie") ?? "").split(";")) {
    const [name, value] = pair.split("=", 2)
    if (name?.trim() === sessionCookieName && value !== undefined) return value.trim()
  }
  return undefined
}

interface Known {
  readonly caller: Omit<Caller, "credential">
  readonly kind: { kind: "session" } | { kind: "token"; tokenId: TokenId; scopes: readonly Scope[] }
  readonly expiresAt: EpochMs | null
  lastUsedAt: EpochMs | null
  readonly freshUntil: EpochMs
}

export interface Identifier {
  /** @throws LoopError `database_unavailable` */
  identify(presented: Presented): Promise<Identity>
  /** Who a credential is of now, as far as `maxAgeMs` old knowledge tells; no use of it is noted. @throws as `identify` */
  lookAgain(presented: Presented, maxAgeMs: number): Promise<Caller | undefined>
  /** Whether `identify` would answer from memory. */
  remembers(presented: Presented): boolean
  forgetSession(hash: string): void
  forgetToken(tokenId: TokenId): void
  /** Of sessions and tokens of the person, whatever may have changed with them. */
  forgetUser(userId: UserId): void
}

const freshMs = 10_000

export function createIdentifier(
  deps: Pick<EdgeDeps, "libsql" | "now" | "background">,
  maxRemembered: number,
): Identifier {
  const remembered = new Map<string, Known>()
  // A look-up that was under way when something was revoked may have read the state before.
  let revocations = 0

  const recall = (presented: Presented): Known | undefined => {
    const now = deps.now()
    const known = remembered.get(presented.hash)
    if (known === undefined || known.kind.kind !== presented.kind) return undefined
    if (known.freshUntil > now && (known.expiresAt === null || known.expiresAt > now)) return known
    remembered.delete(presented.hash)
    return undefined
  }

  const look = async (presented: Presented): Promise<Known | undefined> => {
    const before = revocations
    const known = await lookUp(deps, presented)
    if (known === undefined) remembered.delete(presented.hash)
    if (known === undefined || before !== revocations) return known
    remembered.set(presented.hash, known)
    const [oldest] = remembered.keys()
    if (remembered.size > maxRemembered && oldest !== undefined) remembered.delete(oldest)
    return known
  }

  /** Notes the use, at most once an hour. */
  const touch = (known: Known): News => {
    const now = deps.now()
    if (known.lastUsedAt !== null && now - known.lastUsedAt < sessionTouchMs) return "none"
    known.lastUsedAt = now
    const { hash } = known.caller
    const noted =
      known.kind.kind === "token"
        ? touchToken(deps.libsql, known.kind.tokenId, now)
        : extendSession(deps.libsql, hash, now, after(now, sessionLifetimeMs))
    // The next use after a failure is soon enough.
    deps.background(noted.catch(() => undefined))
    return known.kind.kind === "session" ? "session_extended" : "token_used"
  }

  return {
    async identify(presented) {
      const known = recall(presented) ?? (await look(presented))
      if (known === undefined) return { status: "invalid", via: presented.via }
      return { status: "known", caller: callerOf(known, presented), news: touch(known) }
    },
    async lookAgain(presented, maxAgeMs) {
      const known = recall(presented)
      const isYoung = known !== undefined && known.freshUntil - freshMs + maxAgeMs > deps.now()
      const found = isYoung ? known : await look(presented)
      return found && callerOf(found, presented)
    },
    remembers: (presented) => recall(presented) !== undefined,
    forgetSession(hash) {
      revocations += 1
      remembered.delete(hash)
    },
    forgetUser(userId) {
      revocations += 1
      for (const [hash, { caller }] of remembered) if (caller.user.id === userId) remembered.delete(hash)
    },
    forgetToken(tokenId) {
      revocations += 1
      for (const [hash, { kind }] of remembered)
        if (kind.kind === "token" && kind.tokenId === tokenId) remembered.delete(hash)
    },
  }
}

function callerOf({ caller, kind }: Known, presented: Presented): Caller {
  if (kind.kind === "token") return { ...caller, credential: { kind: "token", scopes: kind.scopes } }
  return { ...caller, credential: { kind: presented.via === "cookie" ? "cookie" : "session" } }
}

async function lookUp(deps: Pick<EdgeDeps, "libsql" | "now">, presented: Presented): Promise<Known | undefined> {
  const now = deps.now()
  const { hash } = presented
  const freshUntil = after(now, freshMs)
  if (presented.kind === "session") {
    const found = await findSession(deps.libsql, hash, now)
    if (found === undefined) return undefined
    const { id, username, role } = found.user
    const { expiresAt, lastUsedAt } = found.session
    return {
      caller: { user: { id, username, role }, tokenId: null, hash },
      kind: { kind: "session" },
      expiresAt,
      lastUsedAt,
      freshUntil,
    }
  }
  const found = await findToken(deps.libsql, hash, now)
  if (found === undefined) return undefined
  const { id, username, role } = found.user
  const { expiresAt, lastUsedAt } = found.token
  // A scope that this version does not know grants nothing.
  const scopes = found.token.scopes.flatMap((scope) => Scope.safeParse(scope).data ?? [])
  const kind = { kind: "token", tokenId: found.token.id, scopes } as const
  const caller = { user: { id, username, role }, tokenId: found.token.id, hash }
  return { caller, kind, expiresAt, lastUsedAt, freshUntil }
}
