/** How many model calls a second the one Ledger takes: each reserved and settled in three scopes with limits, on the disk. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openEmbedded } from "../../adapters/store/embedded.ts"
import { createGroup } from "../../adapters/store/agents.ts"
import { migrate } from "../../adapters/store/migrate.ts"
import { group, groupId, loopId, turnId } from "../../adapters/store/samples.ts"
import { createVault } from "../../adapters/vault.ts"
import { CallId } from "../../core/budget/reserve.ts"
import { LoopError } from "../../core/errors.ts"
import { EpochMs } from "../../core/units.ts"
import { Config } from "../../durable-objects/config.ts"
import { Ledger } from "../../durable-objects/ledger/ledger.ts"
import { openObjectHost } from "../host/objects/objects.ts"
import type { Row } from "./table.ts"

const calls = 3_000
const atOnce = 50
/** Above what 32 sessions of fast turns ask for. */
const aimPerSecond = 1_000
/** None is reached. */
const limits = {
  maxTokensDay: 10 ** 12,
  maxTokensMonth: 10 ** 12,
  maxMicroUsdDay: 10 ** 12,
  maxMicroUsdMonth: 10 ** 12,
}

export async function measureReservations(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), "bench-ledger-"))
  const database = await openEmbedded(join(directory, "gateway.db"))
  if (database.status !== "open") throw new Error(database.message)
  await migrate(database.libsql, EpochMs.parse(Date.now()))
  await createGroup(database.libsql, group(1))
  const parts = { concurrentTurns: 10, config: Config.parse({}), vault: createVault(new Uint8Array(32)), log: () => {} }
  const objects = openObjectHost({
    path: join(directory, "objects.db"),
    blobDirectory: join(directory, "blobs"),
    libsql: database.libsql,
    fetch: { operator: fetch, agent: fetch },
    create(kind, host) {
      if (kind !== "ledger") throw new LoopError("internal", { kind })
      return new Ledger(host, parts)
    },
    log: () => {},
  })
  try {
    const ledger = objects.peers("ledger", "main")
    const terms = { version: 2, limits, conversationLimits: limits }
    await ledger.call("setBudget", { kind: "global", ...terms, timeZone: "UTC", home: null })
    await ledger.call("setBudget", { kind: "group", groupId: groupId(1), name: "support", ...terms })
    const one = async (n: number) => {
      const place = n % 100
      const callId = CallId.parse(`${turnId(place, 1)}.call.${n}`)
      const candidate = { provider: "anthropic", model: "m", inputTokens: 2_000, maxOutputTokens: 4_000, price }
      const request = { callId, turnId: turnId(place, 1), conversationId: loopId(place), groupId: groupId(1) }
      await ledger.call("reserve", { ...request, candidates: [candidate] })
      const usage = { inputTokens: 900, cacheReadTokens: 100, cacheWriteTokens: 0, outputTokens: 300 }
      const health = { provider: "anthropic", result: "ok" as const }
      await ledger.call("settle", { callId, started: true, usage, costMicroUsd: 5_000, health })
    }
    let next = 0
    const worker = async (until: number) => {
      while (next < until) await one((next += 1))
    }
    const run = (until: number) => Promise.all(Array.from({ length: atOnce }, () => worker(until)))
    await run(calls / 10)
    const began = performance.now()
    const before = next
    await run(before + calls)
    const perSecond = (next - before) / ((performance.now() - began) / 1_000)
    return [
      {
        measure: `model calls reserved and settled a second, ${atOnce} at once, limits in three scopes`,
        gateway: Math.round(perSecond).toLocaleString("en-US"),
        floor: "",
        ratio: "",
        aim: `> ${aimPerSecond.toLocaleString("en-US")}`,
        met: perSecond > aimPerSecond,
      },
    ]
  } finally {
    await objects.close(0)
    await database.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

const price = { inputMicroUsdPerMTok: 3_000_000, outputMicroUsdPerMTok: 15_000_000 }
