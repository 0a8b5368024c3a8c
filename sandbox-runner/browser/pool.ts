/**
 * The browsers of conversations that are open at one time: a bounded number, the one longest unused makes room. All are parts of
 * one Chromium, which runs only while one is open.
 */
import type { LookupFunction } from "node:net"
import type { EgressRules } from "../../core/egress/target.ts"
import type { ConversationId } from "../../core/units.ts"
import type { ConnectRules } from "../connecting.ts"
import { startChromium, type Chromium, type ChromiumOptions } from "./chromium.ts"
import type { Profiles } from "./profiles.ts"
import { startProxy } from "./proxy.ts"
import { openSession, type Session } from "./session.ts"

export interface PoolOptions {
  readonly chromium: ChromiumOptions
  readonly profiles: Profiles
  readonly rules: EgressRules & ConnectRules
  readonly resolve?: LookupFunction
  readonly maxOpen: number
  /** A session that nobody uses for so long is closed. */
  readonly idleMs: number
}

export interface Pool {
  /**
   * Works in the conversation's session, one piece of work after the other. A session whose work was aborted is closed, since
   * nobody knows what still goes on in it.
   * @throws what the work throws; Error when Chromium does not start; the signal's reason
   */
  use<T>(id: ConversationId, signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T>
  /** Closes the conversation's session after the work in it, then does what has to be done without one. */
  closed(id: ConversationId, then: () => Promise<void>): Promise<void>
  /** Why Chromium did not start when it was tried last; undefined when it did, was not tried, or that was a minute ago. */
  lastProblem(): string | undefined
  close(): Promise<void>
}

/** Then it may be tried again: what was wrong may have been put right. */
const problemKeptMs = 60_000

interface Open {
  readonly session: Session
  isBusy: boolean
  idle: NodeJS.Timeout | undefined
}

export function createPool(options: PoolOptions): Pool {
  let running: { readonly starting: Promise<Chromium>; started: Chromium | undefined } | undefined
  let problem: { readonly text: string; readonly at: number } | undefined
  let isEnding = false
  /** Longest unused first. */
  const open = new Map<ConversationId, Open>()
  let opening = 0
  /** The end of each conversation's queue. */
  const queues = new Map<ConversationId, Promise<unknown>>()
  let waiting: (() => void)[] = []
  const tellWaiting = () => {
    const told = waiting
    waiting = []
    for (const tell of told) tell()
  }

  const start = async (): Promise<Chromium> => {
    const started = await startChromium(options.chromium)
    started.browser.once("disconnected", () => {
      // Its sessions are gone with it; whoever comes next starts another.
      if (running?.started === started) running = undefined
      for (const [id, { session, idle }] of open) {
        if (session.context.browser() !== started.browser) continue
        clearTimeout(idle)
        open.delete(id)
        void session.close()
      }
      void started.close()
      tellWaiting()
    })
    return started
  }
  const startIfNeeded = async (): Promise<Chromium> => {
    const mine = (running ??= { starting: start(), started: undefined })
    try {
      mine.started = await mine.starting
      problem = undefined
      return mine.started
    } catch (error) {
      if (running === mine) running = undefined
      problem = { text: error instanceof Error ? error.message : "Chromium does not start.", at: performance.now() }
      throw error
    }
  }
  const stopIfUnused = async () => {
    if (open.size > 0 || opening > 0 || running === undefined) return
    const ending = running
    running = undefined
    await (await ending.starting.catch(() => undefined))?.close()
  }
  const drop = async (id: ConversationId) => {
    const one = open.get(id)
    if (one === undefined) return
    open.delete(id)
    clearTimeout(one.idle)
    await one.session.close()
    tellWaiting()
    await stopIfUnused()
  }

  const makeRoom = async (signal: AbortSignal) => {
    while (open.size + opening >= options.maxOpen) {
      const [unused] = [...open].find(([, { isBusy }]) => !isBusy) ?? []
      if (unused !== undefined) await drop(unused)
      else await untilOneIsFree(signal)
      signal.throwIfAborted()
    }
    opening += 1
  }
  const untilOneIsFree = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      waiting.push(resolve)
      signal.addEventListener("abort", () => reject(signal.reason), { once: true })
    })
  const openOne = async (id: ConversationId, signal: AbortSignal): Promise<Open> => {
    await makeRoom(signal)
    try {
      const { browser } = await startIfNeeded()
      const proxy = await startProxy(options)
      try {
        const session = await openSession(browser, proxy, await options.profiles.stateOf(id))
        const one: Open = { session, isBusy: true, idle: undefined }
        open.set(id, one)
        return one
      } catch (error) {
        await proxy.close()
        throw error
      }
    } finally {
      opening -= 1
    }
  }

  const queued = async <T>(id: ConversationId, work: () => Promise<T>): Promise<T> => {
    const before = queues.get(id) ?? Promise.resolve()
    const mine = before.then(work, work)
    const end = mine.catch(() => {})
    queues.set(id, end)
    try {
      return await mine
    } finally {
      if (queues.get(id) === end) queues.delete(id)
    }
  }

  return {
    use: (id, signal, work) =>
      queued(id, async () => {
        signal.throwIfAborted()
        if (isEnding) throw new Error("The browser has been closed.")
        const one = open.get(id) ?? (await openOne(id, signal))
        one.isBusy = true
        clearTimeout(one.idle)
        open.delete(id)
        open.set(id, one)
        try {
          return await orAbort(work(one.session), signal)
        } finally {
          one.isBusy = false
          if (signal.aborted || isEnding) await drop(id)
          else if (open.get(id) === one) {
            one.idle = setTimeout(
              () => void queued(id, async () => (one.isBusy ? undefined : drop(id))),
              options.idleMs,
            )
            one.idle.unref()
          }
          tellWaiting()
        }
      }),
    closed: (id, then) =>
      queued(id, async () => {
        await drop(id)
        await then()
      }),
    lastProblem: () =>
      problem !== undefined && performance.now() - problem.at < problemKeptMs ? problem.text : undefined,
    async close() {
      isEnding = true
      await Promise.all([...open.keys()].map((id) => drop(id)))
      // What is being opened meanwhile sees that this is the end, and closes again.
      await Promise.all(queues.values())
      await stopIfUnused()
    },
  }
}

/** The work, or the reason of the abort as soon as there is one; what the work does then is nobody's concern. */
function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener("abort", abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort))
  })
}
