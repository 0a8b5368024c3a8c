/**
 * The libSQL server away under load, in each way that a server can be away: people are answered meanwhile, nothing is lost,
 * and all is recorded afterwards.
 */
import { expect, onTestFinished, test } from "vitest"
import { openRemote } from "../../adapters/store/remote.ts"
import { startCountingProxy, type ProxyMode } from "../testkit/counting-proxy.ts"
import { startSqld } from "../testkit/sqld.ts"
import { openBusy } from "./busy.ts"
import { nodeHost } from "./node-host.ts"
import { openStage } from "./stage.ts"

const chatIds = [8_001, 8_002, 8_003]

/** Together. `npm run soak` takes a minute for each way to be away. */
const awaySeconds = Number(process.env.AWAY_SECONDS ?? 21)

async function openStageOverProxy() {
  const sqld = await startSqld()
  onTestFinished(() => sqld.stop())
  const proxy = await startCountingProxy({ upstream: sqld.url })
  onTestFinished(() => proxy.close())
  const stage = await openStage(nodeHost("embedded"), { LIBSQL_URL: proxy.url })
  onTestFinished(() => stage.close())
  const record = openRemote({ url: sqld.url, fetch: (request) => fetch(request) })
  if (record.status !== "open") throw new Error(record.message)
  return { stage, proxy, record: record.libsql }
}

const modes: readonly ProxyMode[] = ["refused", "reset", "hangs"]

test(
  `libSQL away for ${awaySeconds} s under load: people are answered meanwhile, and all is recorded afterwards`,
  async () => {
    const { stage, proxy, record } = await openStageOverProxy()
    const busy = await openBusy({ stage, chatIds, programs: 2 })
    await busy.answered(10)
    for (const mode of modes) {
      const before = stage.telegram.sent.length
      await proxy.setMode(mode)
      await passed((awaySeconds * 1_000) / modes.length)
      const replies = stage.telegram.sent.length - before
      console.log(`${mode}: ${replies} replies in ${awaySeconds / modes.length} s`)
      expect(replies, mode).toBeGreaterThan(awaySeconds / modes.length)
    }
    await proxy.setMode("on")
    await busy.answered(10)
    await busy.settle(record)
  },
  120_000 + awaySeconds * 3_000,
)

test.each(["refused", "hangs"] as const)(
  "a gateway that dies while libSQL is away (%s) comes back without it, answers people and records all of it later",
  async (mode) => {
    const { stage, proxy, record } = await openStageOverProxy()
    const busy = await openBusy({ stage, chatIds, programs: 0 })
    await busy.answered(6)
    await proxy.setMode(mode)
    await stage.restart()
    expect(stage.gateway.output()).toContain("libsql_away")
    await busy.answered(chatIds.length)
    await proxy.setMode("on")
    await busy.settle(record)
  },
  120_000,
)

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
