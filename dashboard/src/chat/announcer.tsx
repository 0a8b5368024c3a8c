/** Reads a streaming answer to a screen reader paragraph by paragraph: each once, when it is complete. */
import { useMemo } from "react"
import { splitBlocks } from "./split-blocks.ts"
import type { Turn } from "./state.ts"
import { textOfParts } from "./state.ts"

export function Announcer({ turn }: { readonly turn: Turn | undefined }) {
  const live = turn !== undefined && turn.live
  const text = live ? textOfParts(turn.parts) : ""
  const running = turn?.status.is === "running"
  const paragraphs = useMemo(() => {
    const blocks = splitBlocks(text)
    return running ? blocks.slice(0, -1) : blocks
  }, [text, running])
  return (
    <div className="off-screen" role="log" aria-live="polite" aria-label="Answer">
      {running && <p>The agent is answering.</p>}
      {paragraphs.map((paragraph, index) => (
        <p key={index}>{paragraph}</p>
      ))}
    </div>
  )
}
