/**
 * Where a program is killed, seen from outside: at the n-th request of a server that it speaks to, before that request is
 * passed on or when it was done and nobody was told. A request that is held there ends with the program.
 */
import type { CountingProxyOptions } from "./counting-proxy.ts"

export const servers = ["model", "telegram", "lines", "libsql"] as const
export type ServerName = (typeof servers)[number]

export const moments = ["before", "before_answer"] as const
export type Moment = (typeof moments)[number]

export interface KillPoint {
  readonly server: ServerName
  readonly moment: Moment
  /** Counted from `arm` on, beginning with 1. 0: an answer to a request that was open at that time. */
  readonly n: number
}

export interface KillPoints {
  /** For the proxy before that server. */
  hooksOf(server: ServerName): Pick<CountingProxyOptions, "before" | "beforeAnswer" | "after">
  /** From now on the program is held at this point. One at a time; what is held stays so. */
  arm(point: KillPoint): void
  disarm(): void
  readonly isReached: boolean
  /** Requests since `arm`. */
  countOf(server: ServerName): number
  /** Requests that have begun, are not over and are not held. */
  openOf(server: ServerName): number
  /** The program is dead: what is held never happens, or is never told. */
  cut(): void
}

export function createKillPoints(): KillPoints {
  const counts: Record<ServerName, number> = { model: 0, telegram: 0, lines: 0, libsql: 0 }
  const atArming = { ...counts }
  const open = { ...counts }
  const held = new Map<string, (reason: Error) => void>()
  let armed: KillPoint | undefined
  let isReached = false

  const pass = async (server: ServerName, moment: Moment, n: number) => {
    if (armed?.server !== server || armed.moment !== moment || armed.n !== n - atArming[server]) return
    armed = undefined
    isReached = true
    open[server] -= 1
    await new Promise<void>((_, reject) => held.set(`${server} ${n}`, reject))
  }
  return {
    hooksOf: (server) => ({
      async before(n) {
        counts[server] = n
        open[server] += 1
        await pass(server, "before", n)
      },
      beforeAnswer: (n) => pass(server, "before_answer", n),
      after(n) {
        if (!held.has(`${server} ${n}`)) open[server] -= 1
      },
    }),
    arm(point) {
      armed = point
      isReached = false
      Object.assign(atArming, counts)
    },
    disarm() {
      armed = undefined
    },
    get isReached() {
      return isReached
    },
    countOf: (server) => counts[server] - atArming[server],
    openOf: (server) => open[server],
    cut() {
      for (const reject of held.values()) reject(new Error("the program was killed"))
    },
  }
}
