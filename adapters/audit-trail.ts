/**
 * Writes the audit trail behind the answers: what happened is queued, and one write at a time seals and adds all that waits. No
 * request waits for it. A database that is away is tried again; what is still unwritten when the process dies is lost, and said
 * in the log as long as it waits.
 */
import { createHmac } from "node:crypto"
import {
  type AuditEvent,
  type AuditRow,
  followTrail,
  type Seal,
  sealHead,
  sealRow,
  trailStart,
  type Verdict,
} from "../core/access/audit.ts"
import { describeFailure, type Log } from "../core/log.ts"
import { appendAuditRows, lastAuditRow, readTrail } from "./store/audit.ts"
import type { Libsql } from "./store/libsql.ts"

export interface AuditTrail {
  /** Notes what happened; written soon. */
  record(event: AuditEvent): void
  /** Reads the whole trail and tells whether a row of it was changed or is gone. @throws LoopError `database_unavailable` */
  verify(): Promise<Verdict>
}

export interface AuditTrailOptions {
  readonly libsql: Libsql
  /** `vault.keyFor("audit")`. */
  readonly key: Uint8Array
  /** Keeps the work alive after its request was answered. */
  readonly background: (work: Promise<void>) => void
  /** Told how many events cannot be written for now. */
  readonly log: Log
}

/** As many are sealed and written at once. */
const batchSize = 100
/** More are dropped, the newest first: a gateway without its database must not fill its memory. */
const longestQueue = 10_000
/** Rivals on other machines, each of whom writes at most once between two of our tries. */
const maxTries = 20
const verifyPageSize = 1_000

export function createAuditTrail({ libsql, key, background, log }: AuditTrailOptions): AuditTrail {
  const seal: Seal = (text) => createHmac("sha256", key).update(text).digest("hex")
  const queue: AuditEvent[] = []
  let isWriting = false
  /** A write whose answer was lost may have been done all the same. */
  let unsure: { readonly mac: string; readonly count: number } | undefined

  /** @returns false when another writer was first */
  const writeNext = async (): Promise<boolean> => {
    const last = await lastAuditRow(libsql)
    if (unsure !== undefined && unsure.mac === last?.mac) {
      queue.splice(0, unsure.count)
      unsure = undefined
      return true
    }
    let before = { seq: last?.seq ?? 0, mac: last?.mac ?? trailStart }
    const rows = queue.slice(0, batchSize).map((event): AuditRow => {
      const row = { ...event, seq: before.seq + 1 }
      before = { seq: row.seq, mac: sealRow(seal, row, before.mac) }
      return { ...row, mac: before.mac }
    })
    unsure = { mac: before.mac, count: rows.length }
    const { status } = await appendAuditRows(libsql, rows, { ...before, seal: sealHead(seal, before) })
    unsure = undefined
    if (status === "appended") queue.splice(0, rows.length)
    return status === "appended"
  }

  const drain = async (): Promise<void> => {
    let misses = 0
    try {
      while (queue.length > 0 && misses < maxTries) misses = (await writeNext()) ? 0 : misses + 1
      if (misses > 0) throw new Error("other writers of the audit trail were always first")
    } catch (error) {
      // They stay in the queue: the next event tries again.
      log({ level: "error", event: "audit_waits", waiting: queue.length, cause: describeFailure(error) })
    } finally {
      isWriting = false
    }
  }

  return {
    record(event) {
      if (queue.length < longestQueue) queue.push(event)
      if (isWriting) return
      isWriting = true
      background(drain())
    },
    async verify() {
      const trail = followTrail(seal)
      let behind = 0
      for (;;) {
        const { rows, head } = await readTrail(libsql, behind, verifyPageSize)
        const fault = trail.next(rows)
        if (fault !== undefined) return fault
        const last = rows.at(-1)
        if (last === undefined || rows.length < verifyPageSize) return trail.end(head)
        behind = last.seq
      }
    },
  }
}
