/** A conversation that is only read here: of a channel, or someone else's. Looked at again every few seconds. */
import { useCallback, useEffect, useMemo, useState } from "react"
import { listMessages } from "../../../core/api/conversations.ts"
import { call } from "../api/client.ts"
import { toProblem } from "../api/problem.ts"
import { Notice } from "../ui/notice.tsx"
import { useLoaded } from "../ui/use-call.ts"
import { toRecordedTurns } from "./history.ts"
import { addEarlier, addNewest, noPages } from "./record.ts"
import { reduceChat } from "./reducer.ts"
import { Scroller } from "./scroller.tsx"
import { emptyChat } from "./state.ts"
import { TurnView } from "./turn-view.tsx"

const everyMs = 5_000

export function RecordView({ id }: { readonly id: string }) {
  const [pages, setPages] = useState(noPages)
  const [problem, setProblem] = useState<string | null>(null)
  const [loaded] = useLoaded(
    useCallback(() => call(listMessages, { params: { id } }), [id]),
    everyMs,
  )
  useEffect(() => {
    if (loaded.is === "ready") setPages((before) => addNewest(before, loaded.value))
  }, [loaded])
  const loadEarlier = async () => {
    if (pages.earlierCursor === null) return
    try {
      const page = await call(listMessages, { params: { id }, query: { before: pages.earlierCursor } })
      setPages((before) => addEarlier(before, page))
      setProblem(null)
    } catch (error) {
      setProblem(toProblem(error).message)
    }
  }
  const { turns } = useMemo(
    () => reduceChat(emptyChat, { type: "recorded", turns: toRecordedTurns(pages.entries, null) }),
    [pages],
  )
  if (loaded.is === "failed") return <Notice tone="bad">{loaded.message}</Notice>
  return (
    <>
      <Scroller first={turns[0]?.key ?? ""}>
        {problem !== null && <Notice tone="bad">{problem}</Notice>}
        {pages.earlierCursor !== null && (
          <button type="button" className="button earlier" onClick={() => void loadEarlier()}>
            Show earlier messages
          </button>
        )}
        {turns.map((turn) => (
          <TurnView key={turn.key} turn={turn} actions={null} />
        ))}
        {loaded.is === "ready" && turns.length === 0 && <p className="turn-note">Nothing is on record yet.</p>}
      </Scroller>
      <div className="column chat-foot">
        <p className="turn-note">You can read this conversation. It goes on where it takes place.</p>
      </div>
    </>
  )
}
