/** The port between the objects and where they live. Two hosts implement it; one contract suite holds both to it. */
import type { Libsql } from "../adapters/store/libsql.ts"
import type { EpochMs } from "../core/units.ts"
import type { ObjectKind, Peer } from "./peers.ts"

/** JSON values only. Key and value together stay below 1 MB; above, `put` throws `storage_value_too_large` on both hosts. */
export interface OrderedStore {
  get(key: string): unknown
  put(key: string, value: unknown): void
  delete(key: string): void
  /** Deletes every key in `[start, end)`, or with the prefix. */
  deleteRange(range: KeyRange): void
  /** Keys in ascending order of their UTF-8 bytes, descending with `reverse`. */
  list(options: KeyRange & { reverse?: boolean; limit?: number }): [key: string, value: unknown][]
  /** All of `fn`'s writes, or none when it throws. `fn` must not await. */
  transaction<T>(fn: () => T): T
}
export type KeyRange = { prefix: string } | { start: string; end: string }

/** Everything above 256 KB lives here; keys are relative to the object. */
export interface BlobStore {
  put(key: string, bytes: Uint8Array): Promise<void>
  get(key: string): Promise<Uint8Array | undefined>
  delete(key: string): Promise<void>
}

/** `operator`: an address the operator configured. `agent`: one that a model, message or page chose; guarded. */
export type Egress = "operator" | "agent"

/**
 * One of the object's open WebSockets. It stays open while the object is out of memory, and what its attachment says is then
 * all that the object knows of it. Two handles may stand for one socket.
 */
export interface ObjectSocket {
  /**
   * Sends a frame, in the order of sending. A closed socket takes nothing. A reader that is more than `maxSocketBufferBytes`
   * behind when a frame comes does not get it: its socket is closed with 1013, and it comes back when it can.
   */
  send(data: string | Uint8Array): void
  /** @param code - 1000, or one of 1008 to 1013 and 3000 to 4999 @param reason - at most 123 bytes, shown to the client */
  close(code: number, reason: string): void
  /** What the object keeps with the socket: JSON, at most `maxAttachmentBytes`. Not a write: it lives as long as the socket. */
  attachment: unknown
}

export interface Sockets {
  /** Those that are open, of the tag where one is given. */
  list(tag?: string): ObjectSocket[]
}

/** Takes the WebSocket that a client asks for. To be called once, before `onUpgrade` ends. */
export type AcceptSocket = (options?: { tags?: readonly string[]; attachment?: unknown }) => ObjectSocket

/**
 * All that an object may use: objects have no global fetch, timer, clock or randomness.
 * The host holds back every way out (fetch, peer, libSQL, blob, returned value, socket frame, a stream's next chunk) until
 * all writes that the object made so far are durable; an object never asks. Where objects share one file, a call to a peer
 * goes at once, and what the peer does because of it is held back, and lost, with what the caller wrote.
 */
export interface ObjectHost {
  /** The key that this object was addressed by. */
  readonly id: string
  readonly storage: OrderedStore
  readonly blobs: BlobStore
  /** Reads, writes and projections, each one batch: there are no open transactions. */
  readonly libsql: Libsql
  /**
   * The object's one alarm. Joins the running transaction, runs at least once, survives restart. `null` clears it. After a
   * restart it may run before its instant, so an object looks what is due.
   */
  setAlarm(at: EpochMs | null): void
  now(): EpochMs
  random(sizeBytes: number): Uint8Array
  /**
   * Deletes every key, every blob and the alarm, and leaves no byte of them where this host can reach it. Storage goes last, so
   * that an object which is interrupted knows that it has to begin again.
   */
  erase(): Promise<void>
  fetch(request: Request, egress: Egress): Promise<Response>
  peer<K extends ObjectKind>(kind: K, id: string): Peer<K>
  readonly sockets: Sockets
  /** Aborted when the host begins to stop: what only waits ends now. Work in progress goes on. Cloudflare never says so. */
  readonly stopping: AbortSignal
  /** Keeps the object in memory until the work ends, at most 15 minutes. A rejection is logged, not thrown. */
  keepAlive(work: Promise<unknown>): void
}

/** What a host calls on an object. Calls interleave at each await. */
export interface HostedObject {
  call(method: string, input: unknown): Promise<unknown>
  stream(method: string, input: unknown): ReadableStream<Uint8Array>
  alarm(): Promise<void>
  /**
   * A client, let in by the edge, asks for a WebSocket: call `accept`, or throw to refuse it with that failure. An object
   * without this takes no sockets.
   * @param input - what `upgrades` of the table of methods declares for its kind
   */
  onUpgrade?(input: unknown, accept: AcceptSocket): Promise<void>
  /**
   * A frame of at most `maxSocketFrameBytes`; a larger one ends the socket with 1009. The text `ping` never gets here: the
   * host answers it with `pong` and lets the object sleep. A failure ends the socket with 1011.
   */
  onSocketMessage?(socket: ObjectSocket, data: string | Uint8Array): Promise<void>
  /** The socket is closed, whoever closed it; its attachment can still be read. Not called when the host itself goes down. */
  onSocketClose?(socket: ObjectSocket): Promise<void>
}

/** Refused above this on both hosts: SQLite-backed Durable Objects allow 2 MB a row (Cloudflare limits page). */
export const maxStoredBytes = 1_000_000

/** A larger frame from a client ends its socket. */
export const maxSocketFrameBytes = 1_000_000
/** What is kept for a reader that does not read. */
export const maxSocketBufferBytes = 256 * 1024
/** Of an attachment as JSON in UTF-8. Cloudflare serializes it and takes 16,384 bytes of that. */
export const maxAttachmentBytes = 16_000
/** Cloudflare takes ten tags a socket, of 256 characters each. */
export const maxSocketTags = 10
export const maxSocketTagLength = 256
