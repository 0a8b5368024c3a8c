/** What the edge itself tells the live feed: changes that it made by its own hand. */
import type { LiveEvent } from "../core/live/event.ts"
import type { EdgeDeps } from "./deps.ts"

/** Tells all who watch, behind the answer. News that get lost are not sent again: pages read their lists anew now and then. */
export function tellLive(deps: Pick<EdgeDeps, "peers" | "background">, ...events: LiveEvent[]): void {
  const tell = async () => {
    await deps.peers("live", "main").call("publish", { events })
  }
  deps.background(tell().catch(() => {}))
}
