/** Describes contracts as an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.1): the same objects that validate. */
import * as z from "zod"
import { type ErrorCode, ErrorBody, errorRule } from "../errors.ts"
import type { Endpoint, StreamEndpoint } from "./endpoint.ts"

type Json = z.infer<ReturnType<typeof z.json>>
type JsonObject = Record<string, Json>
type Contract = Endpoint | StreamEndpoint

/** @param serverUrl - where the API is reached, or a path on the document's own host */
export function toOpenApi(contracts: readonly Contract[], serverUrl: string): JsonObject {
  const paths: Record<string, JsonObject> = {}
  for (const contract of contracts) {
    paths[contract.path] = { ...paths[contract.path], [contract.method]: describe(contract) }
  }
  return {
    openapi: "3.1.0",
    info: { title: "Loop Gateway", version: "1", license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      schemas: { Error: toSchema(ErrorBody, "output") },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "la_<48 hex>, or the token of a login" },
        cookie: { type: "apiKey", in: "cookie", name: "loop_session" },
      },
    },
  }
}

function describe(contract: Contract): JsonObject {
  const takesBody = contract.method === "post" || contract.method === "put"
  return {
    summary: contract.summary,
    ...(contract.scope === null ? {} : { description: `Needs the scope \`${contract.scope}\`.` }),
    security: securityOf(contract),
    parameters: [
      ...parametersOf(contract.params, "path"),
      ...parametersOf(contract.query, "query"),
      ...headersOf(contract),
    ],
    ...(takesBody ? { requestBody: { content: jsonContent(toSchema(contract.body, "input")) } } : {}),
    responses: { ...successOf(contract), ...failuresOf(contract) },
  }
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
  }
}

const Properties = z.object({
  properties: z.record(z.string(), z.json()).default({}),
  required: z.array(z.string()).default([]),
})

function parametersOf(schema: z.ZodType, place: "path" | "query"): JsonObject[] {
  const { properties, required } = Properties.parse(toSchema(schema, "input"))
  return Object.entries(properties).map(([name, described]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: described,
  }))
}

function headersOf(contract: Contract): JsonObject[] {
  if (!("stream" in contract)) return []
  const names = contract.method === "post" ? ["Idempotency-Key", "Last-Event-ID"] : ["Last-Event-ID"]
  return names.map((name) => ({ name, in: "header", required: false, schema: { type: "string" } }))
}

function successOf(contract: Contract): JsonObject {
  if ("stream" in contract) {
    return { "200": { description: "The events", content: { "text/event-stream": { schema: { type: "string" } } } } }
  }
  const status = String(contract.status)
  if (contract.status === 204) return { [status]: { description: "Done" } }
  return { [status]: { description: "Done", content: jsonContent(toSchema(contract.response, "output")) } }
}

/** What a contract names, and what every request may meet before its handler. */
function failuresOf(contract: Contract): JsonObject {
  const common: ErrorCode[] = ["invalid_query", "too_many_requests", "internal", "database_unavailable"]
  const known: ErrorCode[] =
    contract.auth === "user" || contract.auth === "cookie" ? ["missing_credentials", "invalid_token"] : []
  const refused: ErrorCode[] = contract.scope === null ? [] : ["scope_missing", "role_forbidden"]
  const byStatus = new Map<number, string[]>()
  for (const code of new Set([...contract.errors, ...common, ...known, ...refused])) {
    const { status } = errorRule(code)
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      { description: codes.join(", "), content: jsonContent({ $ref: "#/components/schemas/Error" }) },
    ]),
  )
}

function jsonContent(schema: Json): JsonObject {
  return { "application/json": { schema } }
}

/** What JSON Schema cannot say, such as a transform's outcome, is left open. */
function toSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io, unrepresentable: "any" })
  return z.json().parse(JSON.parse(JSON.stringify(described)))
}
