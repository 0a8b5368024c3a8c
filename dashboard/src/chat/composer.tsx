/** Where a message is written. Enter sends, Shift+Enter breaks the line, and Enter that ends a composition does neither. */
import type { KeyboardEvent, ReactNode } from "react"
import { useEffect, useLayoutEffect, useRef, useState } from "react"
import { maxContentBytes } from "../../../core/channel/message.ts"
import { Icon } from "../ui/icon.tsx"
import { pendingStore } from "./use-chat.ts"

const tooLong = (text: string) =>
  text.length * 3 > maxContentBytes && new TextEncoder().encode(text).byteLength > maxContentBytes

/**
 * @param place - under which the unsent draft is kept for this tab
 * @param prefill - text to take in, in front of what is there; a new object each time
 * @param onSend - false keeps the text
 */
export function Composer({
  place,
  busy,
  prefill,
  placeholder = "Write a message",
  onSend,
  children,
}: {
  readonly place: string
  readonly busy: boolean
  readonly placeholder?: string
  readonly prefill?: { readonly text: string } | null
  readonly onSend: (text: string) => undefined | Promise<boolean>
  readonly children?: ReactNode
}) {
  const [text, setText] = useState(() => pendingStore.readDraft(place))
  const ref = useRef<HTMLTextAreaElement>(null)
  const change = (next: string) => {
    setText(next)
    pendingStore.writeDraft(place, next)
  }
  useEffect(() => {
    if (matchMedia("(hover: hover)").matches) ref.current?.focus({ preventScroll: true })
  }, [])
  const [taken, setTaken] = useState(prefill)
  if (prefill && prefill !== taken) {
    setTaken(prefill)
    change(text === "" ? prefill.text : `${prefill.text}\n\n${text}`)
  }
  useLayoutEffect(() => {
    // Browsers without `field-sizing` grow by rows.
    const area = ref.current
    if (area && !CSS.supports("field-sizing", "content")) area.rows = Math.min(10, text.split("\n").length)
  }, [text])

  const oversized = tooLong(text)
  const canSend = text.trim() !== "" && !oversized && !busy
  const send = async () => {
    if (!canSend) return
    if ((await onSend(text)) !== false) change("")
  }
  const press = (event: KeyboardEvent) => {
    // Safari reports the key that ends a composition with code 229.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return
    event.preventDefault()
    void send()
  }
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      <textarea
        ref={ref}
        value={text}
        rows={1}
        dir="auto"
        onChange={(event) => change(event.target.value)}
        onKeyDown={press}
        placeholder={placeholder}
        aria-label="Message"
        aria-invalid={oversized}
        enterKeyHint="send"
      />
      <div className="composer-side">
        {children}
        <button className="round-button" disabled={!canSend} aria-label="Send">
          <Icon name="send" />
        </button>
      </div>
      {oversized && (
        <p className="composer-note" role="alert">
          This is longer than 1 MB. Shorten it or send it in parts.
        </p>
      )}
    </form>
  )
}
