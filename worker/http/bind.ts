/** Binds a contract to its handler: who may call, what is parsed before, what is checked after. */
import type * as z from "zod"
import { permits } from "../../core/access/scope.ts"
import type { AuditDetails } from "../../core/access/audit.ts"
import type { AuditRule, Endpoint, SocketEndpoint, StreamEndpoint } from "../../core/api/endpoint.ts"
import { type ErrorCode, LoopError } from "../../core/errors.ts"
import { sayPlainly } from "../../core/plain-words.ts"
import { ChoiceId, conversationOfChoice, ConversationId } from "../../core/units.ts"
import { erasedIdHash } from "../../adapters/store/projection.ts"
import { type Caller, type Identifier, type Identity, readCredential } from "../access/identity.ts"
import type { Auditor, AuditNote } from "../access/audit.ts"
import { renewSessionCookie } from "../access/sessions.ts"
import type { App, AppContext } from "./app-env.ts"
import { defaultMaxBodyBytes, parseJsonBody, readBytes } from "./body.ts"
import { identityAgeMs, ifStillAllowed, whileAllowed } from "./allowed-stream.ts"
import { requireOurOrigin } from "./origin.ts"
import type { RouteTable } from "./route-table.ts"
import type { EdgeDeps } from "../deps.ts"

type AuditTarget = NonNullable<AuditNote["target"]>

/** What binding needs besides the contract. */
export interface Binder {
  readonly app: App
  readonly deps: Pick<EdgeDeps, "config" | "every">
  readonly identifier: Identifier
  readonly audit: Auditor
  readonly routes: RouteTable
}

interface Input<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly context: AppContext
}
export interface Call<P, Q, B> extends Input<P, Q, B> {
  readonly caller: Caller
}
export interface OpenCall<P, Q, B> extends Input<P, Q, B> {
  /**
   * Who calls, where valid credentials came along.
   * @throws LoopError `database_unavailable`, `origin_forbidden`
   */
  readonly findCaller: () => Promise<Caller | undefined>
}

type Open = "none" | "optional"
type Closed = "user" | "cookie" | "token"

/** Binds an endpoint that answers JSON. The answer is parsed too: a column that the contract does not name stays here. */
export function bind<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  binder: Binder,
  contract: Endpoint<P, Q, B, R, Closed>,
  handler: (call: Call<z.output<P>, z.output<Q>, z.output<B>>) => Promise<z.input<R>>,
): void {
  route(binder, contract, async (context) => {
    const caller = await requireCaller(binder, contract, context)
    const call = await parseCall(contract, context)
    const given = await handler({ ...call, caller, context })
    noteDone(binder, contract, context, { ...call, given })
    return answer(contract, given, context)
  })
}

/** For the audit trail. The answer's id names what was made. */
function noteDone<B extends z.ZodType>(
  binder: Binder,
  { audit }: { audit?: AuditRule<B> },
  context: AppContext,
  done: { params: unknown; body: z.output<B>; given: unknown },
): void {
  if (audit === undefined) return
  const { action, kind, id = "id", details = fieldNames } = audit
  const named: unknown = Object(audit.id === undefined ? done.given : done.params)[id]
  const target = typeof named === "string" ? { target: targetOf(kind, named) } : {}
  binder.audit.record(context, { action, ...target, details: details(done.body) })
}

/** The trail never forgets: a conversation that is erased later stands in it by its digest, and so does what has its id in its own. */
function targetOf(kind: AuditTarget[0], named: string): AuditTarget {
  if (kind !== "conversation" && kind !== "approval") return [kind, named]
  const choice = ChoiceId.safeParse(named)
  const conversation = choice.success ? conversationOfChoice(choice.data) : ConversationId.safeParse(named).data
  return ["conversation", conversation === undefined ? "" : erasedIdHash(conversation)]
}

function fieldNames(body: unknown): AuditDetails {
  const names = Object.keys(Object(body)).join(" ").slice(0, 500)
  return names === "" ? {} : { fields: names }
}

/**
 * Binds an endpoint that answers JSON, maybe after minutes, or the same in chunks where the body asks for them. Its signal says
 * that the caller may no longer have the answer.
 */
export function bindEither<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  binder: Binder,
  contract: Endpoint<P, Q, B, R, Closed>,
  handler: (
    call: Call<z.output<P>, z.output<Q>, z.output<B>>,
    signal: AbortSignal,
  ) => Promise<{ status: "whole"; value: z.input<R> } | { status: "streams"; stream: ReadableStream<Uint8Array> }>,
): void {
  route(binder, contract, async (context) => {
    const caller = await requireCaller(binder, contract, context)
    const call = { ...(await parseCall(contract, context)), caller, context }
    const mayStill = mayCallerStill(binder, contract, context)
    const outcome = await ifStillAllowed((signal) => handler(call, signal), binder.deps.every, mayStill)
    if (outcome.status === "whole") return answer(contract, outcome.value, context)
    return eventStream(whileAllowed(outcome.stream, binder.deps.every, mayStill))
  })
}

