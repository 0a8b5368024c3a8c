/** Users, their sessions and their tokens. Secrets arrive here hashed. */
import { and, desc, eq, isNull } from "drizzle-orm"
import type { Capability } from "../../core/runner/command.ts"
import type { EpochMs, TokenId, UserId } from "../../core/units.ts"
import type { Libsql } from "./libsql.ts"
import { build, constant, parseRow, parseRows, statement } from "./query.ts"
import { SessionRow, TokenRow, UserRow } from "./rows.ts"
import { grantStatement } from "./runners.ts"
import { sessions, tokens, users } from "./schema.ts"

/** Names that differ in case, or only in how Unicode spells them, are one name. */
export function usernameKey(username: string): string {
  return username.normalize("NFKC").toLowerCase()
}

const insertFirstUser = constant(
  `insert into users (id, username, username_key, password_hash, role, created_at, password_changed_at)
   select ?, ?, ?, ?, ?, ?, ? where not exists (select 1 from users) returning id`,
)

/** Makes the first account. Of any number of callers at once, one is told `created`. */
export async function createFirstAdmin(libsql: Libsql, user: UserRow): Promise<{ status: "created" | "exists" }> {
  const { id, username, passwordHash, role, createdAt, passwordChangedAt } = user
  const [inserted] = await libsql.write([
    insertFirstUser(id, username, usernameKey(username), passwordHash, role, createdAt, passwordChangedAt),
  ])
  return { status: inserted?.rows.length === 1 ? "created" : "exists" }
}

/** True once there is an account. */
export async function isSetUp(libsql: Libsql): Promise<boolean> {
  const [found] = await libsql.read([statement(build.select({ id: users.id }).from(users).limit(1))])
  return found?.rows.length === 1
}

export async function findUserByName(libsql: Libsql, username: string): Promise<UserRow | undefined> {
  const [found] = await libsql.read([
    statement(
      build
        .select()
        .from(users)
        .where(eq(users.usernameKey, usernameKey(username))),
    ),
  ])
  return parseRow(users, UserRow, found)
}

export async function findUser(libsql: Libsql, userId: UserId): Promise<UserRow | undefined> {
  const [found] = await libsql.read([statement(build.select().from(users).where(eq(users.id, userId)))])
  return parseRow(users, UserRow, found)
}

const newHash = constant("update users set password_hash = ?1 where id = ?2 and password_hash = ?3")

/** Stores the same password hashed anew; nothing happens when the password was changed meanwhile. */
export async function replacePasswordHash(libsql: Libsql, userId: UserId, stored: string, anew: string): Promise<void> {
  await libsql.write([newHash(anew, userId, stored)])
}

export async function createSession(libsql: Libsql, session: SessionRow): Promise<void> {
  await libsql.write([statement(build.insert(sessions).values(session))])
}

const liveSession = constant("select * from sessions where token_hash = ? and expires_at > ?")
const userOfSession = constant(
  "select * from users where id = (select user_id from sessions where token_hash = ? and expires_at > ?) and disabled_at is null",
)

/** The session and its user; undefined when it is unknown or over at `now`. */
export async function findSession(
  libsql: Libsql,
  tokenHash: string,
  now: EpochMs,
): Promise<{ session: SessionRow; user: UserRow } | undefined> {
  const [foundSession, foundUser] = await libsql.read([liveSession(tokenHash, now), userOfSession(tokenHash, now)])
  const session = parseRow(sessions, SessionRow, foundSession)
  const user = parseRow(users, UserRow, foundUser)
  return session && user && { session, user }
}

const prolongSession = constant(
  "update sessions set last_used_at = ?1, expires_at = max(expires_at, ?2) where token_hash = ?3 and last_used_at < ?1",
)

/** Notes that a session was used, and lets it live until `expiresAt` at least. One that ended meanwhile stays ended. */
export async function extendSession(
  libsql: Libsql,
  tokenHash: string,
  now: EpochMs,
  expiresAt: EpochMs,
): Promise<void> {
  await libsql.write([prolongSession(now, expiresAt, tokenHash)])
}

/** Ends a session; a session that is not there is already ended. */
export async function deleteSession(libsql: Libsql, tokenHash: string): Promise<void> {
  await libsql.write([statement(build.delete(sessions).where(eq(sessions.tokenHash, tokenHash)))])
}

const deleteEndedSessions = constant("delete from sessions where expires_at <= ?")
const deleteOldAttempts = constant("delete from login_attempts where window_started_at <= ?")

/** Forgets sessions that are over at `now` and counts of failed logins whose window of `windowMs` is over. */
export async function purgeExpired(libsql: Libsql, now: EpochMs, windowMs: number): Promise<void> {
  await libsql.write([deleteEndedSessions(now), deleteOldAttempts(now - windowMs)])
}

export async function createToken(libsql: Libsql, token: TokenRow): Promise<void> {
  await libsql.write([statement(build.insert(tokens).values(token))])
}

/** Stores a token for a runner with what it lets the runner do. */
export async function createRunnerToken(
  libsql: Libsql,
  token: TokenRow,
  capabilities: readonly Capability[],
): Promise<void> {
  const own = statement(build.insert(tokens).values(token))
  await libsql.write([own, grantStatement(token.id, capabilities, token.createdAt)])
}

/** A user's tokens that are not revoked, expired ones among them, the newest first. */
export async function listTokens(libsql: Libsql, userId: UserId): Promise<TokenRow[]> {
  const [found] = await libsql.read([
    statement(
      build
        .select()
        .from(tokens)
        .where(and(eq(tokens.userId, userId), isNull(tokens.revokedAt)))
        .orderBy(desc(tokens.createdAt), desc(tokens.id)),
    ),
  ])
  return parseRows(tokens, TokenRow, found)
}

/** Revokes one of the user's own tokens. `not_found`: unknown, someone else's or revoked before. */
export async function revokeToken(
  libsql: Libsql,
  userId: UserId,
  tokenId: TokenId,
  now: EpochMs,
): Promise<{ status: "revoked" | "not_found" }> {
  const [updated] = await libsql.write([
    statement(
      build
        .update(tokens)
        .set({ revokedAt: now })
        .where(and(eq(tokens.id, tokenId), eq(tokens.userId, userId), isNull(tokens.revokedAt)))
        .returning({ id: tokens.id }),
    ),
  ])
  return { status: updated?.rows.length === 1 ? "revoked" : "not_found" }
}

const live = "token_hash = ? and revoked_at is null and (expires_at is null or expires_at > ?)"
const liveToken = constant(`select * from tokens where ${live}`)
const userOfToken = constant(
  `select * from users where id = (select user_id from tokens where ${live}) and disabled_at is null`,
)

/** The token and its user; undefined when it is unknown, revoked or expired at `now`. */
export async function findToken(
  libsql: Libsql,
  tokenHash: string,
  now: EpochMs,
): Promise<{ token: TokenRow; user: UserRow } | undefined> {
  const [foundToken, foundUser] = await libsql.read([liveToken(tokenHash, now), userOfToken(tokenHash, now)])
  const token = parseRow(tokens, TokenRow, foundToken)
  const user = parseRow(users, UserRow, foundUser)
  return token && user && { token, user }
}

const useToken = constant("update tokens set last_used_at = ? where id = ? and coalesce(last_used_at, -1) < ?")

export async function touchToken(libsql: Libsql, tokenId: TokenId, now: EpochMs): Promise<void> {
  await libsql.write([useToken(now, tokenId, now)])
}
