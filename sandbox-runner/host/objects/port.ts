/** The ObjectHost port as one object on this machine sees it: every way out passes its incarnation's gate. */
import type { EpochMs } from "../../../core/units.ts"
import { gateLibsql, type Libsql } from "../../../adapters/store/libsql.ts"
import type { Egress, ObjectHost, OrderedStore } from "../../../durable-objects/host.ts"
import type { ObjectKind } from "../../../durable-objects/peers.ts"
import { checkKey, decodeStored, encodeStored, runSynchronously, toBounds } from "../../../durable-objects/stored.ts"
import { openPeer, type Transport } from "../../../durable-objects/transport.ts"
import { fileBlobs } from "./blobs.ts"
import { copyValue } from "./copy.ts"
import type { Incarnation } from "./incarnation.ts"
import type { SocketKeeper } from "./sockets.ts"
import type { ObjectStore } from "./store.ts"

/** What the ports of all objects share. */
export interface Surroundings {
  readonly store: ObjectStore
  /** Until no byte is left of what was erased before. Where that fails it is repeated until it succeeds. */
  scrub(): Promise<void>
  readonly libsql: Libsql
  readonly readsStayInside: boolean
  /** Root of all blobs. */
  readonly blobDirectory: string
  readonly fetch: Readonly<Record<Egress, (request: Request) => Promise<Response>>>
  readonly now: () => EpochMs
  readonly random: (sizeBytes: number) => Uint8Array
  /** Carries values as they are: who calls copies them. */
  reach(kind: ObjectKind, id: string, caller: Incarnation): Transport
  readonly sockets: SocketKeeper
  readonly stopping: AbortSignal
  readonly log: (entry: ObjectLog) => void
}

/** Something that broke where no caller learns the reason. */
export interface ObjectLog {
  readonly object: string
  /** What was being done. */
  readonly during: string
  readonly error: unknown
}

export function openPort(incarnation: Incarnation, around: Surroundings): ObjectHost {
  const leave = <T>(work: () => Promise<T>): Promise<T> =>
    incarnation.attend(async () => {
      await incarnation.gate()
      return work()
    })
  // Whoever waits for no disk here does more in one tick, and so in one commit: a turn's acceptance and its first step.
  const stay = <T>(work: () => Promise<T>): Promise<T> => incarnation.attend(work)
  const blobs = fileBlobs(around.blobDirectory, incarnation.kind, incarnation.id)
  return {
    id: incarnation.id,
    storage: openStorage(incarnation, around.store),
    blobs: {
      put: (key, bytes) => leave(() => blobs.put(key, bytes)),
      get: (key) => leave(() => blobs.get(key)),
      delete: (key) => leave(() => blobs.delete(key)),
    },
    libsql: gateLibsql(around.libsql, leave, around.readsStayInside ? stay : leave),
    erase: () =>
      leave(async () => {
        await blobs.deleteAll()
        incarnation.assertAlive()
        around.store.deleteRange(incarnation, incarnation.key, { start: "", end: undefined })
        around.store.setAlarm(incarnation, incarnation.key, null)
        around.store.noteErased(incarnation)
        await incarnation.gate()
        await around.scrub()
      }),
    setAlarm(at) {
      incarnation.assertAlive()
      around.store.setAlarm(incarnation, incarnation.key, at)
    },
    now: around.now,
    random: around.random,
    fetch: (request, egress) => leave(() => around.fetch[egress](request)),
    peer(kind, id) {
      const transport = around.reach(kind, id, incarnation)
      return openPeer(kind, {
        // No gate: the other object shares this one's file, so it lets nothing out before both their writes are durable.
        async call(name, input) {
          const copy = copyValue(input)
          return incarnation.attend(() => transport.call(name, copy))
        },
        // Copied before the wait at the gate: what the object changes meanwhile is not what it sent.
        async stream(name, input) {
          const copy = copyValue(input)
          return leave(() => transport.stream(name, copy))
        },
      })
    },
    sockets: around.sockets.portOf(incarnation),
    stopping: around.stopping,
    keepAlive(work) {
      incarnation
        .attend(() => work)
        .catch((error: unknown) => around.log({ object: incarnation.key, during: "kept work", error }))
    },
  }
}

function openStorage(incarnation: Incarnation, store: ObjectStore): OrderedStore {
  const { key: object } = incarnation
  return {
    get(key) {
      incarnation.assertAlive()
      checkKey(key)
      const text = store.get(object, key)
      return text === undefined ? undefined : decodeStored(text)
    },
    put(key, value) {
      incarnation.assertAlive()
      store.put(incarnation, object, key, encodeStored(key, value))
    },
    delete(key) {
      incarnation.assertAlive()
      checkKey(key)
      store.delete(incarnation, object, key)
    },
    deleteRange(range) {
      incarnation.assertAlive()
      store.deleteRange(incarnation, object, toBounds(range))
    },
    list(options) {
      incarnation.assertAlive()
      const order = { reverse: options.reverse ?? false, limit: options.limit ?? -1 }
      return store.list(object, toBounds(options), order).map(([key, text]) => [key, decodeStored(text)])
    },
    transaction(fn) {
      incarnation.assertAlive()
      return store.transaction(incarnation, () => runSynchronously(fn))
    },
  }
}
