/** One conversation of mine: read, write, stop, answer. Others' conversations and those of channels are only read. */
import { useCallback, useMemo, useState } from "react"
import type { ConversationView } from "../../../core/api/conversations.ts"
import { getConversation } from "../../../core/api/conversations.ts"
import { archiveLoop } from "../../../core/api/loops.ts"
import { call } from "../api/client.ts"
import { Announcer } from "../chat/announcer.tsx"
import { Composer } from "../chat/composer.tsx"
import { RecordView } from "../chat/record-view.tsx"
import { Scroller } from "../chat/scroller.tsx"
import type { ChatSession, ChatView } from "../chat/session.ts"
import { runningTurn } from "../chat/state.ts"
import { TurnView } from "../chat/turn-view.tsx"
import { useChat } from "../chat/use-chat.ts"
import { navigate, useTitle } from "../router.ts"
import { Confirm } from "../ui/dialog.tsx"
import { Icon } from "../ui/icon.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { useAction, useLoaded } from "../ui/use-call.ts"

/** @param onChanged - the list of conversations is out of date */
export function ChatPage({ id, onChanged }: { readonly id: string; readonly onChanged: () => void }) {
  const [loaded, reload] = useLoaded(useCallback(() => call(getConversation, { params: { id } }), [id]))
  const onProgress = useCallback(() => {
    onChanged()
    void reload()
  }, [onChanged, reload])
  const conversation = loaded.is === "ready" ? loaded.value : null
  const title = conversation?.title || "Conversation"
  useTitle(title)
  const [asksArchive, setAsksArchive] = useState(false)
  const isLoop = id.startsWith("loop_")
  return (
    <div className="chat">
      <PageHead title={title} note={noteOf(conversation)}>
        {isLoop && conversation && conversation.archivedAt === null && (
          <button
            type="button"
            className="icon-button"
            onClick={() => setAsksArchive(true)}
            aria-label="Archive conversation"
            title="Archive"
          >
            <Icon name="archive" />
          </button>
        )}
      </PageHead>
      {isLoop ? (
        <Chat key={id} id={id} archived={conversation?.archivedAt != null} onProgress={onProgress} />
      ) : (
        <RecordView key={id} id={id} />
      )}
      {asksArchive && <Archive id={id} onClose={() => setAsksArchive(false)} onArchived={onChanged} />}
    </div>
  )
}

const noteOf = (conversation: ConversationView | null) =>
  conversation?.kind === "telegram" ? "Telegram, read only" : conversation?.archivedAt ? "Archived" : null

function Chat({
  id,
  archived,
  onProgress,
}: {
  readonly id: string
  readonly archived: boolean
  readonly onProgress: () => void
}) {
  const opened = useChat(id, onProgress)
  if (!opened) return <div className="scroller-frame" aria-busy="true" />
  const [view, session] = opened
  if (view.closed?.status === 403) return <RecordView id={id} />
  if (view.closed) return <Notice tone="bad">{view.closed.message}</Notice>
  return <OpenChat id={id} view={view} session={session} archived={archived} />
}

function OpenChat({
  id,
  view,
  session,
  archived,
}: {
  readonly id: string
  readonly view: ChatView
  readonly session: ChatSession
  readonly archived: boolean
}) {
  const { turns } = view.chat
  const running = runningTurn(view.chat)
  const [prefill, setPrefill] = useState<{ text: string } | null>(null)
  const actions = useMemo(
    () => ({
      answer: (...given: Parameters<ChatSession["answer"]>) => void session.answer(...given),
      retry: session.retry,
      takeBack: (key: string, text: string) => {
        session.withdraw(key)
        setPrefill({ text })
      },
    }),
    [session],
  )
  return (
    <>
      <Scroller first={turns[0]?.key ?? ""}>
        {view.record === "loading" && (
          <p className="turn-note" aria-busy="true">
            Loading…
          </p>
        )}
        {view.hasEarlier && (
          <button type="button" className="button earlier" onClick={() => void session.loadEarlier()}>
            Show earlier messages
          </button>
        )}
        {turns.map((turn) => (
          <TurnView key={turn.key} turn={turn} actions={actions} />
        ))}
      </Scroller>
      <Announcer turn={turns.findLast((turn) => turn.live)} />
      <div className="column chat-foot">
        {view.connection === "lost" && (
          <output className="connection">Connection lost. Trying again… What you send is kept.</output>
        )}
        {view.problem && (
          <Notice tone="bad">
            {view.problem.message}{" "}
            <button type="button" className="link" onClick={session.dismissProblem}>
              Close
            </button>
          </Notice>
        )}
        {archived ? (
          <Notice tone="calm">This conversation is archived. Its record stays.</Notice>
        ) : (
          <Composer place={id} busy={false} prefill={prefill} onSend={session.send}>
            {running && (
              <button
                type="button"
                className="round-button round-quiet"
                disabled={view.stopping}
                onClick={() => void session.stop()}
                aria-label={view.stopping ? "Stopping" : "Stop the answer"}
                title="Stop"
              >
                <Icon name="stop" />
              </button>
            )}
          </Composer>
        )}
      </div>
    </>
  )
}

function Archive({
  id,
  onClose,
  onArchived,
}: {
  readonly id: string
  readonly onClose: () => void
  readonly onArchived: () => void
}) {
  const { busy, problem, act } = useAction()
  const archive = async () => {
    if (!(await act(() => call(archiveLoop, { params: { id } })))) return
    onArchived()
    navigate("/")
  }
  return (
    <Confirm
      title="Archive this conversation?"
      action="Archive"
      busy={busy}
      problem={problem}
      onConfirm={() => void archive()}
      onClose={onClose}
    >
      What runs is stopped. The record stays, but nothing can be added.
    </Confirm>
  )
}
