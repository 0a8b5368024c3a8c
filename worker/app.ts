/** The HTTP edge as one application: parse, authenticate, delegate. Pure construction; the same on both hosts. */
import { Hono } from "hono"
import { isOpenAiPath } from "../core/api/chat-completions.ts"
import { getHealth } from "../core/api/operations.ts"
import { isLoopError, LoopError } from "../core/errors.ts"
import { redact } from "../core/redact.ts"
import { toHex } from "../core/units.ts"
import { createAuditor } from "./access/audit.ts"
import { createIdentifier, readCredential } from "./access/identity.ts"
import type { EdgeDeps } from "./deps.ts"
import { addressKey, clientAddress, isHttps } from "./http/address.ts"
import type { App, AppContext, AppEnv } from "./http/app-env.ts"
import type { Binder } from "./http/bind.ts"
import { failureAnswer } from "./http/fail.ts"
import { addSecurityHeaders } from "./http/headers.ts"
import { isOurHost, requestHost } from "./http/origin.ts"
import { createRateLimiter, type RateLimiter, requireRoom } from "./http/rate-limit.ts"
import { conversationOf, recordRequest } from "./http/record-request.ts"
import { createRouteTable } from "./http/route-table.ts"
import { bindAccess } from "./routes/access.ts"
import { bindAgents } from "./routes/agents.ts"
import { bindApprovals } from "./routes/approvals.ts"
import { bindAudit } from "./routes/audit.ts"
import { bindChannels } from "./routes/channels.ts"
import { bindChatCompletions } from "./routes/chat-completions.ts"
import { bindCommands } from "./routes/commands.ts"
import { bindConversations } from "./routes/conversations.ts"
import { bindDocs } from "./routes/docs.ts"
import { bindLive } from "./routes/live.ts"
import { bindLoops } from "./routes/loops.ts"
import { bindMetrics } from "./routes/metrics.ts"
import { bindModels } from "./routes/models.ts"
import { bindOperations } from "./routes/operations.ts"
import { bindBudgets } from "./routes/budgets.ts"
import { bindRunners } from "./routes/runners.ts"
import { bindRuns } from "./routes/runs.ts"
import { bindSettings } from "./routes/settings.ts"
import { bindTokens } from "./routes/tokens.ts"
import { bindUsage } from "./routes/usage.ts"
import { bindUsers } from "./routes/users.ts"
import { bindWebhooks } from "./routes/webhooks.ts"

/** A few megabytes at most: a key and three numbers each. */
const maxLimitedKeys = 10_000
const maxRememberedCallers = 10_000

/** Call its `fetch` with the request and a {@link import("./deps.ts").Connection}. */
export function createApp(deps: EdgeDeps): App {
  const app: App = new Hono<AppEnv>()
  const limiter = createRateLimiter(maxLimitedKeys)
  const identifier = createIdentifier(deps, maxRememberedCallers)
  const binder: Binder = { app, deps, identifier, audit: createAuditor(deps), routes: createRouteTable() }

  app.onError((error, context) => {
    const { method, path } = context.req
    const { response, entry } = failureAnswer(error, isOpenAiPath(path))
    const conversation = conversationOf(path)
    if (entry !== undefined)
      deps.log({ ...entry, requestId: context.get("requestId"), ...conversation, method, path: redact(path) })
    if (response.status === 429) deps.metrics.refusals.add([isLoopError(error) ? error.code : "internal"])
    return response
  })
  app.use(async (context, next) => {
    beginRequest(deps, context)
    const startedAt = deps.now()
    await next()
    endRequest(context)
    recordRequest(deps, context, startedAt)
  })
  app.use(async (context, next) => {
    if (!isOurHost(requestHost(context.req.raw), deps.config)) throw new LoopError("host_forbidden")
    await next()
  })
  app.use(async (context, next) => {
    await requireKey(deps, context)
    await next()
  })
  for (const path of ["/api/*", "/v1/*", "/metrics"]) {
    app.use(path, async (context, next) => {
      await admit(deps, binder, limiter, context)
      await next()
    })
  }

  bindAccess(binder, deps)
  bindTokens(binder, deps)
  bindUsers(binder, deps)
  bindAudit(binder, deps)
  bindLoops(binder, deps)
  bindAgents(binder, deps)
  bindChannels(binder, deps)
  bindConversations(binder, deps)
  bindRuns(binder, deps)
  bindRunners(binder, deps)
  bindCommands(binder, deps)
  bindApprovals(binder, deps)
  bindUsage(binder, deps)
  bindBudgets(binder, deps)
  bindLive(binder, deps)
  bindModels(binder, deps)
  bindOperations(binder, deps)
  bindMetrics(binder, deps)
  bindSettings(binder, deps)
  bindWebhooks(binder, deps, limiter)
  bindDocs(binder, deps)
  bindChatCompletions(binder, deps)
  app.notFound((context) => answerElse(deps, binder, context))
  return app
}

