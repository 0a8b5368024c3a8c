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
 * All that an object may use: objects have no global fetch, timer, clock or randomness.
 * The host holds back every way out (fetch, peer, libSQL, blob, returned value, a stream's next chunk) until all
 * writes that the object made so far are durable; an object never asks.
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
  fetch(request: Request, egress: Egress): Promise<Response>
  peer<K extends ObjectKind>(kind: K, id: string): Peer<K>
  /** Keeps the object in memory until the work ends, at most 15 minutes. A rejection is logged, not thrown. */
  keepAlive(work: Promise<unknown>): void
}

/** What a host calls on an object. Calls interleave at each await. */
export interface HostedObject {
  call(method: string, input: unknown): Promise<unknown>
  stream(method: string, input: unknown): ReadableStream<Uint8Array>
  alarm(): Promise<void>
}

/** Refused above this on both hosts: SQLite-backed Durable Objects allow 2 MB a row (Cloudflare limits page). */
export const maxStoredBytes = 1_000_000
  /**
   * Deletes every key, every blob and the alarm, and leaves no byte of them where this host can reach it. Storage goes last, so
   * that an object which is interrupted knows that it has to begin again.
   */
  erase(): Promise<void>
