/** People: their accounts, the links that invite them, their sessions and tokens. */
import { invitationCodeBytes, invitationLifetimeMs, minPasswordLength } from "../../core/access/credential.ts"
import { Scope } from "../../core/access/scope.ts"
import {
  acceptInvitation,
  changePassword,
  createInvitation,
  deleteUser,
  endMySession,
  endSession,
  getUser,
  listInvitations,
  listIssuedTokens,
  listMySessions,
  listSessions,
  listUsers,
  revokeInvitation,
  revokeIssuedToken,
  showInvitation,
  updateUser,
} from "../../core/api/users.ts"
import { LoopError } from "../../core/errors.ts"
import { after, TokenId, toHex, toRfc3339, UserId } from "../../core/units.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import { hashPassword, verifyPassword } from "../../adapters/password.ts"
import { findUser } from "../../adapters/store/access.ts"
import { readNames } from "../../adapters/store/names.ts"
import type { SessionRow, UserRow } from "../../adapters/store/rows.ts"
import * as store from "../../adapters/store/users.ts"
import type { Caller } from "../access/identity.ts"
import { beginSession } from "../access/sessions.ts"
import { beginLogin } from "../access/throttle.ts"
import type { EdgeDeps } from "../deps.ts"
import type { AppContext } from "../http/app-env.ts"
import { bind, type Binder, bindOpen } from "../http/bind.ts"
import { recheckRunners } from "./runners.ts"
import { publicOrigin } from "../http/origin.ts"

export function bindUsers(binder: Binder, deps: EdgeDeps): void {
  bindAccounts(binder, deps)
  bindInvitations(binder, deps)
  bindOwnAccount(binder, deps)
  bindSessions(binder, deps)
  bindIssuedTokens(binder, deps)
}

async function find(deps: EdgeDeps, userId: UserId): Promise<UserRow> {
  const user = await findUser(deps.libsql, userId)
  if (user === undefined) throw new LoopError("user_not_found")
  return user
}

function bindAccounts(binder: Binder, deps: EdgeDeps): void {
  bind(binder, listUsers, async ({ query, caller }) => {
    const cursor = query.after === undefined ? undefined : UserId.safeParse(query.after)
    if (cursor?.success === false) throw new LoopError("invalid_cursor")
    const page = await store.listUsers(deps.libsql, { limit: query.limit, after: cursor?.data })
    return {
      data: page.rows.map((row) => toAccount(row, caller)),
      nextCursor: page.hasMore ? (page.rows.at(-1)?.id ?? null) : null,
    }
  })

  bind(binder, updateUser, async ({ params, body, caller, context }) => {
    const before = await find(deps, params.userId)
    const now = deps.now()
    const disabledAt =
      body.disabled === undefined ? before.disabledAt : body.disabled ? (before.disabledAt ?? now) : null
    const role = body.role ?? before.role
    const changed = await store.changeUserAccess(deps.libsql, params.userId, { role, disabledAt }, now)
    if (changed.status !== "changed") throw new LoopError(changed.status)
    binder.identifier.forgetUser(params.userId)
    recheckRunners(deps)
    const details = { name: before.username, role, roleBefore: before.role, disabled: disabledAt !== null }
    binder.audit.record(context, { action: "user_changed", target: ["user", params.userId], details })
    return toAccount(changed.user, caller)
  })

  bind(binder, deleteUser, async ({ params, context }) => {
    const { username, role } = await find(deps, params.userId)
    const { status } = await store.removeUser(deps.libsql, params.userId, deps.now())
    if (status !== "removed") throw new LoopError(status)
    binder.identifier.forgetUser(params.userId)
    recheckRunners(deps)
    const details = { name: username, role }
    binder.audit.record(context, { action: "user_removed", target: ["user", params.userId], details })
    return {}
  })
}

