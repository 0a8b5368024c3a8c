/**
 * Durable Objects as hosts of our objects: thin wrappers that give each the ObjectHost port. Cloudflare keeps most promises by
 * itself: what an object sends or answers waits at its output gate until its writes are durable.
 */
import { DurableObject } from "cloudflare:workers"
import { guardedFetch } from "../adapters/egress.ts"
import type { EgressRules } from "../core/egress/target.ts"
import type { Libsql } from "../adapters/store/libsql.ts"
import { isLoopError, LoopError, type ErrorCode, type ErrorDetails } from "../core/errors.ts"
import { toEpochMs } from "../core/units.ts"
import {
  answerUpgrade,
  fromUpgradeResponse,
  handleOf,
  openSockets,
  readFrame,
  toUpgradeRequest,
} from "./cloudflare-sockets.ts"
import type { BlobStore, HostedObject, KeyRange, ObjectHost, OrderedStore } from "./host.ts"
import type { ObjectKind, Peers, Upgrade } from "./peers.ts"
import { broken, tooLarge } from "./sockets.ts"
import { checkKey, decodeStored, encodeStored, runSynchronously, toBounds } from "./stored.ts"
import { openPeer, toPeerFailure, type Transport } from "./transport.ts"

/** The bindings of wrangler.toml that objects are reached by and live on. */
export interface ObjectBindings {
  readonly CONVERSATION: ObjectNamespace
  readonly CHANNEL: ObjectNamespace
  readonly LEDGER: ObjectNamespace
  readonly LIVE: ObjectNamespace
  readonly RUNNERS: ObjectNamespace
  readonly BLOBS: R2Bucket
}

/** A namespace of the classes below, seen as far as we use it. */
interface ObjectNamespace {
  getByName(id: string): ObjectRpc
}

/** What the classes below answer to. Failures are values: Cloudflare logs every error thrown across RPC as uncaught. */
interface ObjectRpc {
  call(name: string, input: unknown): Promise<Outcome<unknown>>
  stream(name: string, input: unknown): Promise<Outcome<ReadableStream<Uint8Array>>>
  /** A WebSocket cannot cross by RPC. The answer is the socket, or a failed {@link Outcome} as JSON. */
  fetch(request: Request): Promise<Response>
}
type Outcome<T> = { status: "answered"; answer: T } | { status: "failed"; code: ErrorCode; details: ErrorDetails }

/** What an object needs besides its port. */
export interface Wiring {
  readonly libsql: Libsql
  readonly egress: EgressRules
  create(host: ObjectHost): HostedObject
  /** Something that broke where no caller learns the reason. */
  log(during: string, error: unknown): void
}

interface Woken {
  readonly object: HostedObject
  readonly log: Wiring["log"]
}

const firstRetryMs = 1_000
const lastRetryMs = 60_000

/**
 * The class behind a binding.
 * @param wire - called once in each life of an object, before its first event
 */
