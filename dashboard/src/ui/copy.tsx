/** Copies text, also where the page is served over plain http and the browser has no clipboard for it. */
import { useState } from "react"
import { Icon } from "./icon.tsx"

async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text)
  const area = document.createElement("textarea")
  area.value = text
  area.className = "off-screen"
  const host = document.querySelector("dialog[open]") ?? document.body
  host.append(area)
  area.select()
  document.execCommand("copy")
  area.remove()
}

/** @param read - gives the text when the person asks for it */
export function CopyButton({ label, read }: { readonly label: string; readonly read: () => string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await copyText(read())
    setCopied(true)
    setTimeout(() => setCopied(false), 1_500)
  }
  return (
    <button
      type="button"
      className="icon-button"
      onClick={() => void copy()}
      aria-label={copied ? "Copied" : label}
      title={label}
    >
      <Icon name={copied ? "check" : "copy"} />
    </button>
  )
}