function bindInvitations(binder: Binder, deps: EdgeDeps): void {
  bind(binder, listInvitations, async () => {
    const rows = await store.listInvitations(deps.libsql, deps.now())
    const names = await namesOf(
      deps,
      rows.map(({ createdBy }) => createdBy),
    )
    return { data: rows.map((row) => ({ ...toInvitation(row), createdBy: names.users.get(row.createdBy) ?? null })) }
  })

  bind(binder, createInvitation, async ({ body, caller, context }) => {
    const code = toHex(deps.random(invitationCodeBytes))
    const now = deps.now()
    const row: store.InvitationRow = {
      id: `inv_${toHex(deps.random(12))}`,
      codeHash: sha256Hex(code),
      role: body.role,
      createdBy: caller.user.id,
      createdAt: now,
      expiresAt: after(now, invitationLifetimeMs),
      acceptedBy: null,
    }
    await store.createInvitation(deps.libsql, row)
    const details = { role: body.role }
    binder.audit.record(context, { action: "invitation_created", target: ["invitation", row.id], details })
    // Behind the #, so that no server's log ever sees the code.
    const link = `${publicOrigin(context, deps.config)}/invite#code=${code}`
    return { ...toInvitation(row), createdBy: caller.user.username, link }
  })

  bind(binder, revokeInvitation, async ({ params, context }) => {
    const { status } = await store.revokeInvitation(deps.libsql, params.invitationId)
    if (status === "not_found") throw new LoopError("invitation_not_found")
    binder.audit.record(context, { action: "invitation_revoked", target: ["invitation", params.invitationId] })
    return {}
  })

  // Behind the invitations, whose path it would take for a person's.
  bind(binder, getUser, async ({ params, caller }) => toAccount(await find(deps, params.userId), caller))

  bindOpen(binder, showInvitation, async ({ body }) => {
    const invitation = await store.findInvitation(deps.libsql, sha256Hex(body.code), deps.now())
    if (invitation === undefined) throw new LoopError("invitation_not_found")
    return { role: invitation.role, expiresAt: toRfc3339(invitation.expiresAt) }
  })

  bindOpen(binder, acceptInvitation, async ({ body, context }) => {
    const codeHash = sha256Hex(body.code)
    const invitation = await store.findInvitation(deps.libsql, codeHash, deps.now())
    // Before the password is hashed, which costs a fifth of a second: strangers must not spend it.
    if (invitation === undefined) throw new LoopError("invitation_not_found")
    if (body.password.length < minPasswordLength) throw new LoopError("setup_password_weak")
    const id = UserId.parse(`user_${toHex(deps.random(12))}`)
    const person = { id, username: body.username, passwordHash: await hashPassword(body.password) }
    const accepted = await store.acceptInvitation(deps.libsql, codeHash, person, deps.now())
    if (accepted.status !== "accepted") throw new LoopError(accepted.status)
    const { username, role } = accepted.user
    const note = { actor: { id, username }, target: ["invitation", invitation.id] as const, details: { role } }
    binder.audit.record(context, { action: "invitation_accepted", ...note })
    return { token: await beginSession(deps, context, id), user: { id, username, role } }
  })
}

function bindOwnAccount(binder: Binder, deps: EdgeDeps): void {
  bind(binder, changePassword, async ({ body, caller, context }) => {
    // Whoever found an open browser may not guess on.
    const attempt = await beginLogin(deps, context.get("address"), caller.user.username)
    const user = await find(deps, caller.user.id)
    if (!(await verifyPassword(body.oldPassword, user.passwordHash))) {
      binder.audit.record(context, { action: "password_refused" })
      throw new LoopError("wrong_password", { field: "oldPassword" })
    }
    await attempt.succeeded()
    if (body.newPassword.length < minPasswordLength)
      throw new LoopError("setup_password_weak", { field: "newPassword" })
    const change = { userId: user.id, stored: user.passwordHash, keep: caller.hash, now: deps.now() }
    const anew = await hashPassword(body.newPassword)
    const { status } = await store.changePassword(deps.libsql, { ...change, anew })
    if (status === "conflict") throw new LoopError("edit_conflict")
    binder.identifier.forgetUser(user.id)
    binder.audit.record(context, { action: "password_changed", target: ["user", user.id] })
    return {}
  })

  bind(binder, listMySessions, ({ caller }) => sessionsOf(deps, caller.user.id, caller))

  bind(binder, endMySession, async ({ params, caller, context }) => {
    await endOne(binder, deps, context, { userId: caller.user.id, sessionId: params.sessionId })
    return {}
  })
}

