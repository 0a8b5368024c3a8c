/** A secret that is shown this once, to be copied. */
import type { ReactNode } from "react"
import { CopyButton } from "./copy.tsx"
import { Dialog } from "./dialog.tsx"

/** @param children - what to do with it, in sentences */
export function ShownOnce({
  title,
  secret,
  copyLabel,
  onClose,
  children,
}: {
  readonly title: string
  readonly secret: string
  readonly copyLabel: string
  readonly onClose: () => void
  readonly children: ReactNode
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{children}</p>
      <div className="secret">
        <code>{secret}</code>
        <CopyButton label={copyLabel} read={() => secret} />
      </div>
      <div className="actions">
        <button type="button" className="button button-main" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  )
}