/** Binds an endpoint that anyone may call. */
export function bindOpen<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  binder: Binder,
  contract: Endpoint<P, Q, B, R, Open>,
  handler: (call: OpenCall<z.output<P>, z.output<Q>, z.output<B>>) => Promise<z.input<R>>,
): void {
  route(binder, contract, async (context) => {
    requireOurOrigin(context, binder.deps.config)
    const findCaller = async () => {
      const identity = await identify(binder, context)
      if (identity.status !== "known") return undefined
      if (identity.caller.credential.kind === "cookie") requireOurOrigin(context, binder.deps.config, "always")
      return identity.caller
    }
    return answer(contract, await handler({ ...(await parseCall(contract, context)), findCaller, context }), context)
  })
}

/** Binds an endpoint that answers an event stream. What its handler throws is still an answer with a status. */
export function bindStream<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  binder: Binder,
  contract: StreamEndpoint<P, Q, B, Closed>,
  handler: (call: Call<z.output<P>, z.output<Q>, z.output<B>>) => Promise<ReadableStream<Uint8Array>>,
): void {
  route(binder, contract, async (context) => {
    // Its answer's body would be dropped unread, and the stream behind it would never end.
    if (context.req.raw.method === "HEAD") throw new LoopError("method_not_allowed", { allow: "GET" })
    const caller = await requireCaller(binder, contract, context)
    const stream = await handler({ ...(await parseCall(contract, context)), caller, context })
    return eventStream(whileAllowed(stream, binder.deps.every, mayCallerStill(binder, contract, context)))
  })
}

/** Whether the caller could ask for it now, as far as knowledge of a few seconds tells. */
function mayCallerStill(binder: Binder, { scope }: AnyContract, context: AppContext): () => Promise<boolean> {
  const identity = readCredential(context.req.raw.headers)
  if (identity.status !== "unread") return async () => true
  return async () => {
    const caller = await binder.identifier.lookAgain(identity.presented, identityAgeMs)
    if (caller === undefined) return false
    return permits({ role: caller.user.role, credential: caller.credential }, scope).status === "allowed"
  }
}

function eventStream(stream: ReadableStream<Uint8Array>): Response {
  // The last header keeps nginx from holding events back.
  const headers = { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" }
  return new Response(stream, { headers })
}

/** A file that is made while it is sent. What its handler throws before it is still an answer with a status. */
export interface FileAnswer {
  readonly type: string
  /** ASCII without quotes. */
  readonly name: string
  readonly body: ReadableStream<Uint8Array>
}

/** Binds an endpoint that answers a file. */
export function bindFile<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  binder: Binder,
  contract: StreamEndpoint<P, Q, B, Closed>,
  handler: (call: Call<z.output<P>, z.output<Q>, z.output<B>>) => Promise<FileAnswer>,
): void {
  route(binder, contract, async (context) => {
    if (context.req.raw.method === "HEAD") throw new LoopError("method_not_allowed", { allow: "GET" })
    const caller = await requireCaller(binder, contract, context)
    const { type, name, body } = await handler({ ...(await parseCall(contract, context)), caller, context })
    const headers = {
      "content-type": `${type}; charset=utf-8`,
      "content-disposition": `attachment; filename="${name}"`,
    }
    const mayStill = mayCallerStill(binder, contract, context)
    return new Response(whileAllowed(body, binder.deps.every, mayStill, "breaks"), { headers })
  })
}

/** Binds an endpoint that becomes a WebSocket. Whoever may not have it gets an answer with a status. */
export function bindSocket<P extends z.ZodType, Q extends z.ZodType>(
  binder: Binder,
  contract: SocketEndpoint<P, Q, Closed>,
  handler: (call: Call<z.output<P>, z.output<Q>, Record<string, never>>) => Promise<Response>,
): void {
  route(binder, contract, async (context) => {
    const caller = await requireCaller(binder, contract, context)
    const { method, headers } = context.req.raw
    if (method !== "GET" || headers.get("upgrade")?.toLowerCase() !== "websocket") {
      throw new LoopError("upgrade_required", { upgrade: "websocket" })
    }
    return handler({ ...(await parseCall(contract, context)), caller, context })
  })
}

type AnyContract = Endpoint | StreamEndpoint | SocketEndpoint

