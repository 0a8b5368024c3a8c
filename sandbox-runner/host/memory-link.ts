/**
 * The link of the runner in the gateway's own process: a connection without a network between it and the hub. The hub sees a
 * socket like any other, so that what holds for companions holds here, and nothing reaches the runner before it is durable.
 */
import { EventEmitter } from "node:events"
import type { RunnerId } from "../../core/runner/command.ts"
import type { Dial, WireEvents } from "../link/wire.ts"
import type { NodeObjects } from "./objects/objects.ts"
import type { SocketConnection } from "./objects/sockets.ts"

export function memoryDial(objects: Pick<NodeObjects, "upgrade" | "takeSocket">, runnerId: RunnerId): Dial {
  return async (events) => {
    const request = new Request("http://gateway.invalid/api/runners/link")
    try {
      await objects.upgrade("runners", "main", request, { via: "memory", runnerId })
    } catch (error) {
      return { status: "failed", message: `The gateway's own hub does not answer: ${String(error)}.` }
    }
    const held = objects.takeSocket(request)
    if (held === undefined) return { status: "failed", message: "The gateway's own hub took no link." }
    const connection = new MemoryConnection(events)
    held.attach(connection)
    return { status: "open", wire: { send: (text) => connection.hear(text), close: () => connection.terminate() } }
  }
}

/** The hub's end. Frames of both ways are handed on one by one, behind the work that sent them. */
class MemoryConnection extends EventEmitter implements SocketConnection {
  readonly OPEN = 1
  readyState = 1
  bufferedAmount = 0
  readonly #events: WireEvents
  #toRunner: Promise<void> = Promise.resolve()
  readonly #toHub: Buffer[] = []
  #isPaused = false
  #isFlushing = false

  constructor(events: WireEvents) {
    super()
    this.#events = events
  }

  send(data: string | Uint8Array): void {
    const text = typeof data === "string" ? data : new TextDecoder().decode(data)
    this.bufferedAmount += text.length
    this.#toRunner = this.#toRunner
      .then(() => this.#events.onText(text))
      .catch(() => this.terminate())
      .finally(() => {
        this.bufferedAmount -= text.length
      })
  }

  /** A frame of the runner. */
  hear(text: string): void {
    if (this.readyState !== this.OPEN) return
    this.#toHub.push(Buffer.from(text))
    this.#flushLater()
  }

  close(code: number, reason: string): void {
    this.#end(code, reason)
  }

  terminate(): void {
    this.#end(1006, "")
  }

  ping(_data: undefined, _mask: undefined, sent: () => void): void {
    sent()
    this.emit("pong")
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#flushLater()
  }

  #flushLater(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    queueMicrotask(() => {
      this.#isFlushing = false
      while (!this.#isPaused && this.readyState === this.OPEN) {
        const next = this.#toHub.shift()
        if (next === undefined) return
        this.emit("message", next, false)
      }
    })
  }

  #end(code: number, reason: string): void {
    if (this.readyState !== this.OPEN) return
    this.readyState = 3
    this.emit("close")
    // Behind the frames that were sent before it, such as the reason of a refusal.
    this.#toRunner = this.#toRunner.then(() => this.#events.onClose(code, reason))
  }
}
