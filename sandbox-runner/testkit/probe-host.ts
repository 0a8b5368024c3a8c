/** The Node host with ProbeObjects in it, over a directory of its own. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Libsql } from "../../adapters/store/libsql.ts"
import type { HostedObject, ObjectHost } from "../../durable-objects/host.ts"
import type { ObjectKind } from "../../durable-objects/peers.ts"
import { cutPeers, ProbeObject } from "../../durable-objects/probe-object.ts"
import { openEgress } from "../host/egress.ts"
import { openObjectHost, type NodeObjects, type ObjectHostOptions } from "../host/objects/objects.ts"
import type { ObjectLog } from "../host/objects/port.ts"
import { manualTimers, type ManualTimers } from "./manual-timers.ts"

export interface ProbeHost {
  readonly objects: NodeObjects
  readonly timers: ManualTimers
  readonly directory: string
  readonly log: ObjectLog[]
  /** Peers of these ids answer no one. */
  readonly cut: Set<string>
  /** Closes the objects and opens them again over the same files. */
  restart(): Promise<void>
  close(): Promise<void>
}

export const noDatabase: Libsql = {
  read: async () => [],
  write: async () => [],
  project: async () => {},
  scrub: async () => {},
}

export async function openProbeHost(
  options: Partial<Omit<ObjectHostOptions, "timers" | "path" | "blobDirectory" | "log">> = {},
): Promise<ProbeHost> {
  const directory = await mkdtemp(join(tmpdir(), "objects-"))
  const egress = openEgress({ allowPrivate: [], ownOrigins: [] })
  const timers = manualTimers()
  const log: ObjectLog[] = []
  const cut = new Set<string>()
  const create = (_: ObjectKind, host: ObjectHost): HostedObject => new ProbeObject(cutPeers(host, (id) => cut.has(id)))
  const open = () =>
    openObjectHost({
      create,
      libsql: noDatabase,
      fetch: egress.fetch,
      ...options,
      path: join(directory, "objects.db"),
      blobDirectory: join(directory, "blobs"),
      timers,
      log: (entry) => log.push(entry),
    })
  let objects = open()
  return {
    get objects() {
      return objects
    },
    timers,
    directory,
    log,
    cut,
    async restart() {
      await objects.close(0)
      objects = open()
    },
    async close() {
      await objects.close(0)
      await egress.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
