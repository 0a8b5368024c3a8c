/** A form in a dialog: saves what was filled in, says why when that failed, and leaves the form open then. */
import type { FormEvent, ReactNode } from "react"
import { Dialog } from "./dialog.tsx"
import { Notice } from "./notice.tsx"
import { useAction } from "./use-call.ts"

/** @param isIncomplete - there is nothing yet that could be saved */
export function FormDialog<T>({
  title,
  action,
  isIncomplete = false,
  save,
  onSaved,
  onClose,
  children,
}: {
  readonly title: string
  readonly action: string
  readonly isIncomplete?: boolean
  readonly save: () => Promise<T>
  readonly onSaved: (saved: T) => void
  readonly onClose: () => void
  readonly children: ReactNode
}) {
  const { busy, problem, act } = useAction()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void act(async () => onSaved(await save()))
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        {children}
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button className="button button-main" disabled={busy || isIncomplete}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
