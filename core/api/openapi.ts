/** Describes contracts as an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.1): the same objects that validate. */
import * as z from "zod"
import { type ErrorCode, ErrorBody, errorRule } from "../errors.ts"
import { LiveFrame } from "../live/event.ts"
import { LoopEvent } from "../loop/event.ts"
import { isOpenAiPath, OpenAiError } from "./chat-completions.ts"
import type { Endpoint, SocketEndpoint, StreamEndpoint } from "./endpoint.ts"

type Json = z.infer<ReturnType<typeof z.json>>
type JsonObject = Record<string, Json>
export type Contract = Endpoint | StreamEndpoint | SocketEndpoint

/** @param serverUrl - where the API is reached, or a path on the document's own host */
export function toOpenApi(contracts: readonly Contract[], serverUrl: string): JsonObject {
  const paths: Record<string, JsonObject> = {}
  for (const contract of contracts) {
    paths[contract.path] = { ...paths[contract.path], [contract.method]: describe(contract) }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Loop Gateway",
      version: "1",
      description: "Instants are RFC 3339 in UTC. Every failure has one shape and a code that stays the same.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: serverUrl }],
    tags: [...new Set(contracts.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      schemas: {
        Json: { description: "Any JSON value." },
        Error: toSchema(ErrorBody, "output"),
        OpenAiError: toSchema(OpenAiError, "output"),
        LoopEvent: toSchema(LoopEvent, "output"),
        LiveFrame: toSchema(LiveFrame, "output"),
      },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "la_<48 hex>, or the token of a login" },
        cookie: { type: "apiKey", in: "cookie", name: "loop_session" },
      },
    },
  }
}

const takesBody = ({ method }: Contract) => method === "post" || method === "put"
const hasFields = (schema: z.ZodType) => Object.keys(fieldsOf(schema).properties).length > 0

function describe(contract: Contract): JsonObject {
  const needs = contract.scope === null ? [] : [`Needs the scope \`${contract.scope}\`.`]
  const description = [...needs, ...(contract.description === undefined ? [] : [contract.description])].join("\n\n")
  return {
    operationId: operationId(contract),
    tags: [tagOf(contract)],
    summary: contract.summary,
    ...(description === "" ? {} : { description }),
    security: securityOf(contract),
    parameters: [
      ...parametersOf(contract.params, "path"),
      ...parametersOf(contract.query, "query"),
      ...headersOf(contract),
    ],
    ...(takesBody(contract) ? { requestBody: bodyOf(contract) } : {}),
    responses: { ...successOf(contract), ...failuresOf(contract), ...badOf(contract) },
  }
}

/** Method and path as one word: `putAgentGroupsByGroupId`. */
function operationId({ method, path }: Contract): string {
  const words = path
    .replace(/^\/api(?=\/)/, "")
    .replaceAll(/\{(\w)(\w*)\}/g, (_, first: string, rest: string) => `by-${first.toUpperCase()}${rest}`)
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
  return method + words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("")
}

/** The area of a path: its first part behind `/api` and the version. */
function tagOf({ path }: Contract): string {
  const area = /^\/(?:api\/)?(?:v1\/)?([^/]+)/.exec(path)?.[1] ?? ""
  const words = area.replaceAll(/[-_.]/g, " ")
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}

function securityOf({ auth }: Contract): Json {
  switch (auth) {
    case "none":
      return []
    case "optional":
      return [{}, { bearer: [] }, { cookie: [] }]
    case "user":
      return [{ bearer: [] }, { cookie: [] }]
    case "cookie":
      return [{ cookie: [] }]
    case "token":
      return [{ bearer: [] }]
  }
}

/** An empty body stands for `{}`, so it is required only where a field is. */
function bodyOf({ body }: Contract): JsonObject {
  return { required: !body.safeParse({}).success, content: jsonContent(toSchema(body, "input")) }
}

const Fields = z.object({
  properties: z.record(z.string(), z.json()).default({}),
  required: z.array(z.string()).default([]),
})
const fieldsOf = (schema: z.ZodType) => Fields.parse(toSchema(schema, "input"))

function parametersOf(schema: z.ZodType, place: "path" | "query"): JsonObject[] {
  const { properties, required } = fieldsOf(schema)
  return Object.entries(properties).map(([name, described]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: described,
  }))
}

function headersOf({ headers = {} }: Contract): JsonObject[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }))
}

