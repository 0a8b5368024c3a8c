/** Where the page begins. */
import "./strict-csp.ts"
import "./styles/tokens.css"
import "./styles/base.css"
import "./styles/shell.css"
import "./styles/chat.css"
import "./styles/prose.css"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./app.tsx"
import { takeSetupCode } from "./router.ts"
import { applyStoredTheme } from "./theme.ts"

applyStoredTheme()
const setupCode = takeSetupCode()
const root = document.querySelector("#root")
if (root)
  createRoot(root).render(
    <StrictMode>
      <App setupCode={setupCode} />
    </StrictMode>,
  )
