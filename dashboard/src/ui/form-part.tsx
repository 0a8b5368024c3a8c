/** A part of a form that is folded until it is needed; what is wrong in it unfolds it, so that the browser can point there. */
import type { ReactNode, SyntheticEvent } from "react"

export function FormPart({ summary, children }: { readonly summary: string; readonly children: ReactNode }) {
  const unfold = (event: SyntheticEvent<HTMLDetailsElement>) => {
    event.currentTarget.open = true
  }
  return (
    <details className="more" onInvalidCapture={unfold}>
      <summary>{summary}</summary>
      {children}
    </details>
  )
}
