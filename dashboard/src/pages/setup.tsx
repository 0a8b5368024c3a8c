/** First visit: creates the administrator with the one-time code of the link. */
import type { FormEvent } from "react"
import { useState } from "react"
import type { UserView } from "../../../core/api/access.ts"
import { setUp } from "../../../core/api/access.ts"
import { call } from "../api/client.ts"
import { toProblem } from "../api/problem.ts"
import { useTitle } from "../router.ts"
import { Brand } from "../ui/brand.tsx"
import { NewPasswordField, UserNameField } from "../ui/credential-fields.tsx"
import { Notice } from "../ui/notice.tsx"
import { TextField } from "../ui/text-field.tsx"
import { useAction } from "../ui/use-call.ts"

export function SetupPage({
  code,
  onDone,
  onAlreadySetUp,
}: {
  readonly code: string | null
  readonly onDone: (user: UserView) => void
  readonly onAlreadySetUp: () => void
}) {
  useTitle("Set up")
  const [typedCode, setTypedCode] = useState(code ?? "")
  const [asksCode, setAsksCode] = useState(code === null)
  const [username, setUsername] = useState("admin")
  const [password, setPassword] = useState("")
  const { busy, problem, act } = useAction()

  const submit = (event: FormEvent) => {
    event.preventDefault()
    void act(async () => {
      try {
        const { user } = await call(setUp, { body: { username, password, code: typedCode.trim() } })
        onDone(user)
      } catch (error) {
        const reason = toProblem(error).code
        if (reason === "already_set_up") onAlreadySetUp()
        if (reason === "invalid_setup_code") setAsksCode(true)
        throw error
      }
    })
  }
  return (
    <main className="gate">
      <form className="gate-card" onSubmit={submit}>
        <Brand />
        <h1>Set up your gateway</h1>
        <p className="muted">Create the administrator. You can talk to your agent right after.</p>
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        {asksCode && (
          <TextField
            label="Set-up code"
            hint="It is part of the link that the start or the deployment printed."
            value={typedCode}
            onChange={setTypedCode}
            autoComplete="one-time-code"
            spellCheck={false}
            required
          />
        )}
        <UserNameField value={username} onChange={setUsername} />
        <NewPasswordField label="Password" value={password} onChange={setPassword} />
        <button className="button button-main" disabled={busy}>
          {busy ? "Creating…" : "Create administrator"}
        </button>
      </form>
    </main>
  )
}
