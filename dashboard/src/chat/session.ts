/**
 * One open chat: sends messages so that each arrives once, listens to what runs, and comes back after any break. It owns
 * connections and retries; what their events mean is decided by the reducer.
 */
import { listMessages } from "../../../core/api/conversations.ts"
import { answerChoice, getLoop, interruptLoop, sendMessage, watchLoop } from "../../../core/api/loops.ts"
import type { ChoiceAnswer } from "../../../core/turn/event.ts"
import type { Client } from "../api/call.ts"
import type { Problem } from "../api/problem.ts"
import { isPassing, isSignedOut, toProblem } from "../api/problem.ts"
import type { ReceivedEvent } from "../api/sse.ts"
import { toRecordedTurns } from "./history.ts"
import { linkedAbort, listen } from "./listen.ts"
import { createOutbox } from "./outbox.ts"
import { createPatience } from "./patience.ts"
import type { PendingMessage, PendingStore } from "./pending.ts"
import type { RecordPages } from "./record.ts"
import { addEarlier, addNewest, noPages } from "./record.ts"
import type { ChatAction } from "./reducer.ts"
import { reduceChat } from "./reducer.ts"
import type { ChatState, ChoiceProgress, Turn } from "./state.ts"
import { emptyChat, isOpen, runningTurn } from "./state.ts"

/** A turn that ended a moment ago may reach the record a little later. */
const recordWaitsMs = [0, 1_000, 4_000]

export interface ChatView {
  readonly chat: ChatState
  readonly record: "loading" | "ready"
  readonly hasEarlier: boolean
  readonly connection: "connecting" | "live" | "lost"
  readonly stopping: boolean
  /** What the person should know; null when all is well. */
  readonly problem: Problem | null
  /** The chat cannot be used at all: it is unknown or belongs to someone else. */
  readonly closed: Problem | null
}

export interface ChatOptions {
  readonly loopId: string
  readonly client: Client
  readonly pending: PendingStore
  readonly newKey: () => string
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  /** False while nobody looks: then an idle chat keeps no connection open. */
  readonly isVisible: () => boolean
  /** Runs the listeners' work; a page passes its next animation frame. */
  readonly schedule: (work: () => void) => void
  /** A turn began, asks, goes on or ended: what else shows this conversation is out of date. */
  readonly onProgress: () => void
  /** Nothing is sent or heard any more. */
  readonly onClosed: () => void
}

export interface ChatSession {
  readonly getView: () => ChatView
  readonly subscribe: (listener: () => void) => () => void
  readonly send: (text: string) => undefined
  /** Sends a refused message again. */
  readonly retry: (key: string) => void
  /** Takes a refused message back. */
  readonly withdraw: (key: string) => void
  readonly stop: () => Promise<void>
  readonly answer: (choiceId: string, answer: ChoiceAnswer) => Promise<void>
  readonly loadEarlier: () => Promise<void>
  readonly dismissProblem: () => void
  /** The person or the network came back, or left. */
  readonly wake: () => void
  /** Nobody looks any more: closes as soon as the gateway has, or refused, all that was written. */
  readonly leave: () => void
  readonly close: () => void
}

const tellsProgress = new Set<string>(["started", "requires_choice", "choice_resolved"])

/** Ended, and the record would tell more than the streams did. */
const isIncomplete = (turn: Turn) => turn.live && !isOpen(turn.status) && (turn.untidy || turn.messages.length === 0)

