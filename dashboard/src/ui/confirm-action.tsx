/** The common question before something is deleted: does it, closes when it was done, and says why when it was not. */
import type { ReactNode } from "react"
import { Confirm } from "./dialog.tsx"
import { useAction } from "./use-call.ts"

export function ConfirmAction({
  title,
  action,
  run,
  onClose,
  children,
}: {
  readonly title: string
  readonly action: string
  readonly run: () => Promise<unknown>
  readonly onClose: () => void
  readonly children: ReactNode
}) {
  const { busy, problem, act } = useAction()
  const confirm = async () => {
    if (await act(run)) onClose()
  }
  return (
    <Confirm
      title={title}
      action={action}
      busy={busy}
      problem={problem}
      onConfirm={() => void confirm()}
      onClose={onClose}
    >
      {children}
    </Confirm>
  )
}
