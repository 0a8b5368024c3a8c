/** What the person wrote and the gateway has not finished with: kept for the tab, so that a reload loses nothing. */
import * as z from "zod"

/** Sent with the same key after a reload, it is the same message: the gateway takes each key once. */
const PendingMessage = z.object({
  /** The Idempotency-Key. */
  key: z.string(),
  text: z.string(),
  sentAt: z.number(),
  /** The turn it became, once that is known. */
  turnId: z.string().nullable(),
})
export type PendingMessage = z.infer<typeof PendingMessage>

/** The gateway remembers a key for 24 hours; an hour less leaves room for clocks that differ. */
const keyLifetimeMs = 23 * 60 * 60 * 1000

/** The part of the browser's Storage that is used. */
export interface TextStorage {
  getItem(name: string): string | null
  setItem(name: string, value: string): void
  removeItem(name: string): void
  clear(): void
}

export interface PendingStore {
  /** Oldest first. Messages that are too old to be repeated safely are left out. */
  list(loopId: string): PendingMessage[]
  /** Adds the message, or replaces the one with its key. */
  put(loopId: string, message: PendingMessage): void
  remove(loopId: string, key: string): void
  readDraft(place: string): string
  writeDraft(place: string, text: string): void
  /** Forgets all: the next person at this tab is someone else. */
  clear(): void
}

/** A store over the tab's storage. Full or forbidden storage costs the memory across reloads and nothing else. */
export function createPendingStore(storage: TextStorage, now: () => number): PendingStore {
  const read = (name: string) => {
    try {
      return storage.getItem(name)
    } catch {
      return null
    }
  }
  const write = (name: string, value: string | null) => {
    try {
      if (value === null) storage.removeItem(name)
      else storage.setItem(name, value)
    } catch {
      // Only a reload would miss it.
    }
  }
  const readAll = (loopId: string): PendingMessage[] => {
    try {
      return z.array(PendingMessage).parse(JSON.parse(read(nameOf(loopId)) ?? "[]"))
    } catch {
      return []
    }
  }
  const writeAll = (loopId: string, messages: readonly PendingMessage[]) =>
    write(nameOf(loopId), messages.length === 0 ? null : JSON.stringify(messages))

  return {
    list: (loopId) => readAll(loopId).filter((message) => now() - message.sentAt < keyLifetimeMs),
    put(loopId, message) {
      const all = readAll(loopId)
      const at = all.findIndex((other) => other.key === message.key)
      writeAll(loopId, at < 0 ? [...all, message] : all.with(at, message))
    },
    remove(loopId, key) {
      writeAll(
        loopId,
        readAll(loopId).filter((message) => message.key !== key),
      )
    },
    readDraft: (place) => read(draftOf(place)) ?? "",
    clear() {
      try {
        storage.clear()
      } catch {
        // Then it kept nothing.
      }
    },
    writeDraft: (place, text) => write(draftOf(place), text === "" ? null : text),
  }
}

const nameOf = (loopId: string) => `loop-gateway.pending.${loopId}`
const draftOf = (place: string) => `loop-gateway.draft.${place}`
