/** Counts and logs one request by its route's template: never by its path, of which there is no end. */
import { routePath } from "hono/route"
import { redact } from "../../core/redact.ts"
import { ConversationId, type EpochMs } from "../../core/units.ts"
import type { EdgeDeps } from "../deps.ts"
import type { AppContext } from "./app-env.ts"

/** To be called when the answer is made; a stream's bytes may still come. */
export function recordRequest(deps: EdgeDeps, context: AppContext, startedAt: EpochMs): void {
  const route = templateOf(context)
  const durationMs = Math.max(0, deps.now() - startedAt)
  const { status } = context.res
  deps.metrics.requests.add([route, String(status)])
  deps.metrics.requestSeconds.observe([route], durationMs / 1_000)
  const identity = context.get("identity")
  deps.log({
    level: "debug",
    event: "request",
    requestId: context.get("requestId"),
    ...conversationOf(context.req.path),
    method: context.req.method,
    route,
    // People put what they should not into an address: a token in the place of an id.
    path: redact(context.req.path),
    status,
    durationMs,
    ...(identity.status === "known" ? { userId: identity.caller.user.id } : {}),
  })
}

/** The conversation that a path names, as a log entry has it. */
export function conversationOf(path: string): { conversationId?: ConversationId } {
  const found = ConversationId.safeParse(/\/((?:loop|conv)_[0-9a-f]{32})(?:\/|$)/.exec(path)?.[1])
  return found.success ? { conversationId: found.data } : {}
}

/** As contracts write it; `page` for the dashboard's files, `unmatched` for what is nowhere. */
function templateOf(context: AppContext): string {
  const path = routePath(context, -1)
  if (!path.endsWith("*")) return path.replaceAll(/:(\w+)/g, "{$1}")
  return context.res.ok ? "page" : "unmatched"
}