/** Opens the chat and keeps it current until `close`. */
export function openChat(options: ChatOptions): ChatSession {
  const { loopId, client, pending } = options
  const params = { id: loopId }
  const life = new AbortController()
  const signal = life.signal
  signal.addEventListener("abort", options.onClosed)
  const patience = createPatience(options.random)
  const store = createViewStore(options.schedule)
  const { getView, update, dispatch } = store
  let pages: RecordPages = noPages
  let watcher: AbortController | null = null
  let lastEventId: string | undefined
  let streamCount = 0
  let hasBegun = false
  let isLeft = false

  const isClosed = () => signal.aborted || getView().closed !== null
  const running = () => runningTurn(getView().chat)

  const follow = async (
    kind: string,
    key: string | null,
    body: ReadableStream<Uint8Array>,
    abort: AbortController,
    afterEach?: () => void,
  ) => {
    const stream = `${kind} ${(streamCount += 1)}`
    update({ connection: "live" })
    dispatch({ type: "stream_opened", stream, key })
    const how = await listen(body, abort, ({ event, id }: ReceivedEvent) => {
      if (id !== undefined) lastEventId = id
      patience.reset()
      dispatch({ type: "stream_event", stream, event })
      if (event.event === "started" && key !== null) noteTurn(key, event.data.turn_id)
      if (tellsProgress.has(event.event)) options.onProgress()
      afterEach?.()
      if (event.event === "queued") keepListening()
      if (event.event === "done" || event.event === "interrupted" || event.event === "error") forget(event.data.turn_id)
    })
    dispatch({ type: "stream_closed", stream })
    if (how === "ended") afterEnd()
    return how
  }
  const noteTurn = (key: string, turnId: string) => {
    const message = pending.list(loopId).find((one) => one.key === key)
    if (message) pending.put(loopId, { ...message, turnId })
  }
  const forget = (turnId: string | undefined) => {
    for (const message of pending.list(loopId))
      if (turnId !== undefined && message.turnId === turnId) pending.remove(loopId, message.key)
  }
  const afterEnd = () => {
    update({ stopping: false })
    options.onProgress()
    if (getView().chat.turns.some(isIncomplete)) void readRecord(recordWaitsMs)
  }

  const outbox = createOutbox({
    signal,
    patience,
    open: (message, abort) => {
      const headers = { "idempotency-key": message.key }
      return client.open(sendMessage, { params, body: { content: message.text } }, { signal: abort, headers })
    },
    follow: (message, body, abort) => follow("message", message.key, body, abort),
    peek: (message, body, abort) => follow("message", message.key, body, abort, () => abort.abort()),
    hasBegun: (message) => {
      const turnId = pending.list(loopId).find((one) => one.key === message.key)?.turnId
      return turnId !== undefined && turnId !== null && running()?.turnId === turnId
    },
    onRejected(message, problem) {
      dispatch({ type: "rejected", key: message.key, code: problem.code, message: problem.message })
      keepListening()
    },
    onLeft(message, how) {
      if (how === "ended") pending.remove(loopId, message.key)
      else update({ connection: "lost" })
      keepListening()
    },
    onLost: () => update({ connection: "lost" }),
    onAnswered: () => closeIfSent(),
  })
  const closeIfSent = () => {
    const isSent = hasBegun ? !outbox.isPosting() : pending.list(loopId).length === 0
    if (isLeft && isSent) life.abort()
  }

  /** Decides what should be listened to now, and begins it. */
  const keepListening = () => {
    if (isClosed() || isLeft || getView().record === "loading") return
    outbox.followNext()
    if (!watcher && shouldWatch()) void watch()
  }
  const shouldWatch = () => {
    // The message's own stream may be about to tell the running turn, and from its start.
    if (outbox.isPosting()) return false
    const turn = running()
    return turn ? turn.owner === null : options.isVisible() || !outbox.isEmpty()
  }

  const watch = async () => {
    const abort = linkedAbort(signal)
    watcher = abort
    const resumed = running()?.turnId ?? null
    let leastMs: number | null = null
    let told = false
    try {
      const headers: Record<string, string> = lastEventId === undefined ? {} : { "last-event-id": lastEventId }
      const body = await client.open(watchLoop, { params }, { signal: abort.signal, headers })
      if (resumed !== null) void reconcile(resumed)
      told = (await follow("watch", null, body, abort)) === "ended"
    } catch (error) {
      const problem = toProblem(error)
      if (isSignedOut(problem)) return
      leastMs = problem.retryAfterMs
      if (problem.code === "invalid_header") lastEventId = undefined
      else if (!abort.signal.aborted && !isPassing(problem)) update({ closed: problem })
    }
    if (!told && !isClosed() && !isLeft && shouldWatch()) {
      update({ connection: "lost" })
      await patience.wait(leastMs)
    }
    watcher = null
    keepListening()
  }

  /** A turn whose stream was lost may have ended unheard: the loop itself says what runs. */
  const reconcile = async (turnId: string) => {
    try {
      const loop = await client.call(getLoop, { params }, { signal })
      if (loop.current_turn?.turn_id === turnId) return
      dispatch({ type: "settled", turnId })
      forget(turnId)
      afterEnd()
      keepListening()
    } catch {
      // The watcher notices by itself when the gateway is away.
    }
  }

  /** Reads the newest page, again after each wait while a turn is still missing from it. */
  const readRecord = async (waitsMs: readonly number[]) => {
    for (const waitMs of waitsMs) {
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      if (isClosed()) return
      const page = await client.call(listMessages, { params }, { signal }).catch(() => null)
      if (page === null) continue
      pages = addNewest(pages, page)
      showRecord(running()?.turnId ?? null)
      if (!getView().chat.turns.some(isIncomplete)) return
    }
  }
  const showRecord = (runningTurnId: string | null) => {
    dispatch({ type: "recorded", turns: toRecordedTurns(pages, runningTurnId) })
    update({ hasEarlier: pages.earlierCursor !== null })
  }

  const begin = async () => {
    while (!isClosed()) {
      try {
        const newest = client.call(listMessages, { params }, { signal })
        const [page, loop] = await Promise.all([newest, client.call(getLoop, { params }, { signal })])
        pages = addNewest(pages, page)
        showRecord(loop.current_turn?.turn_id ?? null)
        update({ record: "ready", connection: "live" })
        for (const message of pending.list(loopId)) post(message)
        keepListening()
        return
      } catch (error) {
        const problem = toProblem(error)
        if (signal.aborted || isSignedOut(problem)) return
        if (!isPassing(problem)) return update({ closed: problem })
        update({ connection: "lost" })
        await patience.wait(problem.retryAfterMs)
      }
    }
  }
  const post = (message: PendingMessage) => {
    if (outbox.has(message.key)) return
    const shown = { key: message.key, text: message.text, sender: null, at: message.sentAt }
    dispatch({ type: "sent", message: shown, turnId: message.turnId })
    // An idle watcher would only tell the same turn a second time.
    if (!running()) watcher?.abort()
    outbox.add(message)
  }

  const beginAndSend = async () => {
    await begin()
    hasBegun = true
    closeIfSent()
  }
  void beginAndSend()

  return {
    getView,
    subscribe: store.subscribe,
    send(text) {
      const message: PendingMessage = { key: options.newKey(), text, sentAt: options.now(), turnId: null }
      pending.put(loopId, message)
      if (getView().record === "ready") post(message)
    },
    retry(key) {
      const message = pending.list(loopId).find((one) => one.key === key)
      dispatch({ type: "retried", key })
      if (message) post(message)
    },
    withdraw(key) {
      pending.remove(loopId, key)
      dispatch({ type: "withdrawn", key })
    },
    async stop() {
      update({ stopping: true })
      await client.call(interruptLoop, { params }, { signal }).catch((error: unknown) => {
        update({ stopping: false, problem: toProblem(error) })
      })
    },
    async answer(choiceId, answer) {
      const progress = await sendAnswer(client, loopId, choiceId, answer, () =>
        dispatch({ type: "choice_changed", choiceId, progress: { is: "answering" } }),
      )
      dispatch({ type: "choice_changed", choiceId, progress })
    },
    async loadEarlier() {
      if (pages.earlierCursor === null) return
      try {
        const query = { before: pages.earlierCursor }
        pages = addEarlier(pages, await client.call(listMessages, { params, query }, { signal }))
        showRecord(running()?.turnId ?? null)
      } catch (error) {
        update({ problem: toProblem(error) })
      }
    },
    dismissProblem: () => update({ problem: null }),
    wake() {
      patience.hurry()
      if (isClosed() || getView().record === "loading") return
      const busy = getView().chat.turns.some((turn) => isOpen(turn.status))
      if (!options.isVisible()) {
        if (!busy) watcher?.abort()
        return
      }
      if (!watcher) void readRecord([0])
      keepListening()
    },
    leave() {
      isLeft = true
      watcher?.abort()
      closeIfSent()
    },
    close: () => life.abort(),
  }
}

