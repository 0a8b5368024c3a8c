/** What pages need of the frame around them. */
import type { RefObject } from "react"
import { createContext } from "react"
import type { UserView } from "../../../core/api/access.ts"

export interface ShellValue {
  readonly user: UserView | null
  readonly openMenu: () => void
  /** False for the first page of a visit: its focus belongs to the browser. */
  readonly takesFocus: RefObject<boolean>
}

export const ShellContext = createContext<ShellValue>({
  user: null,
  openMenu: () => undefined,
  takesFocus: { current: false },
})
