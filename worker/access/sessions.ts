/** Sessions of people: begun by a login, carried by a cookie or as a bearer token, ended by a logout. */
import { sessionCookieName, sessionLifetimeMs, sessionTokenBytes } from "../../core/access/credential.ts"
import { after, toHex, type UserId } from "../../core/units.ts"
import { sha256Hex } from "../../adapters/digest.ts"
import { createSession } from "../../adapters/store/access.ts"
import type { EdgeDeps } from "../deps.ts"
import type { AppContext } from "../http/app-env.ts"
import { readSessionCookie } from "./identity.ts"

/** Begins a session and gives its token to the browser. Only the token's hash is stored. */
export async function beginSession(
  deps: Pick<EdgeDeps, "libsql" | "now" | "random">,
  context: AppContext,
  userId: UserId,
): Promise<string> {
  const token = toHex(deps.random(sessionTokenBytes))
  const now = deps.now()
  await createSession(deps.libsql, {
    tokenHash: sha256Hex(token),
    userId,
    createdAt: now,
    expiresAt: after(now, sessionLifetimeMs),
    lastUsedAt: now,
    userAgent: (context.req.header("user-agent") ?? "").slice(0, 200),
  })
  setSessionCookie(context, token)
  return token
}

/** Makes the browser keep the cookie that it sent for as long as its session lives now. */
export function renewSessionCookie(context: AppContext): void {
  const token = readSessionCookie(context.req.raw.headers)
  if (token !== undefined) setSessionCookie(context, token)
}

/** Makes the browser forget its session. */
export function clearSessionCookie(context: AppContext): void {
  setCookie(context, "", 0)
}

function setSessionCookie(context: AppContext, token: string): void {
  setCookie(context, token, Math.floor(sessionLifetimeMs / 1_000))
}

/** `Secure` exactly when the client spoke https: over plain http a browser would not store it at all. */
function setCookie(context: AppContext, value: string, maxAgeSeconds: number): void {
  const secure = context.get("https") ? "; Secure" : ""
  const attributes = `HttpOnly; SameSite=Strict; Path=/; Max-Age=${maxAgeSeconds}${secure}`
  context.set("cookie", `${sessionCookieName}=${value}; ${attributes}`)
}
