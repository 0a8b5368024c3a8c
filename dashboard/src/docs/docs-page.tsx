/** The API's documentation at /api/docs: drawn from the gateway's own description, from our own files alone. */
import "../styles/docs.css"
import { useEffect, useMemo, useState } from "react"
import { getOpenApi } from "../../../core/api/operations.ts"
import { call } from "../api/client.ts"
import { useTitle } from "../router.ts"
import { Brand } from "../ui/brand.tsx"
import { Notice } from "../ui/notice.tsx"
import { useLoaded } from "../ui/use-call.ts"
import { SchemasContext } from "./context.ts"
import { ApiDescription, byTag, type DescribedOperation } from "./document.ts"
import { OperationView } from "./operation-view.tsx"

const read = async () => ApiDescription.parse(await call(getOpenApi, {}))

export default function DocsPage() {
  useTitle("API")
  const [loaded] = useLoaded(read)
  switch (loaded.is) {
    case "loading":
      return <main className="docs" aria-busy="true" />
    case "failed":
      return (
        <main className="docs">
          <Notice tone="bad">{loaded.message}</Notice>
        </main>
      )
    case "ready":
      return <Description description={loaded.value} />
  }
}

function Description({ description }: { readonly description: ApiDescription }) {
  const [sought, setSought] = useState("")
  const groups = useMemo(() => [...byTag(description)], [description])
  // The browser looked for it before it was there.
  useEffect(() => document.getElementById(location.hash.slice(1))?.scrollIntoView(), [])
  const shown = groups.flatMap(([tag, operations]) => {
    const found = operations.filter((operation) => fits(operation, sought))
    return found.length === 0 ? [] : [{ tag, operations: found }]
  })
  return (
    <SchemasContext value={description.components.schemas}>
      <div className="docs">
        <header className="docs-head">
          <a href="/" aria-label="To the gateway">
            <Brand />
          </a>
          <a href="/api/openapi.json" className="button">
            openapi.json
          </a>
        </header>
        <div className="docs-columns">
          <nav className="docs-nav" aria-label="Areas">
            <ul className="nav-list">
              {shown.map(({ tag, operations }) => (
                <li key={tag}>
                  <a href={`#area-${tag}`}>
                    <span className="nav-text">{tag}</span>
                    <span className="nav-time">{operations.length}</span>
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <main>
            <h1>API</h1>
            <p className="muted">{description.info.description}</p>
            <p className="docs-search">
              <input
                type="search"
                aria-label="Search operations"
                placeholder="Search"
                value={sought}
                onChange={(event) => setSought(event.target.value)}
              />
            </p>
            {shown.length === 0 && <p className="muted">Nothing is called so.</p>}
            {shown.map(({ tag, operations }) => (
              <section key={tag} id={`area-${tag}`}>
                <h2>{tag}</h2>
                {operations.map((operation) => (
                  <OperationView key={operation.operationId} operation={operation} />
                ))}
              </section>
            ))}
          </main>
        </div>
      </div>
    </SchemasContext>
  )
}

function fits({ method, path, summary }: DescribedOperation, sought: string): boolean {
  const text = `${method} ${path} ${summary}`.toLowerCase()
  return sought
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
