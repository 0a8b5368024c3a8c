/** Adding a runner: a token that is shown once, and the line that starts a runner with it. */
import type { FormEvent } from "react"
import { useState } from "react"
import { createRunnerToken } from "../../../core/api/runners.ts"
import { Capability } from "../../../core/runner/command.ts"
import { call } from "../api/client.ts"
import { Dialog } from "../ui/dialog.tsx"
import { Field } from "../ui/field.tsx"
import { MayDo } from "../ui/may-do.tsx"
import { Notice } from "../ui/notice.tsx"
import { ShownOnce } from "../ui/shown-once.tsx"
import { useAction } from "../ui/use-call.ts"

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
  const { busy, problem, act } = useAction()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void act(async () => {
      const { token } = await call(createRunnerToken, { body: { label, capabilities: [...capabilities] } })
      onMade({ token, runsPrograms: capabilities.includes("sandbox") })
    })
  }
  return (
    <Dialog title="Add a runner" onClose={onClose}>
      <form onSubmit={submit}>
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        <Field label="Label" hint="So that you know its token again, for example the machine.">
          {(wiring) => (
            <input
              {...wiring}
              value={label}
              onChange={(event) => setLabel(event.target.value)}
              maxLength={100}
              required
            />
          )}
        </Field>
        <MayDo
          options={Capability.options}
          chosen={capabilities}
          onChange={setCapabilities}
          show={(name) => labels[name]}
        />
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button className="button button-main" disabled={busy || capabilities.length === 0}>
            Make a token
          </button>
        </div>
      </form>
    </Dialog>
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
