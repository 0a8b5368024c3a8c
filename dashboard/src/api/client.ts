/** The page's own client, and word of a session that ended. */
import { createClient } from "./call.ts"

const listeners = new Set<() => void>()

/** Calls `listener` when the gateway no longer knows the session. Returns how to stop. */
export function onSignedOut(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const client = createClient("", () => {
  for (const listener of listeners) listener()
})

/** Calls an endpoint of this gateway. See {@link createClient}. */
export const { call } = client