export function durableObjectOf<Bindings extends ObjectBindings>(
  kind: ObjectKind,
  wire: (bindings: Bindings) => Wiring,
) {
  return class extends DurableObject<Bindings> implements ObjectRpc {
    #woken: Woken | undefined
    #alarmFailures = 0

    async call(name: string, input: unknown): Promise<Outcome<unknown>> {
      return this.#answer(name, ({ object }) => object.call(name, input))
    }

    async stream(name: string, input: unknown): Promise<Outcome<ReadableStream<Uint8Array>>> {
      return this.#answer(name, async ({ object, log }) =>
        toByteStream(object.stream(name, input), this.ctx.storage, (error) => log(name, error)),
      )
    }

    override async fetch(request: Request): Promise<Response> {
      const outcome = await this.#answer("upgrade", ({ object }) => answerUpgrade(this.ctx, object, request))
      return outcome.status === "answered" ? outcome.answer : Response.json(outcome)
    }

    override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
      const frame = readFrame(data)
      if (frame === undefined) return socket.close(tooLarge.code, tooLarge.reason)
      const { status } = await this.#answer("socket frame", async ({ object }) =>
        object.onSocketMessage?.(handleOf(socket), frame),
      )
      if (status === "failed") handleOf(socket).close(broken.code, broken.reason)
    }

    override async webSocketClose(socket: WebSocket): Promise<void> {
      // Without our half of the handshake the client would wait for it and see a lost connection.
      if (socket.readyState !== WebSocket.CLOSED) socket.close(1000, "")
      await this.#answer("socket close", async ({ object }) => object.onSocketClose?.(handleOf(socket)))
    }

    override async webSocketError(socket: WebSocket): Promise<void> {
      await this.webSocketClose(socket)
    }

    /** Cloudflare tries six times and then forgets the alarm; so we set it again ourselves. */
    override async alarm(): Promise<void> {
      const outcome = await this.#answer("alarm", ({ object }) => object.alarm())
      if (outcome.status === "answered") {
        this.#alarmFailures = 0
        return
      }
      this.#alarmFailures += 1
      const restMs = Math.min(firstRetryMs * 2 ** (this.#alarmFailures - 1), lastRetryMs)
      const set = await this.ctx.storage.getAlarm()
      await this.ctx.storage.setAlarm(Math.max(Date.now() + restMs, set ?? 0))
    }

    async #answer<T>(during: string, work: (woken: Woken) => Promise<T>): Promise<Outcome<T>> {
      try {
        this.#woken ??= this.#wake()
        return { status: "answered", answer: await work(this.#woken) }
      } catch (error) {
        const { code, details } = toPeerFailure(error)
        if (code === "internal" || during === "alarm") this.#log(during, error)
        return { status: "failed", code, details }
      }
    }

    #wake(): Woken {
      const id = this.ctx.id.name
      if (id === undefined) throw new Error("this object was not addressed by a name")
      const wiring = wire(this.env)
      const log = (during: string, error: unknown) => wiring.log(`${kind}/${id} ${during}`, error)
      return { object: wiring.create(openPort(kind, id, { ctx: this.ctx, bindings: this.env, wiring, log })), log }
    }

    #log(during: string, error: unknown): void {
      if (this.#woken === undefined) console.error(`${kind} could not wake for ${during}`, error)
      else this.#woken.log(during, error)
    }
  }
}

/** Reaches objects from anywhere in the Worker. */
export function peersOver(bindings: ObjectBindings): Peers {
  return (kind, id) => openPeer(kind, reachOver(bindings, kind, id))
}

/** The way to one object, without the table of methods. */
export function reachOver(bindings: ObjectBindings, kind: ObjectKind, id: string): Transport {
  const stub = () => namespaceOf(bindings, kind).getByName(id)
  return {
    call: (name, input) => unwrap(() => stub().call(name, input)),
    stream: (name, input) => unwrap(() => stub().stream(name, input)),
  }
}

/** The way of a WebSocket to one object, from the edge. */
export function upgradeOver(bindings: ObjectBindings): Upgrade {
  return async (kind, id, _request, input) => {
    let response: Response
    try {
      response = await namespaceOf(bindings, kind).getByName(id).fetch(toUpgradeRequest(input))
    } catch (error) {
      throw new LoopError("peer_unavailable", {}, { cause: error })
    }
    return fromUpgradeResponse(response)
  }
}

/** Our objects answer their failures, so an error comes from the way between: an overload, a deploy, a lost connection. */
async function unwrap<T>(call: () => Promise<Outcome<T>>): Promise<T> {
  let outcome: Outcome<T>
  try {
    outcome = await call()
  } catch (error) {
    throw new LoopError("peer_unavailable", {}, { cause: error })
  }
  if (outcome.status === "failed") throw new LoopError(outcome.code, outcome.details)
  return outcome.answer
}

function namespaceOf(bindings: ObjectBindings, kind: ObjectKind): ObjectNamespace {
  switch (kind) {
    case "conversation":
      return bindings.CONVERSATION
    case "channel":
      return bindings.CHANNEL
    case "ledger":
      return bindings.LEDGER
    case "live":
      return bindings.LIVE
    case "runners":
      return bindings.RUNNERS
  }
}

