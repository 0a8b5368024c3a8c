/**
 * The WebSockets of all objects on this machine. They are held here while their objects come and go, and no frame leaves
 * before what its object wrote until then is durable.
 */
import {
  maxSocketBufferBytes,
  type AcceptSocket,
  type ObjectSocket,
  type Sockets,
} from "../../../durable-objects/host.ts"
import {
  broken,
  checkClose,
  checkTags,
  encodeAttachment,
  ping,
  pong,
  tooSlow,
} from "../../../durable-objects/sockets.ts"
import type { Incarnation } from "./incarnation.ts"
import type { Batch } from "./store.ts"
import type { Timers } from "./timers.ts"

/** What is needed of a connection: a WebSocket of `ws` has it. */
export interface SocketConnection {
  readonly bufferedAmount: number
  readonly readyState: number
  readonly OPEN: number
  on(event: "message", listener: (data: unknown, isBinary: boolean) => void): unknown
  on(event: "pong" | "close" | "error", listener: () => void): unknown
  send(data: string | Uint8Array): void
  close(code: number, reason: string): void
  terminate(): void
  ping(data: undefined, mask: undefined, sent: () => void): void
  pause(): void
  resume(): void
}

/** What befalls a socket from outside. Both see to failures themselves. */
export interface SocketEvents {
  onMessage(socket: HeldSocket, data: string | Uint8Array): Promise<void>
  onClose(socket: HeldSocket): void
}

/** A connection that is silent is asked this often whether it is there (half the minute after which proxies give one up). */
const pingEveryMs = 30_000
/** One that does not answer for this long is dead. */
const pongWithinMs = 20_000
/** So many frames of one client may be worked on at once; until then no more are read from it. */
const maxInProgress = 16
/** At the end, clients get this long to answer the close frame. */
const farewellMs = 1_000
const restarting = { code: 1012, reason: "The gateway is restarting. Connect again." } as const

type Frame = { readonly data: string | Uint8Array } | { readonly code: number; readonly reason: string }

/** One socket, from its acceptance to its end. The connection itself comes a little later than the object's yes. */
export class HeldSocket {
  /** Names the object. */
  readonly object: string
  readonly tags: readonly string[]
  attachment: string
  readonly #events: SocketEvents
  readonly #timers: Timers
  #status: "open" | "closing" | "closed" = "open"
  #wire: SocketConnection | undefined
  /** In the order of sending; none leaves before its batch is durable. */
  readonly #waiting: { readonly frame: Frame; readonly batch: Batch | undefined }[] = []
  #waitingBytes = 0
  #awaited: Batch | undefined
  #inProgress = 0
  #isAsked = false
  #forgive: (() => void) | undefined

  constructor(
    object: string,
    kept: { tags: readonly string[]; attachment: string },
    events: SocketEvents,
    timers: Timers,
  ) {
    this.object = object
    this.tags = kept.tags
    this.attachment = kept.attachment
    this.#events = events
    this.#timers = timers
  }

  get isOpen(): boolean {
    return this.#status === "open"
  }

