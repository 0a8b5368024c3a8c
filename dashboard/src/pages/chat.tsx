/** One conversation: mine to read, write, stop and answer; others' and those of channels as the operator. */
import { useCallback, useMemo, useState } from "react"
import type { ConversationView } from "../../../core/api/conversations.ts"
import { getConversation } from "../../../core/api/conversations.ts"
import { call } from "../api/client.ts"
import { Announcer } from "../chat/announcer.tsx"
import { Composer } from "../chat/composer.tsx"
import { ConversationTools } from "../chat/conversation-tools.tsx"
import { RecordView } from "../chat/record-view.tsx"
import { Scroller } from "../chat/scroller.tsx"
import type { ChatSession, ChatView } from "../chat/session.ts"
import { runningTurn } from "../chat/state.ts"
import { TurnView } from "../chat/turn-view.tsx"
import { useChat } from "../chat/use-chat.ts"
import { useTitle } from "../router.ts"
import { Icon } from "../ui/icon.tsx"
import { Notice } from "../ui/notice.tsx"
import { PageHead } from "../ui/page-head.tsx"
import { useLoaded } from "../ui/use-call.ts"

const statusEveryMs = 5_000

/** @param onChanged - the list of conversations is out of date */
export function ChatPage({ id, onChanged }: { readonly id: string; readonly onChanged: () => void }) {
  const isLoop = id.startsWith("loop_")
  const [loaded, reload] = useLoaded(
    useCallback(() => call(getConversation, { params: { id } }), [id]),
    isLoop ? undefined : statusEveryMs,
  )
  const onProgress = useCallback(() => {
    onChanged()
    void reload()
  }, [onChanged, reload])
  const conversation = loaded.is === "ready" ? loaded.value : null
  const title = conversation?.title || "Conversation"
  useTitle(title)
  return (
    <div className="chat">
      <PageHead title={title} note={noteOf(conversation)}>
        {conversation && <ConversationTools conversation={conversation} onChanged={onProgress} />}
      </PageHead>
      {isLoop ? (
        <Chat key={id} id={id} conversation={conversation} onProgress={onProgress} />
      ) : (
        <RecordView key={id} id={id} conversation={conversation} onChanged={onProgress} />
      )}
    </div>
  )
}

const noteOf = (conversation: ConversationView | null) =>
  conversation === null ? null : conversation.archivedAt !== null ? "Archived" : conversation.channelName

function Chat({
  id,
  conversation,
  onProgress,
}: {
  readonly id: string
  readonly conversation: ConversationView | null
  readonly onProgress: () => void
}) {
  const opened = useChat(id, onProgress)
  if (!opened) return <div className="scroller-frame" aria-busy="true" />
  const [view, session] = opened
  if (view.closed?.status === 403) return <RecordView id={id} conversation={conversation} onChanged={onProgress} />
  if (view.closed) return <Notice tone="bad">{view.closed.message}</Notice>
  return <OpenChat id={id} view={view} session={session} archived={conversation?.archivedAt != null} />
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
          <Notice tone="calm">This conversation is archived. Take it out of the archive to go on.</Notice>
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