interface Surroundings {
  readonly ctx: DurableObjectState
  readonly bindings: ObjectBindings
  readonly wiring: Wiring
  readonly log: (during: string, error: unknown) => void
}

function openPort(kind: ObjectKind, id: string, { ctx, bindings, wiring, log }: Surroundings): ObjectHost {
  return {
    id,
    storage: openStorage(ctx.storage),
    blobs: openBlobs(bindings.BLOBS, `${kind}/${encodeURIComponent(id)}/`),
    libsql: wiring.libsql,
    setAlarm(at) {
      ctx.waitUntil(at === null ? ctx.storage.deleteAlarm() : ctx.storage.setAlarm(at))
    },
    async erase() {
      await deleteBlobs(bindings.BLOBS, `${kind}/${encodeURIComponent(id)}/`)
      await ctx.storage.deleteAlarm()
      await ctx.storage.deleteAll()
    },
    now: () => toEpochMs(Date.now()),
    random: (sizeBytes) => crypto.getRandomValues(new Uint8Array(sizeBytes)),
    fetch: (request, egress) =>
      egress === "operator" ? fetch(request) : guardedFetch(request, wiring.egress, (hop) => fetch(hop)),
    peer: peersOver(bindings),
    sockets: openSockets(ctx),
    stopping: new AbortController().signal,
    keepAlive(work) {
      ctx.waitUntil(work.catch((error: unknown) => log("kept work", error)))
    },
  }
}

/** Values are stored as JSON text, so that copies, limits and what is refused are the same as on the other host. */
function openStorage(storage: DurableObjectStorage): OrderedStore {
  const { kv } = storage
  const list = (range: KeyRange, order: { reverse?: boolean; limit?: number } = {}): [string, string][] => {
    const { start, end } = toBounds(range)
    if (order.limit === 0 || (end !== undefined && start >= end)) return []
    const bounds = end === undefined ? { start } : { start, end }
    return [...kv.list<string>({ ...bounds, ...order })]
  }
  return {
    get(key) {
      checkKey(key)
      const text = kv.get<string>(key)
      return text === undefined ? undefined : decodeStored(text)
    },
    put: (key, value) => kv.put(key, encodeStored(key, value)),
    delete(key) {
      checkKey(key)
      kv.delete(key)
    },
    deleteRange(range) {
      for (const [key] of list(range)) kv.delete(key)
    },
    list: (options) =>
      list(options, { reverse: options.reverse, limit: options.limit }).map(([key, text]) => [key, decodeStored(text)]),
    transaction: (fn) => storage.transactionSync(() => runSynchronously(fn)),
  }
}

function openBlobs(bucket: R2Bucket, prefix: string): BlobStore {
  const keyOf = (key: string) => prefix + encodeURIComponent(key)
  return {
    async put(key, bytes) {
      await bucket.put(keyOf(key), bytes)
    },
    async get(key) {
      const stored = await bucket.get(keyOf(key))
      return stored === null ? undefined : new Uint8Array(await stored.arrayBuffer())
    },
    delete: (key) => bucket.delete(keyOf(key)),
  }
}

/** R2 deletes at most 1,000 keys at once, which is also the longest page of its lists. */
async function deleteBlobs(bucket: R2Bucket, prefix: string): Promise<void> {
  for (;;) {
    const { objects, truncated } = await bucket.list({ prefix })
    if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key))
    if (!truncated) return
  }
}

/**
 * The stream in the form that may cross to another object: of bytes. Each chunk is a copy, since sending one takes its
 * memory away from all who share it, and waits until the object's writes are durable.
 */
function toByteStream(
  source: ReadableStream<Uint8Array>,
  storage: DurableObjectStorage,
  onFailure: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        const next = await reader.read()
        await storage.sync()
        if (next.done) {
          controller.close()
          controller.byobRequest?.respond(0)
        } else controller.enqueue(next.value.slice())
      } catch (error) {
        if (!isLoopError(error)) onFailure(error)
        const { code, details } = toPeerFailure(error)
        controller.error(new LoopError(code, details))
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}
