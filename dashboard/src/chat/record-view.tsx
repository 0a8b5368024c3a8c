/**
 * A conversation that takes place elsewhere: of a channel, or someone else's. Looked at again every few seconds; who may, steps
 * in as the operator.
 */
import { useCallback, useContext, useEffect, useMemo, useRef, useState } from "react"
import { roleAllows } from "../../../core/access/scope.ts"
import type { ConversationView } from "../../../core/api/conversations.ts"
import { interruptConversation, listMessages, sendAsOperator } from "../../../core/api/conversations.ts"
import { call } from "../api/client.ts"
import { toProblem } from "../api/problem.ts"
import { ShellContext } from "../shell/context.ts"
import { Icon } from "../ui/icon.tsx"
import { Notice } from "../ui/notice.tsx"
import { useAction, useLoaded } from "../ui/use-call.ts"
import { Composer } from "./composer.tsx"
import { toRecordedTurns } from "./history.ts"
import { addEarlier, addNewest, noPages } from "./record.ts"
import { reduceChat } from "./reducer.ts"
import { Scroller } from "./scroller.tsx"
import { emptyChat } from "./state.ts"
import { TurnView } from "./turn-view.tsx"

const everyMs = 5_000

/** @param conversation - null until it is known */
export function RecordView({
  id,
  conversation,
  onChanged,
}: {
  readonly id: string
  readonly conversation: ConversationView | null
  readonly onChanged: () => void
}) {
  const [pages, setPages] = useState(noPages)
  const [problem, setProblem] = useState<string | null>(null)
  const [loaded, reload] = useLoaded(
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
    () => reduceChat(emptyChat, { type: "recorded", turns: toRecordedTurns(pages, null) }),
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
        <Foot
          id={id}
          conversation={conversation}
          onSent={() => {
            void reload()
            onChanged()
          }}
        />
      </div>
    </>
  )
}

function Foot({
  id,
  conversation,
  onSent,
}: {
  readonly id: string
  readonly conversation: ConversationView | null
  readonly onSent: () => void
}) {
  const { user } = useContext(ShellContext)
  const { busy, problem, act } = useAction()
  /** The same words sent again after a failure are the same message. */
  const attempt = useRef<{ readonly text: string; readonly key: string } | null>(null)
  if (user === null || !roleAllows(user.role, "conversations:write"))
    return <p className="turn-note">You can read this conversation. It goes on where it takes place.</p>
  if (conversation !== null && conversation.archivedAt !== null)
    return <Notice tone="calm">This conversation is archived. Take it out of the archive to write in it.</Notice>
  const send = async (text: string) => {
    if (attempt.current?.text !== text) attempt.current = { text, key: crypto.randomUUID() }
    const headers = { "idempotency-key": attempt.current.key }
    const isSent = await act(() => call(sendAsOperator, { params: { id }, body: { content: text } }, { headers }))
    if (isSent) {
      attempt.current = null
      onSent()
    }
    return isSent
  }
  const stop = () => act(() => call(interruptConversation, { params: { id } }))
  return (
    <>
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      <p className="turn-note foot-note">
        {conversation?.kind === "telegram"
          ? "You write to the agent as the operator. What it answers goes to the chat."
          : "You write to the agent as the operator, in someone else's conversation."}
      </p>
      <Composer place={`operator ${id}`} busy={busy} placeholder="Write as the operator" onSend={send}>
        {conversation !== null && conversation.status !== "idle" && (
          <button
            type="button"
            className="round-button round-quiet"
            disabled={busy}
            onClick={() => void stop()}
            aria-label="Stop the answer"
            title="Stop"
          >
            <Icon name="stop" />
          </button>
        )}
      </Composer>
    </>
  )
}
