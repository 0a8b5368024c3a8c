/** Signing in. */
import type { FormEvent } from "react"
import { useState } from "react"
import type { UserView } from "../../../core/api/access.ts"
import { logIn } from "../../../core/api/access.ts"
import { call } from "../api/client.ts"
import { useTitle } from "../router.ts"
import { Brand } from "../ui/brand.tsx"
import { UserNameField } from "../ui/credential-fields.tsx"
import { Notice } from "../ui/notice.tsx"
import { TextField } from "../ui/text-field.tsx"
import { useAction } from "../ui/use-call.ts"

export function LoginPage({
  note,
  onDone,
}: {
  readonly note: string | null
  readonly onDone: (user: UserView) => void
}) {
  useTitle("Sign in")
  const [username, setUsername] = useState("")
  const [password, setPassword] = useState("")
  const { busy, problem, act } = useAction()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void act(async () => {
      const { user } = await call(logIn, { body: { username, password } })
      onDone(user)
    })
  }
  return (
    <main className="gate">
      <form className="gate-card" onSubmit={submit}>
        <Brand />
        <h1>Sign in</h1>
        {note !== null && problem === null && <Notice tone="calm">{note}</Notice>}
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        <UserNameField value={username} onChange={setUsername} />
        <TextField
          label="Password"
          type="password"
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
          required
        />
        <button className="button button-main" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  )
}