function createViewStore(schedule: ChatOptions["schedule"]) {
  const listeners = new Set<() => void>()
  let scheduled = false
  let view: ChatView = {
    chat: emptyChat,
    record: "loading",
    hasEarlier: false,
    connection: "connecting",
    stopping: false,
    problem: null,
    closed: null,
  }
  const update = (changes: Partial<ChatView>) => {
    view = { ...view, ...changes }
    if (scheduled) return
    scheduled = true
    schedule(() => {
      scheduled = false
      for (const listener of listeners) listener()
    })
  }
  return {
    getView: () => view,
    update,
    dispatch: (action: ChatAction) => {
      const chat = reduceChat(view.chat, action)
      if (chat !== view.chat) update({ chat })
    },
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Answers a question and says where it stands afterwards. */
async function sendAnswer(
  client: Client,
  id: string,
  choiceId: string,
  answer: ChoiceAnswer,
  onSending: () => void,
): Promise<ChoiceProgress> {
  onSending()
  try {
    await client.call(answerChoice, { params: { id, choiceId }, body: answer })
    const said = "allow" in answer ? (answer.allow ? "allowed" : "denied") : "answered"
    return { is: "resolved", source: null, answer: said }
  } catch (error) {
    const problem = toProblem(error)
    if (problem.code === "choice_not_found") return { is: "resolved", source: null }
    return { is: "open", problem: problem.message }
  }
}
