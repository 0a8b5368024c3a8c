/** A JSON schema as a list of fields, opened as deep as the reader wants. */
import { useContext } from "react"
import * as z from "zod"
import { SchemasContext } from "./context.ts"
import { boundsOf, resolve, schemasOf, typeName, type Schema } from "./document.ts"

/** Deeper ones open on demand all the same; this bounds what is drawn at once. */
const openDepth = 1

export function SchemaView({ schema, depth = 0 }: { readonly schema: Schema; readonly depth?: number }) {
  const schemas = useContext(SchemasContext)
  const whole = resolve(schema, schemas)
  const choices = schemasOf(whole.anyOf ?? whole.oneOf)
  const items = schemasOf(whole.items)[0]
  const parts = schemasOf(whole.allOf)
  if (parts.length > 0)
    return parts.map((part) => <SchemaView key={JSON.stringify(part)} schema={part} depth={depth} />)
  if (whole.type === "object") return <Fields schema={whole} depth={depth} />
  if (choices.some((choice) => hasFields(choice, schemas)))
    return (
      <ul className="schema-choices">
        {choices.map((choice, at) => (
          <li key={JSON.stringify(choice)}>
            {at > 0 && <p className="schema-or">or</p>}
            <SchemaView schema={choice} depth={depth} />
          </li>
        ))}
      </ul>
    )
  if (whole.type === "array" && items !== undefined && hasFields(items, schemas))
    return (
      <>
        <p className="hint">Array of</p>
        <SchemaView schema={items} depth={depth} />
      </>
    )
  return (
    <p className="schema-plain">
      <code>{typeName(whole)}</code> <span className="hint">{boundsOf(whole)}</span>
    </p>
  )
}

function hasFields(schema: Schema, schemas: Readonly<Record<string, Schema>>): boolean {
  const whole = resolve(schema, schemas)
  const below = [...schemasOf(whole.anyOf ?? whole.oneOf), ...schemasOf(whole.items)]
  return "properties" in whole || below.some((part) => hasFields(part, schemas))
}

function Fields({ schema, depth }: { readonly schema: Schema; readonly depth: number }) {
  const schemas = useContext(SchemasContext)
  const fields = z.record(z.string(), z.record(z.string(), z.json())).safeParse(schema.properties).data ?? {}
  const required = z.array(z.string()).safeParse(schema.required).data ?? []
  const names = Object.keys(fields)
  if (names.length === 0) return <p className="hint">{"properties" in schema ? "No fields." : "Any fields."}</p>
  return (
    <ul className="schema-fields">
      {Object.entries(fields).map(([name, field]) => (
        <li key={name}>
          <p className="schema-field">
            <code className="schema-name">{name}</code>
            <span className="schema-type">{typeName(field)}</span>
            {!required.includes(name) && <span className="badge">optional</span>}
            <span className="hint">{boundsOf(field)}</span>
          </p>
          {hasFields(field, schemas) && (
            <details open={depth < openDepth}>
              <summary>Fields</summary>
              <SchemaView schema={field} depth={depth + 1} />
            </details>
          )}
        </li>
      ))}
    </ul>
  )
}
