/** A gateway for the page's tests: the real contracts, the built page with its real policy, and a memory for a database. */
import { readFile } from "node:fs/promises"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { extname, join, normalize } from "node:path"
import type * as z from "zod"
import * as approvals from "../../core/api/approvals.ts"
import * as access from "../../core/api/access.ts"
import * as agents from "../../core/api/agents.ts"
import * as budgets from "../../core/api/budgets.ts"
import * as channels from "../../core/api/channels.ts"
import * as conversations from "../../core/api/conversations.ts"
import type { Endpoint } from "../../core/api/endpoint.ts"
import * as loops from "../../core/api/loops.ts"
import * as models from "../../core/api/models.ts"
import * as operations from "../../core/api/operations.ts"
import * as runs from "../../core/api/runs.ts"
import * as tokens from "../../core/api/tokens.ts"
import * as usage from "../../core/api/usage.ts"
import { addDays, daySpans } from "../../core/usage/days.ts"
import { type ErrorCode, errorRule, isLoopError, LoopError, toErrorBody } from "../../core/errors.ts"
import { listen } from "../../sandbox-runner/testkit/loopback.ts"
import { freePort } from "../../sandbox-runner/testkit/port.ts"
import { FakeLoop } from "./fake-loops.ts"
import { plainGroup } from "./sample-group.ts"

