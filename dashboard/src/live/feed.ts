/**
 * The page's one socket to the live feed: connects again by itself, resumes where it was, and tells its listeners when what
 * they read before may be out of date. It holds no data: listeners read the API.
 */
import { liveClose, LiveFrame } from "../../../core/live/event.ts"

/** A connection that may not be open yet. */
export interface FeedSocket {
  /** Does nothing before it is open. */
  send(text: string): void
  close(): void
}

export interface FeedEvents {
  onFrame(data: unknown): void
  onClose(code: number): void
}

export interface FeedHost {
  /** @param after - the number of the last frame; undefined for a first connection */
  connect(after: number | undefined, events: FeedEvents): FeedSocket
  /** Calls back once. @returns how to prevent that */
  later(delayMs: number, work: () => void): () => void
  /** From 0 to below 1. */
  random(): number
  /** The session is over. */
  onSignedOut(): void
}

/** `gap`: anything may have changed. */
export type LiveNews = Exclude<LiveFrame, { event: "hello" }> | { readonly event: "gap" }

export interface LiveFeed {
  start(): void
  /** Until `start` is called again. Where it was is kept. */
  stop(): void
  /** @returns how to stop hearing */
  listen(listener: (news: LiveNews) => void): () => void
  /** True from `hello` on. */
  readonly isConnected: boolean
  /** Called when `isConnected` changes. @returns how to stop hearing */
  onConnection(listener: () => void): () => void
}

const firstRetryMs = 1_000
const lastRetryMs = 30_000
const pingEveryMs = 25_000
const pongWithinMs = 10_000

export function createLiveFeed(host: FeedHost): LiveFeed {
  const listeners = new Set<(news: LiveNews) => void>()
  const connectionListeners = new Set<() => void>()
  let socket: FeedSocket | undefined
  let cancelTimer: (() => void) | undefined
  let last: number | undefined
  let failures = 0
  let isStarted = false
  let isConnected = false

  const tell = (news: LiveNews) => listeners.forEach((listener) => listener(news))
  const setConnected = (now: boolean) => {
    if (isConnected === now) return
    isConnected = now
    connectionListeners.forEach((listener) => listener())
  }
  const schedule = (delayMs: number, work: () => void) => {
    cancelTimer?.()
    cancelTimer = host.later(delayMs, work)
  }

  const leave = () => {
    cancelTimer?.()
    const left = socket
    socket = undefined
    left?.close()
    setConnected(false)
  }

  const retry = () => {
    failures += 1
    const delayMs = Math.min(lastRetryMs, firstRetryMs * 2 ** (failures - 1))
    // Many pages that lost one gateway do not all come back at once.
    schedule(delayMs * (0.5 + host.random() / 2), connect)
  }

  const ask = () => {
    socket?.send("ping")
    schedule(pongWithinMs, () => {
      leave()
      retry()
    })
  }

  const receive = (text: unknown) => {
    schedule(pingEveryMs, ask)
    if (text === "pong") return
    const frame = readFrame(text)
    if (frame === undefined) return
    if (frame.event !== "hello") {
      last = frame.seq
      return tell(frame)
    }
    failures = 0
    // Numbers of a first connection start here; a gap leaves nothing to resume.
    if (last === undefined || frame.data.gap) {
      last = frame.data.seq
      tell({ event: "gap" })
    }
    setConnected(true)
  }

  const closed = (code: number) => {
    socket = undefined
    setConnected(false)
    cancelTimer?.()
    if (code === liveClose.signedOut.code) host.onSignedOut()
    else if (code !== liveClose.forbidden.code) retry()
  }

  const connect = () => {
    // What one that was left still says is of no interest.
    const opened = host.connect(last, {
      onFrame: (data) => {
        if (socket === opened) receive(data)
      },
      onClose: (code) => {
        if (socket === opened) closed(code)
      },
    })
    socket = opened
    schedule(pongWithinMs, () => {
      leave()
      retry()
    })
  }

  return {
    start() {
      if (isStarted) return
      isStarted = true
      failures = 0
      connect()
    },
    stop() {
      isStarted = false
      leave()
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    get isConnected() {
      return isConnected
    },
    onConnection(listener) {
      connectionListeners.add(listener)
      return () => connectionListeners.delete(listener)
    },
  }
}

/** Undefined for a frame that this page does not know: a newer gateway may send it. */
function readFrame(text: unknown): LiveFrame | undefined {
  try {
    return LiveFrame.safeParse(JSON.parse(String(text))).data
  } catch {
    return undefined
  }
}
