/** Joins a chat session to a component: opened with it, left with it, woken when the person or the network returns. */
import { useEffect, useState, useSyncExternalStore } from "react"
import { client } from "../api/client.ts"
import type { PendingStore } from "./pending.ts"
import { createPendingStore } from "./pending.ts"
import type { ChatSession, ChatView } from "./session.ts"
import { openChat } from "./session.ts"

/** What this tab still has to send, and drafts. */
export const pendingStore: PendingStore = createPendingStore(sessionStorage, Date.now)

/** Not `randomUUID`: browsers keep that from pages served over plain http. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** A hidden page gets no animation frames, and needs none. */
const nextFrame = (work: () => void) => {
  if (document.visibilityState === "visible") requestAnimationFrame(work)
  else setTimeout(work, 250)
}

/** Those that are open; some were left and have yet to send what was written in them. */
const chats = new Set<ChatSession>()

function open(loopId: string, onProgress: () => void): ChatSession {
  const opened = openChat({
    loopId,
    client,
    pending: pendingStore,
    newKey,
    now: Date.now,
    random: Math.random,
    isVisible: () => document.visibilityState === "visible",
    schedule: nextFrame,
    onProgress,
    onClosed: () => chats.delete(opened),
  })
  chats.add(opened)
  return opened
}

/** Sends what is pending for a loop that nobody looks at. */
export function sendPending(loopId: string, onProgress: () => void): void {
  open(loopId, onProgress).leave()
}

/** Whoever signs in next must not send in another's name. */
export function closeChats(): void {
  for (const chat of chats) chat.close()
}

/** The session of a loop and what it shows; null in the first moment. The component must be keyed by the loop. */
export function useChat(loopId: string, onProgress: () => void): [ChatView, ChatSession] | null {
  const [session, setSession] = useState<ChatSession | null>(null)
  useEffect(() => {
    const opened = open(loopId, onProgress)
    setSession(opened)
    const wake = () => opened.wake()
    document.addEventListener("visibilitychange", wake)
    addEventListener("online", wake)
    return () => {
      document.removeEventListener("visibilitychange", wake)
      removeEventListener("online", wake)
      opened.leave()
    }
  }, [loopId, onProgress])
  const view = useSyncExternalStore(session?.subscribe ?? nobody, session?.getView ?? nothing)
  return session && view ? [view, session] : null
}
const nobody = () => () => undefined
const nothing = () => null
