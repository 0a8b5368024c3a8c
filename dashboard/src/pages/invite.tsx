/** Whoever opens an invitation's link: chooses a name and a password. */
import type { FormEvent } from "react"
import { useCallback, useState } from "react"
import type { UserView } from "../../../core/api/access.ts"
import { acceptInvitation, showInvitation } from "../../../core/api/users.ts"
import { call } from "../api/client.ts"
import { useTitle } from "../router.ts"
import { Brand } from "../ui/brand.tsx"
import { NewPasswordField, UserNameField } from "../ui/credential-fields.tsx"
import { Notice } from "../ui/notice.tsx"
import { useAction, useLoaded } from "../ui/use-call.ts"

export function InvitePage({ code, onDone }: { readonly code: string; readonly onDone: (user: UserView) => void }) {
  useTitle("Invitation")
  const [invitation] = useLoaded(useCallback(() => call(showInvitation, { body: { code } }), [code]))
  const [username, setUsername] = useState("")
  const [password, setPassword] = useState("")
  const { busy, problem, act } = useAction()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void act(async () => {
      const { user } = await call(acceptInvitation, { body: { code, username, password } })
      onDone(user)
    })
  }
  if (invitation.is === "loading") return <main className="gate" aria-busy="true" />
  if (invitation.is === "failed")
    return (
      <main className="gate">
        <div className="gate-card">
          <Brand />
          <h1>Invitation</h1>
          <Notice tone="bad">{invitation.message}</Notice>
          <p className="muted">Ask for another one.</p>
        </div>
      </main>
    )
  return (
    <main className="gate">
      <form className="gate-card" onSubmit={submit}>
        <Brand />
        <h1>You are invited</h1>
        <p className="muted">Choose a name and a password. Your role is {invitation.value.role}.</p>
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        <UserNameField value={username} onChange={setUsername} />
        <NewPasswordField label="Password" value={password} onChange={setPassword} />
        <button className="button button-main" disabled={busy}>
          {busy ? "Joining…" : "Join"}
        </button>
      </form>
    </main>
  )
}
