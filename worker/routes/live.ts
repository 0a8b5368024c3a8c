/** The live feed's door: who may hear nothing of it is told so here; the LiveHub takes the others. */
import { liveScopes, readableLive } from "../../core/live/event.ts"
import { watchLive } from "../../core/api/live.ts"
import { LoopError } from "../../core/errors.ts"
import type { EdgeDeps } from "../deps.ts"
import { type Binder, bindSocket } from "../http/bind.ts"

export function bindLive(binder: Binder, deps: EdgeDeps): void {
  bindSocket(binder, watchLive, async ({ query, caller, context }) => {
    const { credential, user, hash } = caller
    if (readableLive({ role: user.role, credential }).length === 0) {
      throw new LoopError("scope_missing", { message: `The token needs one of the scopes ${liveScopes.join(", ")}.` })
    }
    const kind = credential.kind === "token" ? "token" : "session"
    const input = { credential: { kind, hash }, after: query.after ?? null } as const
    return deps.upgrade("live", "main", context.req.raw, input)
  })
}
