/** Adding a runner: a token that is shown once, and the line that starts a runner with it. */
import { useState } from "react"
import { createRunnerToken } from "../../../core/api/runners.ts"
import { Capability } from "../../../core/runner/command.ts"
import { call } from "../api/client.ts"
import { FormDialog } from "../ui/form-dialog.tsx"
import { MayDo } from "../ui/may-do.tsx"
import { ShownOnce } from "../ui/shown-once.tsx"
import { TextField } from "../ui/text-field.tsx"

const labels = { sandbox: "Run programs, each in a container of its own", browser: "Use a browser" } as const

interface Made {
  readonly token: string
  readonly runsPrograms: boolean
}

export function AddRunner({ onClose }: { readonly onClose: () => void }) {
  const [made, setMade] = useState<Made | null>(null)
  return made === null ? <NewRunner onMade={setMade} onClose={onClose} /> : <MadeRunner made={made} onClose={onClose} />
}

function NewRunner({ onMade, onClose }: { readonly onMade: (made: Made) => void; readonly onClose: () => void }) {
  const [label, setLabel] = useState("")
  const [capabilities, setCapabilities] = useState<readonly Capability[]>(Capability.options)
  const save = () => call(createRunnerToken, { body: { label, capabilities: [...capabilities] } })
  return (
    <FormDialog
      title="Add a runner"
      action="Make a token"
      isIncomplete={capabilities.length === 0}
      save={save}
      onSaved={({ token }) => onMade({ token, runsPrograms: capabilities.includes("sandbox") })}
      onClose={onClose}
    >
      <TextField
        label="Label"
        hint="So that you know its token again, for example the machine."
        value={label}
        onChange={setLabel}
        maxLength={100}
        required
      />
      <MayDo
        options={Capability.options}
        chosen={capabilities}
        onChange={setCapabilities}
        show={(name) => labels[name]}
      />
    </FormDialog>
  )
}

function MadeRunner({ made, onClose }: { readonly made: Made; readonly onClose: () => void }) {
  const programs = made.runsPrograms ? " AGENT_CONTAINER_MODE=true" : ""
  const line = `GATEWAY_URL=${location.origin} RUNNER_TOKEN=${made.token}${programs} npm run runner`
  return (
    <ShownOnce title="Start it on its machine" secret={line} copyLabel="Copy the line" onClose={onClose}>
      In a copy of the gateway's repository, after <code>npm install</code>. Copy the line now: its token is not shown
      again, and belongs to the first runner that uses it.
    </ShownOnce>
  )
}