  /** The client's connection: what was sent so far follows now. */
  attach(wire: SocketConnection): void {
    this.#wire = wire
    wire.on("message", (data, isBinary) => this.#receive(wire, data, isBinary))
    wire.on("pong", () => this.#answered())
    wire.on("close", () => this.drop())
    // It is followed by `close`.
    wire.on("error", () => {})
    if (this.#status === "closed") wire.terminate()
    else this.#flush()
  }

  /** @param batch - of the object's last write */
  send(data: string | Uint8Array, batch: Batch | undefined): void {
    if (this.#status !== "open") return
    if (this.#waitingBytes + (this.#wire?.bufferedAmount ?? 0) > maxSocketBufferBytes) {
      this.#waiting.length = 0
      return this.close(tooSlow, undefined)
    }
    const own = typeof data === "string" ? data : data.slice()
    this.#waitingBytes += sizeOf(own)
    this.#push({ data: own }, batch)
  }

  close({ code, reason }: { readonly code: number; readonly reason: string }, batch: Batch | undefined): void {
    if (this.#status !== "open") return
    this.#status = "closing"
    this.#push({ code, reason }, batch)
  }

  /** Gives it up: it has ended, or its connection never came to be. */
  drop(): void {
    if (this.#status === "closed") return
    this.#status = "closed"
    this.#waiting.length = 0
    this.#wire?.terminate()
    this.#answered()
    this.#events.onClose(this)
  }

  /** Asks the client whether it is there. Counted from when the question has left, so that a busy process blames nobody. */
  probe(): void {
    const wire = this.#wire
    if (wire === undefined || this.#isAsked || wire.readyState !== wire.OPEN) return
    this.#isAsked = true
    wire.ping(undefined, undefined, () => {
      if (this.#isAsked) this.#forgive = this.#timers.start(pongWithinMs, () => wire.terminate())
    })
  }

  #answered(): void {
    this.#isAsked = false
    this.#forgive?.()
    this.#forgive = undefined
  }

  #push(frame: Frame, batch: Batch | undefined): void {
    this.#waiting.push({ frame, batch })
    this.#flush()
  }

  #flush(): void {
    const wire = this.#wire
    if (wire === undefined) return
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (next.batch?.status === "open") return this.#flushBehind(next.batch)
      this.#waiting.shift()
      // It tells of something that never was; the host closes the socket for that.
      if (next.batch?.status === "lost") continue
      if ("code" in next.frame) wire.close(next.frame.code, next.frame.reason)
      else {
        this.#waitingBytes -= sizeOf(next.frame.data)
        wire.send(next.frame.data)
      }
    }
  }

  #flushBehind(batch: Batch): void {
    if (this.#awaited === batch) return
    this.#awaited = batch
    void batch.settled.then(() => this.#flush())
  }

  #receive(wire: SocketConnection, data: unknown, isBinary: boolean): void {
    this.#answered()
    if (this.#status !== "open" || !Buffer.isBuffer(data)) return
    const message = isBinary ? new Uint8Array(data) : data.toString()
    if (message === ping) return this.send(pong, undefined)
    this.#inProgress += 1
    if (this.#inProgress === maxInProgress) wire.pause()
    void this.#events.onMessage(this, message).finally(() => {
      if (this.#inProgress === maxInProgress) wire.resume()
      this.#inProgress -= 1
    })
  }
}

export class SocketKeeper {
  readonly #events: SocketEvents
  readonly #timers: Timers
  readonly #byObject = new Map<string, Set<HeldSocket>>()
  #stopProbing: (() => void) | undefined
  #onAllGone: (() => void) | undefined

  constructor(events: SocketEvents, timers: Timers) {
    this.#timers = timers
    this.#events = {
      onMessage: (socket, data) => events.onMessage(socket, data),
      onClose: (socket) => {
        this.#forget(socket)
        events.onClose(socket)
      },
    }
  }

  accept(object: string, { tags = [], attachment }: Parameters<AcceptSocket>[0] & object): HeldSocket {
    checkTags(tags)
    const kept = { tags: [...tags], attachment: encodeAttachment(attachment) }
    const socket = new HeldSocket(object, kept, this.#events, this.#timers)
    const others = this.#byObject.get(object)
    if (others === undefined) this.#byObject.set(object, new Set([socket]))
    else others.add(socket)
    this.#probeLater()
    return socket
  }

  /** The sockets as one life of their object sees them. */
  portOf(incarnation: Incarnation): Sockets {
    return {
      list: (tag) => {
        incarnation.assertAlive()
        const open = [...(this.#byObject.get(incarnation.key) ?? [])].filter((socket) => socket.isOpen)
        const wanted = tag === undefined ? open : open.filter((socket) => socket.tags.includes(tag))
        return wanted.map((socket) => handleOf(socket, incarnation))
      },
    }
  }

  /** The object lost writes that its sockets may have been opened or marked by. */
  abandon(object: string): void {
    for (const socket of this.#byObject.get(object) ?? []) socket.close(broken, undefined)
  }

  /** How many are held now. */
  get size(): number {
    let size = 0
    for (const sockets of this.#byObject.values()) size += sockets.size
    return size
  }

  /** Tells all clients to come back later, waits a moment for their answer and ends what is left. */
  async close(limitMs: number): Promise<void> {
    this.#stopProbing?.()
    for (const socket of this.#all()) socket.close(restarting, undefined)
    if (this.size > 0 && limitMs > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#timers.start(Math.min(limitMs, farewellMs), resolve)
        this.#onAllGone = () => {
          cancel()
          resolve()
        }
      })
    }
    for (const socket of this.#all()) socket.drop()
  }

  #all(): HeldSocket[] {
    return [...this.#byObject.values()].flatMap((sockets) => [...sockets])
  }

  #forget(socket: HeldSocket): void {
    const others = this.#byObject.get(socket.object)
    others?.delete(socket)
    if (others?.size === 0) this.#byObject.delete(socket.object)
    if (this.#byObject.size > 0) return
    this.#stopProbing?.()
    this.#stopProbing = undefined
    this.#onAllGone?.()
  }

  #probeLater(): void {
    this.#stopProbing ??= this.#timers.start(pingEveryMs, () => {
      this.#stopProbing = undefined
      for (const socket of this.#all()) socket.probe()
      if (this.#byObject.size > 0) this.#probeLater()
    })
  }
}

/** A socket as one life of its object holds it. */
export function handleOf(socket: HeldSocket, incarnation: Incarnation): ObjectSocket {
  return {
    send(data) {
      incarnation.assertAlive()
      socket.send(data, incarnation.batch)
    },
    close(code, reason) {
      incarnation.assertAlive()
      checkClose(code, reason)
      socket.close({ code, reason }, incarnation.batch)
    },
    get attachment(): unknown {
      return JSON.parse(socket.attachment)
    },
    set attachment(value) {
      incarnation.assertAlive()
      socket.attachment = encodeAttachment(value)
    },
  }
}

function sizeOf(data: string | Uint8Array): number {
  return typeof data === "string" ? Buffer.byteLength(data) : data.byteLength
}
