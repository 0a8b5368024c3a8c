/** A modal dialog of the browser's own: it keeps the focus, closes on Escape and gives the focus back. */
import type { ReactNode } from "react"
import { useEffect, useId, useRef } from "react"

export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
}) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    if (dialog && !dialog.open) dialog.showModal()
  }, [])
  return (
    <dialog ref={ref} className="dialog" aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  )
}

/** Asks before something that cannot be taken back. */
export function Confirm({
  title,
  action,
  busy,
  problem,
  onConfirm,
  onClose,
  children,
}: {
  readonly title: string
  readonly action: string
  readonly busy: boolean
  readonly problem: string | null
  readonly onConfirm: () => void
  readonly onClose: () => void
  readonly children: ReactNode
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{children}</p>
      {problem !== null && (
        <p className="notice notice-bad" role="alert">
          {problem}
        </p>
      )}
      <div className="actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button button-bad" disabled={busy} onClick={onConfirm}>
          {action}
        </button>
      </div>
    </Dialog>
  )
}

/** The end of a dialog that has nothing to be sent. */
export function DialogDone({ onClose }: { readonly onClose: () => void }) {
  return (
    <div className="actions">
      <button type="button" className="button button-main" onClick={onClose}>
        Done
      </button>
    </div>
  )
}
