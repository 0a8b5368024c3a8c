/**
 * Durable Objects on one machine: wakes objects when something happens to them, lets them rest when nothing does, and keeps
 * their promises through one SQLite file. The second implementation of the ObjectHost port.
 */
import { LoopError } from "../../../core/errors.ts"
import { after } from "../../../core/units.ts"
import type { Libsql } from "../../../adapters/store/libsql.ts"
import type { Egress, HostedObject, ObjectHost, ObjectSocket } from "../../../durable-objects/host.ts"
import { methods, type ObjectKind, type Peers, type Upgrade } from "../../../durable-objects/peers.ts"
import { broken } from "../../../durable-objects/sockets.ts"
import { openPeer, toPeerFailure, type Transport } from "../../../durable-objects/transport.ts"
import { AlarmClock } from "./alarms.ts"
import { copyValue } from "./copy.ts"
import { Incarnation, objectKey } from "./incarnation.ts"
import { openPort, type ObjectLog, type Surroundings } from "./port.ts"
import { handleOf, SocketKeeper, type HeldSocket } from "./sockets.ts"
import { ObjectStore, type Alarm, type StoreStats } from "./store.ts"
import { gateStream } from "./stream.ts"
import { EarliestTimer, systemTimers, type Timers } from "./timers.ts"

export interface ObjectHostOptions {
  /** The SQLite file of all objects, in a directory that is locked for this process. */
  readonly path: string
  readonly blobDirectory: string
  readonly libsql: Libsql
  /** Its reads stay in this process, so that they tell nobody of what is not durable yet. Default false. */
  readonly readsStayInside?: boolean
  readonly fetch: Readonly<Record<Egress, (request: Request) => Promise<Response>>>
  /** Makes the object of a kind; called anew after each absence from memory. */
  readonly create: (kind: ObjectKind, host: ObjectHost) => HostedObject
  readonly log: (entry: ObjectLog) => void
  readonly timers?: Timers
  readonly random?: (sizeBytes: number) => Uint8Array
  /** An object leaves memory this long after its last event. */
  readonly idleMs?: number
  /** Stands around every commit: a benchmark slows it, a test breaks it. It must call `commit` or throw. */
  readonly aroundCommit?: (commit: () => void) => void
}

export interface ObjectHostStats extends StoreStats {
  /** Objects in memory now. */
  readonly objects: number
  /** WebSockets that are held now. */
  readonly sockets: number
}

export interface NodeObjects {
  /** For the HTTP edge. Refuses with `shutting_down` once closing has begun. */
  readonly peers: Peers
  /** The same without the table of methods; for tests. */
  reach(kind: ObjectKind, id: string): Transport
  /**
   * Asks an object to take the WebSocket that a request asks for. What it answers stands for a yes; the server then takes the
   * socket and gives it its connection.
   */
  readonly upgrade: Upgrade
  /** The socket that was accepted for this very request; once. Whoever takes it attaches a connection or drops it. */
  takeSocket(request: Request): HeldSocket | undefined
  /** Takes the object from memory now. What runs in it fails with `peer_unavailable`; what it wrote stays. */
  evict(kind: ObjectKind, id: string): Promise<void>
  stats(): ObjectHostStats
  /** Takes no new work, waits for what runs at most `limitMs`, makes all durable and ends the streams. */
  close(limitMs?: number): Promise<void>
}

interface Living {
  readonly incarnation: Incarnation
  readonly object: HostedObject
}

const defaultIdleMs = 10_000
/** After what is left of erased objects could not be overwritten, as on a disk that fails. */
const scrubAgainMs = 60_000
/** Between two looks for idle objects, so that a crowd of them is looked through once and not once each. */
const leastSweepMs = 1_000
/** Half of the ten seconds that service managers and container engines commonly leave between TERM and KILL. */
const defaultCloseMs = 5_000