const eventStream: JsonObject = {
  description: "Events as text/event-stream: each with its name, and its data as JSON.",
  content: {
    "text/event-stream": { schema: { type: "string", "x-event": { $ref: "#/components/schemas/LoopEvent" } } },
  },
}

function fileOf(types: readonly string[]): JsonObject {
  const schemaOf = (type: string): JsonObject => (type.startsWith("text/") ? { type: "string" } : {})
  const content = Object.fromEntries(types.map((type) => [type, { schema: schemaOf(type) }]))
  return { description: "The file, in pieces as it is read.", content }
}

function successOf(contract: Contract): JsonObject {
  if ("frame" in contract) return { "101": { description: "The WebSocket is open." } }
  if ("stream" in contract)
    return { "200": contract.fileTypes === undefined ? eventStream : fileOf(contract.fileTypes) }
  const status = String(contract.status)
  if (contract.status === 204) return { [status]: { description: "Done" } }
  const schema = toSchema(contract.response, "output")
  const type = contract.textType?.split(";")[0]
  const whole = type === undefined ? jsonContent(schema) : { [type]: { schema } }
  return { [status]: { description: "Done", content: { ...whole, ...chunksOf(contract) } } }
}

/** One of them stands in each event's data. */
function chunksOf({ chunks }: Endpoint): JsonObject {
  if (chunks === undefined) return {}
  return { "text/event-stream": { schema: { type: "string", "x-event": toSchema(chunks, "output") } } }
}

/** The answer that says that something is wrong has the form of the other. */
function badOf(contract: Contract): JsonObject {
  if (!("badStatus" in contract) || contract.badStatus === undefined) return {}
  const content = jsonContent(toSchema(contract.response, "output"))
  return { [String(contract.badStatus)]: { description: "Something is wrong, and the answer says what", content } }
}

/** Every code that a contract's callers may meet: what it names itself, and what is judged before its handler. */
export function failureCodes(contract: Contract): ErrorCode[] {
  const codes: ErrorCode[] = [...contract.errors, "host_forbidden", "too_many_requests", "internal"]
  if (contract.path.includes("{")) codes.push(contract.unknownId ?? "route_not_found")
  if (hasFields(contract.query)) codes.push("invalid_query")
  if (takesBody(contract)) codes.push(contract.tooLarge ?? "body_too_large", "invalid_json")
  if (takesBody(contract) && contract.rawBody === undefined) {
    codes.push("invalid_body", "unsupported_media_type")
  }
  if (contract.method !== "get" && contract.rawBody === undefined && contract.auth !== "token") {
    codes.push("origin_forbidden")
  }
  if (contract.auth !== "none" && contract.auth !== "optional") codes.push("missing_credentials", "invalid_token")
  if (contract.auth === "cookie") codes.push("cookie_required")
  if (contract.auth === "token") codes.push("token_required")
  if (contract.auth !== "cookie" && contract.scope !== null) codes.push("scope_missing")
  if (contract.scope !== null) codes.push("role_forbidden")
  codes.push("database_unavailable", "peer_unavailable", "storage_failed", "shutting_down")
  return [...new Set(codes)]
}

function failuresOf(contract: Contract): JsonObject {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of failureCodes(contract)) {
    const { status } = errorRule(code)
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const ordered = [...byStatus].toSorted(([a], [b]) => a - b)
  const shape = isOpenAiPath(contract.path) ? "OpenAiError" : "Error"
  return Object.fromEntries(ordered.map(([status, codes]) => [String(status), failureOf(codes, shape)]))
}

function failureOf(codes: readonly ErrorCode[], shape: "Error" | "OpenAiError"): JsonObject {
  const code = { properties: { error: { properties: { code: { enum: [...codes] } } } } }
  return {
    description: codes.map((one) => `\`${one}\`: ${errorRule(one).message}`).join("\n\n"),
    content: jsonContent({ allOf: [{ $ref: `#/components/schemas/${shape}` }, code] }),
  }
}

function jsonContent(schema: Json): JsonObject {
  return { "application/json": { schema } }
}

/** What JSON Schema cannot say, such as a transform's outcome, is left open. */
function toSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, $defs: _json, ...described } = z.toJSONSchema(schema, { io, unrepresentable: "any" })
  return z.json().parse(JSON.parse(JSON.stringify(described), referToJson))
}

/** `z.json()` is the one schema that refers to itself, from the root of its own document, which is not ours. */
function referToJson(name: string, value: unknown): unknown {
  const isOwn = name === "$ref" && typeof value === "string" && value.startsWith("#/$defs/")
  return isOwn ? "#/components/schemas/Json" : value
}
