/** The heading of a page; it takes the focus when the page changes, so that keyboard and screen reader follow. */
import type { ReactNode } from "react"
import { useContext, useEffect, useRef } from "react"
import { ShellContext } from "../shell/context.ts"
import { Icon } from "./icon.tsx"

export function PageHead({
  title,
  note,
  children,
}: {
  readonly title: string
  readonly note?: string | null
  readonly children?: ReactNode
}) {
  const { openMenu, takesFocus } = useContext(ShellContext)
  const ref = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (takesFocus.current && document.activeElement === document.body) ref.current?.focus({ preventScroll: true })
  }, [takesFocus])
  return (
    <header className="page-head">
      <button type="button" className="icon-button menu-button" onClick={openMenu} aria-label="Open the menu">
        <Icon name="menu" />
      </button>
      <div className="page-title">
        <h1 ref={ref} tabIndex={-1}>
          {title}
        </h1>
        {note && <span className="badge">{note}</span>}
      </div>
      <div className="page-tools">{children}</div>
    </header>
  )
}
