/** Set-up, login, logout, who am I. */
import { minPasswordLength } from "../../core/access/credential.ts"
import { permits, scopesFor } from "../../core/access/scope.ts"
import { getAuthStatus, getMe, logIn, logOut, setUp } from "../../core/api/access.ts"
import { LoopError } from "../../core/errors.ts"
import { toHex, UserId } from "../../core/units.ts"
import { safeEqual } from "../../adapters/digest.ts"
import { hashPassword, isOutdated, verifyPassword, wasteTime } from "../../adapters/password.ts"
import {
  createFirstAdmin,
  deleteSession,
  findUserByName,
  isSetUp,
  purgeExpired,
  replacePasswordHash,
} from "../../adapters/store/access.ts"
import type { UserRow } from "../../adapters/store/rows.ts"
import { beginSession, clearSessionCookie } from "../access/sessions.ts"
import { beginLogin, beginSetUp, throttleWindowMs } from "../access/throttle.ts"
import type { EdgeDeps } from "../deps.ts"
import type { AppContext } from "../http/app-env.ts"
import { bind, type Binder, bindOpen } from "../http/bind.ts"

export function bindAccess(binder: Binder, deps: EdgeDeps): void {
  // Once true it stays true: nobody can delete the last account.
  let knownSetUp = false
  const setUpIsDone = async () => {
    knownSetUp ||= await isSetUp(deps.libsql)
    return knownSetUp
  }

  bindOpen(binder, getAuthStatus, async ({ findCaller }) => {
    const caller = await findCaller()
    return { setupRequired: !(await setUpIsDone()), authenticated: caller !== undefined, user: caller?.user }
  })

  bindOpen(binder, setUp, async ({ body, context }) => {
    if (await setUpIsDone()) throw new LoopError("already_set_up")
    const code = deps.setupCode()
    if (code === undefined) throw new LoopError("setup_unavailable")
    const attempt = await beginSetUp(deps, context.get("address"))
    if (!safeEqual(body.code, code)) {
      logAttempt(deps, context, "setup_refused")
      binder.audit.record(context, { action: "set_up_refused" })
      throw new LoopError("invalid_setup_code")
    }
    await attempt.succeeded()
    if (body.password.length < minPasswordLength) throw new LoopError("setup_password_weak")
    const now = deps.now()
    const user: UserRow = {
      id: UserId.parse(`user_${toHex(deps.random(12))}`),
      username: body.username,
      passwordHash: await hashPassword(body.password),
      role: "admin",
      createdAt: now,
      passwordChangedAt: now,
      disabledAt: null,
    }
    const made = await createFirstAdmin(deps.libsql, user)
    if (made.status === "exists") throw new LoopError("already_set_up")
    logAttempt(deps, context, "set_up")
    binder.audit.record(context, { action: "set_up", actor: user, target: ["user", user.id] })
    return signIn(deps, context, user)
  })

  bindOpen(binder, logIn, async ({ body, context }) => {
    const attempt = await beginLogin(deps, context.get("address"), body.username)
    const user = await findUserByName(deps.libsql, body.username)
    // An unknown name costs as much time as a wrong password.
    const isRight =
      user === undefined ? await wasteTime(body.password) : await verifyPassword(body.password, user.passwordHash)
    // A disabled account is refused as one that does not exist, and only after the password was judged.
    if (user === undefined || isRight !== true || user.disabledAt !== null) {
      logAttempt(deps, context, "login_refused")
      // The name that was typed may be a password: only one that is an account's own is noted.
      const known = user && { target: ["user", user.id] as const, details: { name: user.username } }
      binder.audit.record(context, { action: "login_refused", ...known })
      throw new LoopError("invalid_login")
    }
    await attempt.succeeded()
    deps.background(tidy(deps, user, body.password))
    logAttempt(deps, context, "login")
    binder.audit.record(context, { action: "login", actor: user, target: ["user", user.id] })
    return signIn(deps, context, user)
  })

  bindOpen(binder, logOut, async ({ findCaller, context }) => {
    const caller = await findCaller()
    if (caller?.credential.kind === "token") throw new LoopError("cookie_required")
    if (caller !== undefined) {
      await deleteSession(deps.libsql, caller.hash)
      binder.identifier.forgetSession(caller.hash)
      binder.audit.record(context, { action: "logout" })
    }
    clearSessionCookie(context)
    return {}
  })

  bind(binder, getMe, async ({ caller }) => ({
    user: caller.user,
    credential: caller.credential.kind,
    scopes: scopesFor(caller.user.role).filter(
      (scope) => permits({ role: caller.user.role, credential: caller.credential }, scope).status === "allowed",
    ),
  }))
}

async function signIn(deps: EdgeDeps, context: AppContext, user: UserRow) {
  const token = await beginSession(deps, context, user.id)
  return { token, user: { id: user.id, username: user.username, role: user.role } }
}

/** What a login leaves to do, and what may as well fail: the next one does it again. */
async function tidy(deps: EdgeDeps, user: UserRow, password: string): Promise<void> {
  try {
    await purgeExpired(deps.libsql, deps.now(), throttleWindowMs)
    if (isOutdated(user.passwordHash)) {
      await replacePasswordHash(deps.libsql, user.id, user.passwordHash, await hashPassword(password))
    }
  } catch {
    deps.log({ level: "warn", event: "login_tidying_failed" })
  }
}

/** Names no user: what was typed there may be a password. The address lets a firewall act. */
function logAttempt(deps: EdgeDeps, context: AppContext, event: string): void {
  const level = event.endsWith("_refused") ? "warn" : "info"
  deps.log({ level, event, requestId: context.get("requestId"), address: context.get("address") })
}