/** @throws Error that says what is wrong with the file */
export function openObjectHost(options: ObjectHostOptions): NodeObjects {
  const { timers = systemTimers, idleMs = defaultIdleMs, log } = options
  const living = new Map<string, Living>()
  const accepted = new WeakMap<Request, HeldSocket>()
  const stopping = new AbortController()
  let isClosing = false
  let onAllIdle: (() => void) | undefined

  const store = new ObjectStore({
    path: options.path,
    aroundCommit: options.aroundCommit,
    onAlarmsChanged: () => alarms.sweep(),
  })
  const alarms = new AlarmClock({ store, timers, deliver: runAlarm })
  const idleTimer = new EarliestTimer(timers, dropIdle)

  const sockets = new SocketKeeper({ onMessage: deliverFrame, onClose: deliverClose }, timers)

  const scrubTimer = new EarliestTimer(timers, () => void scrub().catch(() => {}))
  async function scrub(): Promise<void> {
    try {
      await store.scrub()
    } catch (error) {
      if (!isClosing) scrubTimer.armBy(timers.now() + scrubAgainMs)
      throw error
    }
  }

  const around: Surroundings = {
    store,
    scrub,
    libsql: options.libsql,
    readsStayInside: options.readsStayInside ?? false,
    blobDirectory: options.blobDirectory,
    fetch: options.fetch,
    now: () => timers.now(),
    random: options.random ?? ((sizeBytes) => crypto.getRandomValues(new Uint8Array(sizeBytes))),
    reach,
    sockets,
    stopping: stopping.signal,
    log,
  }

  const lifetime = {
    now: () => timers.now(),
    onIdle() {
      idleTimer.armBy(timers.now() + idleMs)
      if (onAllIdle !== undefined && !isAnyBusy()) onAllIdle()
    },
    onEnd(incarnation: Incarnation, failure: LoopError) {
      if (living.get(incarnation.key)?.incarnation === incarnation) living.delete(incarnation.key)
      if (failure.code === "storage_failed") sockets.abandon(incarnation.key)
    },
  }

  function wake(kind: ObjectKind, id: string): Living {
    const key = objectKey(kind, id)
    const present = living.get(key)
    if (present !== undefined) return present
    const incarnation = new Incarnation(kind, id, lifetime)
    try {
      const woken = { incarnation, object: options.create(kind, openPort(incarnation, around)) }
      incarnation.assertAlive()
      living.set(key, woken)
      idleTimer.armBy(timers.now() + idleMs)
      return woken
    } catch (error) {
      incarnation.end(new LoopError("peer_unavailable"))
      throw error
    }
  }

  /** @param caller - the object that asks; without one the answer goes to the outside */
  function reach(kind: ObjectKind, id: string, caller?: Incarnation): Transport {
    const answered = async (incarnation: Incarnation): Promise<void> => {
      if (caller === undefined) return incarnation.gate()
      incarnation.assertAlive()
      store.follow(caller, incarnation)
    }
    return {
      async call(name, input) {
        const { incarnation, object } = wakeFor(kind, id, name)
        if (caller !== undefined) store.follow(incarnation, caller)
        return incarnation.attend(async () => {
          try {
            // Copied before the wait at the gate: what the object changes meanwhile is not what it answered.
            const answer = copyValue(await object.call(name, input))
            await answered(incarnation)
            return answer
          } catch (error) {
            throw await failureOf(incarnation, name, error, answered)
          }
        })
      },
      async stream(name, input) {
        const { incarnation, object } = wakeFor(kind, id, name)
        const report = (error: unknown) => logUnexpected(incarnation, name, error)
        try {
          return gateStream(object.stream(name, input), incarnation, report)
        } catch (error) {
          throw await failureOf(incarnation, name, error)
        }
      },
    }
  }

  function wakeFor(kind: ObjectKind, id: string, name: string): Living {
    try {
      return wake(kind, id)
    } catch (error) {
      const failure = toPeerFailure(error)
      if (failure.code === "internal") log({ object: objectKey(kind, id), during: name, error })
      throw failure
    }
  }

  /** An error is a way out like any other: what it tells must be durable first. */
  async function failureOf(
    incarnation: Incarnation,
    name: string,
    error: unknown,
    answered = (from: Incarnation) => from.gate(),
  ): Promise<LoopError> {
    logUnexpected(incarnation, name, error)
    try {
      await answered(incarnation)
    } catch (gateError) {
      return toPeerFailure(gateError)
    }
    return toPeerFailure(error)
  }

  function logUnexpected(incarnation: Incarnation, during: string, error: unknown): void {
    const { code, cause } = toPeerFailure(error)
    if (code === "internal") log({ object: incarnation.key, during, error: cause })
  }

  function refuseWhenClosing(): void {
    if (isClosing) throw new LoopError("shutting_down")
  }

  function reachFromOutside(kind: ObjectKind, id: string): Transport {
    const transport = reach(kind, id)
    return {
      async call(name, input) {
        refuseWhenClosing()
        return transport.call(name, copyValue(input))
      },
      async stream(name, input) {
        refuseWhenClosing()
        return transport.stream(name, copyValue(input))
      },
    }
  }

  async function upgrade(kind: ObjectKind, id: string, request: Request, input: unknown): Promise<Response> {
    refuseWhenClosing()
    const { incarnation, object } = wakeFor(kind, id, "upgrade")
    let socket: HeldSocket | undefined
    try {
      await incarnation.attend(async () => {
        await object.onUpgrade?.(copyValue(input), (options = {}) => {
          if (socket !== undefined) throw new Error("one request is one socket")
          socket = sockets.accept(incarnation.key, options)
          return handleOf(socket, incarnation)
        })
        await incarnation.gate()
      })
      if (socket === undefined) throw new Error("the object took no socket")
    } catch (error) {
      socket?.drop()
      throw await failureOf(incarnation, "upgrade", error)
    }
    accepted.set(request, socket)
    return new Response(null)
  }

  /** A frame that an object fails at ends its socket: what it asked for is not to be waited for. */
  async function deliverFrame(socket: HeldSocket, data: string | Uint8Array): Promise<void> {
    if (isClosing) return
    await runSocketEvent(socket, "socket frame", (object, handle) => object.onSocketMessage?.(handle, data)).catch(() =>
      socket.close(broken, undefined),
    )
  }

  function deliverClose(socket: HeldSocket): void {
    if (isClosing) return
    runSocketEvent(socket, "socket close", (object, handle) => object.onSocketClose?.(handle)).catch(() => {})
  }

  async function runSocketEvent(
    socket: HeldSocket,
    during: string,
    event: (object: HostedObject, handle: ObjectSocket) => Promise<void> | undefined,
  ): Promise<void> {
    const { incarnation, object } = wakeFor(...parseKey(socket.object), during)
    try {
      await incarnation.attend(async () => event(object, handleOf(socket, incarnation)))
    } catch (error) {
      logUnexpected(incarnation, during, error)
      throw error
    }
  }

  async function runAlarm(alarm: Alarm): Promise<void> {
    const [kind, id] = parseKey(alarm.object)
    const { incarnation, object } = wakeFor(kind, id, "alarm")
    await incarnation.attend(async () => {
      try {
        await object.alarm()
        incarnation.assertAlive()
        store.consumeAlarm(incarnation, alarm)
        await incarnation.gate()
      } catch (error) {
        log({ object: alarm.object, during: "alarm", error })
        throw error
      }
    })
  }

  function isAnyBusy(): boolean {
    for (const { incarnation } of living.values()) if (incarnation.isBusy) return true
    return false
  }

  function dropIdle(): void {
    const now = timers.now()
    let next = Infinity
    for (const { incarnation } of living.values()) {
      const leavesAt = after(incarnation.idleSince() ?? now, idleMs)
      if (leavesAt <= now) incarnation.end(new LoopError("peer_unavailable"))
      else next = Math.min(next, leavesAt)
    }
    if (next < Infinity) idleTimer.armBy(Math.max(next, now + leastSweepMs))
  }

  async function allIdle(limitMs: number): Promise<void> {
    if (limitMs <= 0 || !isAnyBusy()) return
    await new Promise<void>((resolve) => {
      const cancel = timers.start(limitMs, resolve)
      onAllIdle = () => {
        cancel()
        resolve()
      }
    })
  }

  alarms.sweep()
  if (store.isScrubDue) scrubTimer.armBy(timers.now())
  return {
    peers: (kind, id) => openPeer(kind, reachFromOutside(kind, id)),
    reach: reachFromOutside,
    upgrade,
    takeSocket(request) {
      const socket = accepted.get(request)
      accepted.delete(request)
      return socket
    },
    async evict(kind, id) {
      const present = living.get(objectKey(kind, id))
      if (present === undefined) return
      store.commit()
      present.incarnation.end(new LoopError("peer_unavailable"))
    },
    stats: () => ({ ...store.stats(), objects: living.size, sockets: sockets.size }),
    async close(limitMs = defaultCloseMs) {
      if (isClosing) return
      isClosing = true
      stopping.abort()
      alarms.close()
      await allIdle(limitMs)
      idleTimer.cancel()
      scrubTimer.cancel()
      store.commit()
      await sockets.close(limitMs)
      for (const { incarnation } of living.values()) incarnation.end(new LoopError("shutting_down"))
      await store.close()
    },
  }
}

function parseKey(key: string): [kind: ObjectKind, id: string] {
  const slash = key.indexOf("/")
  const kind = key.slice(0, slash)
  if (!isObjectKind(kind)) throw new Error(`no such kind of object: ${kind}`)
  return [kind, key.slice(slash + 1)]
}

function isObjectKind(kind: string): kind is ObjectKind {
  return Object.hasOwn(methods, kind)
}
