/** When a model of the chain has no room for a call, whatever of the conversation gives way, and which others have more. Pure. */
import type { PlacedLink } from "../model/chain.ts"
import type { TurnState } from "./fold.ts"

/** So often a call is repeated with less of the conversation. */
const mostOverflows = 1
/** So often an answer that filled the window is gone on with, each time behind less of the conversation. */
const mostFullWindows = 2

/** What a model has said of its room: the input of the present call did not fit, or answers of the turn broke off in it. */
type Room = Pick<TurnState, "failures" | "fullWindows">

/** The places of models that have no room for the call, though it was made shorter for them. */
export function outgrown({ failures, fullWindows }: Room): ReadonlySet<number> {
  const refused = failures.flatMap(({ candidate, failure }) =>
    failure.reason === "context_overflow" ? [candidate] : [],
  )
  const moreThan = (most: number, places: readonly number[]) =>
    places.filter((place) => places.filter((other) => other === place).length > most)
  return new Set([...moreThan(mostOverflows, refused), ...moreThan(mostFullWindows, fullWindows)])
}

/**
 * The links that may be asked, in their order: those from `from` on, but after an overflow that nothing cures only those with a
 * larger window, and behind them such links of before that have not failed yet. Empty: nobody has more room.
 */
export function roomyLinks(
  chain: readonly PlacedLink[],
  from: number,
  room: Room,
  windowOf: (placed: PlacedLink) => number,
): PlacedLink[] {
  const small = outgrown(room)
  if (small.size === 0) return chain.slice(from)
  const most = Math.max(...chain.filter(({ place }) => small.has(place)).map(windowOf))
  const roomy = chain.filter((placed) => windowOf(placed) > most)
  const isUntried = ({ place }: PlacedLink) => room.failures.every(({ candidate }) => candidate !== place)
  return [
    ...roomy.filter(({ place }) => place >= from),
    ...roomy.filter((placed) => placed.place < from && isUntried(placed)),
  ]
}
