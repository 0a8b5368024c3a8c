/** Where the page begins. */
import "./strict-csp.ts"
import "./styles/tokens.css"
import "./styles/base.css"
import "./styles/shell.css"
import "./styles/chat.css"
import "./styles/prose.css"
import "./styles/records.css"
import { lazy, StrictMode, Suspense } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./app.tsx"
import { takeCode } from "./router.ts"
import { applyStoredTheme } from "./theme.ts"
import { untilLoaded } from "./ui/until-loaded.ts"

/** The documentation is for anyone, and asks for no session. */
const docsPath = "/api/docs"
const DocsPage = lazy(untilLoaded(() => import("./docs/docs-page.tsx")))

applyStoredTheme()
const codes = { setup: takeCode("/setup"), invitation: takeCode("/invite") }
const root = document.querySelector("#root")
if (root)
  createRoot(root).render(
    <StrictMode>
      {location.pathname === docsPath ? (
        <Suspense>
          <DocsPage />
        </Suspense>
      ) : (
        <App codes={codes} />
      )}
    </StrictMode>,
  )
