/** Accounts of people and the invitations by which they come: what an administrator does. Secrets arrive here hashed. */
import * as z from "zod"
import { EpochMs, UserId } from "../../core/units.ts"
import { usernameKey } from "./access.ts"
import type { Libsql } from "./libsql.ts"
import { type ListOptions, listByCreation } from "./page.ts"
import { build, constant, parseRow, parseRows, statement } from "./query.ts"
import { type Page, Role, SessionRow, TokenRow, UserRow } from "./rows.ts"
import { invitations, sessions, tokens, users } from "./schema.ts"

export const InvitationId = z.string().regex(/^inv_[0-9a-f]{24}$/)
export const InvitationRow = z.object({
  id: InvitationId,
  codeHash: z.string(),
  role: Role,
  createdBy: UserId,
  createdAt: EpochMs,
  /** At this instant it is over. */
  expiresAt: EpochMs,
  acceptedBy: UserId.nullable(),
})
export type InvitationRow = z.infer<typeof InvitationRow>

/** People in the order of their accounts. @throws LoopError `invalid_cursor` */
export function listUsers(libsql: Libsql, options: ListOptions<UserId>): Promise<Page<UserRow>> {
  return listByCreation(libsql, users, UserRow, options)
}

// Who is no administrator, or not the only one in use, may lose the role, the use or the account.
const isNotLastAdmin = `(role <> 'admin' or disabled_at is not null
  or (select count(*) from users where role = 'admin' and disabled_at is null) > 1)`
const selectUser = constant("select * from users where id = ?")
const changeUser = constant(
  `update users set role = ?2, disabled_at = ?3
   where id = ?1 and ((?2 = 'admin' and ?3 is null) or ${isNotLastAdmin}) returning *`,
)
const deleteUser = constant(`delete from users where id = ? and ${isNotLastAdmin} returning id`)
const endSessions = constant(
  "delete from sessions where user_id = ?1 and not exists (select 1 from users where id = ?1 and disabled_at is null)",
)
const endTokens = constant(
  "update tokens set revoked_at = ?2 where user_id = ?1 and revoked_at is null and not exists (select 1 from users where id = ?1 and disabled_at is null)",
)

export type Changed = { status: "changed"; user: UserRow } | { status: "user_not_found" | "last_admin" }

/**
 * Gives a person a role and the use of their account, or takes it: then their sessions end and their tokens are revoked in the
 * same step. The last administrator keeps both.
 */
export async function changeUserAccess(
  libsql: Libsql,
  userId: UserId,
  access: { readonly role: Role; readonly disabledAt: EpochMs | null },
  now: EpochMs,
): Promise<Changed> {
  const [changed, , , stored] = await libsql.write([
    changeUser(userId, access.role, access.disabledAt),
    endSessions(userId),
    endTokens(userId, now),
    selectUser(userId),
  ])
  const user = parseRow(users, UserRow, changed)
  if (user !== undefined) return { status: "changed", user }
  return { status: stored?.rows.length === 1 ? "last_admin" : "user_not_found" }
}

/** Deletes an account with its sessions; its tokens are revoked, and what it said stays on record. */
export async function removeUser(
  libsql: Libsql,
  userId: UserId,
  now: EpochMs,
): Promise<{ status: "removed" | "user_not_found" | "last_admin" }> {
  const [stored, deleted] = await libsql.write([
    selectUser(userId),
    deleteUser(userId),
    endSessions(userId),
    endTokens(userId, now),
  ])
  if (deleted?.rows.length === 1) return { status: "removed" }
  return { status: stored?.rows.length === 1 ? "last_admin" : "user_not_found" }
}

const newPassword = constant(
  "update users set password_hash = ?1, password_changed_at = ?2 where id = ?3 and password_hash = ?4 returning id",
)
const endOtherSessions = constant(
  `delete from sessions where user_id = ?1 and token_hash <> ?2
   and exists (select 1 from users where id = ?1 and password_hash = ?3)`,
)

/**
 * Stores another password and ends the person's other sessions.
 * `conflict`: the password was changed meanwhile, and nothing was done.
 */
export async function changePassword(
  libsql: Libsql,
  change: {
    readonly userId: UserId
    readonly stored: string
    readonly anew: string
    /** The session that stays; empty: none. */
    readonly keep: string
    readonly now: EpochMs
  },
): Promise<{ status: "changed" | "conflict" }> {
  const { userId, stored, anew, keep, now } = change
  const [changed] = await libsql.write([newPassword(anew, now, userId, stored), endOtherSessions(userId, keep, anew)])
  return { status: changed?.rows.length === 1 ? "changed" : "conflict" }
}

