/** One operation: who may call it, what it takes, what it answers, how it fails. */
import { useState } from "react"
import { CopyButton } from "../ui/copy.tsx"
import { Prose } from "./prose.tsx"
import {
  type Answer,
  type DescribedOperation,
  type Parameter,
  boundsOf,
  schemasOf,
  toCurl,
  typeName,
} from "./document.ts"
import { SchemaView } from "./schema-view.tsx"

export function OperationView({ operation }: { readonly operation: DescribedOperation }) {
  // Most readers look at a few of many: the rest costs nothing until it is opened.
  const [isOpen, setOpen] = useState(() => location.hash === `#${operation.operationId}`)
  return (
    <details
      id={operation.operationId}
      className="card operation"
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <span className={`method method-${operation.method}`}>{operation.method.toUpperCase()}</span>
        <code className="operation-path">{operation.path}</code>
        <span className="operation-summary">{operation.summary}</span>
      </summary>
      {isOpen && <Body operation={operation} />}
    </details>
  )
}

function Body({ operation }: { readonly operation: DescribedOperation }) {
  const { description, parameters, requestBody, responses } = operation
  const body = requestBody?.content["application/json"]?.schema
  const curl = toCurl(operation, location.origin)
  return (
    <div className="operation-body">
      {description !== undefined && <Prose text={description} />}
      <p className="hint">{waysIn(operation)}</p>
      <div className="secret">
        <pre tabIndex={0}>{curl}</pre>
        <CopyButton label="Copy the command" read={() => curl} />
      </div>
      {parameters.length > 0 && (
        <>
          <h4>Parameters</h4>
          <ul className="schema-fields">
            {parameters.map((one) => (
              <ParameterView key={one.in + one.name} parameter={one} />
            ))}
          </ul>
        </>
      )}
      {body !== undefined && (
        <>
          <h4>Body</h4>
          <SchemaView schema={body} />
        </>
      )}
      <h4>Answers</h4>
      {Object.entries(responses).map(([status, answer]) => (
        <AnswerView key={status} status={status} answer={answer} />
      ))}
    </div>
  )
}

function waysIn({ security }: DescribedOperation): string {
  if (security.length === 0) return "Anyone may call it."
  const isOptional = security.some((way) => Object.keys(way).length === 0)
  if (isOptional) return "Anyone may call it; a signed-in caller is told more."
  const takesToken = security.some((way) => "bearer" in way)
  const takesCookie = security.some((way) => "cookie" in way)
  if (takesToken && takesCookie) return "Needs a token in the Authorization header, or a signed-in browser."
  return takesToken ? "Needs a token in the Authorization header." : "Needs a signed-in browser; a token is not enough."
}

function ParameterView({ parameter }: { readonly parameter: Parameter }) {
  return (
    <li>
      <p className="schema-field">
        <code className="schema-name">{parameter.name}</code>
        <span className="schema-type">{typeName(parameter.schema)}</span>
        <span className="badge">{parameter.in}</span>
        {!parameter.required && <span className="badge">optional</span>}
        <span className="hint">{boundsOf(parameter.schema)}</span>
      </p>
      {parameter.description !== undefined && <p className="hint">{parameter.description}</p>}
    </li>
  )
}

function AnswerView({ status, answer }: { readonly status: string; readonly answer: Answer }) {
  const isGood = status.startsWith("2")
  return (
    <details className="answer" open={isGood}>
      <summary>
        <span className={isGood ? "badge badge-good" : "badge badge-bad"}>{status}</span>{" "}
        {Object.keys(answer.content).join(" or ") || "without a body"}
      </summary>
      <Prose text={answer.description} />
      {isGood &&
        Object.entries(answer.content).map(([type, { schema }]) => (
          // A stream is text; what its events are made of says more.
          <SchemaView key={type} schema={schemasOf(schema["x-event"])[0] ?? schema} />
        ))}
    </details>
  )
}
