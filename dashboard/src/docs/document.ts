/** The gateway's own description (OpenAPI 3.1), read as far as this page shows it. */
import * as z from "zod"

const Schema = z.record(z.string(), z.json())
export type Schema = z.infer<typeof Schema>

const Media = z.record(z.string(), z.object({ schema: Schema.default({}) }))
const Parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  required: z.boolean().default(false),
  description: z.string().optional(),
  schema: Schema.default({}),
})
export type Parameter = z.infer<typeof Parameter>
const Answer = z.object({ description: z.string(), content: Media.default({}) })
export type Answer = z.infer<typeof Answer>
const Operation = z.object({
  operationId: z.string(),
  tags: z.array(z.string()).default([]),
  summary: z.string(),
  description: z.string().optional(),
  security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
  parameters: z.array(Parameter).default([]),
  requestBody: z.object({ required: z.boolean().default(false), content: Media }).optional(),
  responses: z.record(z.string(), Answer),
})
const Paths = z.record(z.string(), z.partialRecord(z.enum(["get", "post", "put", "delete"]), Operation))

export const ApiDescription = z.object({
  info: z.object({ title: z.string(), version: z.string(), description: z.string().default("") }),
  servers: z.array(z.object({ url: z.string() })).default([]),
  paths: Paths,
  components: z.object({ schemas: z.record(z.string(), Schema) }),
})
export type ApiDescription = z.infer<typeof ApiDescription>

export type DescribedOperation = z.infer<typeof Operation> & { readonly method: string; readonly path: string }

/** All operations in the document's order, by their first tag. */
export function byTag({ paths }: ApiDescription): Map<string, DescribedOperation[]> {
  const groups = new Map<string, DescribedOperation[]>()
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0] ?? "Other"
      groups.set(tag, [...(groups.get(tag) ?? []), { ...operation, method, path }])
    }
  }
  return groups
}

/** A schema, or the component that it refers to. An unknown reference is shown as what it says. */
export function resolve(schema: Schema, schemas: Readonly<Record<string, Schema>>): Schema {
  const name = typeof schema.$ref === "string" ? schema.$ref.replace("#/components/schemas/", "") : undefined
  return name === undefined ? schema : (schemas[name] ?? schema)
}

/** The schemas below a field that is one or a list of them. */
export function schemasOf(value: unknown): Schema[] {
  const one = Schema.safeParse(value)
  if (one.success) return [one.data]
  return z.array(Schema).safeParse(value).data ?? []
}

/** A type in a few words: `string`, `"a" | "b"`, `array of integer`. */
export function typeName(schema: Schema): string {
  if (typeof schema.$ref === "string") return schema.$ref.replace("#/components/schemas/", "")
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(" | ")
  const choices = schemasOf(schema.anyOf ?? schema.oneOf)
  if (choices.length > 0) return [...new Set(choices.map(typeName))].join(" | ")
  const items = schemasOf(schema.items)[0]
  if (schema.type === "array") return `array of ${items === undefined ? "any" : typeName(items)}`
  const format = typeof schema.format === "string" ? ` (${schema.format})` : ""
  return typeof schema.type === "string" ? schema.type + format : "any"
}

const limits: readonly (readonly [name: string, words: string])[] = [
  ["minLength", "at least characters:"],
  ["maxLength", "at most characters:"],
  ["minimum", "at least"],
  ["exclusiveMinimum", "above"],
  ["maximum", "at most"],
  ["maxItems", "at most items:"],
  ["pattern", "pattern"],
  ["default", "default"],
]

/** The bounds of a value, one after the other; empty when there is none worth telling. */
export function boundsOf(schema: Schema): string {
  return limits
    .flatMap(([name, words]) => {
      const value = schema[name]
      // What any exact integer fits into is no bound.
      const isBound = value !== undefined && !(typeof value === "number" && Math.abs(value) >= Number.MAX_SAFE_INTEGER)
      return isBound ? [`${words} ${typeof value === "string" ? value : JSON.stringify(value)}`] : []
    })
    .join(", ")
}

/** The call as a shell command, with what must be given as placeholders. */
export function toCurl(operation: DescribedOperation, origin: string): string {
  const needed = operation.parameters.filter((one) => one.in === "query" && one.required)
  const query = needed.map(({ name }) => `${name}=<${name}>`).join("&")
  const url = `${origin}${operation.path}${query === "" ? "" : `?${query}`}`
  const lines = [`curl -X ${operation.method.toUpperCase()} "${url}"`]
  if (operation.security.some((way) => "bearer" in way)) lines.push('-H "Authorization: Bearer $TOKEN"')
  const body = operation.requestBody?.content["application/json"]?.schema
  if (body !== undefined) lines.push(`--json '${JSON.stringify(exampleOf(body))}'`)
  return lines.join(" \\\n  ")
}

function exampleOf(schema: Schema, depth = 0): z.infer<ReturnType<typeof z.json>> {
  if (schema.const !== undefined) return schema.const
  if (schema.default !== undefined) return schema.default
  if (Array.isArray(schema.enum)) return schema.enum[0] ?? null
  const [choice] = schemasOf(schema.anyOf ?? schema.oneOf)
  if (choice !== undefined && depth < 6) return exampleOf(choice, depth + 1)
  if (schema.type === "object") {
    const fields = Schema.safeParse(schema.properties).data ?? {}
    const required = z.array(z.string()).safeParse(schema.required).data ?? []
    const entries = required.flatMap((name) =>
      schemasOf(fields[name]).map((field) => [name, exampleOf(field, depth + 1)]),
    )
    return Object.fromEntries(entries)
  }
  if (schema.type === "array")
    return schemasOf(schema.items)
      .slice(0, 1)
      .map((item) => exampleOf(item, depth + 1))
  if (schema.type === "boolean") return true
  return schema.type === "integer" || schema.type === "number" ? 1 : "…"
}
