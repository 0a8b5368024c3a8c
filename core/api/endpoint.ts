/** An endpoint is a contract: one object that gives validation, permission, OpenAPI and the typed dashboard client. */
import * as z from "zod"
import type { AuditAction, AuditDetails, AuditEvent } from "../access/audit.ts"
import type { Scope } from "../access/scope.ts"
import type { ErrorCode } from "../errors.ts"
import { EpochMs } from "../units.ts"

/** For parts that an endpoint does not have. */
export const nothing = z.object({})

/**
 * Who may call. `none`: anyone, and credentials are not even read; `optional`: anyone, and a caller who presents
 * credentials is known by them; `user`: a session or a token; `cookie`: a signed-in browser only; `token`: an API token only.
 */
export type Auth = "none" | "optional" | "user" | "cookie" | "token"

interface Contract<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends Auth> {
  readonly method: "get" | "post" | "put" | "delete"
  /** Parameters in braces: `/api/channels/{channelId}`. */
  readonly path: string
  readonly summary: string
  /** What a reader of the documentation should know besides; Markdown. */
  readonly description?: string
  /** Headers that the handler reads, by name, with one sentence each. All may be left out. */
  readonly headers?: Readonly<Record<string, string>>
  readonly auth: A
  /** What the audit trail notes once it is done, where the handler does not note it itself. */
  readonly audit?: AuditRule<B>
  /** What the caller needs besides being known; null: nothing. */
  readonly scope: Scope | null
  readonly params: P
  readonly query: Q
  /** An empty body counts as `{}`. Fields that the schema does not name are dropped, so that newer clients work. */
  readonly body: B
  /** What is refused all the same in place of dropped: a limit that is misspelt would be no limit. */
  readonly refusesUnknown?: RegExp
  /** Codes that its handler may throw, besides those of parsing, permission and limits. */
  readonly errors: readonly ErrorCode[]
  /** Answered where a path parameter cannot be the id of anything. */
  readonly unknownId?: ErrorCode
  /** Largest body in bytes; 64 KB unless told. */
  readonly maxBodyBytes?: number
  /** The handler reads the body by itself and is called by a platform: only the body's size and encoding are judged before. */
  readonly rawBody?: true
  /** Answered to a larger body; `body_too_large` unless told. */
  readonly tooLarge?: ErrorCode
}

export interface AuditRule<B extends z.ZodType = z.ZodType> {
  readonly action: AuditAction
  readonly kind: NonNullable<AuditEvent["targetKind"]>
  /** The path parameter that names the target; absent: the `id` of the answer. */
  readonly id?: string
  /** What else is told. Unless said otherwise the names of the body's fields, and never their values. */
  readonly details?: (body: z.output<B>) => AuditDetails
}

export interface Endpoint<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
  A extends Auth = Auth,
> extends Contract<P, Q, B, A> {
  /** 204 has no body, whatever `response` says. */
  readonly status: 200 | 201 | 202 | 204
  /** Answered in place of `status`, with the same body, when the handler sets it to say that something is wrong. */
  readonly badStatus?: 503
  readonly response: R
  /** Answered one after the other as text/event-stream, where the body asks for that. */
  readonly chunks?: z.ZodType
  /** The answer is text of this type, and `response` a string; JSON unless told. */
  readonly textType?: string
}

/** Answers 200 with text/event-stream of `core/loop/event.ts`, or with a file. */
export interface StreamEndpoint<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  A extends Auth = Auth,
> extends Contract<P, Q, B, A> {
  readonly stream: true
  /** The answer is a file of one of these types, to be saved; events unless told. */
  readonly fileTypes?: readonly string[]
}

/** Answers 101, and is a WebSocket from then on. */
export interface SocketEndpoint<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  A extends Auth = Auth,
> extends Contract<P, Q, typeof nothing, A> {
  readonly method: "get"
  /** What each text frame from the gateway holds as JSON. */
  readonly frame: z.ZodType
}

/** Declares an endpoint that answers JSON. */
export function endpoint<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
  A extends Auth,
>(contract: Endpoint<P, Q, B, R, A>): Endpoint<P, Q, B, R, A> {
  return contract
}

/** Declares an endpoint that answers an event stream. */
export function streamEndpoint<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends Auth>(
  contract: Omit<StreamEndpoint<P, Q, B, A>, "stream">,
): StreamEndpoint<P, Q, B, A> {
  return { ...contract, stream: true }
}

/** Declares an endpoint that becomes a WebSocket. */
export function socketEndpoint<P extends z.ZodType, Q extends z.ZodType, A extends Auth>(
  contract: SocketEndpoint<P, Q, A>,
): SocketEndpoint<P, Q, A> {
  return contract
}

/** What a caller of the endpoint gives, before parsing. */
export type Input<E> =
  E extends Contract<infer P, infer Q, infer B, Auth>
    ? { params: z.input<P>; query: z.input<Q>; body: z.input<B> }
    : never
/** What a handler of the endpoint gets, after parsing. */
export type Parsed<E> =
  E extends Contract<infer P, infer Q, infer B, Auth>
    ? { params: z.output<P>; query: z.output<Q>; body: z.output<B> }
    : never
/** What the endpoint answers with. */
export type Answer<E> = E extends Endpoint<z.ZodType, z.ZodType, z.ZodType, infer R> ? z.output<R> : never

/**
 * The path and query string of one call: braces filled, values escaped, undefined values left out.
 * @throws Error when a brace has no value: a mistake in the caller's code, not input
 */
export function toUrl(path: string, params: unknown, query: unknown): string {
  const values = Values.parse(params)
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`no value for {${name}} of ${path}`)
    return encodeURIComponent(String(value))
  })
  const pairs = Object.entries(Values.parse(query)).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`],
  )
  return pairs.length === 0 ? filled : `${filled}?${pairs.join("&")}`
}
const Values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.undefined()]))

/** How many items a page has at most. */
export const pageLimit = (fallback: number) =>
  z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,4}$/)
        .transform(Number),
    ])
    .pipe(z.number().int().min(1).max(100))
    .default(fallback)

/** A page of a list: the newest first unless its endpoint says otherwise; null: nothing follows. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullable() })

/** An instant in an answer: RFC 3339 in UTC. */
export const Instant = z.iso.datetime()

/** An instant that a caller gives: RFC 3339 with any offset. */
export const InstantParameter = z.iso
  .datetime({ offset: true })
  .transform((text) => EpochMs.safeParse(Date.parse(text)).data ?? EpochMs.parse(0))
