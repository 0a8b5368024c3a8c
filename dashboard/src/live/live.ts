/** The live feed in a browser: one for the whole page, and the hooks by which parts of the page follow it. */
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react"
import { getMe } from "../../../core/api/access.ts"
import type { ConversationView } from "../../../core/api/conversations.ts"
import type { LiveEventName } from "../../../core/live/event.ts"
import { call } from "../api/client.ts"
import type { Loaded } from "../ui/use-call.ts"
import { type Activity, createActivityLog } from "./activity.ts"
import { createLiveFeed, type LiveNews } from "./feed.ts"
import { createTurnStatuses } from "./statuses.ts"

/** A page that nobody looks at keeps its connection this long: a glance at another window costs nothing. */
const hiddenForMs = 60_000
/** News that come together are read together. */
const gatherMs = 300

const feed = createLiveFeed({
  connect(after, events) {
    const url = new URL("/api/live", location.href)
    url.protocol = url.protocol.replace("http", "ws")
    if (after !== undefined) url.searchParams.set("after", String(after))
    const socket = new WebSocket(url)
    socket.addEventListener("message", ({ data }) => events.onFrame(data))
    socket.addEventListener("close", ({ code }) => events.onClose(code))
    return {
      send: (text) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(text)
      },
      close: () => socket.close(1000),
    }
  },
  later(delayMs, work) {
    const timer = setTimeout(work, delayMs)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
  onSignedOut: () => void lookAgain(),
})
const statuses = createTurnStatuses()
const activity = createActivityLog()
feed.listen((news) => {
  statuses.hear(news)
  activity.hear(news)
})

/** The page learns of the end of its session as from any call. Another sign-in, in another tab, goes on here. */
async function lookAgain(): Promise<void> {
  try {
    await call(getMe, {})
  } catch {
    return
  }
  feed.stop()
  feed.start()
}

/** Keeps the page connected while the component is shown and someone looks at it. */
export function useLiveConnection(): void {
  useEffect(() => {
    let hiding: ReturnType<typeof setTimeout> | undefined
    const look = () => {
      clearTimeout(hiding)
      if (document.visibilityState === "visible") feed.start()
      else hiding = setTimeout(() => feed.stop(), hiddenForMs)
    }
    look()
    document.addEventListener("visibilitychange", look)
    return () => {
      clearTimeout(hiding)
      document.removeEventListener("visibilitychange", look)
      feed.stop()
    }
  }, [])
}

/** Calls `listener` with everything that is heard. */
export function useLiveNews(listener: (news: LiveNews) => void): void {
  const newest = useRef(listener)
  useEffect(() => {
    newest.current = listener
  })
  useEffect(() => feed.listen((news) => newest.current(news)), [])
}

/**
 * Reads again, a moment later, when one of these events was heard or some may have been missed.
 * @param names - whole names, or the part up to the colon with it
 * @param afterMs - how long after an event what is read is certain to know of it
 */
export function useLiveReload(
  names: readonly (LiveEventName | `${string}:`)[],
  reload: () => Promise<void>,
  afterMs = gatherMs,
): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const heardMore = useRef(false)
  const readLater = () => {
    heardMore.current = false
    timer.current = setTimeout(() => {
      timer.current = undefined
      if (heardMore.current) readLater()
      void reload()
    }, afterMs)
  }
  useLiveNews(({ event }) => {
    if (event !== "gap" && !names.some((name) => event === name || (name.endsWith(":") && event.startsWith(name))))
      return
    if (timer.current === undefined) readLater()
    else heardMore.current = true
  })
  useEffect(
    () => () => {
      clearTimeout(timer.current)
      timer.current = undefined
    },
    [],
  )
}

/** True while the page hears of changes by itself, so that it need not ask so often. */
export function useIsLive(): boolean {
  return useSyncExternalStore(
    (listener) => feed.onConnection(listener),
    () => feed.isConnected,
  )
}

/** What happened since the page was opened, the newest first. */
export function useActivity(): readonly Activity[] {
  return useSyncExternalStore(
    (listener) => activity.onChange(listener),
    () => activity.read(),
  )
}

interface Conversations {
  readonly data: readonly ConversationView[]
  readonly nextCursor: string | null
}

/** The conversations with the status that the live feed tells: the record learns of a turn at its end. */
export function useLiveStatuses(list: Loaded<Conversations>): Loaded<Conversations> {
  const now = useSyncExternalStore(
    (listener) => statuses.onChange(listener),
    () => statuses.read(),
  )
  return useMemo(() => {
    if (list.is !== "ready") return list
    const data = list.value.data.map((one) => ({ ...one, status: now.get(one.id) ?? one.status }))
    return { is: "ready", value: { ...list.value, data } }
  }, [list, now])
}