/** Nothing is read or sealed by a key that is not the database's. The page and the health part that tells so are still there. */
async function requireKey(deps: EdgeDeps, { req: { path } }: AppContext): Promise<void> {
  if (!isMachinePath(path) || path === getHealth.path) return
  if ((await deps.keyState()) === "wrong") throw new LoopError("encryption_key_wrong")
}

function beginRequest(deps: EdgeDeps, context: AppContext): void {
  const { TRUST_PROXY } = deps.config
  const request = context.req.raw
  context.set("requestId", toHex(deps.random(8)))
  context.set("https", isHttps(request, TRUST_PROXY))
  context.set("address", clientAddress(request.headers, context.env.remoteAddress, TRUST_PROXY))
  context.set("identity", { status: "anonymous" })
}

function endRequest(context: AppContext): void {
  const { headers } = context.res
  const cookie = context.get("cookie")
  if (cookie !== undefined) headers.append("set-cookie", cookie)
  headers.set("x-request-id", context.get("requestId"))
  addSecurityHeaders(headers, { keepCache: !isMachinePath(context.req.path), https: context.get("https") })
}

/**
 * Counts the request before anything else is done for it: by its token where it has a valid one, else by its address.
 * Guessed tokens are counted apart from the address's other requests, so that neither use keeps the other out.
 */
async function admit(deps: EdgeDeps, binder: Binder, limiter: RateLimiter, context: AppContext): Promise<void> {
  const { RATE_LIMIT_PER_MINUTE: perAddress, TOKEN_RATE_LIMIT_PER_MINUTE: perToken } = deps.config
  const address = addressKey(context.get("address"))
  const identity = readCredential(context.req.raw.headers)
  context.set("identity", identity)
  if (identity.status !== "unread" || identity.presented.via === "cookie") {
    requireRoom(limiter.take(`address:${address}`, perAddress, deps.now()))
    return
  }
  const { presented } = identity
  const guesses = `guesses:${address}`
  if (!binder.identifier.remembers(presented)) requireRoom(limiter.check(guesses, perAddress, deps.now()))
  const found = await binder.identifier.identify(presented).catch(unlessDatabaseIsAway)
  const key = found?.status === "known" ? `token:${presented.hash}` : guesses
  requireRoom(limiter.take(key, found?.status === "known" ? perToken : perAddress, deps.now()))
  if (found === undefined) return
  context.set("identity", found)
  if (found.status === "known" && found.news === "token_used") {
    const { tokenId } = found.caller
    binder.audit.record(context, { action: "token_used", ...(tokenId && { target: ["token", tokenId] }) })
  }
}

/** What needs the caller asks again and fails; what does not, such as health, is answered. */
function unlessDatabaseIsAway(error: unknown): undefined {
  if (!isLoopError(error) || error.code !== "database_unavailable") throw error
}

const isMachinePath = (path: string) => /^\/(api|v1|webhooks|metrics)(\/|$)/.test(path)

/** What no contract names: a wrong method, nothing at all, or the dashboard. */
async function answerElse(deps: EdgeDeps, binder: Binder, context: AppContext): Promise<Response> {
  const { path, method } = context.req
  const methods = binder.routes.methodsOf(path)
  if (methods.length > 0) throw new LoopError("method_not_allowed", { allow: methods.join(", ") })
  if (!isMachinePath(path) && (method === "GET" || method === "HEAD")) {
    const file = await deps.assets(context.req.raw)
    if (file !== undefined) return withCache(file, path)
  }
  throw new LoopError("route_not_found")
}

/** The build puts a hash of the content into the names below assets/; all else is asked for anew. */
function withCache(file: Response, path: string): Response {
  // A copy, because headers of fetched answers cannot be changed.
  const copy = new Response(file.body, file)
  copy.headers.set("cache-control", path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache")
  return copy
}