function route(binder: Binder, contract: AnyContract, answer: (context: AppContext) => Promise<Response>): void {
  binder.routes.add(contract.method.toUpperCase(), contract.path)
  if (contract.method === "get" && !("stream" in contract)) binder.routes.add("HEAD", contract.path)
  binder.app.on(contract.method.toUpperCase(), contract.path.replaceAll(/\{(\w+)\}/g, ":$1"), answer)
}

/** Looks the caller up, once a request. */
async function identify(binder: Binder, context: AppContext): Promise<Identity> {
  const identity = context.get("identity")
  if (identity.status !== "unread") return identity
  const found = await binder.identifier.identify(identity.presented)
  context.set("identity", found)
  // The browser's copy of the session must live on too.
  if (found.status === "known" && found.news === "session_extended" && identity.presented.via === "cookie")
    renewSessionCookie(context)
  return found
}

async function requireCaller(binder: Binder, contract: AnyContract, context: AppContext): Promise<Caller> {
  const identity = await identify(binder, context)
  switch (identity.status) {
    case "anonymous":
    case "unread":
      throw new LoopError("missing_credentials")
    case "invalid":
      throw new LoopError("invalid_token")
    case "known":
  }
  const { caller } = identity
  if (contract.auth === "cookie" && caller.credential.kind !== "cookie") throw new LoopError("cookie_required")
  if (contract.auth === "token" && caller.credential.kind !== "token") throw new LoopError("token_required")
  if (caller.credential.kind === "cookie") requireOurOrigin(context, binder.deps.config, "always")
  const permission = permits({ role: caller.user.role, credential: caller.credential }, contract.scope)
  switch (permission.status) {
    case "role_forbidden":
      throw new LoopError("role_forbidden")
    case "scope_missing":
      throw new LoopError("scope_missing", { message: `The token needs the scope ${permission.scope}.` })
    case "allowed":
      return caller
  }
}

async function parseCall<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  contract: { params: P; query: Q; body: B } & AnyContract,
  context: AppContext,
): Promise<{ params: z.output<P>; query: z.output<Q>; body: z.output<B> }> {
  const unknownId = contract.unknownId ?? "route_not_found"
  const params = contract.params.safeParse(context.req.param())
  if (!params.success) throw new LoopError(unknownId)
  const query = parse(contract.query, Object.fromEntries(new URL(context.req.url).searchParams), "invalid_query")
  const given = await readBody(contract, context.req.raw)
  const body = parse(contract.body, given, "invalid_body")
  if (contract.refusesUnknown !== undefined) refuseUnknown(contract.refusesUnknown, given, body)
  return { params: params.data, query, body }
}

/** A field that was given and that parsing dropped. */
function refuseUnknown(names: RegExp, given: unknown, parsed: unknown): void {
  const field = Object.keys(Object(given)).find((name) => names.test(name) && !Object.hasOwn(Object(parsed), name))
  if (field !== undefined) throw unknownField("invalid_body", [field])
}

/** A body of a GET or DELETE means nothing (RFC 9110 9.3.1, 9.3.5) and is not read. */
async function readBody(contract: AnyContract, request: Request): Promise<unknown> {
  if (contract.method === "get" || contract.method === "delete") return {}
  const maxBytes = contract.maxBodyBytes ?? defaultMaxBodyBytes
  const bytes = await readBytes(request, maxBytes, contract.tooLarge ?? "body_too_large")
  return parseJsonBody(bytes, request.headers.get("content-type"))
}

/** Names the first field that is wrong, never its value. */
function parse<T extends z.ZodType>(schema: T, value: unknown, code: ErrorCode): z.output<T> {
  const parsed = schema.safeParse(value, { error: sayPlainly })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  if (issue?.code === "unrecognized_keys") throw unknownField(code, [...issue.path, issue.keys[0] ?? ""])
  if (issue === undefined || issue.path.length === 0) throw new LoopError(code)
  throw new LoopError(code, { message: issue.message, field: fieldText(issue.path) })
}

const fieldText = (path: readonly PropertyKey[]) => path.map(String).join(".").slice(0, 200)
const unknownField = (code: ErrorCode, path: readonly PropertyKey[]) =>
  new LoopError(code, { message: "There is no such field here.", field: fieldText(path) })

function answer(contract: Endpoint, given: unknown, context: AppContext): Response {
  const parsed = contract.response.safeParse(given)
  if (!parsed.success) {
    throw new LoopError(
      "internal",
      {},
      { cause: `the answer breaks the contract of ${contract.path}: ${parsed.error.message}` },
    )
  }
  if (contract.status === 204) return new Response(null, { status: 204 })
  const status = (context.get("isBad") === true ? contract.badStatus : undefined) ?? contract.status
  const headers = { "content-type": contract.textType ?? "application/json; charset=utf-8" }
  const body = contract.textType === undefined ? JSON.stringify(parsed.data) : String(parsed.data)
  return new Response(body, { status, headers })
}
