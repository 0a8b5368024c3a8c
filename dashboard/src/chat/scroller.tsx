/** A list that stays at its end while the person is there, and stays put while the person reads above. */
import type { ReactNode } from "react"
import { useCallback, useLayoutEffect, useRef, useState } from "react"
import { Icon } from "../ui/icon.tsx"

/** Near enough to the end to count as being there. */
const nearPx = 48

/** @param first - key of the topmost item: when earlier ones come in above it, the view does not move */
export function Scroller({ first, children }: { readonly first: string; readonly children: ReactNode }) {
  const outer = useRef<HTMLElement>(null)
  const inner = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const heightBefore = useRef(0)
  const [away, setAway] = useState(false)

  const toEnd = useCallback(() => {
    const box = outer.current
    if (box) box.scrollTop = box.scrollHeight
  }, [])
  useLayoutEffect(() => {
    const content = inner.current
    if (!content) return
    const observer = new ResizeObserver(() => {
      if (atEnd.current) toEnd()
      heightBefore.current = outer.current?.scrollHeight ?? 0
    })
    observer.observe(content)
    if (outer.current) observer.observe(outer.current)
    return () => observer.disconnect()
  }, [toEnd])
  const firstBefore = useRef(first)
  useLayoutEffect(() => {
    const box = outer.current
    if (box && firstBefore.current !== first && !atEnd.current) {
      box.scrollTop += box.scrollHeight - heightBefore.current
      heightBefore.current = box.scrollHeight
    }
    firstBefore.current = first
  })

  const onScroll = () => {
    const box = outer.current
    if (!box) return
    atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < nearPx
    setAway(!atEnd.current)
  }
  return (
    <div className="scroller-frame">
      <section className="scroller" ref={outer} onScroll={onScroll} tabIndex={0} aria-label="Conversation">
        <div className="column" ref={inner}>
          {children}
        </div>
      </section>
      {away && (
        <button type="button" className="round-button to-end" onClick={toEnd} aria-label="Go to the newest message">
          <Icon name="down" />
        </button>
      )}
    </div>
  )
}
