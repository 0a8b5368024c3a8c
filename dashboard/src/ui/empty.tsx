/** What stands where a list would be that has nothing in it yet. */
import type { ReactNode } from "react"
import { Icon, type IconName } from "./icon.tsx"

export function Empty({ icon, children }: { readonly icon: IconName; readonly children: ReactNode }) {
  return (
    <div className="empty">
      <Icon name={icon} />
      <p>{children}</p>
    </div>
  )
}
