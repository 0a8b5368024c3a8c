/** The API's own description, and a judge that is not ours: JSON Schema 2020-12 by Ajv, which knows nothing of zod. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import * as z from "zod"
import { contracts } from "../../core/api/contracts.ts"
import { toOpenApi } from "../../core/api/openapi.ts"

const Media = z.record(z.string(), z.object({ schema: z.unknown() }))
const Parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  required: z.boolean(),
  schema: z.unknown(),
})
const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(Parameter),
  requestBody: z.object({ required: z.boolean(), content: Media }).optional(),
  responses: z.record(z.string(), z.object({ content: Media.optional() })),
})
export type Operation = z.infer<typeof Operation>
const Paths = z.record(z.string(), z.record(z.string(), Operation))

/** As a client gets it: through JSON. */
export const openApiDocument: unknown = JSON.parse(JSON.stringify(toOpenApi(contracts, "/")))
export const paths = Paths.parse(Object(openApiDocument).paths)

const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
const base = "https://gateway.test/openapi.json"
ajv.addSchema({ $id: base, ...Object(openApiDocument) })

const escaped = (part: string) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))

/** What the document says against a value at the place of a schema; empty: nothing. */
function complaints(place: readonly string[], value: unknown): string[] {
  const reference = `${base}#/${place.map(escaped).join("/")}`
  const validate: ValidateFunction = ajv.getSchema(reference) ?? ajv.compile({ $ref: reference })
  return validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`)
}

export interface AskedCall {
  readonly path: string
  readonly method: string
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Holds a request that should succeed against the document. */
export function judgeRequest({ path, method, params, query, headers, body }: AskedCall): string[] {
  const operation = operationOf(path, method)
  const place = ["paths", path, method]
  const given = { path: params, query, header: headers }
  const found = operation.parameters.flatMap((parameter, at) => {
    const value = given[parameter.in][parameter.name]
    if (value === undefined) return parameter.required ? [`${parameter.name} is required`] : []
    return complaints([...place, "parameters", String(at), "schema"], value)
  })
  const named = (kind: Operation["parameters"][number]["in"], name: string) =>
    operation.parameters.some((parameter) => parameter.in === kind && parameter.name === name)
  const undescribed = [
    ...Object.keys(params).filter((name) => !named("path", name)),
    ...Object.keys(query).filter((name) => !named("query", name)),
    ...Object.keys(headers).filter((name) => !named("header", name)),
  ].map((name) => `${name} is not described`)
  const { requestBody } = operation
  if (body === undefined) return [...found, ...undescribed, ...(requestBody?.required ? ["a body is required"] : [])]
  if (requestBody === undefined) return [...found, ...undescribed, "no body is described"]
  const schema = [...place, "requestBody", "content", "application/json", "schema"]
  return [...found, ...undescribed, ...complaints(schema, body)]
}

/** Holds an answer against the document: its status, its media type, its body. */
export async function judgeAnswer(path: string, method: string, response: Response): Promise<string[]> {
  const status = String(response.status)
  const described = operationOf(path, method).responses[status]
  const text = await response.text()
  if (described === undefined) return [`status ${status} is not described: ${text.slice(0, 200)}`]
  if (described.content === undefined) return text === "" ? [] : [`status ${status} has a body`]
  const type = response.headers.get("content-type")?.split(";")[0]?.trim() ?? ""
  if (described.content[type] === undefined) return [`status ${status} has the type ${type}`]
  const value: unknown = type === "application/json" ? JSON.parse(text) : text
  return complaints(["paths", path, method, "responses", status, "content", type, "schema"], value)
}

export function operationOf(path: string, method: string): Operation {
  const operation = paths[path]?.[method]
  if (operation === undefined) throw new Error(`${method} ${path} is not described`)
  return operation
}