const liveSessions = constant(
  "select * from sessions where user_id = ? and expires_at > ? order by last_used_at desc, token_hash",
)

/** A person's sessions that are not over, the last used first. */
export async function listSessions(libsql: Libsql, userId: UserId, now: EpochMs): Promise<SessionRow[]> {
  const [found] = await libsql.read([liveSessions(userId, now)])
  return parseRows(sessions, SessionRow, found)
}

const endSession = constant(
  "delete from sessions where user_id = ? and substr(token_hash, 1, length(?)) = ? returning token_hash",
)
const Ended = z.object({ token_hash: z.string() })

/** Ends a person's session, named by the beginning of its hash. @returns the hashes of what ended */
export async function endSessionOf(libsql: Libsql, userId: UserId, beginning: string): Promise<string[]> {
  const [ended] = await libsql.write([endSession(userId, beginning, beginning)])
  return (ended?.rows ?? []).map((row) => Ended.parse(row).token_hash)
}

/** Everybody's tokens, revoked ones too, in the order of their making. @throws LoopError `invalid_cursor` */
export function listAllTokens(libsql: Libsql, options: ListOptions<string>): Promise<Page<TokenRow>> {
  return listByCreation(libsql, tokens, TokenRow, options)
}

const revokeAny = constant("update tokens set revoked_at = ?2 where id = ?1 and revoked_at is null returning user_id")

/** Revokes a token, whoever made it. */
export async function revokeAnyToken(
  libsql: Libsql,
  tokenId: string,
  now: EpochMs,
): Promise<{ status: "revoked" | "not_found" }> {
  const [revoked] = await libsql.write([revokeAny(tokenId, now)])
  return { status: revoked?.rows.length === 1 ? "revoked" : "not_found" }
}

export async function createInvitation(libsql: Libsql, invitation: InvitationRow): Promise<void> {
  await libsql.write([statement(build.insert(invitations).values(invitation))])
}

const openInvitations = constant(
  "select * from invitations where accepted_by is null and expires_at > ? order by created_at desc, id",
)

/** Those that can still be accepted, the newest first. */
export async function listInvitations(libsql: Libsql, now: EpochMs): Promise<InvitationRow[]> {
  const [found] = await libsql.read([openInvitations(now)])
  return parseRows(invitations, InvitationRow, found)
}

const revokeInvitationOf = constant("delete from invitations where id = ? and accepted_by is null returning id")

export async function revokeInvitation(libsql: Libsql, id: string): Promise<{ status: "revoked" | "not_found" }> {
  const [deleted] = await libsql.write([revokeInvitationOf(id)])
  return { status: deleted?.rows.length === 1 ? "revoked" : "not_found" }
}

const invitationOf = constant(
  "select * from invitations where code_hash = ? and accepted_by is null and expires_at > ?",
)

/** The open invitation behind a code. */
export async function findInvitation(
  libsql: Libsql,
  codeHash: string,
  now: EpochMs,
): Promise<InvitationRow | undefined> {
  const [found] = await libsql.read([invitationOf(codeHash, now)])
  return parseRow(invitations, InvitationRow, found)
}

const insertInvited = constant(
  `insert into users (id, username, username_key, password_hash, role, created_at, password_changed_at, disabled_at)
   select ?1, ?2, ?3, ?4, role, ?5, ?5, null from invitations
   where code_hash = ?6 and accepted_by is null and expires_at > ?5
     and not exists (select 1 from users where username_key = ?3)
   returning *`,
)
const useInvitation = constant(
  "update invitations set accepted_by = ?1 where code_hash = ?2 and accepted_by is null and exists (select 1 from users where id = ?1)",
)

export type Accepted = { status: "accepted"; user: UserRow } | { status: "invitation_not_found" | "name_taken" }

/** Makes the account that an invitation is for. Of any number of callers at once, one gets it. */
export async function acceptInvitation(
  libsql: Libsql,
  codeHash: string,
  person: Pick<UserRow, "id" | "username" | "passwordHash">,
  now: EpochMs,
): Promise<Accepted> {
  const { id, username, passwordHash } = person
  const [before, inserted] = await libsql.write([
    invitationOf(codeHash, now),
    insertInvited(id, username, usernameKey(username), passwordHash, now, codeHash),
    useInvitation(id, codeHash),
  ])
  const user = parseRow(users, UserRow, inserted)
  if (user !== undefined) return { status: "accepted", user }
  return { status: before?.rows.length === 1 ? "name_taken" : "invitation_not_found" }
}
