/** Makes an invitation, and shows its link this once. */
import type { FormEvent } from "react"
import { useState } from "react"
import type { Role } from "../../../core/access/scope.ts"
import { createInvitation } from "../../../core/api/users.ts"
import { call } from "../api/client.ts"
import { Dialog } from "../ui/dialog.tsx"
import { Notice } from "../ui/notice.tsx"
import { ShownOnce } from "../ui/shown-once.tsx"
import { useAction } from "../ui/use-call.ts"

const roles: readonly (readonly [role: Role, label: string, may: string])[] = [
  ["viewer", "Viewer", "sees agents, conversations and operations, and changes nothing"],
  ["operator", "Operator", "runs agents, conversations and channels"],
  ["admin", "Administrator", "does everything, people included"],
]

export function Invite({ onClose }: { readonly onClose: () => void }) {
  const [role, setRole] = useState<Role>("operator")
  const [link, setLink] = useState<string | null>(null)
  const { busy, problem, act } = useAction()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void act(async () => setLink((await call(createInvitation, { body: { role } })).link))
  }
  if (link !== null)
    return (
      <ShownOnce title="The invitation" secret={link} copyLabel="Copy link" onClose={onClose}>
        Send this link to the person. It works once, for seven days, and is not shown again.
      </ShownOnce>
    )
  return (
    <Dialog title="Invite a person" onClose={onClose}>
      <form onSubmit={submit}>
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        <fieldset className="scope-choice">
          <legend>What they may do</legend>
          {roles.map(([value, label, may]) => (
            <label key={value} className="check">
              <input type="radio" name="role" checked={role === value} onChange={() => setRole(value)} />
              <span>
                {label} <span className="hint">{may}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button className="button button-main" disabled={busy}>
            Make a link
          </button>
        </div>
      </form>
    </Dialog>
  )
}
