/** Parameters of a Bot API call, wherever they stand: query, JSON, URL-encoded or multipart form (core.telegram.org/bots/api#making-requests). */
import type { IncomingMessage } from "node:http"
import * as z from "zod"
import { readBody } from "./loopback.ts"

export type Params = Readonly<Record<string, unknown>>

export interface UploadedFile {
  readonly fileName: string
  readonly bytes: Uint8Array
}

/** What Telegram answers instead of a result. */
export interface TelegramProblem {
  readonly status: number
  readonly description: string
  readonly parameters?: { readonly retry_after?: number; readonly migrate_to_chat_id?: number }
}

/** Thrown by methods, turned into Telegram's error answer by the server. */
export class TelegramRefusal extends Error {
  readonly problem: TelegramProblem
  constructor(problem: TelegramProblem) {
    super(problem.description)
    this.problem = problem
  }
}

/** Ends a call with 400 `Bad Request: <why>`. */
export function badRequest(why: string): never {
  throw new TelegramRefusal({ status: 400, description: `Bad Request: ${why}` })
}

/** 429 as Telegram words it. @param seconds - whole, at least 1 */
export function refuseWithRetry(seconds: number): never {
  throw new TelegramRefusal({
    status: 429,
    description: `Too Many Requests: retry after ${seconds}`,
    parameters: { retry_after: seconds },
  })
}

/** One method of the Bot API. `gone` aborts when the caller has left. */
export type Method = (params: Params, gone: AbortSignal) => Answered | Promise<Answered>
export interface Answered {
  readonly result: unknown
  readonly description?: string
}
export type Methods = Readonly<Record<string, Method>>

const Fields = z.record(z.string(), z.unknown())

/** Reads all parameters of a call; uploaded files become `UploadedFile`. Text that is not Unicode is refused. */
export async function readParams(request: IncomingMessage, query: URLSearchParams): Promise<Params> {
  const body = await readBody(request)
  const params = { ...Object.fromEntries(query), ...(await bodyParams(request, body)) }
  if (hasLoneSurrogate(params)) badRequest("strings must be encoded in UTF-8")
  return params
}

async function bodyParams(request: IncomingMessage, body: Buffer): Promise<Params> {
  const type = request.headers["content-type"] ?? ""
  if (body.length === 0) return {}
  if (type.startsWith("application/json")) {
    try {
      return Fields.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)))
    } catch {
      return badRequest("can't parse JSON object")
    }
  }
  if (type.startsWith("application/x-www-form-urlencoded"))
    return Object.fromEntries(new URLSearchParams(body.toString()))
  if (!type.startsWith("multipart/form-data")) return {}
  const params: Record<string, unknown> = {}
  for (const [name, value] of await new Response(new Uint8Array(body), {
    headers: { "content-type": type },
  }).formData()) {
    params[name] =
      typeof value === "string"
        ? value
        : ({ fileName: value.name, bytes: new Uint8Array(await value.arrayBuffer()) } satisfies UploadedFile)
  }
  return params
}

function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === "string") {
    return /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(value)
  }
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return false
  return Object.values(value).some(hasLoneSurrogate)
}

/** A parameter as text; numbers and booleans count as they are written. Undefined when absent. */
export function text(params: Params, name: string): string | undefined {
  const value = params[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === "string") return value
  if (typeof value === "number" || typeof value === "boolean") return String(value)
  return badRequest(`can't parse ${name}: expected a string`)
}

/** A parameter as an integer. Undefined when absent; anything that is no integer is refused. */
export function integer(params: Params, name: string): number | undefined {
  const value = text(params, name)
  if (value === undefined || value === "") return undefined
  return /^-?\d{1,16}$/.test(value) ? Number(value) : badRequest(`wrong parameter ${name} in request`)
}

/** True for `true`, `True` and `1`, as Telegram reads flags. */
export function flag(params: Params, name: string): boolean {
  return ["true", "True", "1", "yes"].includes(text(params, name) ?? "")
}

/** A parameter that is an object or list: as JSON text in forms, as itself in a JSON body. Undefined when absent. */
export function json<T extends z.ZodType>(params: Params, name: string, schema: T): z.infer<T> | undefined {
  const value = params[name]
  if (value === undefined || value === null || value === "") return undefined
  try {
    return schema.parse(typeof value === "string" ? JSON.parse(value) : value)
  } catch {
    return badRequest(`can't parse ${name.replaceAll("_", " ")} JSON object`)
  }
}

const Upload = z.object({ fileName: z.string(), bytes: z.instanceof(Uint8Array) })

/** An uploaded file, by parameter or by `attach://`. Undefined when the parameter is text or absent. */
export function upload(params: Params, name: string): UploadedFile | undefined {
  const value = params[name]
  const attached = typeof value === "string" && value.startsWith("attach://") ? params[value.slice(9)] : value
  return Upload.safeParse(attached).data
}
