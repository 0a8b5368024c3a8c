/** One sentence that matters, told to the eye and to the screen reader. */
import type { ReactNode } from "react"

/** @param tone - `bad` interrupts a screen reader; the others wait for their turn */
export function Notice({
  tone,
  children,
}: {
  readonly tone: "bad" | "warn" | "good" | "calm"
  readonly children: ReactNode
}) {
  return (
    <div className={`notice notice-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {children}
    </div>
  )
}
