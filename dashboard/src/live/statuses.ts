/** Which conversations answer or wait at this moment, as the live feed told: the record learns of a turn at its end. */
import type { LiveNews } from "./feed.ts"

export type TurnStatus = "running" | "waiting"

export interface TurnStatuses {
  hear(news: LiveNews): void
  /** A new object after each change, the same one until then. */
  read(): ReadonlyMap<string, TurnStatus>
  onChange(listener: () => void): () => void
}

export function createTurnStatuses(): TurnStatuses {
  const listeners = new Set<() => void>()
  let statuses: ReadonlyMap<string, TurnStatus> = new Map()

  const change = (conversationId: string, status: TurnStatus | undefined) => {
    if (statuses.get(conversationId) === status) return
    const changed = new Map(statuses)
    if (status === undefined) changed.delete(conversationId)
    else changed.set(conversationId, status)
    statuses = changed
    listeners.forEach((listener) => listener())
  }

  return {
    hear(news) {
      const { event } = news
      if (event === "turn:started" || event === "approval:resolved") change(news.data.conversationId, "running")
      else if (event === "turn:waiting") change(news.data.conversationId, "waiting")
      else if (event === "turn:ended" || event === "conversation:erased") change(news.data.conversationId, undefined)
      // What ended meanwhile was not heard of.
      else if (event === "gap") for (const conversationId of statuses.keys()) change(conversationId, undefined)
    },
    read: () => statuses,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