/** What the gateway sends with every page. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
}

interface Call {
  readonly params: Record<string, string>
  readonly query: URLSearchParams
  readonly body: unknown
  readonly request: IncomingMessage
  readonly response: ServerResponse
}
interface Route {
  readonly method: string
  readonly pattern: RegExp
  readonly auth: string
  readonly answer: (call: Call) => void
}

const Listed = conversations.ConversationView.extend({ match: conversations.SearchMatch.nullable() })
const user = access.UserView.parse({ id: `user_${"0".repeat(24)}`, username: "ada", role: "admin" })
const noLimits = { maxTokensDay: null, maxTokensMonth: null, maxUsdDay: null, maxUsdMonth: null }
const sessionToken = "5".repeat(64)
const hex = (number: number, length: number) => number.toString(16).padStart(length, "0")

export class FakeGateway {
  readonly setupCode = "correct-horse"
  password: string | null = null
  signedIn = false
  modelHint: string | null = null
  /** Answers the next message with this. */
  refuseNext: ErrorCode | null = null
  /** While true every connection is cut at once, as when the network is away. */
  away = false
  readonly loops: FakeLoop[] = []
  /** Rows that a test adds: conversations of channels, for example. */
  readonly others: conversations.ConversationView[] = []
  readonly otherMessages: conversations.MessageView[] = []
  readonly searches: unknown[] = []
  readonly runs: runs.RunView[] = []
  readonly calls: usage.CallView[] = []
  readonly groups: agents.AgentGroupView[] = []
  readonly channels: channels.ChannelView[] = []
  readonly tokens: tokens.TokenView[] = []
  readonly secrets: string[] = []
  /** What the signed-in person is. */
  role: access.UserView["role"] = "admin"
  /** What tools gave back, all of it, by the entry and the call. */
  readonly outputs = new Map<string, string>()
  /** Limits that a conversation has of its own, by its id, and those of every conversation. */
  readonly ownLimits = new Map<string, budgets.BudgetLimitsView>()
  /** Of all of them together. */
  ownLimitsVersion = 0
  usualLimits: budgets.BudgetLimitsView = noLimits
  readonly posts: { key: string; text: string }[] = []
  readonly #routes: Route[] = []
  readonly #page: string
  #server: Server | null = null
  #port: number | undefined
  #made = 0

  /** @param page - folder of the built page */
  constructor(page: string) {
    this.#page = page
    this.#accessRoutes()
    this.#loopRoutes()
    this.#recordRoutes()
    this.#usageRoutes()
    this.#groupRoutes()
    this.#channelRoutes()
    this.#tokenRoutes()
  }
  get origin(): string {
    return `http://127.0.0.1:${this.#port}`
  }
  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response))
    this.#server = server
    await listen(server, (this.#port ??= await freePort()))
  }
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = null
    server?.closeAllConnections()
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
  }
  /** Cuts every connection that is open now. */
  cut(): void {
    this.#server?.closeAllConnections()
  }
  addLoop(title: string): FakeLoop {
    const loop = new FakeLoop(this.loops.length + 1, title)
    this.loops.unshift(loop)
    return loop
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.away) return void request.socket.destroy()
    const url = new URL(request.url ?? "/", this.origin)
    if (!url.pathname.startsWith("/api/")) return this.#servePage(url.pathname, response)
    try {
      const chunks: Uint8Array[] = []
      for await (const chunk of request) chunks.push(chunk)
      const text = Buffer.concat(chunks).toString()
      const route = this.#routes.find((one) => one.method === request.method && one.pattern.test(url.pathname))
      if (!route) throw new LoopError("route_not_found")
      const known = this.signedIn && (request.headers.cookie ?? "").includes(sessionToken)
      if ((route.auth === "user" || route.auth === "cookie") && !known) throw new LoopError("missing_credentials")
      if (request.method !== "GET" && request.headers.origin !== this.origin) throw new LoopError("origin_forbidden")
      const params = { ...route.pattern.exec(url.pathname)?.groups }
      const body: unknown = text === "" ? {} : JSON.parse(text)
      route.answer({ params, query: url.searchParams, body, request, response })
    } catch (error) {
      const code: ErrorCode = isLoopError(error) ? error.code : "internal"
      if (code === "internal") console.error(error)
      response.writeHead(errorRule(code).status, { "content-type": "application/json" })
      response.end(JSON.stringify(toErrorBody(code)))
    }
  }
  async #servePage(path: string, response: ServerResponse): Promise<void> {
    const headers = { "content-security-policy": contentSecurityPolicy, "x-content-type-options": "nosniff" }
    const asset = extname(path) === "" ? "/index.html" : normalize(path)
    try {
      const bytes = await readFile(join(this.#page, asset))
      response.writeHead(200, { ...headers, "content-type": types[extname(asset)] ?? "application/octet-stream" })
      response.end(bytes)
    } catch {
      response.writeHead(404, headers).end()
    }
  }
  #route(endpoint: { method: string; path: string; auth: string }, answer: (call: Call) => void): void {
    const pattern = new RegExp(`^${endpoint.path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`)
    this.#routes.push({ method: endpoint.method.toUpperCase(), pattern, auth: endpoint.auth, answer })
  }
  /** Parses what comes in and what goes out by the contract, so that this fake cannot promise what no gateway does. */
  #on<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
    endpoint: Endpoint<P, Q, B, R>,
    work: (call: {
      params: z.output<P>
      query: z.output<Q>
      body: z.output<B>
      response: ServerResponse
    }) => z.input<R>,
  ): void {
    this.#route(endpoint, ({ params, query, body, response }) => {
      const parsed = {
        params: endpoint.params.parse(params),
        query: endpoint.query.parse(Object.fromEntries(query)),
        body: endpoint.body.parse(body),
        response,
      }
      const answer = endpoint.response.parse(work(parsed))
      response.writeHead(endpoint.status, { "content-type": "application/json" })
      response.end(endpoint.status === 204 ? undefined : JSON.stringify(answer))
    })
  }
  #signIn(response: ServerResponse): { token: string; user: access.UserView } {
    this.signedIn = true
    response.setHeader("set-cookie", `loop_session=${sessionToken}; HttpOnly; SameSite=Strict; Path=/`)
    return { token: sessionToken, user: { ...user, role: this.role } }
  }
  #accessRoutes(): void {
    this.#route(access.getAuthStatus, ({ request, response }) => {
      const known = this.signedIn && (request.headers.cookie ?? "").includes(sessionToken)
      const status = {
        setupRequired: this.password === null,
        authenticated: known,
        ...(known ? { user: { ...user, role: this.role } } : {}),
      }
      response.writeHead(200, { "content-type": "application/json" })
      response.end(JSON.stringify(access.getAuthStatus.response.parse(status)))
    })
    this.#on(access.setUp, ({ body, response }) => {
      if (this.password !== null) throw new LoopError("already_set_up")
      if (body.code !== this.setupCode) throw new LoopError("invalid_setup_code")
      if (body.password.length < 10) throw new LoopError("setup_password_weak")
      this.password = body.password
      return this.#signIn(response)
    })
    this.#on(access.logIn, ({ body, response }) => {
      if (body.username !== user.username || body.password !== this.password) throw new LoopError("invalid_login")
      return this.#signIn(response)
    })
    this.#on(access.logOut, () => {
      this.signedIn = false
      return {}
    })
    this.#on(models.listKnownModels, () => ({ data: [] }))
    this.#on(operations.getHealth, () => {
      const bare = this.modelHint !== null
      const fine = { status: "ok" as const, hint: null }
      const models = bare ? { status: "not_configured" as const, hint: this.modelHint } : fine
      return {
        status: bare ? ("degraded" as const) : ("ok" as const),
        uptimeSeconds: 1,
        parts: { database: fine, models },
      }
    })
  }
  #loop(id: string): FakeLoop {
    const loop = this.loops.find((one) => one.id === id)
    if (!loop) throw new LoopError("loop_not_found")
    return loop
  }
  #loopView = (loop: FakeLoop) => ({
    id: loop.id,
    title: loop.title,
    created_at: loop.createdAt,
    created_by: user.username,
    archived: loop.archivedAt !== null,
    archived_at: loop.archivedAt,
    metadata: {},
    profiles: [],
    vault: "default" as const,
    repo: null,
  })
  #loopRoutes(): void {
    this.#on(approvals.getApprovalStats, () => ({
      total: 0,
      pending: 0,
      approved: 0,
      rejected: 0,
      answered: 0,
      expired: 0,
      canceled: 0,
    }))
    this.#on(loops.createLoop, ({ body }) => this.#loopView(this.addLoop(body.title)))
    this.#on(loops.getLoop, ({ params }) => {
      const loop = this.#loop(params.id)
      const turn = loop.current
      const current = turn ? { turn_id: turn.id, started_at: loop.createdAt, pending_choice_id: null } : null
      return {
        ...this.#loopView(loop),
        busy: turn !== undefined,
        queue_depth: 0,
        turn_count: loop.turns.length,
        current_turn: current,
      }
    })
    this.#on(loops.archiveLoop, ({ params }) => {
      this.#loop(params.id).archivedAt = new Date().toISOString()
      return {}
    })
    this.#on(loops.interruptLoop, ({ params }) => {
      this.#loop(params.id).current?.interrupt()
      return {}
    })
    this.#on(loops.answerChoice, ({ params, body }) => {
      if (this.#loop(params.id).resolveChoice(params.choiceId, body) === "unknown")
        throw new LoopError("choice_not_found")
      return {}
    })
    this.#route(loops.sendMessage, ({ params, body, request, response }) => {
      const { content } = loops.sendMessage.body.parse(body)
      const key = request.headers["idempotency-key"]
      if (content === undefined || content.trim() === "") throw new LoopError("missing_content")
      if (typeof key !== "string") throw new LoopError("invalid_header")
      const refused = this.refuseNext
      this.refuseNext = null
      if (refused !== null) throw new LoopError(refused)
      const loop = this.#loop(params["id"] ?? "")
      if (loop.archivedAt !== null) throw new LoopError("loop_archived")
      this.posts.push({ key, text: content })
      loop.post(key, content, response)
    })
    this.#route(loops.watchLoop, ({ params, request, response }) => {
      const last = request.headers["last-event-id"]
      this.#loop(params["id"] ?? "").watch(typeof last === "string" ? last : null, response)
    })
  }
  #recordRoutes(): void {
    const view = (loop: FakeLoop): conversations.ConversationView => ({
      id: loop.id,
      kind: "loop",
      title: loop.title,
      ownerId: user.id,
      ownerName: user.username,
      channelId: null,
      channelName: null,
      groupName: null,
      status: loop.current ? (loop.current.pendingChoiceId ? "waiting" : "running") : "idle",
      turnCount: loop.turns.length,
      createdAt: loop.createdAt,
      lastActivityAt: loop.createdAt,
      archivedAt: loop.archivedAt,
    })
    const all = () => [...this.loops.map(view), ...this.others]
    this.#on(conversations.listConversations, ({ query }) => {
      this.searches.push(query)
      const isShown = (one: z.input<typeof Listed>) =>
        (query.archived === undefined || query.archived === (one.archivedAt !== null)) &&
        (query.kind === undefined || query.kind === one.kind)
      const found = all()
        .flatMap((one) => this.#match(one, query.q))
        .filter(isShown)
      const start = query.after === undefined ? 0 : found.findIndex((one) => one.id === query.after) + 1
      const data = found.slice(start, start + query.limit)
      return { data, nextCursor: start + query.limit < found.length ? (data.at(-1)?.id ?? null) : null }
    })
    this.#on(conversations.archiveConversation, ({ params }) => this.#setArchived(params.id, new Date().toISOString()))
    this.#on(conversations.unarchiveConversation, ({ params }) => this.#setArchived(params.id, null))
    this.#on(conversations.interruptConversation, () => ({}))
    this.#on(conversations.eraseConversation, ({ params }) => {
      this.loops.splice(0, this.loops.length, ...this.loops.filter(({ id }) => id !== params.id))
      this.others.splice(0, this.others.length, ...this.others.filter(({ id }) => id !== params.id))
      return {}
    })
    this.#on(conversations.sendAsOperator, ({ params, body }) => {
      const refused = this.refuseNext
      this.refuseNext = null
      if (refused !== null) throw new LoopError(refused)
      const text = body.content ?? ""
      this.posts.push({ key: params.id, text })
      this.otherMessages.push(
        conversations.MessageView.parse({
          id: `operator ${this.posts.length}`,
          turnId: `turn_${params.id}_${1_000 + this.posts.length}`,
          role: "user",
          text,
          truncated: false,
          images: [],
          steps: [],
          sender: "operator",
          senderName: user.username,
          tainted: false,
          createdAt: new Date().toISOString(),
        }),
      )
      return { status: "accepted" as const, position: 0 }
    })
    this.#on(conversations.getConversation, ({ params }) => {
      const found = all().find((one) => one.id === params.id)
      if (!found) throw new LoopError("conversation_not_found")
      return found
    })
    this.#on(conversations.getOutput, ({ params: { messageId, toolUseId } }) => {
      const text = this.outputs.get(`${messageId} ${toolUseId}`)
      return { text: text ?? "", isWhole: text !== undefined }
    })
    this.#on(conversations.listMessages, ({ params, query }) => {
      const loop = this.loops.find((one) => one.id === params.id)
      const entries = loop ? loop.turns.flatMap((turn) => turn.entries) : this.otherMessages
      const end = query.before === undefined ? entries.length : entries.findIndex((one) => one.id === query.before)
      const start = Math.max(0, end - query.limit)
      const turns = loop?.turns.map(({ outcome }) => outcome) ?? []
      return { data: entries.slice(start, end), turns, nextCursor: start > 0 ? (entries[start]?.id ?? null) : null }
    })
  }
  #setArchived(id: string, archivedAt: string | null): Record<string, never> {
    const found = this.loops.find((one) => one.id === id) ?? this.others.find((one) => one.id === id)
    if (!found) throw new LoopError("conversation_not_found")
    found.archivedAt = archivedAt
    return {}
  }
  /** Finds by titles, and says that the title was said. */
  #match(one: conversations.ConversationView, q: string | undefined): z.input<typeof Listed>[] {
    if (q === undefined) return [{ ...one, match: null }]
    const word = q.replace(/\*$/, "")
    const at = one.title.toLowerCase().indexOf(word.toLowerCase())
    if (at < 0) return []
    const snippet = [
      { text: one.title.slice(0, at), isMatch: false },
      { text: one.title.slice(at, at + word.length), isMatch: true },
      { text: one.title.slice(at + word.length), isMatch: false },
    ]
    return [{ ...one, match: { messageId: "m", role: "user" as const, createdAt: one.createdAt, snippet } }]
  }
  #usageRoutes(): void {
    const tokens = (total: number) => ({
      input: total / 2,
      cacheRead: total / 4,
      cacheWrite: 0,
      output: total / 4,
      total,
    })
    const used = (calls: number) => ({
      calls,
      tokens: tokens(calls * 1_000),
      costMicroUsd: calls * 1_500,
      unpricedCalls: 0,
    })
    this.#on(usage.getUsage, () => used(12))
    this.#on(usage.getUsageByGroup, () => ({ data: [{ groupId: null, name: null, ...used(12) }] }))
    const spent = { spent: { tokens: 81_000, microUsd: 1_250_000 }, reserved: { tokens: 2_000, microUsd: 40_000 } }
    const limits = { maxTokensDay: 100_000, maxTokensMonth: null, maxUsdDay: null, maxUsdMonth: 20 }
    const span = { startsAt: "2026-11-21T00:00:00.000Z", endsAt: "2026-11-22T00:00:00.000Z" }
    this.#on(budgets.getBudgets, () => ({
      timeZone: "UTC",
      day: span,
      month: span,
      data: [{ scope: "global" as const, id: null, name: null, limits, day: spent, month: spent }],
    }))
    const ofConversation = (id: string) => {
      const own = this.ownLimits.get(id) ?? noLimits
      const limits = {
        maxTokensDay: own.maxTokensDay ?? this.usualLimits.maxTokensDay,
        maxTokensMonth: own.maxTokensMonth ?? this.usualLimits.maxTokensMonth,
        maxUsdDay: own.maxUsdDay ?? this.usualLimits.maxUsdDay,
        maxUsdMonth: own.maxUsdMonth ?? this.usualLimits.maxUsdMonth,
      }
      const budget = { scope: "conversation" as const, id, name: null, limits, day: spent, month: spent }
      return { timeZone: "UTC", day: span, month: span, own, version: this.ownLimitsVersion, budget }
    }
    this.#on(budgets.getConversationBudget, ({ params }) => ofConversation(params.id))
    this.#on(budgets.setConversationBudget, ({ params: { id }, body: { version, ...body } }) => {
      if (version !== undefined && version !== this.ownLimitsVersion) throw new LoopError("edit_conflict")
      this.ownLimitsVersion += 1
      this.ownLimits.set(id, { ...noLimits, ...this.ownLimits.get(id), ...body })
      return ofConversation(id)
    })
    this.#on(usage.getDailyUsage, ({ query }) => {
      const last = query.to ?? "2026-11-21"
      const { timeZone = "UTC" } = query
      const days = daySpans(query.from ?? addDays(last, -29), last, timeZone)
      return { timeZone, data: days.map(({ day }, index) => ({ day, ...used(index % 5) })) }
    })
    this.#on(usage.getModelUsage, () => ({
      data: [
        { model: "claude-sonnet-5-5", ...used(9) },
        { model: "a-model-with-a-very-long-name-that-someone-runs-at-home:70b-instruct", ...used(3) },
      ],
    }))
    this.#on(usage.listCalls, ({ query }) => ({
      data: this.calls.filter((one) => one.turnId === (query.turnId ?? one.turnId)),
      nextCursor: null,
    }))
    this.#on(runs.listRuns, ({ query }) => ({
      data: this.runs.filter((one) => query.status === undefined || one.status === query.status),
      nextCursor: null,
    }))
  }
  #groupRoutes(): void {
    this.#on(agents.listAgentGroups, () => ({ data: this.groups, nextCursor: null }))
    this.#on(agents.createAgentGroup, ({ body }) => {
      if (this.groups.some((one) => one.name === body.name)) throw new LoopError("name_taken")
      const now = new Date().toISOString()
      if (body.apiKey) this.secrets.push(body.apiKey)
      const group = agents.AgentGroupView.parse({
        ...plainGroup,
        ...body,
        id: `grp_${hex((this.#made += 1), 24)}`,
        hasApiKey: typeof body.apiKey === "string",
        createdAt: now,
        updatedAt: now,
      })
      this.groups.push(group)
      return group
    })
    this.#on(agents.deleteAgentGroup, ({ params }) => {
      const at = this.groups.findIndex((one) => one.id === params.groupId)
      if (this.channels.some((one) => one.groupId === params.groupId)) throw new LoopError("group_in_use")
      this.groups.splice(at, 1)
      return {}
    })
    this.#on(agents.assignChannel, ({ params }) => {
      const group = this.groups.find((one) => one.id === params.groupId)
      const channel = this.channels.find((one) => one.id === params.channelId)
      if (!group || !channel) throw new LoopError("group_not_found")
      channel.groupId = group.id
      return group
    })
  }
  #channelRoutes(): void {
    this.#on(channels.listChannels, () => ({ data: this.channels, nextCursor: null }))
    this.#on(channels.createChannel, ({ body }) => {
      const now = new Date().toISOString()
      this.secrets.push(body.config.botToken)
      const channel = channels.ChannelView.parse({
        id: `chan_${hex((this.#made += 1), 24)}`,
        kind: "telegram",
        name: body.name,
        enabled: true,
        groupId: null,
        managed: false,
        config: {
          allowedUserIds: body.config.allowedUserIds,
          approverUserIds: body.config.approverUserIds,
          botTokenHint: body.config.botToken.slice(-4),
        },
        status: "connected",
        mode: "polling",
        problem: null,
        lastInboundAt: null,
        createdAt: now,
        updatedAt: now,
      })
      this.channels.push(channel)
      return channel
    })
    this.#on(channels.updateChannel, ({ params, body }) => {
      const channel = this.channels.find((one) => one.id === params.channelId)
      if (!channel) throw new LoopError("channel_not_found")
      if (body.name !== undefined) channel.name = body.name
      if (body.config?.allowedUserIds) channel.config.allowedUserIds = body.config.allowedUserIds
      const { approverUserIds } = body.config ?? {}
      if (approverUserIds !== undefined) channel.config.approverUserIds = approverUserIds
      if (body.enabled !== undefined) {
        channel.enabled = body.enabled
        channel.status = body.enabled ? "connected" : "disabled"
      }
      return channel
    })
    this.#on(channels.deleteChannel, ({ params }) => {
      this.channels.splice(
        this.channels.findIndex((one) => one.id === params.channelId),
        1,
      )
      return {}
    })
  }
  #tokenRoutes(): void {
    this.#on(tokens.listTokens, () => ({ tokens: this.tokens }))
    this.#on(tokens.createToken, ({ body }) => {
      const now = Date.now()
      const view = tokens.TokenView.parse({
        tokenId: `tok_${hex((this.#made += 1), 12)}`,
        label: body.label,
        scopes: body.scopes,
        createdAt: new Date(now).toISOString(),
        ...(body.ttlSeconds ? { expiresAt: new Date(now + body.ttlSeconds * 1000).toISOString() } : {}),
      })
      this.tokens.unshift(view)
      return { ...view, token: `la_${hex(this.#made, 48)}` }
    })
    this.#on(tokens.revokeToken, ({ params }) => {
      const at = this.tokens.findIndex((one) => one.tokenId === params.tokenId)
      if (at < 0) throw new LoopError("token_not_found")
      this.tokens.splice(at, 1)
      return {}
    })
  }
}
