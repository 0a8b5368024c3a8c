/** A labelled control with its explanation, joined for screen readers. */
import type { ReactNode } from "react"
import { useId } from "react"

interface Wiring {
  readonly id: string
  readonly "aria-describedby": string | undefined
}

/** @param children - renders the control with the ids that join it to its label */
export function Field({
  label,
  hint,
  children,
}: {
  readonly label: string
  readonly hint?: ReactNode
  readonly children: (wiring: Wiring) => ReactNode
}) {
  const id = useId()
  const hintId = `${id}-hint`
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": hint === undefined ? undefined : hintId })}
      {hint !== undefined && (
        <p className="hint" id={hintId}>
          {hint}
        </p>
      )}
    </div>
  )
}