function bindSessions(binder: Binder, deps: EdgeDeps): void {
  bind(binder, listSessions, async ({ params, caller }) => {
    await find(deps, params.userId)
    return sessionsOf(deps, params.userId, caller)
  })

  bind(binder, endSession, async ({ params, context }) => {
    await endOne(binder, deps, context, params)
    return {}
  })
}

function bindIssuedTokens(binder: Binder, deps: EdgeDeps): void {
  bind(binder, listIssuedTokens, async ({ query }) => {
    const cursor = query.after === undefined ? undefined : TokenId.safeParse(query.after)
    if (cursor?.success === false) throw new LoopError("invalid_cursor")
    const page = await store.listAllTokens(deps.libsql, { limit: query.limit, after: cursor?.data })
    const names = await namesOf(
      deps,
      page.rows.map(({ userId }) => userId),
    )
    return {
      data: page.rows.map(({ id, userId, label, scopes, createdAt, expiresAt, lastUsedAt, revokedAt }) => ({
        tokenId: id,
        userId,
        username: names.users.get(userId) ?? null,
        label,
        scopes: scopes.flatMap((scope) => Scope.safeParse(scope).data ?? []),
        createdAt: toRfc3339(createdAt),
        expiresAt: expiresAt && toRfc3339(expiresAt),
        lastUsedAt: lastUsedAt && toRfc3339(lastUsedAt),
        revokedAt: revokedAt && toRfc3339(revokedAt),
      })),
      nextCursor: page.hasMore ? (page.rows.at(-1)?.id ?? null) : null,
    }
  })

  bind(binder, revokeIssuedToken, async ({ params, context }) => {
    const { status } = await store.revokeAnyToken(deps.libsql, params.tokenId, deps.now())
    if (status === "not_found") throw new LoopError("token_not_found")
    binder.identifier.forgetToken(params.tokenId)
    recheckRunners(deps)
    binder.audit.record(context, { action: "token_revoked", target: ["token", params.tokenId] })
    return {}
  })
}

const namesOf = (deps: EdgeDeps, userIds: readonly UserId[]) =>
  readNames(
    deps.libsql,
    userIds.map((ownerId) => ({ ownerId, channelId: null })),
  )

function toAccount(row: UserRow, caller: Caller) {
  const { id, username, role, createdAt, passwordChangedAt, disabledAt } = row
  return {
    id,
    username,
    role,
    createdAt: toRfc3339(createdAt),
    passwordChangedAt: toRfc3339(passwordChangedAt),
    disabled: disabledAt !== null,
    isSelf: id === caller.user.id,
  }
}

function toInvitation({ id, role, createdAt, expiresAt }: store.InvitationRow) {
  return { id, role, createdAt: toRfc3339(createdAt), expiresAt: toRfc3339(expiresAt) }
}

/** Half of the hash names a session: enough to be unique, and the token cannot be made of it. */
const sessionIdOf = (tokenHash: string) => `sess_${tokenHash.slice(0, 24)}`

async function sessionsOf(deps: EdgeDeps, userId: UserId, caller: Caller) {
  const rows = await store.listSessions(deps.libsql, userId, deps.now())
  return { data: rows.map((row) => toSession(row, caller)) }
}

function toSession({ tokenHash, createdAt, lastUsedAt, expiresAt, userAgent }: SessionRow, caller: Caller) {
  return {
    id: sessionIdOf(tokenHash),
    createdAt: toRfc3339(createdAt),
    lastUsedAt: toRfc3339(lastUsedAt),
    expiresAt: toRfc3339(expiresAt),
    userAgent,
    isCurrent: tokenHash === caller.hash,
  }
}

async function endOne(
  binder: Binder,
  deps: EdgeDeps,
  context: AppContext,
  { userId, sessionId }: { userId: UserId; sessionId: string },
): Promise<void> {
  const ended = await store.endSessionOf(deps.libsql, userId, sessionId.slice("sess_".length))
  if (ended.length === 0) throw new LoopError("session_not_found")
  for (const hash of ended) binder.identifier.forgetSession(hash)
  binder.audit.record(context, { action: "session_ended", target: ["session", sessionId], details: { user: userId } })
}
