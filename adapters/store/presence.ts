/**
 * Knows when a server is away, so that nobody waits for it again and again: while it is, one request at a time asks whether
 * it is back, and all others fail at once. It never repeats a request.
 */

/**
 * One lost request may be chance, such as a connection that the server closed for its age. One that ran into its timeout while
 * nothing else was answered is none.
 */
const lostUntilAway = 2
/** After so long without a request nothing is known any more, and the next one goes out as any other. */
const forgottenAfterMs = 10_000
const pauseBetweenProbesMs = 1_000

type Fetch = (request: Request) => Promise<Response>

export interface PresenceOptions {
  readonly fetch: Fetch
  /** Asks the server for a sign of life. Rejects when there is none within `probeTimeoutMs`. */
  readonly probe: () => Promise<unknown>
  readonly probeTimeoutMs: number
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** The same `fetch`, which rejects at once while the server is away. */
export function skipWhileAway({ fetch, probe, probeTimeoutMs, now }: PresenceOptions): Fetch {
  let lostInRow = 0
  let lastLostAt = 0
  let nextProbeAt = 0
  const tried = async <T>(attempt: () => Promise<T>): Promise<T> => {
    try {
      const answer = await attempt()
      // Whatever it says: it is an answer.
      lostInRow = 0
      return answer
    } catch (error) {
      lostInRow += isTimeout(error) ? lostUntilAway : 1
      lastLostAt = now()
      throw error
    }
  }
  const isAway = () => lostInRow >= lostUntilAway && now() - lastLostAt < forgottenAfterMs
  return async (request) => {
    if (isAway()) {
      if (now() < nextProbeAt) throw new ServerAway()
      // Also when this probe is never heard of again, as in a Worker whose request was cancelled.
      nextProbeAt = now() + probeTimeoutMs + pauseBetweenProbesMs
      try {
        await tried(probe)
      } finally {
        nextProbeAt = now() + pauseBetweenProbesMs
      }
    }
    return tried(() => fetch(request))
  }
}

/** Of `AbortSignal.timeout`. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError"
}

/** The log names it by its code. */
class ServerAway extends Error {
  readonly code = "SERVER_AWAY"
  constructor() {
    super("the server did not answer the last requests")
    this.name = "ServerAway"
  }
}
