/** One's own account: the password, and the browsers that are signed in. */
import type { FormEvent } from "react"
import { useContext, useState } from "react"
import { changePassword, endMySession, listMySessions } from "../../../core/api/users.ts"
import { call } from "../api/client.ts"
import { useTitle } from "../router.ts"
import { ShellContext } from "../shell/context.ts"
import { NewPasswordField } from "../ui/credential-fields.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { Sessions } from "../ui/sessions.tsx"
import { TextField } from "../ui/text-field.tsx"
import { useAction, useLoaded } from "../ui/use-call.ts"

const read = () => call(listMySessions, {})

export default function AccountPage() {
  useTitle("Account")
  const { user } = useContext(ShellContext)
  const [loaded, reload] = useLoaded(read)
  return (
    <div className="page">
      <PageHead title="Account" note={user?.role ?? null} />
      <div className="page-body">
        <PasswordForm username={user?.username ?? ""} onChanged={() => void reload()} />
        <h2 className="section-title">Signed in</h2>
        {loaded.is === "failed" && <Notice tone="bad">{loaded.message}</Notice>}
        {loaded.is === "ready" && (
          <Sessions
            sessions={loaded.value.data}
            onEnd={async ({ id }) => {
              await call(endMySession, { params: { sessionId: id } })
              await reload()
            }}
          />
        )}
      </div>
    </div>
  )
}

function PasswordForm({ username, onChanged }: { readonly username: string; readonly onChanged: () => void }) {
  const [oldPassword, setOldPassword] = useState("")
  const [newPassword, setNewPassword] = useState("")
  const [isDone, setDone] = useState(false)
  const { busy, problem, act } = useAction()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setDone(false)
    if (!(await act(() => call(changePassword, { body: { oldPassword, newPassword } })))) return
    setOldPassword("")
    setNewPassword("")
    setDone(true)
    onChanged()
  }
  return (
    <form className="card" onSubmit={(event) => void submit(event)}>
      <h2>Change the password</h2>
      <p className="card-facts">Your other sessions end. API tokens go on working.</p>
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      {isDone && <Notice tone="good">The password is changed.</Notice>}
      {/* So that password managers know whose it is. */}
      <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
      <TextField
        label="Old password"
        type="password"
        autoComplete="current-password"
        value={oldPassword}
        onChange={setOldPassword}
        required
      />
      <NewPasswordField label="New password" value={newPassword} onChange={setNewPassword} />
      <div className="actions">
        <button className="button button-main" disabled={busy}>
          {busy ? "Changing…" : "Change"}
        </button>
      </div>
    </form>
  )
}
