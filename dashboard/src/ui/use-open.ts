/** Which dialog of a page is open, if one is. Each page has a union of its own. */
import { useState } from "react"

interface Nothing {
  readonly is: "nothing"
}

/** @param onClosed - what a dialog may have changed is read anew */
export function useOpen<Open extends { readonly is: string }>(onClosed: () => Promise<void>) {
  const [open, setOpen] = useState<Open | Nothing>({ is: "nothing" })
  const close = () => {
    setOpen({ is: "nothing" })
    void onClosed()
  }
  return { open, setOpen, close }
}
