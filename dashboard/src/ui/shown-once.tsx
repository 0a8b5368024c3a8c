/** A secret that is shown this once, to be copied. */
import type { ReactNode } from "react"
import { CopyButton } from "./copy.tsx"
import { Dialog, DialogDone } from "./dialog.tsx"

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
      <DialogDone onClose={onClose} />
    </Dialog>
  )
}
