/** Makes an invitation, and shows its link this once. */
import { useState } from "react"
import type { Role } from "../../../core/access/scope.ts"
import { createInvitation } from "../../../core/api/users.ts"
import { call } from "../api/client.ts"
import { FormDialog } from "../ui/form-dialog.tsx"
import { ShownOnce } from "../ui/shown-once.tsx"

const roles: readonly (readonly [role: Role, label: string, may: string])[] = [
  ["viewer", "Viewer", "sees agents, conversations and operations, and changes nothing"],
  ["operator", "Operator", "runs agents, conversations and channels"],
  ["admin", "Administrator", "does everything, people included"],
]

export function Invite({ onClose }: { readonly onClose: () => void }) {
  const [role, setRole] = useState<Role>("operator")
  const [link, setLink] = useState<string | null>(null)
  if (link !== null)
    return (
      <ShownOnce title="The invitation" secret={link} copyLabel="Copy link" onClose={onClose}>
        Send this link to the person. It works once, for seven days, and is not shown again.
      </ShownOnce>
    )
  return (
    <FormDialog
      title="Invite a person"
      action="Make a link"
      save={() => call(createInvitation, { body: { role } })}
      onSaved={(made) => setLink(made.link)}
      onClose={onClose}
    >
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
    </FormDialog>
  )
}
