/** Contracts of people: accounts, invitations, sessions, and everybody's tokens. An administrator's, but for one's own. */
import * as z from "zod"
import { Password, Username } from "../access/credential.ts"
import { Role, Scope } from "../access/scope.ts"
import { TokenId, UserId } from "../units.ts"
import { SignedIn, UserView } from "./access.ts"
import { endpoint, Instant, nothing, page, pageLimit } from "./endpoint.ts"

export const AccountView = UserView.extend({
  createdAt: Instant,
  passwordChangedAt: Instant,
  /** Nobody gets in by a disabled account; what it did stays on record. */
  disabled: z.boolean(),
  /** The one who asks. */
  isSelf: z.boolean(),
})
export type AccountView = z.infer<typeof AccountView>

const path = "/api/users/{userId}"
const params = z.object({ userId: UserId })
const list = { limit: pageLimit(100), after: z.string().max(200).optional() }

export const listUsers = endpoint({
  method: "get",
  path: "/api/users",
  summary: "List people in the order of their accounts",
  auth: "user",
  scope: "access:read",
  params: nothing,
  query: z.object(list),
  body: nothing,
  status: 200,
  response: page(AccountView),
  errors: ["invalid_cursor"],
})

export const getUser = endpoint({
  method: "get",
  path,
  summary: "Get a person",
  auth: "user",
  scope: "access:read",
  params,
  query: nothing,
  body: nothing,
  status: 200,
  response: AccountView,
  errors: ["user_not_found"],
  unknownId: "user_not_found",
})

export const updateUser = endpoint({
  method: "put",
  path,
  summary: "Change a person's role, or disable or enable the account",
  description:
    "Disabling ends every session and revokes every token at once. The last administrator cannot be demoted or disabled.",
  auth: "user",
  scope: "access:write",
  params,
  query: nothing,
  body: z.object({ role: Role.optional(), disabled: z.boolean().optional() }),
  status: 200,
  response: AccountView,
  errors: ["user_not_found", "last_admin"],
  unknownId: "user_not_found",
})

export const deleteUser = endpoint({
  method: "delete",
  path,
  summary: "Remove a person: sessions and tokens end at once, what was said stays on record",
  auth: "user",
  scope: "access:write",
  params,
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["user_not_found", "last_admin"],
  unknownId: "user_not_found",
})

const InvitationId = z.string().regex(/^inv_[0-9a-f]{24}$/)
export const InvitationView = z.object({
  id: InvitationId,
  role: Role,
  /** Whoever made it; null when they are gone. */
  createdBy: z.string().nullable(),
  createdAt: Instant,
  expiresAt: Instant,
})
export type InvitationView = z.infer<typeof InvitationView>

export const listInvitations = endpoint({
  method: "get",
  path: "/api/users/invitations",
  summary: "List invitations that can still be accepted, the newest first",
  auth: "user",
  scope: "access:read",
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({ data: z.array(InvitationView) }),
  errors: [],
})

export const createInvitation = endpoint({
  method: "post",
  path: "/api/users/invitations",
  summary: "Invite a person by a link that works once, for seven days, and is shown this once",
  auth: "user",
  scope: "access:write",
  params: nothing,
  query: nothing,
  body: z.object({ role: Role }),
  status: 201,
  response: InvitationView.extend({ link: z.url() }),
  errors: [],
})

export const revokeInvitation = endpoint({
  method: "delete",
  path: "/api/users/invitations/{invitationId}",
  summary: "Take an invitation back",
  auth: "user",
  scope: "access:write",
  params: z.object({ invitationId: InvitationId }),
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["invitation_not_found"],
  unknownId: "invitation_not_found",
})

export const showInvitation = endpoint({
  method: "post",
  path: "/api/auth/invitation",
  summary: "What an invitation is for",
  auth: "none",
  scope: null,
  params: nothing,
  query: nothing,
  body: z.object({ code: z.string().max(256) }),
  status: 200,
  response: z.object({ role: Role, expiresAt: Instant }),
  errors: ["invitation_not_found"],
})

export const acceptInvitation = endpoint({
  method: "post",
  path: "/api/auth/invitation/accept",
  summary: "Accept an invitation: choose a name and a password, and be signed in",
  auth: "none",
  scope: null,
  params: nothing,
  query: nothing,
  body: z.object({ code: z.string().max(256), username: Username, password: Password }),
  status: 201,
  response: SignedIn,
  errors: ["invitation_not_found", "setup_password_weak", "name_taken"],
})

const SessionId = z.string().regex(/^sess_[0-9a-f]{24}$/)
export const SessionView = z.object({
  id: SessionId,
  createdAt: Instant,
  lastUsedAt: Instant,
  expiresAt: Instant,
  userAgent: z.string(),
  /** The one by which this is asked. */
  isCurrent: z.boolean(),
})
export type SessionView = z.infer<typeof SessionView>
const sessions = z.object({ data: z.array(SessionView) })

export const changePassword = endpoint({
  method: "put",
  path: "/api/auth/password",
  summary: "Change my password by the old one; my other sessions end",
  auth: "cookie",
  scope: null,
  params: nothing,
  query: nothing,
  body: z.object({ oldPassword: Password, newPassword: Password }),
  status: 204,
  response: nothing,
  errors: ["wrong_password", "setup_password_weak", "too_many_logins", "edit_conflict"],
})

export const listMySessions = endpoint({
  method: "get",
  path: "/api/auth/sessions",
  summary: "List my sessions, the last used first",
  auth: "cookie",
  scope: null,
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: sessions,
  errors: [],
})

export const endMySession = endpoint({
  method: "delete",
  path: "/api/auth/sessions/{sessionId}",
  summary: "End one of my sessions",
  auth: "cookie",
  scope: null,
  params: z.object({ sessionId: SessionId }),
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["session_not_found"],
  unknownId: "session_not_found",
})

export const listSessions = endpoint({
  method: "get",
  path: `${path}/sessions`,
  summary: "List a person's sessions, the last used first",
  auth: "user",
  scope: "access:read",
  params,
  query: nothing,
  body: nothing,
  status: 200,
  response: sessions,
  errors: ["user_not_found"],
  unknownId: "user_not_found",
})

export const endSession = endpoint({
  method: "delete",
  path: `${path}/sessions/{sessionId}`,
  summary: "End a person's session",
  auth: "user",
  scope: "access:write",
  params: z.object({ userId: UserId, sessionId: SessionId }),
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["session_not_found"],
  unknownId: "session_not_found",
})

export const IssuedTokenView = z.object({
  tokenId: TokenId,
  userId: UserId,
  /** Null when the account is gone. */
  username: z.string().nullable(),
  label: z.string(),
  scopes: z.array(Scope),
  createdAt: Instant,
  expiresAt: Instant.nullable(),
  lastUsedAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
})
export type IssuedTokenView = z.infer<typeof IssuedTokenView>

export const listIssuedTokens = endpoint({
  method: "get",
  path: "/api/tokens",
  summary: "List everybody's API tokens without their values, in the order of their making, revoked ones too",
  auth: "user",
  scope: "access:read",
  params: nothing,
  query: z.object(list),
  body: nothing,
  status: 200,
  response: page(IssuedTokenView),
  errors: ["invalid_cursor"],
})

export const revokeIssuedToken = endpoint({
  method: "delete",
  path: "/api/tokens/{tokenId}",
  summary: "Revoke an API token, whoever made it",
  auth: "user",
  scope: "access:write",
  params: z.object({ tokenId: TokenId }),
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["token_not_found"],
  unknownId: "token_not_found",
})
