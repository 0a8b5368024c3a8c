/** Contracts of access: set-up, login, logout, who am I. */
import * as z from "zod"
import { Password, SessionToken, Username } from "../access/credential.ts"
import { Role, Scope } from "../access/scope.ts"
import { UserId } from "../units.ts"
import { endpoint, nothing } from "./endpoint.ts"

export const UserView = z.object({ id: UserId, username: z.string(), role: Role })
export type UserView = z.infer<typeof UserView>

export const SignedIn = z.object({
  /** Also accepted as `Authorization: Bearer`; browsers use the cookie set beside it. */
  token: SessionToken,
  user: UserView,
})

export const getAuthStatus = endpoint({
  method: "get",
  path: "/api/auth/status",
  summary: "Whether the gateway needs its set-up, and who is signed in",
  auth: "optional",
  scope: null,
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({ setupRequired: z.boolean(), authenticated: z.boolean(), user: UserView.optional() }),
  errors: [],
})

export const setUp = endpoint({
  method: "post",
  path: "/api/auth/setup",
  summary: "Create the administrator with the one-time code that the start or the deployment printed",
  auth: "none",
  scope: null,
  params: nothing,
  query: nothing,
  body: z.object({ username: Username, password: Password, code: z.string().max(256) }),
  status: 201,
  response: SignedIn,
  errors: ["setup_password_weak", "invalid_setup_code", "setup_unavailable", "already_set_up", "too_many_logins"],
})

export const logIn = endpoint({
  method: "post",
  path: "/api/auth/login",
  summary: "Sign in; sets the session cookie",
  auth: "none",
  scope: null,
  params: nothing,
  query: nothing,
  body: z.object({ username: z.string().trim().max(256), password: Password }),
  status: 200,
  response: SignedIn,
  errors: ["invalid_login", "too_many_logins"],
})

export const logOut = endpoint({
  method: "post",
  path: "/api/auth/logout",
  summary: "End the current session; a session that is already over is no error",
  auth: "optional",
  scope: null,
  params: nothing,
  query: nothing,
  body: nothing,
  status: 204,
  response: nothing,
  errors: ["cookie_required"],
})

export const getMe = endpoint({
  method: "get",
  path: "/api/auth/me",
  summary: "The signed-in person and what this credential may do",
  auth: "user",
  scope: null,
  params: nothing,
  query: nothing,
  body: nothing,
  status: 200,
  response: z.object({ user: UserView, credential: z.enum(["cookie", "session", "token"]), scopes: z.array(Scope) }),
  errors: [],
})
